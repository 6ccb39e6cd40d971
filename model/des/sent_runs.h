/* sent_runs - which bytes the segments in flight carry: a queue of runs, each of full segments and one last that may be short.
 *
 * A bulk sender has one run, however much is in flight; a thin one a run for each write. Owner: one connection.
 * Memory: two runs in place, more in a ring that goes when nothing is in flight. */
#ifndef LOOM_DES_SENT_RUNS_H
#define LOOM_DES_SENT_RUNS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"

#define TCP_MSS          1460u /* MTU 1500 less 40 of headers */
#define SENT_RUNS_INLINE 2u

struct sent_run {
    uint64_t offset;    /* of the first byte in the stream */
    uint32_t first;     /* segment number */
    uint32_t last_size; /* bytes of its last segment */
};

struct sent_runs {
    struct sent_run *ring; /* NULL: in place */
    struct sent_run in_place[SENT_RUNS_INLINE];
    uint32_t head;
    uint32_t count;
    uint32_t room; /* of the ring, a power of two */
    uint32_t end;  /* number of the segment after the last */
};

struct sent_segment {
    uint64_t offset;
    uint32_t size;
};

void sent_runs_init(struct sent_runs *runs, uint32_t first);
void sent_runs_fini(struct sent_runs *runs, const struct memory *memory);
/* Segments follow the last ones: count - 1 full ones and one of last_size. ERR_LIMIT without memory; nothing changed. */
MUST_USE enum err sent_runs_add(struct sent_runs *runs, const struct memory *memory, uint32_t count,
                                uint64_t offset, uint32_t last_size);
/* Forget the segments before first. */
void sent_runs_forget(struct sent_runs *runs, const struct memory *memory, uint32_t first);
/* A segment that is remembered. */
struct sent_segment sent_runs_find(const struct sent_runs *runs, uint32_t segment);

#endif
