/* origin_hop - a relay of a circuit as the origin sees it: its two relay layers and its flow control; and the
 * layers of several hops put on and taken off runs of cells.
 *
 * Forward cells are sealed for one hop and wrapped from it back to the first; backward cells are peeled from the first on
 * until a hop recognizes them (tor-spec 5.5, 5.6, 6.1).
 * Owner: its circuit. Memory: a slab object of origin_hop_size bytes. */
#ifndef LOOM_ORIGIN_ORIGIN_HOP_H
#define LOOM_ORIGIN_ORIGIN_HOP_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/work.h"
#include "core/cell_pool.h"
#include "core/circuit_flow.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "origin/origin_context.h"
#include "wire/cell.h"

#define ORIGIN_RUN_MAX 32u /* cells in one call of the cipher: a TLS record's worth */

struct origin_hop {
    struct circuit_flow flow;
    uint8_t layer_kind;            /* enum layer_kind */
    uint8_t kh[NTOR_KH_LEN];       /* what both ends know besides their layers (rend-spec-v3 3.1.1) */
    _Alignas(16) uint8_t layers[]; /* forward, then backward */
};

size_t origin_hop_size(const struct crypt_provider *crypt);
/* NULL at the bound or without memory. */
MUST_USE struct origin_hop *origin_hop_new(struct origin *o, const struct circuit_keys *keys,
                                           const struct circuit_terms *terms);
void origin_hop_free(struct origin *o, struct origin_hop *hop);

/* How relay messages to and from the hop are written, and how long the tags of their SENDMEs are. */
static inline enum relay_format origin_hop_format(const struct origin_hop *hop) {
    return layer_format((enum layer_kind)hop->layer_kind);
}
static inline uint8_t origin_hop_tag_length(const struct origin_hop *hop) {
    return layer_tag_length((enum layer_kind)hop->layer_kind);
}

/* Its layers, for who makes cells by himself. */
void *origin_hop_forward(struct origin_hop *hop);
void *origin_hop_backward(const struct origin *o, struct origin_hop *hop);

/* Seal cell, a relay message in the clear with its cell command, for hop, and put its layer on; tag_out, unless NULL, gets
 * the tag that a SENDME for it will show (TAG_LEN_MAX bytes). */
void origin_hop_seal(struct origin *o, struct origin_hop *hop, struct cell *cell, uint8_t *tag_out);
/* Wrap n cells in place: the layer of the last of count hops first, that of hops[0] last. n <= ORIGIN_RUN_MAX. */
void origin_hops_wrap(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      struct cell *const *cells, uint32_t n);
/* Take n cells out of the read buffer into cells, and peel off all layers up to that of the hop that recognizes each.
 * from_out[i] is that hop; for cells that no hop before the last recognizes it is count - 1, and whether the last one does
 * is to be asked with origin_hop_recognizes, cell by cell, because a SENDME echoes the tag of a certain cell.
 * n <= ORIGIN_RUN_MAX, count > 0. */
void origin_hops_peel(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      const struct cell_view *views, struct cell *const *cells, uint32_t n,
                      uint8_t *from_out);
MUST_USE bool origin_hop_recognizes(struct origin *o, struct origin_hop *hop, struct cell *cell);
/* Tag of the cell that the hop recognized last. */
void origin_hop_received_tag(const struct origin *o, const struct origin_hop *hop,
                             uint8_t out[static TAG_LEN_MAX]);

#endif
