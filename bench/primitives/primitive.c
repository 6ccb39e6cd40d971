#include "primitives/primitive.h"

#include <stdbool.h>
#include <time.h>

#include "base/check.h"

static struct primitive_list (*const lists[])(void) = {
    primitive_layers, primitive_records, primitive_handshakes, primitive_sockets,
    primitive_loop,   primitive_threads, primitive_queues,     primitive_caches,
};

#define LISTS (sizeof lists / sizeof lists[0])

size_t primitives_count(void) {
    size_t count = 0;
    for (size_t i = 0; i < LISTS; i++)
        count += lists[i]().count;
    return count;
}

const struct primitive *primitives_at(size_t index) {
    for (size_t i = 0; i < LISTS; i++) {
        struct primitive_list list = lists[i]();
        if (index < list.count)
            return &list.all[index];
        index -= list.count;
    }
    CHECK(false);
    return NULL;
}

nsec cpu_now(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (nsec)now.tv_sec * NSEC_PER_S + (nsec)now.tv_nsec;
}
