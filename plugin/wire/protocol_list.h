/* protocol_list - the subprotocols that a relay says it speaks: "Cons=1-2 Relay=1-2,4" (tor-spec 9, dir-spec's "pr").
 *
 * Of what cannot be read nothing is believed; the rest counts. */
#ifndef LOOM_WIRE_PROTOCOL_LIST_H
#define LOOM_WIRE_PROTOCOL_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

/* A version is at most this (dir-spec). */
#define PROTOCOL_VERSION_MAX 63u

MUST_USE bool protocol_list_has(struct span list, const char *name, uint32_t version);

#endif
