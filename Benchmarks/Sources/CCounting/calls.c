/* The kernel's side: each wrapper of the C library that our libraries call is counted and passed on. The real function is looked up
 * behind this program at its first use. A null pointer can come back only from a C library that lacks the function, and then nobody
 * could have called it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

/* A wrapper: counted as `counted`, result passed on. */
#define PASS(counted, type, name, parameters, arguments)                                    \
    type name parameters                                                                    \
    {                                                                                       \
        static type(*real) parameters;                                                      \
        if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name);                        \
        counting_note_call(COUNTING_##counted);                                             \
        return real arguments;                                                              \
    }

/* The same for calls whose result is the number of bytes that the kernel took. */
#define TAKE(counted, name, parameters, arguments)                                          \
    ssize_t name parameters                                                                 \
    {                                                                                       \
        static ssize_t(*real) parameters;                                                   \
        if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name);                        \
        counting_note_call(COUNTING_##counted);                                             \
        ssize_t byte_count = real arguments;                                                \
        counting_note_bytes(byte_count);                                                    \
        return byte_count;                                                                  \
    }

PASS(read, ssize_t, read, (int fd, void *bytes, size_t count), (fd, bytes, count))
PASS(readv, ssize_t, readv, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
PASS(pread, ssize_t, pread, (int fd, void *bytes, size_t count, off_t at), (fd, bytes, count, at))
PASS(pread, ssize_t, pread64, (int fd, void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
PASS(recv, ssize_t, recv, (int fd, void *bytes, size_t count, int flags), (fd, bytes, count, flags))
PASS(recv, ssize_t, recvfrom,
    (int fd, void *bytes, size_t count, int flags, struct sockaddr *from, socklen_t *from_count),
    (fd, bytes, count, flags, from, from_count))
PASS(recvmsg, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))

TAKE(write, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
TAKE(writev, writev, (int fd, const struct iovec *pieces, int count), (fd, pieces, count))
TAKE(pwrite, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
TAKE(pwrite, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
TAKE(send, send, (int fd, const void *bytes, size_t count, int flags), (fd, bytes, count, flags))
TAKE(send, sendto,
    (int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t to_count),
    (fd, bytes, count, flags, to, to_count))
TAKE(sendmsg, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
TAKE(sendfile, sendfile, (int to, int from, off_t *at, size_t count), (to, from, at, count))

PASS(fsync, int, fsync, (int fd), (fd))
PASS(fdatasync, int, fdatasync, (int fd), (fd))
PASS(ftruncate, int, ftruncate, (int fd, off_t count), (fd, count))
PASS(ftruncate, int, ftruncate64, (int fd, off64_t count), (fd, count))
PASS(lseek, off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
PASS(lseek, off64_t, lseek64, (int fd, off64_t at, int whence), (fd, at, whence))
PASS(close, int, close, (int fd), (fd))
PASS(dup, int, dup, (int fd), (fd))
PASS(dup, int, dup2, (int fd, int other), (fd, other))
PASS(dup, int, dup3, (int fd, int other, int flags), (fd, other, flags))
PASS(stat, int, stat, (const char *path, struct stat *found), (path, found))
PASS(stat, int, lstat, (const char *path, struct stat *found), (path, found))
PASS(stat, int, fstat, (int fd, struct stat *found), (fd, found))
PASS(stat, int, stat64, (const char *path, struct stat64 *found), (path, found))
PASS(stat, int, lstat64, (const char *path, struct stat64 *found), (path, found))
PASS(stat, int, fstat64, (int fd, struct stat64 *found), (fd, found))
PASS(access, int, access, (const char *path, int mode), (path, mode))
PASS(readlink, ssize_t, readlink, (const char *path, char *text, size_t count), (path, text, count))
PASS(unlink, int, unlink, (const char *path), (path))
PASS(mmap, void *, mmap, (void *at, size_t count, int protection, int flags, int fd, off_t from),
    (at, count, protection, flags, fd, from))
PASS(mmap, void *, mmap64, (void *at, size_t count, int protection, int flags, int fd, off64_t from),
    (at, count, protection, flags, fd, from))
PASS(munmap, int, munmap, (void *at, size_t count), (at, count))

PASS(epoll_create, int, epoll_create, (int count), (count))
PASS(epoll_create, int, epoll_create1, (int flags), (flags))
PASS(epoll_ctl, int, epoll_ctl, (int epoll, int operation, int fd, struct epoll_event *event), (epoll, operation, fd, event))
PASS(epoll_wait, int, epoll_wait, (int epoll, struct epoll_event *events, int count, int timeout), (epoll, events, count, timeout))
PASS(epoll_wait, int, epoll_pwait2,
    (int epoll, struct epoll_event *events, int count, const struct timespec *timeout, const sigset_t *mask),
    (epoll, events, count, timeout, mask))
PASS(poll, int, poll, (struct pollfd * polled, nfds_t count, int timeout), (polled, count, timeout))
PASS(select, int, select, (int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout), (count, in, out, other, timeout))
PASS(eventfd, int, eventfd, (unsigned int count, int flags), (count, flags))
PASS(timerfd_create, int, timerfd_create, (clockid_t clock, int flags), (clock, flags))
PASS(timerfd_settime, int, timerfd_settime, (int fd, int flags, const struct itimerspec *time, struct itimerspec *old), (fd, flags, time, old))
PASS(pipe, int, pipe, (int ends[2]), (ends))
PASS(pipe, int, pipe2, (int ends[2], int flags), (ends, flags))
PASS(socket, int, socket, (int family, int type, int protocol), (family, type, protocol))
PASS(socketpair, int, socketpair, (int family, int type, int protocol, int ends[2]), (family, type, protocol, ends))
PASS(bind, int, bind, (int fd, const struct sockaddr *address, socklen_t count), (fd, address, count))
PASS(listen, int, listen, (int fd, int backlog), (fd, backlog))
PASS(connect, int, connect, (int fd, const struct sockaddr *address, socklen_t count), (fd, address, count))
PASS(accept, int, accept, (int fd, struct sockaddr *address, socklen_t *count), (fd, address, count))
PASS(accept, int, accept4, (int fd, struct sockaddr *address, socklen_t *count, int flags), (fd, address, count, flags))
PASS(shutdown, int, shutdown, (int fd, int how), (fd, how))
PASS(setsockopt, int, setsockopt, (int fd, int level, int name, const void *value, socklen_t count), (fd, level, name, value, count))
PASS(getsockopt, int, getsockopt, (int fd, int level, int name, void *value, socklen_t *count), (fd, level, name, value, count))
PASS(getsockname, int, getsockname, (int fd, struct sockaddr *address, socklen_t *count), (fd, address, count))
PASS(getpeername, int, getpeername, (int fd, struct sockaddr *address, socklen_t *count), (fd, address, count))
PASS(getrandom, ssize_t, getrandom, (void *bytes, size_t count, unsigned int flags), (bytes, count, flags))

/* Variadic ones: one more argument of a register's size is passed on whether or not it was given, which the calling conventions of
 * the platforms we know allow. */
#define PASS_VARIADIC(counted, name, fixed_type, fixed, second_type, second)                \
    int name(fixed_type fixed, second_type second, ...)                                     \
    {                                                                                       \
        static int (*real)(fixed_type, second_type, ...);                                   \
        if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name);                        \
        va_list list;                                                                       \
        va_start(list, second);                                                             \
        long argument = va_arg(list, long);                                                 \
        va_end(list);                                                                       \
        counting_note_call(COUNTING_##counted);                                             \
        return real(fixed, second, argument);                                               \
    }

PASS_VARIADIC(open, open, const char *, path, int, flags)
PASS_VARIADIC(open, open64, const char *, path, int, flags)
PASS_VARIADIC(fcntl, fcntl, int, fd, int, operation)
PASS_VARIADIC(fcntl, fcntl64, int, fd, int, operation)
PASS_VARIADIC(ioctl, ioctl, int, fd, unsigned long, request)

void *mremap(void *at, size_t old_count, size_t count, int flags, ...)
{
    static void *(*real)(void *, size_t, size_t, int, ...);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "mremap");
    va_list list;
    va_start(list, flags);
    void *target = va_arg(list, void *);
    va_end(list);
    counting_note_call(COUNTING_mremap);
    return real(at, old_count, count, flags, target);
}

/* A send is one whichever way it is asked for. */
long syscall(long number, ...)
{
    static long (*real)(long, ...);
    if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long),
         e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    int is_send = number == SYS_sendto;
    counting_note_call(is_send ? COUNTING_send : COUNTING_syscall);
    long result = real(number, a, b, c, d, e, f);
    if (is_send) counting_note_bytes(result);
    return result;
}
