#define _GNU_SOURCE
#include "CLoad.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

_Static_assert(CLOAD_IN == EPOLLIN && CLOAD_OUT == EPOLLOUT && CLOAD_RDHUP == EPOLLRDHUP, "epoll");
_Static_assert(CLOAD_HUP == (EPOLLHUP | EPOLLERR), "epoll");

static uint64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

uint64_t cload_now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t cload_thread_cpu_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

uint64_t cload_thread_kernel_ns(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) < 0) return 0;
    return (uint64_t)usage.ru_stime.tv_sec * 1000000000ull + (uint64_t)usage.ru_stime.tv_usec * 1000;
}

uint64_t cload_process_cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

int cload_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int cload_epoll_add(int ep, int fd, uint32_t events, uint64_t tag) {
    struct epoll_event e = {.events = events, .data.u64 = tag};
    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

int cload_epoll_change(int ep, int fd, uint32_t events, uint64_t tag) {
    struct epoll_event e = {.events = events, .data.u64 = tag};
    return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
}

int cload_epoll_wait(int ep, cload_event *out, int count_max, int64_t timeout_ns) {
    struct epoll_event raw[CLOAD_EVENTS_MAX];
    struct timespec t = {timeout_ns / 1000000000, timeout_ns % 1000000000};
    int n = epoll_pwait2(ep, raw, count_max < CLOAD_EVENTS_MAX ? count_max : CLOAD_EVENTS_MAX, &t, NULL);
    for (int i = 0; i < n; i++) {
        out[i].ready = raw[i].events;
        out[i].tag = raw[i].data.u64;
    }
    return n;
}

int cload_socket(void) { return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

static struct sockaddr_in address(uint32_t ip, uint16_t port) {
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(ip);
    return a;
}

int cload_connect(int fd, uint32_t ip, uint16_t port) {
    struct sockaddr_in a = address(ip, port);
    return connect(fd, (const struct sockaddr *)&a, sizeof a);
}

int cload_bind_source(int fd, uint32_t ip) {
    int one = 1;
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct sockaddr_in a = address(ip, 0);
    return bind(fd, (const struct sockaddr *)&a, sizeof a);
}

int cload_reset_on_close(int fd) {
    struct linger l = {1, 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

int cload_no_delay(int fd) {
    int one = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

int cload_receive_buffer(int fd, int bytes) { return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

int cload_socket_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

long cload_send(int fd, const void *bytes, size_t count) { return send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT); }

long cload_receive(int fd, void *bytes, size_t count) { return recv(fd, bytes, count, MSG_DONTWAIT); }

int cload_listen(uint32_t ip, uint16_t *port, int backlog) {
    int fd = cload_socket();
    if (fd < 0) return -1;
    struct sockaddr_in a = address(ip, *port);
    socklen_t size = sizeof a;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, backlog) < 0) return -1;
    if (getsockname(fd, (struct sockaddr *)&a, &size) < 0) return -1;
    *port = ntohs(a.sin_port);
    return fd;
}

int cload_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

const uint8_t *cload_find(const uint8_t *in, size_t count, const char *what, size_t length) {
    return memmem(in, count, what, length);
}

int cload_pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set);
}
