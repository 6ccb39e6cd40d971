/* Relay layers, digests and copies: a cell through the cipher of its circuit in runs of so many cells, and in any order through
 * so many circuits, fetched ahead as the relay does. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "crypt/provider.h"
#include "native/heap.h"
#include "native/openssl_provider.h"
#include "primitives/primitive.h"

#define RUN_MAX 31u
#define STRIDE  576u /* a pair of tor1's layers in whole cache lines */
#define AHEAD   16u

static const uint8_t payload[488];

struct rig {
    const struct primitive *primitive;
    const struct crypt_provider *crypt;
    uint8_t *layers;
    uint32_t *order; /* of circuits */
    uint32_t circuits, at;
    struct crypt_cell cells[RUN_MAX];
    struct work work;
    uint8_t bodies[RUN_MAX][CELL_BODY_LEN], copies[RUN_MAX][CELL_BODY_LEN];
    _Alignas(64) uint8_t cgo[1280];
};

static void *layer_at(const struct rig *rig, uint32_t place) {
    return rig->layers + (size_t)rig->order[place % rig->circuits] * STRIDE;
}

static void make_layers(struct rig *rig, uint32_t circuits) {
    struct rng rng;
    rng_seed(&rng, 7);
    rig->circuits = circuits;
    rig->layers = aligned_alloc(64, (size_t)circuits * STRIDE);
    rig->order = heap_new(circuits * sizeof *rig->order);
    CHECK(rig->layers && rig->crypt->layer_size[LAYER_TOR1] <= STRIDE);
    for (uint32_t i = 0; i < circuits; i++) {
        struct layer_keys keys = {.kind = LAYER_TOR1};
        rng_fill(&rng, keys.cipher, sizeof keys.cipher);
        rig->order[i] = i;
        rig->crypt->layer_init(rig->layers + (size_t)i * STRIDE, LAYER_RELAY_BACKWARD, &keys);
    }
    for (uint32_t i = circuits - 1; i > 0; i--) {
        uint32_t other = (uint32_t)rng_below(&rng, i + 1), kept = rig->order[i];
        rig->order[i] = rig->order[other];
        rig->order[other] = kept;
    }
}

static struct rig *begin_common(const struct primitive *primitive, uint32_t circuits) {
    struct rig *rig = heap_new(sizeof *rig);
    rig->primitive = primitive;
    rig->crypt = openssl_provider();
    for (uint32_t i = 0; i < RUN_MAX; i++)
        rig->cells[i] =
            (struct crypt_cell){.from = rig->bodies[i], .to = rig->copies[i], .command = CELL_RELAY};
    make_layers(rig, circuits);
    return rig;
}

static void *begin(const struct primitive *primitive, const char **reason_out) {
    (void)reason_out;
    return begin_common(primitive, 1);
}

static void *begin_circuits(const struct primitive *primitive, const char **reason_out) {
    (void)reason_out;
    return begin_common(primitive, primitive->size);
}

static void *begin_cgo(const struct primitive *primitive, const char **reason_out) {
    struct rig *rig = begin_common(primitive, 1);
    struct layer_keys keys = {.kind = LAYER_CGO};
    struct rng rng;
    (void)reason_out;
    rng_seed(&rng, 3);
    rng_fill(&rng, keys.cgo, sizeof keys.cgo);
    CHECK(rig->crypt->layer_size[LAYER_CGO] <= sizeof rig->cgo);
    rig->crypt->layer_init(rig->cgo, LAYER_RELAY_BACKWARD, &keys);
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    for (uint32_t i = 0; i < rig->circuits; i++)
        rig->crypt->layer_fini(rig->layers + (size_t)i * STRIDE);
    free(rig->layers);
    free(rig->order);
    free(rig);
}

static void end_cgo(void *state) {
    struct rig *rig = state;
    rig->crypt->layer_fini(rig->cgo);
    end(state);
}

/* Through one layer, size cells a call. */
static nsec run_runs(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint32_t run = rig->primitive->size;
    uint64_t calls = units / run + 1;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < calls; i++)
        rig->crypt->layer_crypt(rig->layers, rig->cells, run, &rig->work);
    *units_done_out = calls * run;
    return cpu_now() - from;
}

/* Each cell through another circuit's layer. */
static nsec run_circuits(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        rig->crypt->layer_prefetch(layer_at(rig, rig->at + AHEAD));
        rig->crypt->layer_crypt(layer_at(rig, rig->at), &rig->cells[i % RUN_MAX], 1, &rig->work);
        rig->at = (rig->at + 1) % rig->circuits;
    }
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_originate(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    const struct relay_message message = {RELAY_DATA, 1, {payload, sizeof payload}};
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        struct crypt_cell *cell = &rig->cells[i % RUN_MAX];
        relay_message_encode(RELAY_V0, cell->to, &message, NULL);
        rig->crypt->layer_originate(rig->layers, cell, &rig->work);
    }
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_cgo(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint64_t calls = units / RUN_MAX + 1;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < calls; i++)
        rig->crypt->layer_crypt(rig->cgo, rig->cells, RUN_MAX, &rig->work);
    *units_done_out = calls * RUN_MAX;
    return cpu_now() - from;
}

static nsec run_cgo_originate(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    const struct relay_message message = {RELAY_DATA, 1, {payload, sizeof payload}};
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        struct crypt_cell *cell = &rig->cells[i % RUN_MAX];
        relay_message_encode(RELAY_V1, cell->to, &message, NULL);
        rig->crypt->layer_originate(rig->cgo, cell, &rig->work);
    }
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_sha1(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint8_t digest[SHA1_LEN];
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        struct span part = {rig->bodies[i % RUN_MAX], rig->primitive->size};
        rig->crypt->sha1(&part, 1, digest);
    }
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_copy(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++) {
        struct crypt_cell *cell = &rig->cells[i % RUN_MAX];
        memcpy(cell->to, cell->from, CELL_BODY_LEN);
        __asm__ volatile("" : : "r"(cell->to) : "memory"); /* each copy is made */
    }
    *units_done_out = units;
    return cpu_now() - from;
}

#define RUNS(n) \
    { "aes_run", "one circuit", "cells", n, "cell", begin, run_runs, end }
#define CIRCUITS(n) \
    { "aes_cold", "", "circuits", n, "cell", begin_circuits, run_circuits, end }

static const struct primitive all[] = {
    RUNS(1),
    RUNS(4),
    RUNS(31),
    CIRCUITS(16),
    CIRCUITS(250),
    CIRCUITS(1000),
    CIRCUITS(4000),
    CIRCUITS(16000),
    CIRCUITS(64000),
    {"originate", "tor1", "", 0, "cell", begin, run_originate, end},
    {"sha1", "", "bytes", 64, "call", begin, run_sha1, end},
    {"sha1", "", "bytes", CELL_BODY_LEN, "call", begin, run_sha1, end},
    {"cgo", "", "", 0, "cell", begin_cgo, run_cgo, end_cgo},
    {"originate", "cgo", "", 0, "cell", begin_cgo, run_cgo_originate, end_cgo},
    {"copy", "hot", "bytes", CELL_BODY_LEN, "cell", begin, run_copy, end},
};

struct primitive_list primitive_layers(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
