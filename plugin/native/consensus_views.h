/* consensus_views - what the core knows of a consensus, taken from the parsed document.
 */
#ifndef LOOM_NATIVE_CONSENSUS_VIEWS_H
#define LOOM_NATIVE_CONSENSUS_VIEWS_H

#include <stdbool.h>

#include "base/attributes.h"

struct archive;
struct consensus;
struct consensus_view;
struct memory;

/* Parameters within tor's limits, for an exit of scanners if need be (congestion_params.h), and the identities and IPv4 addresses of all relays; Ed25519 identities stay zero, as no
 * flavour that we fetch has them. One reference, the caller's; NULL without memory. */
MUST_USE struct consensus_view *consensus_views_make(const struct consensus *consensus, bool is_of_scanners,
                                                     const struct memory *memory);
/* The same view with the Ed25519 identities of those relays whose descriptors the archive has. NULL when it tells nothing
 * new, and without memory. */
MUST_USE struct consensus_view *consensus_views_identified(const struct consensus_view *view,
                                                           const struct archive *archive,
                                                           const struct memory *memory);

#endif
