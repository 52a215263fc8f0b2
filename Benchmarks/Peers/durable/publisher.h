/* The publishers of bare durable, each on a thread of its own, as Millstream's handlers are on theirs: what it costs to make an event is
 * not the loop's. The times of the events are planned from the start, as in Millstream's `demo.publish`.
 *
 * The loop thread fills one in and lends it to its thread with `begun`; it is the loop's again when RECORD_PUBLISHED is shown.
 */
#pragma once
#include "jobs.h"

#include <semaphore.h>

enum { PUBLISHERS_MAX = 4 };

struct job_publisher {
    int job; /* NOBODY: it is free; the loop thread's alone but for a read between the two hand-overs */
    int channels, data_bytes;
    long count;
    double rate;
    char name[NAME_BYTES_MAX + 1];
    int logs[TOPICS_MAX];
    sem_t begun;
};

static struct job_publisher publishers[PUBLISHERS_MAX];

static void publish(const struct job_publisher *own, long number)
{
    char members[128];
    int length = snprintf(members, sizeof members, "{\"t\":%llu,\"n\":%ld", (unsigned long long)monotonic_ns(), number);
    emit(RECORD_EVENT, own->logs[number % own->channels], "message", members, (size_t)length, own->data_bytes);
}

static uint64_t publication_due_ns(const struct job_publisher *own, uint64_t start_ns, long number)
{
    return start_ns + (uint64_t)((double)number / own->rate * 1e9);
}

/* What is due leaves together, and so in one batch, but for what the journal takes of it because a flush has just ended. */
static void publish_all(const struct job_publisher *own)
{
    uint64_t start_ns = monotonic_ns();
    for (long sent = 0; sent < own->count;) {
        usleep(1000 * (useconds_t)ms_until(publication_due_ns(own, start_ns, sent)));
        for (uint64_t now = monotonic_ns(); sent < own->count && publication_due_ns(own, start_ns, sent) <= now;)
            publish(own, sent++);
        journal_write();
    }
}

static void *publisher_run(void *argument)
{
    struct job_publisher *own = argument;
    pthread_setname_np(pthread_self(), "publisher");
    for (;;) {
        while (sem_wait(&own->begun) != 0)
            continue;
        publish_all(own);
        journal_room(0);
        journal_add(RECORD_PUBLISHED, own->job, 0);
        journal_write();
    }
    return NULL;
}

/* These are the loop thread's. */

static void publishers_open(void)
{
    for (int number = 0; number < PUBLISHERS_MAX; number++) {
        pthread_t thread;
        struct job_publisher *own = &publishers[number];
        own->job = NOBODY;
        if (sem_init(&own->begun, 0, 0) != 0 || pthread_create(&thread, NULL, publisher_run, own) != 0)
            journal_die("publisher");
    }
}

/* NOBODY: all publish. */
static int free_publisher(void)
{
    for (int number = 0; number < PUBLISHERS_MAX; number++)
        if (publishers[number].job == NOBODY)
            return number;
    return NOBODY;
}

static void publisher_begin(struct job_publisher *own)
{
    char name[2 * NAME_BYTES_MAX];
    for (int number = 0; number < own->channels; number++) {
        snprintf(name, NAME_BYTES_MAX, own->channels > 1 ? "%s-%d" : "%s", own->name, number);
        own->logs[number] = channel_named(name);
    }
    sem_post(&own->begun);
}
