/* What Swift cannot import by itself: function-like macros, functions with C-variadic or packed types, and the Linux
 * headers that the Glibc module leaves out (epoll, eventfd). Each function below says what forces it; there is no logic here.
 */
#ifndef MILLSTREAM_CLIBEVENT_SHIM_H
#define MILLSTREAM_CLIBEVENT_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

/* evtimer_new and evsignal_new are macros. */
static inline struct event *millstream_timer_new(
    struct event_base *base, int repeating, event_callback_fn callback, void *argument)
{
    return event_new(base, -1, repeating ? EV_PERSIST : 0, callback, argument);
}

static inline struct event *millstream_signal_new(
    struct event_base *base, int signal_number, event_callback_fn callback, void *argument)
{
    return evsignal_new(base, signal_number, callback, argument);
}

/* eventfd(2) is not in the Glibc module. */
static inline int millstream_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/* The C library declares these two to _GNU_SOURCE only, which a module is not read with: the same functions by names of our own. */
extern int millstream_ppoll(struct pollfd *watched, unsigned long count, const struct timespec *timeout, const void *signals)
    __asm__("ppoll");
extern int millstream_getaffinity(pid_t thread, size_t size, unsigned long *cores) __asm__("sched_getaffinity");

static inline int millstream_wait_readable(int fd, long nanoseconds)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    struct timespec timeout = {.tv_nsec = nanoseconds};
    return millstream_ppoll(&watched, 1, &timeout, 0);
}

/* malloc.h is not in the Glibc module. */
static inline void millstream_bound_arenas(int count) { mallopt(M_ARENA_MAX, count); }

/* prctl is variadic. */
static inline void millstream_loop_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

/* How many cores the calling thread may run on; 0: it cannot be told (or there are more than 1,024 in the machine). */
static inline int millstream_allowed_cores(void)
{
    unsigned long cores[16] = {0};
    if (millstream_getaffinity(0, sizeof cores, cores)) return 0;
    int count = 0;
    for (unsigned word = 0; word < 16; word++) count += __builtin_popcountl(cores[word]);
    return count;
}

/* epoll_event is a packed struct with a union: it stays on this side. */
static inline int millstream_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int millstream_epoll_set(int epoll_fd, int operation, int fd, uint32_t interest, uint64_t tag)
{
    struct epoll_event event;
    event.events = interest;
    event.data.u64 = tag;
    return epoll_ctl(epoll_fd, operation, fd, &event);
}

struct millstream_readiness {
    uint64_t tag;
    uint32_t events;
    uint32_t unused;
};

enum { MILLSTREAM_EPOLL_BATCH = 64 };

/* Never waits: the loop's own poll has said that something is ready. `ready` has room for MILLSTREAM_EPOLL_BATCH. */
static inline int millstream_epoll_collect(int epoll_fd, struct millstream_readiness *ready)
{
    struct epoll_event events[MILLSTREAM_EPOLL_BATCH];
    int count = epoll_wait(epoll_fd, events, MILLSTREAM_EPOLL_BATCH, 0);
    for (int index = 0; index < count; index++) {
        ready[index].tag = events[index].data.u64;
        ready[index].events = events[index].events;
    }
    return count;
}

/* MSG_* are enumerators of an anonymous enum; SIGPIPE must not reach the process. */
static inline ssize_t millstream_send(int fd, const void *bytes, size_t count)
{
    /* Not send(3): beside other threads it opens and closes a place where the thread could be cancelled, which nobody does. */
    return syscall(SYS_sendto, fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, NULL, 0);
}

static inline ssize_t millstream_send_pieces(int fd, struct iovec *pieces, size_t count)
{
    struct msghdr message = {0};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* For bytes that a shutdown(2) of the write side follows at once: the end then leaves in their packet and not in one of its own. */
static inline ssize_t millstream_send_last_pieces(int fd, struct iovec *pieces, size_t count)
{
    struct msghdr message = {0};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
}

static inline ssize_t millstream_receive(int fd, void *bytes, size_t count)
{
    return recv(fd, bytes, count, MSG_DONTWAIT);
}

/* Why a socket is in error, and 0 when it is not; asking clears it. */
static inline int millstream_socket_error(int fd)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* fcntl(2) and open(2) are variadic. */
static inline int millstream_duplicate(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 3); }

static inline int millstream_open_null(void) { return open("/dev/null", O_RDWR | O_CLOEXEC); }

static inline int millstream_create_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* SOCK_* are enumerators of an anonymous enum. */
static inline int millstream_stream_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

#endif

