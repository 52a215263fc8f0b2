/* The log of bare durable: one file of written zeros, one thread, and group commit. What others have gathered is a batch; the thread
 * writes it with one pwrite(2) and one fdatasync(2), hands it to the loop, and what came meanwhile is its next batch. Nobody reads the
 * file: it begins anew when it is full, and nothing tells where a record ends. What is left is the disk's price.
 *
 * The loop and the publisher add records; the journal's thread owns a batch from its taking to its handing over, the loop thread from
 * there until it gives it back. The batches' places are changed with `lock` held, which nobody holds while it writes or sends.
 */
#pragma once
#include "../common/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One that is gathered, one that is written, one that waits for the loop and one that is shown. */
enum { LOG_BYTES = 64 << 20, ZEROS_BYTES = 1 << 20, BATCHES = 4 };

enum record_kind {
    RECORD_CREATED,   /* a job: it is answered, and begins */
    RECORD_EVENT,     /* bytes for the log's readers */
    RECORD_LAST,      /* the same, and the log's end */
    RECORD_PUBLISHED, /* no bytes: all that the job's publisher had to make is before it */
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
    off_t offset; /* the thread's alone */
    int finished; /* an eventfd, for the loop's epoll, which hears each write: nobody reads it */
    pthread_mutex_t lock;
    pthread_cond_t wanted, taken; /* the thread waits for either: something to write; the loop, which is a batch behind */
    int is_wanted;
    struct batch *gathered;
    struct batch *durable; /* NULL: the loop has it already */
    struct batch *empty[BATCHES];
    int empty_count;
    struct batch batches[BATCHES];
} journal = {.lock = PTHREAD_MUTEX_INITIALIZER, .wanted = PTHREAD_COND_INITIALIZER, .taken = PTHREAD_COND_INITIALIZER};

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

static void write_durably(const struct batch *batch)
{
    if (journal.offset + (off_t)batch->used > LOG_BYTES)
        journal.offset = 0;
    write_all(batch->bytes, batch->used, journal.offset);
    if (fdatasync(journal.file) != 0)
        journal_die("fdatasync");
    journal.offset += (off_t)batch->used;
}

static void *journal_run(void *unused)
{
    uint64_t one = 1;
    pthread_setname_np(pthread_self(), "journal");
    pthread_mutex_lock(&journal.lock);
    for (;;) {
        while (!journal.is_wanted)
            pthread_cond_wait(&journal.wanted, &journal.lock);
        struct batch *batch = journal.gathered;
        journal.gathered = journal.empty[--journal.empty_count];
        journal.is_wanted = 0;
        pthread_mutex_unlock(&journal.lock);
        write_durably(batch);
        pthread_mutex_lock(&journal.lock);
        while (journal.durable)
            pthread_cond_wait(&journal.taken, &journal.lock);
        journal.durable = batch;
        /* Also what nobody has asked for yet: it came while the disk worked. */
        journal.is_wanted = journal.gathered->count > 0;
        pthread_mutex_unlock(&journal.lock);
        if (write(journal.finished, &one, sizeof one) != sizeof one)
            journal_die("eventfd");
        pthread_mutex_lock(&journal.lock);
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
    for (int number = 1; number < BATCHES; number++)
        journal.empty[journal.empty_count++] = &journal.batches[number];
    journal.finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (journal.finished < 0 || pthread_create(&thread, NULL, journal_run, NULL) != 0)
        journal_die("journal");
}

/* Room at the end of the batch that is being gathered, for a record that `journal_add` ends: in between nobody else adds. */
static char *journal_room(size_t count)
{
    pthread_mutex_lock(&journal.lock);
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
    pthread_mutex_unlock(&journal.lock);
}

/* Has what is gathered written as soon as the thread is free: once for what was added in one go, so that it shares a flush. */
static void journal_write(void)
{
    pthread_mutex_lock(&journal.lock);
    int is_new = journal.gathered->count > 0 && !journal.is_wanted;
    journal.is_wanted |= is_new;
    pthread_mutex_unlock(&journal.lock);
    /* Not before: the thread would wake on the same core to wait for the lock. */
    if (is_new)
        pthread_cond_signal(&journal.wanted);
}

/* The batch that is on the disk now, to be shown and then given back; NULL: none. */
static struct batch *journal_take(void)
{
    pthread_mutex_lock(&journal.lock);
    struct batch *batch = journal.durable;
    journal.durable = NULL;
    pthread_mutex_unlock(&journal.lock);
    if (batch)
        pthread_cond_signal(&journal.taken);
    return batch;
}

static void journal_give_back(struct batch *batch)
{
    batch->used = 0;
    batch->count = 0;
    pthread_mutex_lock(&journal.lock);
    journal.empty[journal.empty_count++] = batch;
    pthread_mutex_unlock(&journal.lock);
}
