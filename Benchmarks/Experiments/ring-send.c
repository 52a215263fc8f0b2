/* What would io_uring bring to the flush of a fan-out? The same bytes to the same sockets three ways, in turn: a send(2) for each stream,
 * as the stream table does; a submission queue of sends, one io_uring_enter(2) a batch; and the same on registered descriptors. One
 * thread sends on core 0, another reads on core 1. Prints CPU time of the sending thread for each send (the receiver's half of TCP runs
 * inside it on loopback).
 *
 *   ring-send STREAMS ROUNDS BATCH        ring-send 9000 20 256
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum way { PLAIN, RING, RING_REGISTERED, WAYS };
enum { EVENT_BYTES = 150, EVENTS_MAX = 512, PAUSE_US = 100000 };

static const char *const names[WAYS] = {"send(2)", "io_uring", "io_uring, registered descriptors"};
static int streams;
static int *senders, *receivers;

static void check(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(result == -1 ? errno : -result));
    exit(1);
}

static void run_on(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *receive_all(void *unused)
{
    static char bytes[1 << 16];
    struct epoll_event events[EVENTS_MAX];
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    run_on(1);
    for (int index = 0; index < streams; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = receivers[index]};
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, receivers[index], &event), "epoll_ctl");
    }
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int index = 0; index < count; index++)
            while (recv(events[index].data.fd, bytes, sizeof bytes, MSG_DONTWAIT) == sizeof bytes)
                ;
    }
    return unused;
}

static void connect_all(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    check(listener, "socket");
    check(bind(listener, (struct sockaddr *)&address, size), "bind");
    check(listen(listener, 1024), "listen");
    check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
    for (int index = 0; index < streams; index++) {
        check(receivers[index] = socket(AF_INET, SOCK_STREAM, 0), "socket");
        check(connect(receivers[index], (struct sockaddr *)&address, size), "connect");
        check(senders[index] = accept(listener, NULL, NULL), "accept");
        setsockopt(senders[index], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
}

static int send_plain(const char *bytes)
{
    int sent = 0;
    for (int index = 0; index < streams; index++)
        sent += send(senders[index], bytes, EVENT_BYTES, MSG_DONTWAIT | MSG_NOSIGNAL) == EVENT_BYTES;
    return sent;
}

static int send_by_ring(struct io_uring *ring, int batch, int is_registered, const char *bytes)
{
    int sent = 0;
    for (int first = 0; first < streams; first += batch) {
        int count = streams - first < batch ? streams - first : batch;
        for (int index = first; index < first + count; index++) {
            struct io_uring_sqe *entry = io_uring_get_sqe(ring);
            int target = is_registered ? index : senders[index];
            io_uring_prep_send(entry, target, bytes, EVENT_BYTES, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (is_registered)
                entry->flags |= IOSQE_FIXED_FILE;
        }
        check(io_uring_submit_and_wait(ring, (unsigned)count), "io_uring_enter");
        struct io_uring_cqe *completion;
        unsigned head;
        unsigned seen = 0;
        io_uring_for_each_cqe(ring, head, completion)
        {
            sent += completion->res == EVENT_BYTES;
            seen++;
        }
        io_uring_cq_advance(ring, seen);
    }
    return sent;
}

int main(int count, char **arguments)
{
    streams = count == 4 ? atoi(arguments[1]) : 0;
    int rounds = count == 4 ? atoi(arguments[2]) : 0;
    int batch = count == 4 ? atoi(arguments[3]) : 0;
    if (streams < 1 || rounds < 1 || batch < 1 || batch > 4096) {
        fprintf(stderr, "usage: ring-send STREAMS ROUNDS BATCH\n");
        return 64;
    }
    senders = calloc((size_t)streams, sizeof *senders);
    receivers = calloc((size_t)streams, sizeof *receivers);
    if (!senders || !receivers)
        return 1;
    connect_all();
    pthread_t reader;
    check(-pthread_create(&reader, NULL, receive_all, NULL), "pthread_create");
    run_on(0);

    struct io_uring ring, registered;
    struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN};
    check(io_uring_queue_init_params((unsigned)batch, &ring, &parameters), "io_uring_setup");
    memset(&parameters, 0, sizeof parameters);
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    check(io_uring_queue_init_params((unsigned)batch, &registered, &parameters), "io_uring_setup");
    check(io_uring_register_files(&registered, senders, (unsigned)streams), "io_uring_register");

    static char bytes[EVENT_BYTES];
    memset(bytes, 'x', sizeof bytes);
    double seconds[WAYS] = {0};
    for (int round = 0; round < rounds; round++) {
        for (int turn = 0; turn < WAYS; turn++) {
            /* Every second round in reverse: what drifts weighs on none of them. */
            enum way way = (enum way)(round % 2 ? WAYS - 1 - turn : turn);
            double start = cpu_seconds();
            int sent = way == PLAIN ? send_plain(bytes)
                                    : send_by_ring(way == RING ? &ring : &registered, batch, way == RING_REGISTERED, bytes);
            seconds[way] += cpu_seconds() - start;
            if (sent != streams) {
                fprintf(stderr, "%s: %d of %d sent\n", names[way], sent, streams);
                return 1;
            }
            usleep(PAUSE_US); /* The reader's turn: no socket is ever full. */
        }
    }
    for (int way = 0; way < WAYS; way++)
        printf("%-34s %6.3f us a send  %5.3f of send(2)\n", names[way], seconds[way] / rounds / streams * 1e6,
            seconds[way] / seconds[PLAIN]);
    return 0;
}
