/* See millstream_spawn.h. posix_spawn (which glibc builds on CLONE_VFORK) and not fork: a server with threads and gigabytes of
 * memory must neither copy page tables nor run code of its own between fork and exec.
 */
#define _GNU_SOURCE 1

#include "millstream_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct pipe_pair {
    int child_end;
    int our_end;
};

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* A descriptor of 0, 1 or 2 (a server started with closed standard streams) would collide with the child's own. */
static int above_standard(int fd)
{
    if (fd > 2 || fd < 0)
        return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

static int make_pipe(struct pipe_pair *pair, int child_writes)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    ends[0] = above_standard(ends[0]);
    ends[1] = above_standard(ends[1]);
    pair->our_end = child_writes ? ends[0] : ends[1];
    pair->child_end = child_writes ? ends[1] : ends[0];
    if (ends[0] < 0 || ends[1] < 0)
        return errno ? errno : EMFILE;
    /* The two ends are separate open files: the child's stays blocking, as programs expect. */
    return fcntl(pair->our_end, F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int status = posix_spawnattr_setsigmask(attributes, &none);
    if (status == 0)
        status = posix_spawnattr_setsigdefault(attributes, &all);
    if (status == 0)
        status = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    return status;
}

static int set_actions(posix_spawn_file_actions_t *actions, const struct pipe_pair pipes[3], const char *directory)
{
    int status = 0;
    for (int fd = 0; fd < 3 && status == 0; fd++)
        status = posix_spawn_file_actions_adddup2(actions, pipes[fd].child_end, fd);
    if (status == 0)
        status = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (status == 0 && directory != NULL)
        status = posix_spawn_file_actions_addchdir_np(actions, directory);
    return status;
}

static int start(
    char *const arguments[], char *const environment[], const char *directory, const struct pipe_pair pipes[3],
    pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int status = posix_spawnattr_init(&attributes);
    if (status != 0)
        return status;
    status = posix_spawn_file_actions_init(&actions);
    if (status != 0) {
        posix_spawnattr_destroy(&attributes);
        return status;
    }
    status = set_attributes(&attributes);
    if (status == 0)
        status = set_actions(&actions, pipes, directory);
    if (status == 0)
        status = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
    /* A program that was just written counts as busy while a child of another thread, not yet at its exec, holds a copy of the
     * descriptor it was written with. That passes in a moment.
     */
    for (long pause_ms = 1; status == ETXTBSY && pause_ms <= 128; pause_ms *= 2) {
        struct timespec pause = {0, pause_ms * 1000000};
        nanosleep(&pause, NULL);
        status = posix_spawnp(pid, arguments[0], &actions, &attributes, arguments, environment);
    }
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return status;
}

int millstream_spawn(
    char *const arguments[], char *const environment[], const char *directory, struct millstream_child *child)
{
    struct pipe_pair pipes[3] = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t pid = -1;
    int status = 0;
    for (int fd = 0; fd < 3 && status == 0; fd++)
        status = make_pipe(&pipes[fd], fd != 0);
    if (status == 0)
        status = start(arguments, environment, directory, pipes, &pid);
    for (int fd = 0; fd < 3; fd++) {
        close_if_open(pipes[fd].child_end);
        if (status != 0)
            close_if_open(pipes[fd].our_end);
    }
    if (status != 0)
        return status;
    child->pid = pid;
    /* Not reaped before the caller does it, so the number cannot be another's yet. */
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    child->stdin_fd = pipes[0].our_end;
    child->stdout_fd = pipes[1].our_end;
    child->stderr_fd = pipes[2].our_end;
    return 0;
}

int millstream_reap(int32_t pid, int *exit_code, int *signal_number)
{
    int status = 0;
    pid_t reaped;
    do {
        reaped = waitpid(pid, &status, WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == 0)
        return 0;
    *exit_code = -1;
    *signal_number = -1;
    if (reaped < 0)
        return -1;
    if (WIFEXITED(status))
        *exit_code = WEXITSTATUS(status);
    else
        *signal_number = WTERMSIG(status);
    return 1;
}

int millstream_pipe_capacity(int fd)
{
    int capacity = fcntl(fd, F_GETPIPE_SZ);
    return capacity > 0 ? capacity : 65536;
}

int millstream_poll_create(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

int millstream_poll_arm(int poll_fd, int fd, int interest, uint64_t tag, int is_new)
{
    struct epoll_event event;
    event.events = EPOLLONESHOT | (interest == MILLSTREAM_POLL_WRITE ? EPOLLOUT : EPOLLIN);
    event.data.u64 = tag;
    return epoll_ctl(poll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
}

void millstream_poll_remove(int poll_fd, int fd)
{
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int millstream_poll_wait(int poll_fd, uint64_t *tags, int max_tags)
{
    struct epoll_event events[64];
    int count;
    do {
        count = epoll_wait(poll_fd, events, max_tags < 64 ? max_tags : 64, -1);
    } while (count < 0 && errno == EINTR);
    for (int at = 0; at < count; at++)
        tags[at] = events[at].data.u64;
    return count;
}

int millstream_signal_create(void)
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void millstream_signal(int fd)
{
    eventfd_write(fd, 1);
}

void millstream_name_thread(const char *name)
{
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}

/* glibc has no sched_setattr before 2.41. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
};

static void schedule_this_thread(uint32_t policy, int nice_steps, uint64_t slice_ns)
{
    enum { RESET_ON_FORK = 1 };
    struct scheduling wish = {.size = sizeof wish, .policy = policy, .flags = RESET_ON_FORK, .runtime_ns = slice_ns};
    /* Counted from the main thread: this one may have been here before. For Linux a thread is what "process 0" is below. */
    int nice = getpriority(PRIO_PROCESS, getpid()) + nice_steps;
    wish.nice = nice > 19 ? 19 : nice;
    syscall(SYS_sched_setattr, 0, &wish, 0);
}

void millstream_run_promptly(int slice_us)
{
    schedule_this_thread(SCHED_OTHER, 0, (uint64_t)slice_us * 1000);
}

void millstream_run_yielding(void)
{
    schedule_this_thread(SCHED_BATCH, 10, 0);
}
