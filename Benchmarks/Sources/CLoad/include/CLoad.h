// What Swift cannot see of the system: epoll is in no module of Glibc and its event is a packed union; memmem and affinity need
// _GNU_SOURCE. No system header but the integers' is included here: with that macro their types would differ from those that other
// modules show of the same headers.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t ready;
    uint64_t tag;
} cload_event;

enum {
    CLOAD_IN = 0x001,
    CLOAD_OUT = 0x004,
    CLOAD_HUP = 0x008 | 0x010,
    CLOAD_RDHUP = 0x2000,
    CLOAD_EVENTS_MAX = 512,
};

uint64_t cload_now_ns(void);

int cload_epoll_create(void);
int cload_epoll_add(int ep, int fd, uint32_t events, uint64_t tag);
int cload_epoll_change(int ep, int fd, uint32_t events, uint64_t tag);
// At most count_max, and CLOAD_EVENTS_MAX. Waits with the resolution of the clock, not of milliseconds: the schedule of an open loop would else
// be up to one late.
int cload_epoll_wait(int ep, cload_event *out, int count_max, int64_t timeout_ns);

// A socket that does not block; addresses and ports are in the host's order.
int cload_socket(void);
int cload_connect(int fd, uint32_t ip, uint16_t port);
// The port is taken at connect(), by all four numbers of the connection: else the 28,000 ports of an address would be shared by
// all servers.
int cload_bind_source(int fd, uint32_t ip);
// A close resets, so that thousands of connections a second leave no TIME_WAIT behind.
int cload_reset_on_close(int fd);
int cload_no_delay(int fd);
int cload_receive_buffer(int fd, int bytes);
int cload_socket_error(int fd);
long cload_send(int fd, const void *bytes, size_t count);
long cload_receive(int fd, void *bytes, size_t count);
// A listener on a free loopback port, which is stored; -1 with errno.
int cload_listen(uint32_t ip, uint16_t *port, int backlog);
int cload_accept(int fd);

const uint8_t *cload_find(const uint8_t *in, size_t count, const char *what, size_t length);
// This thread and those it starts.
int cload_pin(int cpu);
// CPU time of the calling thread; what of it the kernel took; of the process.
uint64_t cload_thread_cpu_ns(void);
uint64_t cload_thread_kernel_ns(void);
uint64_t cload_process_cpu_ns(void);
