/* The disk's price: a server whose events are on the disk before a reader sees them, and that has nothing else. One thread runs an
 * epoll loop (requests, timers, sends), another writes the log (journal.h), others make the events of channels (publisher.h): the
 * loop only takes over what is durable, and sends. A channel's reader that comes back gets what followed in its turn (replay.h).
 * There is no HTTP parser, no SQL, no recovery, no heartbeat, no check of anything. Nobody would run this; it says what of a durable
 * figure is the disk's and the kernel's.
 *
 * It understands of Millstream's requests what the generator asks for: jobs of the kinds `demo.steps` and `demo.publish`, their
 * streams, and channels. A request comes in one piece. What a job emits before its reader comes is kept for that reader, once. A
 * reader whose socket is full gets nothing from then on: what lies there is the kernel's.
 */
#include "publisher.h"
#include "replay.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

/* A tick is short, so that what becomes durable meanwhile is not kept waiting by a crowd. */
enum { READY_MAX = 32, ACCEPTS_PER_TICK = 8, REQUEST_BYTES_MAX = 4096 };

static long last_id;

static void answer(int fd, const char *status, const char *body, size_t length)
{
    char reply[EVENT_BYTES_MAX];
    int head = snprintf(reply, sizeof reply / 2, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        status, length);
    memcpy(reply + head, body, length);
    if (!send_whole(fd, reply, (size_t)head + length))
        drop(fd);
}

static void job_is_durable(int number)
{
    char text[EVENT_BYTES_MAX / 2];
    struct job *job = &jobs[number];
    if (connections[job->asker].turn == job->asker_turn)
        answer(job->asker, "202 Accepted", text, write_job(text, job, "queued"));
    job->start_ns = monotonic_ns();
    if (job->publisher != NOBODY)
        publisher_begin(&publishers[job->publisher]);
    else if (!job->is_later)
        go_on(number);
}

static void job_is_published(int number)
{
    publishers[jobs[number].publisher].job = NOBODY;
    end_job(number);
}

static void show_batch(struct batch *batch)
{
    const char *bytes = batch->bytes;
    for (int i = 0; i < batch->count;) {
        struct record *first = &batch->records[i];
        enum record_kind kind = first->kind;
        size_t length = 0;
        /* What lies together goes to the readers in one send. */
        do {
            kind = batch->records[i].kind;
            if (first->log >= JOBS_MAX)
                keep(&logs[first->log], bytes + length, batch->records[i].length);
            length += batch->records[i++].length;
        } while (kind == RECORD_EVENT && i < batch->count && batch->records[i].log == first->log);
        if (kind == RECORD_CREATED)
            job_is_durable(first->log);
        else if (kind == RECORD_PUBLISHED)
            job_is_published(first->log);
        else
            show(first->log, bytes, length, kind == RECORD_LAST);
        bytes += length;
    }
    journal_give_back(batch);
}

static void show_durable(void)
{
    struct batch *batch = journal_take();
    if (batch)
        show_batch(batch);
}

static double json_number(const char *body, const char *name, double otherwise)
{
    char wanted[32];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *found = strstr(body, wanted);
    return found ? atof(found + strlen(wanted)) : otherwise;
}

/* Up to any of `ends`, into NAME_BYTES_MAX + 1 bytes. */
static void copy_name(char *out, const char *from, const char *ends)
{
    size_t length = strcspn(from, ends);
    length = length > NAME_BYTES_MAX ? NAME_BYTES_MAX : length;
    memcpy(out, from, length);
    out[length] = 0;
}

static void create(int fd, const char *body, size_t length)
{
    int number = (int)(++last_id % JOBS_MAX);
    struct job *job = &jobs[number];
    int publishes = strstr(body, "\"demo.publish\"") != NULL, publisher = publishes ? free_publisher() : NOBODY;
    if ((job->id && !logs[number].has_ended) || (publishes && publisher == NOBODY)) {
        answer(fd, "503 Service Unavailable", "", 0);
        return;
    }
    free(logs[number].unread);
    logs[number] = (struct log){0};
    *job = (struct job){.id = last_id, .publisher = publisher, .asker = fd};
    job->asker_turn = connections[fd].turn;
    job->is_later = strstr(body, "\"run_at\"") != NULL;
    job->steps = clamp(json_number(body, "steps", 13), 0, 1000000);
    job->interval_ms = clamp(json_number(body, "interval_ms", 50), 0, 3600000);
    job->data_bytes = clamp(json_number(body, "data_bytes", 200), 0, DATA_BYTES_MAX);
    if (publishes) {
        struct job_publisher *own = &publishers[publisher];
        const char *name = strstr(body, "\"channel\":\"");
        copy_name(own->name, name ? name + 11 : "c\"", "\"");
        own->channels = clamp(json_number(body, "channels", 1), 1, TOPICS_MAX);
        own->rate = json_number(body, "rate", 5);
        own->count = (long)json_number(body, "count", 100);
        own->data_bytes = job->data_bytes;
        own->job = number;
    }
    memcpy(journal_room(length), body, length);
    journal_add(RECORD_CREATED, number, length);
}

