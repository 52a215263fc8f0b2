/* Counts what the calling thread asks of the allocator and of the kernel. The functions of counting.c and calls.c stand in front of
 * the C library's, for the program and for every shared library that it loads (libswiftCore, libevent, libsqlite3): the dynamic
 * linker looks a symbol up in the program first. Nothing is counted outside of counting_start … counting_stop, and nothing on
 * other threads. What the C library does inside of itself (the write under a printf) is not seen, and neither would be system
 * calls that a library makes without the C library: none of ours does, as strace shows (`strace -c micro --only stream-send`).
 */
#ifndef MILLSTREAM_COUNTING_H
#define MILLSTREAM_COUNTING_H

#include <stdint.h>

/* The wrappers of system calls that are counted, by the name under which they are shown: variants for large files and for flags
 * count as one. */
#define COUNTING_CALLS(X) \
    X(read) X(readv) X(pread) X(recv) X(recvmsg) X(write) X(writev) X(pwrite) X(send) X(sendmsg) X(sendfile) \
    X(fsync) X(fdatasync) X(ftruncate) X(lseek) X(open) X(close) X(dup) X(fcntl) X(ioctl) X(stat) X(access) X(readlink) \
    X(unlink) X(mmap) X(munmap) X(mremap) X(epoll_create) X(epoll_ctl) X(epoll_wait) X(poll) X(select) X(eventfd) \
    X(timerfd_create) X(timerfd_settime) X(pipe) X(socket) X(socketpair) X(bind) X(listen) X(connect) X(accept) X(shutdown) \
    X(setsockopt) X(getsockopt) X(getsockname) X(getpeername) X(getrandom) X(syscall)

enum counting_call {
#define X(name) COUNTING_##name,
    COUNTING_CALLS(X)
#undef X
    COUNTING_CALL_COUNT
};

struct counting_counts {
    /* Calls of malloc and its family; a realloc is an allocation of the new size and the end of the old one. */
    uint64_t allocations;
    uint64_t allocated_bytes;
    uint64_t frees;
    /* What write, send and their kind took. */
    uint64_t kernel_bytes;
    uint64_t calls[COUNTING_CALL_COUNT];
};

/* The name of a call; a null pointer for a number out of range. */
const char *counting_name(int call);

/* Counts on the calling thread go on from where they stopped. */
void counting_start(void);
void counting_stop(void);
/* Sets the calling thread's counts to zero. */
void counting_reset(void);
/* The calling thread's counts since counting_reset. */
void counting_read(struct counting_counts *counts);
/* One of the counts of `calls`; 0 for a number out of range. Swift sees a C array as a tuple of 49 members. */
uint64_t counting_calls(const struct counting_counts *counts, int call);

/* What the whole process holds of the allocator's memory now, blocks with their headers, all threads' arenas together. */
uint64_t counting_held_bytes(void);

#endif
