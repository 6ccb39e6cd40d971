#include "origin/origin_hop.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"

#define LAYER_ALIGN 16u

static_assert(offsetof(struct origin_hop, layers) % LAYER_ALIGN == 0, "layers are aligned");
static_assert(FLOW_TAG_LEN == TAG_LEN_MAX, "tags of both kinds");

static size_t layer_stride(const struct crypt_provider *crypt) {
    return (layer_size_max(crypt) + LAYER_ALIGN - 1) / LAYER_ALIGN * LAYER_ALIGN;
}

size_t origin_hop_size(const struct crypt_provider *crypt) {
    return sizeof(struct origin_hop) + 2 * layer_stride(crypt);
}

void *origin_hop_forward(struct origin_hop *hop) {
    return hop->layers;
}

void *origin_hop_backward(const struct origin *o, struct origin_hop *hop) {
    return hop->layers + layer_stride(o->config.crypt);
}

struct origin_hop *origin_hop_new(struct origin *o, const struct circuit_keys *keys,
                                  const struct circuit_terms *terms) {
    struct origin_hop *hop = slab_take(&o->hops);
    if (!hop)
        return NULL;
    circuit_flow_init(&hop->flow, &o->config.congestion, terms->sendme_inc);
    memcpy(hop->kh, keys->kh, sizeof hop->kh);
    CHECK(keys->forward.kind == keys->backward.kind);
    hop->layer_kind = (uint8_t)keys->forward.kind;
    o->config.crypt->layer_init(origin_hop_forward(hop), LAYER_ORIGIN_FORWARD, &keys->forward);
    o->config.crypt->layer_init(origin_hop_backward(o, hop), LAYER_ORIGIN_BACKWARD, &keys->backward);
    return hop;
}

void origin_hop_free(struct origin *o, struct origin_hop *hop) {
    o->config.crypt->layer_fini(origin_hop_forward(hop));
    o->config.crypt->layer_fini(origin_hop_backward(o, hop));
    circuit_flow_fini(&hop->flow, o->config.memory);
    slab_put(&o->hops, hop);
}

void origin_hop_seal(struct origin *o, struct origin_hop *hop, struct cell *cell, uint8_t *tag_out) {
    struct crypt_cell message = {.from = cell->body, .to = cell->body, .command = cell->command};
    o->config.crypt->layer_originate(origin_hop_forward(hop), &message, &o->work);
    if (tag_out)
        o->config.crypt->layer_tag(origin_hop_forward(hop), tag_out);
}

void origin_hops_wrap(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      struct cell *const *cells, uint32_t n) {
    CHECK(n <= ORIGIN_RUN_MAX);
    struct crypt_cell run[ORIGIN_RUN_MAX];
    for (uint32_t i = 0; i < n; i++)
        run[i] =
            (struct crypt_cell){.from = cells[i]->body, .to = cells[i]->body, .command = cells[i]->command};
    for (unsigned hop = count; hop > 0; hop--)
        o->config.crypt->layer_crypt(origin_hop_forward(hops[hop - 1]), run, n, &o->work);
}

void origin_hops_peel(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      const struct cell_view *views, struct cell *const *cells, uint32_t n,
                      uint8_t *from_out) {
    CHECK(n <= ORIGIN_RUN_MAX);
    CHECK(count > 0);
    struct crypt_cell run[ORIGIN_RUN_MAX];
    uint8_t place[ORIGIN_RUN_MAX]; /* of the cells that nobody has recognized so far */
    uint32_t left = n;
    for (uint32_t i = 0; i < n; i++) {
        run[i] =
            (struct crypt_cell){.from = views[i].body, .to = cells[i]->body, .command = views[i].command};
        place[i] = (uint8_t)i;
        from_out[i] = (uint8_t)(count - 1);
    }
    for (unsigned hop = 0; hop < count && left > 0; hop++) {
        void *layer = origin_hop_backward(o, hops[hop]);
        o->config.crypt->layer_crypt(layer, run, left, &o->work);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < left; i++) {
            struct cell *cell = cells[place[i]];
            if (hop == count - 1) {
                cell->is_ours = run[i].is_ours;
                continue;
            }
            if (o->config.crypt->layer_recognize(layer, &run[i], &o->work)) {
                from_out[place[i]] = (uint8_t)hop;
                continue;
            }
            run[kept] = (struct crypt_cell){.from = cell->body, .to = cell->body, .command = run[i].command};
            place[kept++] = place[i];
        }
        left = kept;
    }
}

bool origin_hop_recognizes(struct origin *o, struct origin_hop *hop, struct cell *cell) {
    const struct crypt_cell peeled = {.from = cell->body, .to = cell->body, .is_ours = cell->is_ours};
    return o->config.crypt->layer_recognize(origin_hop_backward(o, hop), &peeled, &o->work);
}

void origin_hop_received_tag(const struct origin *o, const struct origin_hop *hop,
                             uint8_t out[static TAG_LEN_MAX]) {
    o->config.crypt->layer_tag(hop->layers + layer_stride(o->config.crypt), out);
}
