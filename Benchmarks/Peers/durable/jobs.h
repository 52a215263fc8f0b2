/* The jobs of bare durable: `demo.steps`, each a timer of the loop's. Those of `demo.publish` are publisher.h's. The loop thread's alone.
 */
#pragma once
#include "logs.h"

struct job {
    long id; /* 0: none was here yet */
    int is_later;
    int publisher; /* NOBODY: it makes steps */
    int asker;
    uint32_t asker_turn;
    int steps, step, interval_ms, data_bytes;
    uint64_t start_ns;
};

static struct job jobs[JOBS_MAX];

/* A heap of the jobs that wait, by what is due next. */
struct due {
    uint64_t at_ns;
    int job;
};

static struct due dues[JOBS_MAX];
static int dues_count;

static void due_add(uint64_t at_ns, int job)
{
    int place = dues_count++;
    for (; place > 0 && dues[(place - 1) / 2].at_ns > at_ns; place = (place - 1) / 2)
        dues[place] = dues[(place - 1) / 2];
    dues[place] = (struct due){.at_ns = at_ns, .job = job};
}

static int due_take(void)
{
    int job = dues[0].job, place = 0, child;
    struct due last = dues[--dues_count];
    while ((child = 2 * place + 1) < dues_count) {
        if (child + 1 < dues_count && dues[child + 1].at_ns < dues[child].at_ns)
            child++;
        if (last.at_ns <= dues[child].at_ns)
            break;
        dues[place] = dues[child];
        place = child;
    }
    dues[place] = last;
    return job;
}

static size_t write_job(char *out, const struct job *job, const char *state)
{
    return (size_t)sprintf(
        out,
        "{\"id\":\"%ld\",\"kind\":\"demo.steps\",\"state\":\"%s\",\"attempt\":1,\"progress\":%d,\"result\":null,\"error\":null,"
        "\"owner\":null,\"viewers\":[],\"priority\":0,\"run_at\":null,\"queue_position\":null,\"last_event_id\":\"%ld\","
        "\"stream_url\":\"/v1/jobs/%ld/events\",\"status_url\":\"/v1/jobs/%ld\",\"cancel_url\":\"/v1/jobs/%ld/cancel\"}",
        job->id, state, job->steps ? 100 * job->step / job->steps : 0, logs[job - jobs].seq, job->id, job->id, job->id);
}

static void end_job(int number)
{
    char text[EVENT_BYTES_MAX / 2];
    size_t length = write_job(text, &jobs[number], "completed");
    emit(RECORD_LAST, number, "completed", text, length, WHOLE);
}

static void take_step(int number)
{
    char members[256];
    struct job *job = &jobs[number];
    int step = ++job->step;
    int length = snprintf(members, sizeof members, "{\"t\":%llu,\"step\":%d,\"steps\":%d,\"progress\":%.2f",
                          (unsigned long long)monotonic_ns(), step, job->steps, 100.0 * step / job->steps);
    emit(RECORD_EVENT, number, "progress", members, (size_t)length, job->data_bytes);
}

/* Steps are due counted from the start and not from the step before, as in Millstream's `demo.steps`. */
static void go_on(int number)
{
    struct job *job = &jobs[number];
    while (job->step < job->steps && job->interval_ms == 0)
        take_step(number);
    if (job->step < job->steps)
        due_add(job->start_ns + (uint64_t)(job->step + 1) * (uint64_t)job->interval_ms * 1000000u, number);
    else
        end_job(number);
}

/* The due steps. */
static void run_jobs(void)
{
    for (uint64_t now = monotonic_ns(); dues_count && dues[0].at_ns <= now;) {
        int job = due_take();
        take_step(job);
        go_on(job);
    }
}

/* In whole milliseconds, upwards, as libevent waits: what falls due in one of them leaves together. */
static int ms_until(uint64_t at_ns)
{
    uint64_t now = monotonic_ns();
    return at_ns <= now ? 0 : (int)((at_ns - now + 999999) / 1000000);
}

static int wait_ms(void) { return dues_count ? ms_until(dues[0].at_ns) : -1; }
