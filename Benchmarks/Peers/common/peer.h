/* What the C peers share: the clock, the listener, the frame of an event and the pace of the publisher that is inside each peer.
 *
 * A peer understands two requests (bare durable, which speaks Millstream's own, takes the clock and the listener from here alone).
 * `GET /events/N` opens the stream of topic N. `POST /publish?rate=R&count=C&topics=T&bytes=B` is answered 202 at once; then the
 * peer publishes C events, R a second, to the topics 0 … T-1 in turn, each with B bytes of JSON as its data. The publisher is
 * inside, so that what is measured is the fan-out and not a second HTTP connection.
 */
#pragma once
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    TOPICS_MAX = 20000,
    DESCRIPTORS_MAX = 65536,
    DATA_BYTES_MAX = 4096,
    FRAME_BYTES_MAX = DATA_BYTES_MAX + 512,
};

static const char STREAM_HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n";

static inline uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Also has the kernel make the table of descriptors large at once: in a program with threads each growth waits for a grace period. */
static inline void raise_descriptor_limit(void)
{
    struct rlimit limit;
    int highest;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    highest = fcntl(0, F_DUPFD, limit.rlim_cur < 65536 ? (int)limit.rlim_cur - 1 : 65535);
    if (highest >= 0)
        close(highest);
}

/* On loopback, not blocking; ends the program when it cannot. */
static inline int listen_on(int port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* One event in one HTTP chunk. `t` is read right before the fan-out, as the time in Millstream's events is before the emission. */
static inline size_t write_frame(char *out, size_t capacity, long seq, int topic, int data_bytes)
{
    char event[FRAME_BYTES_MAX];
    char data[DATA_BYTES_MAX + 1];
    int used = snprintf(data, sizeof data, "{\"t\":%llu,\"seq\":%ld,\"topic\":%d,\"pad\":\"",
                        (unsigned long long)monotonic_ns(), seq, topic);
    while (used < data_bytes - 2 && used < DATA_BYTES_MAX - 2)
        data[used++] = 'x';
    data[used++] = '"';
    data[used++] = '}';
    data[used] = 0;
    int length = snprintf(event, sizeof event, "id: %ld\nevent: message\ndata: %s\n\n", seq, data);
    int framed = snprintf(out, capacity, "%x\r\n%s\r\n", (unsigned)length, event);
    return (size_t)framed;
}

/* What one POST /publish asked for, and how far it is. */
struct publisher {
    int active;
    double rate;
    long count;
    long sent;
    int topics;
    int data_bytes;
    uint64_t start_ns;
};

static inline double query_number(const char *request, const char *name, double otherwise)
{
    char wanted[32];
    for (const char *mark = "?"; mark; mark = *mark == '?' ? "&" : NULL) {
        snprintf(wanted, sizeof wanted, "%s%s=", mark, name);
        const char *found = strstr(request, wanted);
        if (found)
            return atof(found + strlen(wanted));
    }
    return otherwise;
}

static inline int clamp(double value, int low, int high)
{
    return value < low ? low : value > high ? high : (int)value;
}

static inline void publisher_start(struct publisher *publisher, const char *request)
{
    publisher->rate = query_number(request, "rate", 0);
    publisher->count = (long)query_number(request, "count", 1);
    publisher->topics = clamp(query_number(request, "topics", 1), 1, TOPICS_MAX);
    publisher->data_bytes = clamp(query_number(request, "bytes", 200), 0, DATA_BYTES_MAX);
    publisher->sent = 0;
    publisher->start_ns = monotonic_ns();
    publisher->active = 1;
}

/* How many events may leave now. Planned from the start (open loop): a slow server gets no rest. Rate 0: one after the other. */
static inline long publisher_due(const struct publisher *publisher)
{
    if (!publisher->active)
        return 0;
    long due = publisher->sent + 1;
    if (publisher->rate > 0)
        due = (long)((double)(monotonic_ns() - publisher->start_ns) * publisher->rate / 1e9) + 1;
    if (due > publisher->count)
        due = publisher->count;
    return due - publisher->sent;
}
