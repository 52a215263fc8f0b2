/* Starting a program the way a worker needs it, in one call: what the Glibc module leaves out (closefrom, pidfd, pipe2) and
 * what must be right between fork and exec. No state, no threads, no memory kept.
 */
#ifndef MILLSTREAM_SPAWN_H
#define MILLSTREAM_SPAWN_H

#include <stdint.h>

struct millstream_child {
    /* Process id, and id of its session and process group. */
    int32_t pid;
    /* Readable when the process has ended; -1 when the kernel has no pidfd_open. */
    int pidfd;
    /* Our ends of its standard streams: close-on-exec, non-blocking. */
    int stdin_fd;
    int stdout_fd;
    int stderr_fd;
};

/* Starts arguments[0] (looked up in PATH when it holds no slash) with the null-terminated lists given, in `directory` (NULL:
 * ours), as the leader of a session of its own, with the default signal dispositions, no signal blocked, and no descriptors
 * but the three pipes. Returns 0, or an errno value; then nothing is left open. The caller waits for the child.
 */
int millstream_spawn(
    char *const arguments[], char *const environment[], const char *directory, struct millstream_child *child);

/* Reaps the child if it has ended. Returns 1 (then *exit_code or *signal_number is set and the other is -1), 0 when it still
 * runs, or -1 when there is no such child.
 */
int millstream_reap(int32_t pid, int *exit_code, int *signal_number);

/* Bytes that the pipe holds at most, or 65536 when the kernel does not say. */
int millstream_pipe_capacity(int fd);

/* A set of descriptors that one thread waits for; epoll_event is a packed struct with a union and stays on this side. */
int millstream_poll_create(void);

enum { MILLSTREAM_POLL_READ = 1, MILLSTREAM_POLL_WRITE = 2 };

/* Waits once for the descriptor: after its tag was returned it is quiet until it is armed again. is_new: the first time.
 * Returns 0 or an errno value.
 */
int millstream_poll_arm(int poll_fd, int fd, int interest, uint64_t tag, int is_new);

/* Forgets the descriptor; call before it is closed. */
void millstream_poll_remove(int poll_fd, int fd);

/* Blocks until descriptors are ready (or closed at the other end, or at fault); their tags. */
int millstream_poll_wait(int poll_fd, uint64_t *tags, int max_tags);

/* A descriptor that is readable once it was signalled. */
int millstream_signal_create(void);
void millstream_signal(int fd);

/* Names the calling thread; the kernel keeps 15 bytes. */
void millstream_name_thread(const char *name);

/* How the scheduler is to treat the calling thread beside the others of this process; neither needs a privilege, and a kernel
 * that knows the call not leaves all as it was.
 *
 * Prompt: short turns, so that it runs at once when it wakes, also on a machine whose cores are all busy (Linux 6.12 lets a
 * thread with a shorter slice go first); 100 us is the shortest that the kernel grants. For threads that others wait for and that do little at a time.
 *
 * Yielding: never pushes another thread aside when it wakes, and gets the smaller part of a contended core. For threads that
 * run what others wrote. Cannot be taken back without privilege: only for threads that do nothing else.
 */
void millstream_run_promptly(int slice_us);
void millstream_run_yielding(void);

#endif
