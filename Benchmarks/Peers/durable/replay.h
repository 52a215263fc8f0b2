/* What bare durable keeps for readers that come back: the last events of all channels, as the very bytes that a reader gets, in one ring
 * of memory. Each knows where the one before it in its channel lies, so that what a reader lacks is found from the newest one backwards.
 * It is sent in its turn, a bounded number of bytes in a tick of the loop, and from then on the reader is a live one. What the ring
 * does not hold any more is left out, and nobody is told. The loop thread's alone.
 */
#pragma once
#include "logs.h"

#include <sys/uio.h>

enum {
    KEPT_BYTES = 16 << 20,
    REPLAY_BYTES_PER_TICK = 256 << 10,
    REPLAY_EVENTS_MAX = 1024, /* in one send, UIO_MAXIOV */
};

struct kept {
    uint64_t previous; /* as `newest` in struct log */
    size_t length;
    char bytes[];
};

/* A place is counted from the beginning of time; in memory it is what remains of it by the ring's size. */
static struct {
    _Alignas(struct kept) char ring[KEPT_BYTES];
    uint64_t end;
} kept;

/* Readers that are behind, first come, first served; each is here at most once. */
static struct {
    int readers[DESCRIPTORS_MAX];
    unsigned first, count;
} behind;

/* Touched at the start: what the ring will hold is no growth later. */
static void keep_open(void) { memset(kept.ring, 1, sizeof kept.ring); }

static void keep(struct log *log, const char *bytes, size_t length)
{
    size_t unit = _Alignof(struct kept), size = (sizeof(struct kept) + length + unit - 1) / unit * unit;
    if (kept.end % KEPT_BYTES + size > KEPT_BYTES)
        kept.end += KEPT_BYTES - kept.end % KEPT_BYTES;
    struct kept *event = (struct kept *)(kept.ring + kept.end % KEPT_BYTES);
    event->previous = log->newest;
    event->length = length;
    memcpy(event->bytes, bytes, length);
    log->newest = kept.end + 1;
    log->shown++;
    kept.end += size;
}

/* NULL: never was, or is overwritten. */
static struct kept *kept_at(uint64_t place)
{
    return place && place - 1 + KEPT_BYTES >= kept.end ? (struct kept *)(kept.ring + (place - 1) % KEPT_BYTES) : NULL;
}

static void wait_for_turn(int fd)
{
    if (connections[fd].is_waiting)
        return;
    connections[fd].is_waiting = 1;
    behind.readers[(behind.first + behind.count++) % DESCRIPTORS_MAX] = fd;
}

/* A reader that has the log's events up to `cursor`. */
static void resume(int fd, int log, long cursor)
{
    if (cursor >= logs[log].shown) {
        subscribe(fd, log);
        return;
    }
    connections[fd].behind = log;
    connections[fd].cursor = cursor;
    wait_for_turn(fd);
}

/* The first of what it lacks, in one send; how many bytes that were. */
static size_t replay(int fd)
{
    static struct iovec parts[REPLAY_EVENTS_MAX];
    struct connection *own = &connections[fd];
    struct log *log = &logs[own->behind];
    struct kept *event = kept_at(log->newest);
    long place = log->shown - own->cursor, end;
    for (; place > 0 && event; event = kept_at(event->previous))
        if (--place < REPLAY_EVENTS_MAX)
            parts[place] = (struct iovec){.iov_base = event->bytes, .iov_len = event->length};
    size_t bytes = 0;
    long rest = log->shown - own->cursor;
    for (end = place; end < rest && end < REPLAY_EVENTS_MAX && bytes < REPLAY_BYTES_PER_TICK; end++)
        bytes += parts[end].iov_len;
    int number = own->behind;
    own->behind = NOBODY;
    /* It lost more than a send can hold. */
    if (bytes == 0) {
        resume(fd, number, own->cursor + end);
        return 0;
    }
    struct msghdr message = {.msg_iov = parts + place, .msg_iovlen = (size_t)(end - place)};
    if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)bytes)
        return bytes;
    resume(fd, number, own->cursor + end);
    return bytes;
}

static void replay_some(void)
{
    size_t sent = 0;
    while (behind.count > 0 && sent < REPLAY_BYTES_PER_TICK) {
        int fd = behind.readers[behind.first++ % DESCRIPTORS_MAX];
        behind.count--;
        connections[fd].is_waiting = 0;
        if (connections[fd].behind != NOBODY)
            sent += replay(fd);
    }
}
