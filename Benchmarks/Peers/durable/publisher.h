/* The publisher of bare durable, on a thread of its own, as Millstream's handlers are on theirs: what it costs to make an event is not the
 * loop's. The times of the events are planned from its start, as in Millstream's `demo.publish`.
 *
 * The loop thread fills `publisher` in and lends it to the thread with `begun`; it is the loop's again when RECORD_PUBLISHED is shown.
 */
#pragma once
#include "jobs.h"

#include <semaphore.h>

/* One at a time: the generator asks for no more. */
static struct {
    int job; /* NOBODY: none; the loop thread's alone */
    int channels, data_bytes;
    long count;
    double rate;
    char name[NAME_BYTES_MAX + 1];
    int logs[TOPICS_MAX];
    sem_t begun;
} publisher = {.job = NOBODY};

static void publish(long number)
{
    char members[128];
    int length = snprintf(members, sizeof members, "{\"t\":%llu,\"n\":%ld", (unsigned long long)monotonic_ns(), number);
    emit(RECORD_EVENT, publisher.logs[number % publisher.channels], "message", members, (size_t)length, publisher.data_bytes);
}

static uint64_t publication_due_ns(uint64_t start_ns, long number)
{
    return start_ns + (uint64_t)((double)number / publisher.rate * 1e9);
}

/* What is due leaves together, and so in one batch, but for what the journal takes of it because a flush has just ended. */
static void publish_all(void)
{
    uint64_t start_ns = monotonic_ns();
    for (long sent = 0; sent < publisher.count;) {
        usleep(1000 * (useconds_t)ms_until(publication_due_ns(start_ns, sent)));
        for (uint64_t now = monotonic_ns(); sent < publisher.count && publication_due_ns(start_ns, sent) <= now;)
            publish(sent++);
        journal_write();
    }
}

static void *publisher_run(void *unused)
{
    pthread_setname_np(pthread_self(), "publisher");
    for (;;) {
        while (sem_wait(&publisher.begun) != 0)
            continue;
        publish_all();
        journal_room(0);
        journal_add(RECORD_PUBLISHED, publisher.job, 0);
        journal_write();
    }
    return unused;
}

/* The loop thread's. */
static void publisher_open(void)
{
    pthread_t thread;
    if (sem_init(&publisher.begun, 0, 0) != 0 || pthread_create(&thread, NULL, publisher_run, NULL) != 0)
        journal_die("publisher");
}

static void publisher_begin(void)
{
    char name[2 * NAME_BYTES_MAX];
    for (int number = 0; number < publisher.channels; number++) {
        snprintf(name, NAME_BYTES_MAX, publisher.channels > 1 ? "%s-%d" : "%s", publisher.name, number);
        publisher.logs[number] = channel_named(name);
    }
    sem_post(&publisher.begun);
}
