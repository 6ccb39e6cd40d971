/* byte_count - how many bytes passed over bufferevents: of the directory's connections, for those who count all that the relay moves.
 *
 * Owner: whoever holds it; it outlives the bufferevents. Thread: theirs. */
#ifndef LOOM_NATIVE_BYTE_COUNT_H
#define LOOM_NATIVE_BYTE_COUNT_H

#include <stdint.h>

struct bufferevent;

struct byte_count {
    uint64_t read, written;
};

/* Count what stream reads and writes from now on. */
void byte_count_watch(struct byte_count *count, struct bufferevent *stream);
/* Add to totals. */
void byte_count_add(const struct byte_count *count, uint64_t *read, uint64_t *written);

#endif
