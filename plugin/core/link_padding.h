/* link_padding - which links are padded while they idle, and how long they may (padding-spec 2), as tor's relays do it.
 *
 * Clients' links that carry circuits are; links between relays only when the consensus says nf_pad_relays. A client may say
 * otherwise (PADDING_NEGOTIATE), but not have more padding than the consensus allows.
 * Law: a pause Y has low <= Y < high, or is low when high <= low; and P(Y < y) = ((y - low) / (high - low))^2.
 * Owner: the link's manager. */
#ifndef LOOM_CORE_LINK_PADDING_H
#define LOOM_CORE_LINK_PADDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/rng.h"
#include "core/consensus_view.h"
#include "wire/link_messages.h"

/* What a link has been seen to carry: circuits that go beyond us, and then RELAY cells on them. */
enum link_use { LINK_UNUSED, LINK_HAS_CIRCUITS, LINK_HAS_TRAFFIC };

/* Zero is what a new link of version 5 has. */
struct link_padding {
    uint16_t low_ms, high_ms; /* as negotiated; 0: as the consensus says */
    bool is_stopped;
    uint8_t use; /* enum link_use */
};

void link_padding_negotiate(struct link_padding *padding, const struct padding_negotiate_message *message);

/* Say whether an idle link gets padding; is_client: the peer is no relay that we know. */
bool link_padding_applies(const struct link_padding *padding, bool is_client,
                          const struct consensus_params *params);

/* Draw how long the link may idle until the next cell of padding; 0: the consensus has switched padding off. */
nsec link_padding_pause(const struct link_padding *padding, const struct consensus_params *params,
                        struct rng *rng);

#endif
