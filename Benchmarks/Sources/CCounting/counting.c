/* The allocator's side. glibc's own names for its functions (__libc_malloc …) are there for programs that replace malloc: no look-up
 * is needed, so the first call of all, long before main, works. */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>

#include "internal.h"

#ifndef __GLIBC__
#error "counting.c needs glibc: musl has no second names for its allocator"
#endif

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

__thread int counting_is_on;
__thread struct counting_counts counting_tally;

static const char *const names[] = {
#define X(name) #name,
    COUNTING_CALLS(X)
#undef X
};

const char *counting_name(int call)
{
    return call >= 0 && call < COUNTING_CALL_COUNT ? names[call] : NULL;
}

void counting_start(void) { counting_is_on = 1; }
void counting_stop(void) { counting_is_on = 0; }
void counting_reset(void) { memset(&counting_tally, 0, sizeof counting_tally); }
void counting_read(struct counting_counts *counts) { *counts = counting_tally; }

uint64_t counting_calls(const struct counting_counts *counts, int call)
{
    return call >= 0 && call < COUNTING_CALL_COUNT ? counts->calls[call] : 0;
}

static void note_allocation(size_t byte_count)
{
    if (!counting_is_on) return;
    counting_tally.allocations++;
    counting_tally.allocated_bytes += byte_count;
}

void *malloc(size_t byte_count)
{
    note_allocation(byte_count);
    return __libc_malloc(byte_count);
}

void *calloc(size_t count, size_t byte_count)
{
    note_allocation(count * byte_count);
    return __libc_calloc(count, byte_count);
}

void *realloc(void *memory, size_t byte_count)
{
    note_allocation(byte_count);
    if (counting_is_on && memory != NULL) counting_tally.frees++;
    return __libc_realloc(memory, byte_count);
}

void *memalign(size_t alignment, size_t byte_count)
{
    note_allocation(byte_count);
    return __libc_memalign(alignment, byte_count);
}

void *aligned_alloc(size_t alignment, size_t byte_count) { return memalign(alignment, byte_count); }

int posix_memalign(void **memory, size_t alignment, size_t byte_count)
{
    if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *found = memalign(alignment, byte_count);
    if (found == NULL) return ENOMEM;
    *memory = found;
    return 0;
}

void free(void *memory)
{
    if (counting_is_on && memory != NULL) counting_tally.frees++;
    __libc_free(memory);
}

uint64_t counting_held_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
