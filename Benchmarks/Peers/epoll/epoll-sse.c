/* The kernel's price: one thread, epoll, and one send() of a prepared buffer for each stream and event. There is no HTTP parser, no
 * log, no cursor, no heartbeat. Nobody would run this; it is the yardstick that the others are divided by.
 *
 * A full socket is waited for, 20 ms at most, and then closed: whoever reads slower than that is not this program's concern, and
 * the readers behind it in the list are not to wait for it twice.
 *
 * It looks at its pace each millisecond, or each TICK_US microseconds when that is given: how many events leave in one go decides how
 * often the thread sleeps and wakes, and a server that is woken by something else (a commit, say) is to be compared at its own cadence.
 */
#include "../common/peer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS_MAX = 512, FULL_SOCKET_WAIT_MS = 20, TICK_US = 1000 };

struct topic {
    int *readers;
    int count;
    int capacity;
    long seq;
};

static struct topic topics[TOPICS_MAX];
static int topic_of[DESCRIPTORS_MAX]; /* -1: no stream */
static int place_of[DESCRIPTORS_MAX];

static void subscribe(int fd, int number)
{
    struct topic *topic = &topics[number];
    if (topic->count == topic->capacity) {
        topic->capacity = topic->capacity ? topic->capacity * 2 : 1;
        topic->readers = realloc(topic->readers, sizeof *topic->readers * (size_t)topic->capacity);
        if (!topic->readers)
            abort();
    }
    topic_of[fd] = number;
    place_of[fd] = topic->count;
    topic->readers[topic->count++] = fd;
}

static void drop(int fd)
{
    if (topic_of[fd] >= 0) {
        struct topic *topic = &topics[topic_of[fd]];
        int last = topic->readers[--topic->count];
        topic->readers[place_of[fd]] = last;
        place_of[last] = place_of[fd];
        topic_of[fd] = -1;
    }
    close(fd);
}

static int send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            bytes += sent;
            count -= (size_t)sent;
            continue;
        }
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (errno != EAGAIN || poll(&wait, 1, FULL_SOCKET_WAIT_MS) <= 0)
            return -1;
    }
    return 0;
}

static void publish(int number, int data_bytes)
{
    char frame[FRAME_BYTES_MAX];
    struct topic *topic = &topics[number];
    size_t length = write_frame(frame, sizeof frame, ++topic->seq, number, data_bytes);
    /* From the end, because drop() moves the last reader to the free place. */
    for (int i = topic->count - 1; i >= 0; i--) {
        int fd = topic->readers[i];
        if (send_all(fd, frame, length) != 0)
            drop(fd);
    }
}

static void accept_all(int listener, int poller)
{
    int one = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= DESCRIPTORS_MAX) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest);
    }
}

static void answer(int fd, struct publisher *publisher)
{
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    static const char unknown[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    char request[4096];
    ssize_t count = read(fd, request, sizeof request - 1);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            drop(fd);
        return;
    }
    request[count] = 0;
    int failed;
    if (strncmp(request, "GET /events/", 12) == 0) {
        failed = send_all(fd, STREAM_HEAD, sizeof STREAM_HEAD - 1);
        subscribe(fd, (int)((unsigned)atoi(request + 12) % TOPICS_MAX));
    } else if (strncmp(request, "POST /publish", 13) == 0) {
        failed = send_all(fd, accepted, sizeof accepted - 1);
        publisher_start(publisher, request);
    } else {
        failed = send_all(fd, unknown, sizeof unknown - 1);
    }
    if (failed)
        drop(fd);
}

int main(int argc, char **argv)
{
    static struct epoll_event ready[EVENTS_MAX];
    static struct publisher publisher;
    long tick_us = argc == 3 ? atol(argv[2]) : TICK_US;
    if (argc < 2 || argc > 3 || tick_us <= 0) {
        fprintf(stderr, "usage: epoll-sse PORT [TICK_US]\n");
        return 64;
    }
    struct timespec tick = {.tv_sec = tick_us / 1000000, .tv_nsec = tick_us % 1000000 * 1000};
    struct timespec at_once = {0};
    raise_descriptor_limit();
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        topic_of[fd] = -1;
    int listener = listen_on(atoi(argv[1]));
    int poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &interest);
    for (;;) {
        struct timespec *limit = !publisher.active ? NULL : publisher.rate > 0 ? &tick : &at_once;
        int count = epoll_pwait2(poller, ready, EVENTS_MAX, limit, NULL);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener)
                accept_all(listener, poller);
            else
                answer(ready[i].data.fd, &publisher);
        }
        for (long due = publisher_due(&publisher); due > 0; due--)
            publish((int)(publisher.sent++ % publisher.topics), publisher.data_bytes);
        if (publisher.sent >= publisher.count)
            publisher.active = 0;
    }
}
