#include "primitives/primitive.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"

static struct primitive_list (*const lists[])(void) = {
    primitive_layers,  primitive_records, primitive_handshakes, primitive_sockets, primitive_loop,
    primitive_threads, primitive_queues,  primitive_caches,     primitive_ciphers,
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

void primitive_label(const struct primitive *primitive, char out[static PRIMITIVE_LABEL_LEN]) {
    const struct primitive *p = primitive;
    int n = snprintf(out, PRIMITIVE_LABEL_LEN, "%s%s%s", p->name, *p->variant ? ", " : "", p->variant);
    if (*p->size_of)
        n += snprintf(out + n, PRIMITIVE_LABEL_LEN - (size_t)n, ", %u %s", p->size, p->size_of);
    n += snprintf(out + n, PRIMITIVE_LABEL_LEN - (size_t)n, ": a %s", p->unit);
    CHECK(n < (int)PRIMITIVE_LABEL_LEN);
}

bool primitive_is_chosen(const struct primitive *primitive, const char *chosen) {
    char label[PRIMITIVE_LABEL_LEN];
    primitive_label(primitive, label);
    return !chosen || strncmp(label, chosen, strlen(chosen)) == 0;
}

nsec cpu_now(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (nsec)now.tv_sec * NSEC_PER_S + (nsec)now.tv_nsec;
}
