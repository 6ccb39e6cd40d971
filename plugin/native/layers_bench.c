/* Measure relay layers: what a cell costs, tor1 beside counter galois onion, and the latter without the CPU's help.
 *
 *   loom-layers-bench [--json]
 *
 * Nanoseconds of CPU time for a cell, the best of several rounds: through a layer of others in runs of 31, and made by us
 * (with CGO's change of keys). One core, hot caches: a relay with many circuits is slower. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "native/cgo.h"
#include "native/openssl_layers.h"
#include "native/openssl_provider.h"

#define RUN    31u
#define ROUNDS 7u

static uint8_t bodies[RUN][CELL_BODY_LEN];
static struct crypt_cell cells[RUN];
static struct work work;

struct subject {
    const char *name;
    void *layer;
    void (*crypt)(void *layer, struct crypt_cell *cells, size_t n, struct work *work);
    void (*originate)(void *layer, struct crypt_cell *cell, struct work *work);
    enum relay_format format;
};

static void cgo_crypt_of(void *layer, struct crypt_cell *run, size_t n, struct work *w) {
    cgo_crypt(layer, run, n, w);
}

static void cgo_originate_of(void *layer, struct crypt_cell *cell, struct work *w) {
    cgo_originate(layer, cell, w);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double transit_ns(const struct subject *s, unsigned runs) {
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double from = nanoseconds();
        for (unsigned i = 0; i < runs; i++)
            s->crypt(s->layer, cells, RUN, &work);
        double took = (nanoseconds() - from) / (runs * RUN);
        best = round == 0 || took < best ? took : best;
    }
    return best;
}

/* The message is written anew each time, as it is when it is sent: that is part of the time. */
static double originate_ns(const struct subject *s, unsigned runs) {
    static const uint8_t data[488];
    const struct relay_message message = {RELAY_DATA, 1, {data, sizeof data}};
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double from = nanoseconds();
        for (unsigned i = 0; i < runs * RUN; i++) {
            struct crypt_cell *cell = &cells[i % RUN];
            relay_message_encode(s->format, cell->to, &message, NULL);
            s->originate(s->layer, cell, &work);
        }
        double took = (nanoseconds() - from) / (runs * RUN);
        best = round == 0 || took < best ? took : best;
    }
    return best;
}

static void report(const struct subject *s, unsigned runs, bool is_json, bool is_last) {
    double transit = transit_ns(s, runs), originate = originate_ns(s, runs);
    if (is_json)
        printf("\"%s\": {\"transit_ns\": %.1f, \"originate_ns\": %.1f}%s", s->name, transit, originate,
               is_last ? "}\n" : ", ");
    else
        printf("%-14s %8.0f ns a cell in transit %8.0f ns a cell of ours\n", s->name, transit, originate);
}

int main(int argc, char **argv) {
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 2 || (argc == 2 && !is_json)) {
        fprintf(stderr, "usage: loom-layers-bench [--json]\n");
        return 2;
    }
    const struct crypt_provider *crypt = openssl_provider();
    struct layer_keys tor1_keys = {.kind = LAYER_TOR1}, cgo_keys = {.kind = LAYER_CGO};
    _Alignas(16) uint8_t tor1[OPENSSL_TOR1_SIZE];
    struct cgo fast, portable;
    for (unsigned i = 0; i < CGO_KEYS_LEN; i++)
        cgo_keys.cgo[i] = (uint8_t)(i * 7 + 1);
    for (unsigned i = 0; i < RUN; i++)
        cells[i] = (struct crypt_cell){.from = bodies[i], .to = bodies[i], .command = CELL_RELAY};
    crypt->layer_init(tor1, LAYER_RELAY_BACKWARD, &tor1_keys);
    cgo_init(&fast, LAYER_RELAY_BACKWARD, cgo_keys.cgo, cgo_can_be_fast());
    cgo_init(&portable, LAYER_RELAY_BACKWARD, cgo_keys.cgo, false);
    if (is_json)
        printf("{");
    report(&(struct subject){"tor1", tor1, crypt->layer_crypt, crypt->layer_originate, RELAY_V0}, 2000,
           is_json, false);
    report(&(struct subject){"cgo", &fast, cgo_crypt_of, cgo_originate_of, RELAY_V1}, 2000, is_json, false);
    report(&(struct subject){"cgo_portable", &portable, cgo_crypt_of, cgo_originate_of, RELAY_V1}, 100,
           is_json, true);
    crypt->layer_fini(tor1);
    cgo_fini(&fast);
    cgo_fini(&portable);
    return 0;
}
