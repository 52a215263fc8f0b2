/* The log of bare durable: one file of written zeros, one thread, and group commit. What the loop has gathered is a batch; the thread
 * writes it with one pwrite(2) and one fdatasync(2) and gives it back; what came meanwhile is the next batch. Nobody reads the file: it
 * begins anew when it is full, and nothing tells where a record ends. What is left is the disk's price.
 *
 * Everything is the loop thread's but `journal_run`, which owns a batch between the two eventfds.
 */
#pragma once
#include "../common/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOG_BYTES = 64 << 20, ZEROS_BYTES = 1 << 20 };

enum record_kind {
    RECORD_CREATED, /* a job: it is answered, and begins */
    RECORD_EVENT,   /* bytes for the log's readers */
    RECORD_LAST,    /* the same, and the log's end */
};

struct record {
    enum record_kind kind;
    int log;
    size_t length; /* in the batch's bytes, where the records lie one behind the other */
};

struct batch {
    char *bytes;
    size_t used, capacity;
    struct record *records;
    int count, records_capacity;
};

static struct {
    int file;
    off_t offset;
    int asked, finished; /* eventfds: to the thread, and back */
    int is_busy;
    /* Gathered; written and owned by the thread; shown to the readers. They change places. */
    struct batch *gathered, *written, *shown;
    struct batch batches[3];
} journal;

static void journal_die(const char *what)
{
    perror(what);
    exit(1);
}

static void write_all(const char *bytes, size_t count, off_t offset)
{
    while (count > 0) {
        ssize_t written = pwrite(journal.file, bytes, count, offset);
        if (written < 0 && errno != EINTR)
            journal_die("pwrite");
        if (written > 0) {
            bytes += written;
            offset += written;
            count -= (size_t)written;
        }
    }
}

static void *journal_run(void *unused)
{
    uint64_t value;
    pthread_setname_np(pthread_self(), "journal");
    while (read(journal.asked, &value, sizeof value) == sizeof value) {
        struct batch *batch = journal.written;
        if (journal.offset + (off_t)batch->used > LOG_BYTES)
            journal.offset = 0;
        write_all(batch->bytes, batch->used, journal.offset);
        if (fdatasync(journal.file) != 0)
            journal_die("fdatasync");
        journal.offset += (off_t)batch->used;
        value = 1;
        if (write(journal.finished, &value, sizeof value) != sizeof value)
            break;
    }
    return unused;
}

/* The zeros are written and not only allocated: the first write to an allocated block changes the file's tree of extents, and a flush
 * of that goes through the file system's own journal. */
static void journal_open(const char *path)
{
    pthread_t thread;
    char *zeros = calloc(1, ZEROS_BYTES);
    journal.file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (!zeros || journal.file < 0)
        journal_die(path);
    for (off_t offset = 0; offset < LOG_BYTES; offset += ZEROS_BYTES)
        write_all(zeros, ZEROS_BYTES, offset);
    free(zeros);
    if (fsync(journal.file) != 0)
        journal_die("fsync");
    journal.gathered = &journal.batches[0];
    journal.written = &journal.batches[1];
    journal.shown = &journal.batches[2];
    journal.asked = eventfd(0, EFD_CLOEXEC);
    journal.finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (journal.asked < 0 || journal.finished < 0 || pthread_create(&thread, NULL, journal_run, NULL) != 0)
        journal_die("journal");
}

/* Room at the end of the batch that is being gathered. */
static char *journal_room(size_t count)
{
    struct batch *batch = journal.gathered;
    if (batch->used + count > batch->capacity) {
        while (batch->used + count > batch->capacity)
            batch->capacity = batch->capacity ? batch->capacity * 2 : 65536;
        batch->bytes = batch->capacity <= LOG_BYTES ? realloc(batch->bytes, batch->capacity) : NULL;
        if (!batch->bytes)
            journal_die("batch");
    }
    return batch->bytes + batch->used;
}

/* Takes what was written to the room. */
static void journal_add(enum record_kind kind, int log, size_t length)
{
    struct batch *batch = journal.gathered;
    if (batch->count == batch->records_capacity) {
        batch->records_capacity = batch->records_capacity ? batch->records_capacity * 2 : 256;
        batch->records = realloc(batch->records, sizeof *batch->records * (size_t)batch->records_capacity);
        if (!batch->records)
            journal_die("records");
    }
    batch->records[batch->count++] = (struct record){.kind = kind, .log = log, .length = length};
    batch->used += length;
}

/* Hands the gathered batch to the thread, if it is free and there is one. */
static void journal_write(void)
{
    uint64_t one = 1;
    struct batch *batch = journal.gathered;
    if (journal.is_busy || batch->count == 0)
        return;
    journal.gathered = journal.written;
    journal.written = batch;
    journal.is_busy = 1;
    if (write(journal.asked, &one, sizeof one) != sizeof one)
        journal_die("eventfd");
}

/* The batch that is on the disk now, to be shown and then emptied; NULL: none. The next one is under way when this returns: the disk
 * works while the readers are served. */
static struct batch *journal_take(void)
{
    uint64_t value;
    struct batch *batch = journal.written;
    if (!journal.is_busy || read(journal.finished, &value, sizeof value) != sizeof value)
        return NULL;
    journal.written = journal.shown;
    journal.shown = batch;
    journal.is_busy = 0;
    journal_write();
    return batch;
}

static void batch_empty(struct batch *batch)
{
    batch->used = 0;
    batch->count = 0;
}
