/* generated_torrc - the few options of a host's torrc that a simulation wants, with what torrc-defaults and %include bring.
 *
 * Paths are of the archive, relative to the host's folder. All other options are passed over: they are tor's.
 * Bound: GENERATED_INCLUDES_MAX files read for a host, cycles among them. */
#ifndef LOOM_NETWORK_GENERATED_TORRC_H
#define LOOM_NETWORK_GENERATED_TORRC_H

#include "base/nsec.h"
#include "network/text_archive.h"

#define GENERATED_INCLUDES_MAX 32u

struct generated_torrc {
    uint64_t rate, burst; /* BandwidthRate and BandwidthBurst, bytes/s and bytes; 0: not said */
    bool uses_guards;     /* UseEntryGuards */
    nsec circuit_age_max; /* MaxCircuitDirtiness */
};

/* file: the archive's name in mistakes; folder: of the host. Files that are not there say nothing. */
MUST_USE bool generated_torrc_read(const char *file, const struct text_archive *archive, const char *folder,
                                   struct generated_torrc *out, struct mistake *mistake);

#endif