/* With `Last-Event-ID` what followed that event comes first. */
static void open_channel(int fd, const char *name)
{
    static const char cursor[] = "\r\nLast-Event-ID: ";
    static const char beginning[] = "c\r\n: heartbeat\n\r\n";
    char head[sizeof STREAM_HEAD + sizeof beginning], wanted[NAME_BYTES_MAX + 1];
    copy_name(wanted, name, " &");
    int length = snprintf(head, sizeof head, "%s%s", STREAM_HEAD, beginning);
    if (!send_whole(fd, head, (size_t)length))
        return;
    const char *last = strstr(name, cursor);
    if (last)
        resume(fd, channel_named(wanted), atol(last + sizeof cursor - 1));
    else
        subscribe(fd, channel_named(wanted));
}

static void open_job(int fd, long id)
{
    int number = (int)((unsigned long)id % JOBS_MAX);
    struct job *job = &jobs[number];
    struct log *log = &logs[number];
    if (id <= 0 || job->id != id) {
        answer(fd, "404 Not Found", "", 0);
        return;
    }
    char status[EVENT_BYTES_MAX];
    char *head = malloc(sizeof STREAM_HEAD + EVENT_BYTES_MAX + log->unread_bytes);
    if (!head)
        abort();
    size_t data = write_job(status, job, "in_progress");
    size_t length = (size_t)sprintf(head, "%s%x\r\nevent: status\ndata: %.*s\n\n\r\n", STREAM_HEAD, (unsigned)data + 22,
                                    (int)data, status);
    if (log->unread)
        memcpy(head + length, log->unread, log->unread_bytes);
    length += log->unread_bytes;
    free(log->unread);
    log->unread = NULL;
    log->unread_bytes = 0;
    if (send_whole(fd, head, length) && !log->has_ended)
        subscribe(fd, number);
    free(head);
}

static void take_request(int fd)
{
    char request[REQUEST_BYTES_MAX];
    ssize_t count = read(fd, request, sizeof request - 1);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            drop(fd);
        return;
    }
    request[count] = 0;
    const char *body = strstr(request, "\r\n\r\n");
    if (strncmp(request, "GET /v1/events?channel=", 23) == 0)
        open_channel(fd, request + 23);
    else if (strncmp(request, "GET /v1/jobs/", 13) == 0)
        open_job(fd, atol(request + 13));
    else if (strncmp(request, "POST /v1/jobs ", 14) == 0 && body)
        create(fd, body + 4, (size_t)(request + count - body - 4));
    else
        answer(fd, "404 Not Found", "", 0);
}

static void accept_some(int listener, int poller)
{
    int one = 1, fd;
    for (int rest = ACCEPTS_PER_TICK; rest > 0; rest--) {
        if ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
            return;
        if (fd >= DESCRIPTORS_MAX) {
            close(fd);
            continue;
        }
        connections[fd].turn++;
        connections[fd].log = NOBODY;
        connections[fd].behind = NOBODY;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest);
    }
}

static void watch(int poller, int fd, uint32_t events)
{
    struct epoll_event interest = {.events = events, .data.fd = fd};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest);
}

int main(int argc, char **argv)
{
    static struct epoll_event ready[READY_MAX];
    if (argc != 3) {
        fprintf(stderr, "usage: durable-sse PORT LOG\n");
        return 64;
    }
    raise_descriptor_limit();
    journal_open(argv[2]);
    keep_open();
    publishers_open();
    pthread_setname_np(pthread_self(), "loop");
    int listener = listen_on(atoi(argv[1]));
    int poller = epoll_create1(EPOLL_CLOEXEC);
    watch(poller, listener, EPOLLIN);
    watch(poller, journal.finished, EPOLLIN | EPOLLET);
    for (;;) {
        int count = epoll_wait(poller, ready, READY_MAX, behind.count > 0 ? 0 : wait_ms());
        /* Before anything else, and whether or not it is among the first that are ready. */
        show_durable();
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener)
                accept_some(listener, poller);
            else if (ready[i].data.fd != journal.finished)
                take_request(ready[i].data.fd);
        }
        run_jobs();
        replay_some();
        journal_write();
    }
}
