#include <unistd.h>

#include "loom/run.h"

#define SHARE_OF_MEMORY 2u /* runs side by side take at most this part of the machine's */
#define HOST_BYTES \
    (2ull << 20) /* first.yaml takes 0.7 MB for each host, results included; three times that */

static uint32_t at_least_one(uint64_t n) {
    return n < 1 ? 1 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t processors(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : at_least_one((uint64_t)n);
}

static uint32_t runs_in_memory(uint32_t hosts) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page = sysconf(_SC_PAGESIZE);
    if (pages < 1 || page < 1)
        return 1;
    return at_least_one((uint64_t)pages * (uint64_t)page / SHARE_OF_MEMORY / (hosts * HOST_BYTES + 1));
}

struct run_shape run_shape_choose(const struct run_options *options, uint32_t runs, uint32_t hosts) {
    struct run_shape shape = {.at_once = options->at_once, .threads = options->threads};
    if (!shape.at_once) {
        shape.at_once = options->threads ? at_least_one(processors() / options->threads) : processors();
        shape.at_once = least(shape.at_once, runs_in_memory(hosts));
    }
    shape.at_once = least(shape.at_once, runs);
    if (!shape.threads)
        shape.threads = at_least_one(processors() / shape.at_once);
    shape.last_beside = !options->at_once && shape.at_once > 1 && shape.at_once < runs &&
                        shape.at_once < runs_in_memory(hosts);
    return shape;
}
