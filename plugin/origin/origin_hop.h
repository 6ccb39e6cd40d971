/* origin_hop - a relay of a circuit as the origin sees it: its two relay layers and its circuit-level windows; and the
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
#include "core/flow_window.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "origin/origin_context.h"
#include "wire/cell.h"

#define ORIGIN_RUN_MAX 32u /* cells in one call of the cipher: a TLS record's worth */

struct origin_hop {
    struct flow_window window;
    struct circuit_terms terms;
    _Alignas(16) uint8_t layers[]; /* forward, then backward */
};

size_t origin_hop_size(const struct crypt_provider *crypt);
/* NULL at the bound or without memory. */
MUST_USE struct origin_hop *origin_hop_new(struct origin *o, const struct circuit_keys *keys,
                                           const struct circuit_terms *terms);
void origin_hop_free(struct origin *o, struct origin_hop *hop);

/* Seal body, a relay message in the clear, for hop; tag_out, unless NULL, gets the running digest after it. */
void origin_hop_seal(struct origin *o, struct origin_hop *hop, uint8_t *body, uint8_t *tag_out);
/* Wrap n sealed cells in place: the layer of the last of count hops first, that of hops[0] last. n <= ORIGIN_RUN_MAX. */
void origin_hops_wrap(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      struct cell *const *cells, uint32_t n);
/* Take n cells out of the read buffer into cells, and peel off all layers up to that of the hop that recognizes each.
 * from_out[i] is that hop; for cells that no hop before the last recognizes it is count - 1, and whether the last one does
 * is to be asked with origin_hop_recognizes, cell by cell, because a SENDME echoes the digest after a certain cell.
 * n <= ORIGIN_RUN_MAX, count > 0. */
void origin_hops_peel(struct origin *o, struct origin_hop *const *hops, unsigned count,
                      const struct cell_view *views, struct cell *const *cells, uint32_t n,
                      uint8_t *from_out);
MUST_USE bool origin_hop_recognizes(struct origin *o, struct origin_hop *hop, struct cell *cell);
/* Digest after the cell that the hop recognized last. */
void origin_hop_received_tag(const struct origin *o, const struct origin_hop *hop,
                             uint8_t out[static SHA1_LEN]);

#endif
