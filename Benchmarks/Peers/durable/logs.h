/* What bare durable knows of logs and of the connections that read them: events are written to the journal's batch as the very bytes
 * that a reader gets, and sent when the batch is on the disk. The loop thread's alone, but for the numbers of a channel's events, which
 * are the publisher's.
 */
#pragma once
#include "journal.h"

enum {
    JOBS_MAX = 1 << 17,
    CHANNELS_MAX = 1 << 15,
    NAME_BYTES_MAX = 128,
    EVENT_BYTES_MAX = 4096, /* of an event beyond its padding */
    NOBODY = -1,
    WHOLE = -1,
};

/* Those of jobs from 0 on, those of channels from JOBS_MAX on. */
struct log {
    int reader; /* the first, plus one; the others follow by `next` */
    int has_ended;
    long seq;
    long shown;      /* a channel's events so far, */
    uint64_t newest; /* and where the last one is kept, plus one; 0: none was */
    char *unread; /* a job's events from before its reader came */
    size_t unread_bytes;
};

struct connection {
    int log;            /* NOBODY: no stream */
    int next, previous; /* readers of the same log, plus one */
    uint32_t turn;      /* counts those that had this descriptor */
    int behind;         /* the log whose events after `cursor` it lacks; NOBODY: none */
    int is_waiting;     /* it, or who had this descriptor before, is among those that are behind */
    long cursor;
};

static struct log logs[JOBS_MAX + CHANNELS_MAX];
static char names[CHANNELS_MAX][NAME_BYTES_MAX + 1];
static struct connection connections[DESCRIPTORS_MAX];

static void unsubscribe(int fd)
{
    struct connection *own = &connections[fd];
    if (own->log == NOBODY)
        return;
    if (own->previous)
        connections[own->previous - 1].next = own->next;
    else
        logs[own->log].reader = own->next;
    if (own->next)
        connections[own->next - 1].previous = own->previous;
    own->log = NOBODY;
}

static void subscribe(int fd, int log)
{
    struct connection *own = &connections[fd];
    unsubscribe(fd);
    own->log = log;
    own->previous = 0;
    own->next = logs[log].reader;
    if (own->next)
        connections[own->next - 1].previous = fd + 1;
    logs[log].reader = fd + 1;
}

static void drop(int fd)
{
    unsubscribe(fd);
    connections[fd].behind = NOBODY;
    connections[fd].turn++;
    close(fd);
}

static int send_whole(int fd, const char *bytes, size_t count)
{
    return send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)count;
}

/* Bytes of one log that are durable now. */
static void show(int number, const char *bytes, size_t count, int is_last)
{
    struct log *log = &logs[number];
    if (!log->reader && number < JOBS_MAX) {
        log->unread = realloc(log->unread, log->unread_bytes + count);
        if (!log->unread)
            abort();
        memcpy(log->unread + log->unread_bytes, bytes, count);
        log->unread_bytes += count;
    }
    for (int reader = log->reader, next; reader; reader = next) {
        next = connections[reader - 1].next;
        if (!send_whole(reader - 1, bytes, count) || is_last)
            unsubscribe(reader - 1);
    }
    if (is_last)
        log->has_ended = 1;
}

/* The log of the channel with that name; channels are never forgotten. */
static int channel_named(const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *at = name; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 16777619u;
    for (uint32_t tried = 0; tried < CHANNELS_MAX; tried++) {
        uint32_t place = (hash + tried) % CHANNELS_MAX;
        if (!names[place][0])
            strcpy(names[place], name);
        if (strcmp(names[place], name) == 0)
            return JOBS_MAX + (int)place;
    }
    fprintf(stderr, "too many channels\n");
    exit(1);
}

/* An event in one HTTP chunk, its size in four digits so that it can be filled in afterwards. `members` is an object that is still
 * open and gets a pad and its end; it is whole already where `data_bytes` is WHOLE.
 */
static void emit(enum record_kind kind, int log, const char *name, const char *members, size_t length, int data_bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *start = journal_room(EVENT_BYTES_MAX + (size_t)(data_bytes > 0 ? data_bytes : 0)), *at = start + 6;
    at += sprintf(at, "id: %ld\nevent: %s\ndata: ", ++logs[log].seq, name);
    memcpy(at, members, length);
    at += length;
    if (data_bytes != WHOLE) {
        /* `{"t":…` becomes an object of that length. */
        long pad = data_bytes - (long)length - 10;
        at += sprintf(at, ",\"pad\":\"");
        if (pad > 0)
            at = (char *)memset(at, 'x', (size_t)pad) + pad;
        *at++ = '"';
        *at++ = '}';
    }
    *at++ = '\n';
    *at++ = '\n';
    size_t event = (size_t)(at - start) - 6;
    for (int digit = 0; digit < 4; digit++)
        start[digit] = digits[event >> (12 - 4 * digit) & 15];
    memcpy(start + 4, "\r\n", 2);
    memcpy(at, "\r\n0\r\n\r\n", 7);
    journal_add(kind, log, (size_t)(at - start) + (kind == RECORD_LAST ? 7 : 2));
}
