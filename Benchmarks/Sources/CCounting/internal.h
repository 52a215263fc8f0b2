/* What counting.c and calls.c share. Thread-local and without locks: a count costs an addition, and threads do not disturb one
 * another. The program is an executable, so thread-local variables need no allocation, which would come back here. */
#ifndef MILLSTREAM_COUNTING_INTERNAL_H
#define MILLSTREAM_COUNTING_INTERNAL_H

#include "counting.h"

extern __thread int counting_is_on;
extern __thread struct counting_counts counting_tally;

static inline void counting_note_call(enum counting_call call)
{
    if (counting_is_on) counting_tally.calls[call]++;
}

static inline void counting_note_bytes(long byte_count)
{
    if (counting_is_on && byte_count > 0) counting_tally.kernel_bytes += (uint64_t)byte_count;
}

#endif
