#include "origin/origin_hop.h"

#include <assert.h>

#include "base/check.h"

#define LAYER_ALIGN 16u

static_assert(offsetof(struct origin_hop, layers) % LAYER_ALIGN == 0, "layers are aligned");
static_assert(FLOW_TAG_LEN == SHA1_LEN, "tags are whole digests");

static size_t layer_stride(const struct crypt_provider *crypt) {
    return (crypt->layer_size + LAYER_ALIGN - 1) / LAYER_ALIGN * LAYER_ALIGN;
}

size_t origin_hop_size(const struct crypt_provider *crypt) {
    return sizeof(struct origin_hop) + 2 * layer_stride(crypt);
}

static void *forward_layer(struct origin_hop *hop) {
    return hop->layers;
}

static void *backward_layer(const struct origin *o, struct origin_hop *hop) {
    return hop->layers + layer_stride(o->config.crypt);
}

struct origin_hop *origin_hop_new(struct origin *o, const struct circuit_keys *keys,
                                  const struct circuit_terms *terms) {
    struct origin_hop *hop = slab_take(&o->hops);
    if (!hop)
        return NULL;
    hop->terms = *terms;
    flow_window_init(&hop->window, CIRCUIT_WINDOW_START, CIRCUIT_WINDOW_INCREMENT);
    o->config.crypt->layer_init(forward_layer(hop), &keys->forward);
    o->config.crypt->layer_init(backward_layer(o, hop), &keys->backward);
    return hop;
}

void origin_hop_free(struct origin *o, struct origin_hop *hop) {
    o->config.crypt->layer_fini(forward_layer(hop));
    o->config.crypt->layer_fini(backward_layer(o, hop));
    slab_put(&o->hops, hop);
}

void origin_hop_seal(struct origin *o, struct origin_hop *hop, uint8_t *body, uint8_t *tag_out) {
    o->config.crypt->layer_seal(forward_layer(hop), body, &o->work);
    if (tag_out)
        o->config.crypt->layer_tag(forward_layer(hop), tag_out);
}

void origin_hops_wrap(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      struct cell *const *cells, uint32_t n) {
    CHECK(n <= ORIGIN_RUN_MAX);
    struct crypt_cell run[ORIGIN_RUN_MAX];
    for (uint32_t i = 0; i < n; i++)
        run[i] = (struct crypt_cell){.from = cells[i]->body, .to = cells[i]->body};
    for (unsigned hop = count; hop > 0; hop--)
        o->config.crypt->layer_crypt(forward_layer(hops[hop - 1]), run, n, &o->work);
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
        run[i] = (struct crypt_cell){.from = views[i].body, .to = cells[i]->body};
        place[i] = (uint8_t)i;
        from_out[i] = (uint8_t)(count - 1);
    }
    for (unsigned hop = 0; hop < count && left > 0; hop++) {
        void *layer = backward_layer(o, hops[hop]);
        o->config.crypt->layer_crypt(layer, run, left, &o->work);
        if (hop == count - 1)
            return;
        uint32_t kept = 0;
        for (uint32_t i = 0; i < left; i++) {
            uint8_t *body = cells[place[i]]->body;
            if (o->config.crypt->layer_recognize(layer, body, &o->work)) {
                from_out[place[i]] = (uint8_t)hop;
                continue;
            }
            run[kept] = (struct crypt_cell){.from = body, .to = body};
            place[kept++] = place[i];
        }
        left = kept;
    }
}

bool origin_hop_recognizes(struct origin *o, struct origin_hop *hop, struct cell *cell) {
    return o->config.crypt->layer_recognize(backward_layer(o, hop), cell->body, &o->work);
}

void origin_hop_received_tag(const struct origin *o, const struct origin_hop *hop,
                             uint8_t out[static SHA1_LEN]) {
    o->config.crypt->layer_tag(hop->layers + layer_stride(o->config.crypt), out);
}
