/* paced_relay - the pacing of a relay (native/pacing.h) by a virtual CPU, as the relay's configuration wants it. */
#ifndef LOOM_SHADOW_PACED_RELAY_H
#define LOOM_SHADOW_PACED_RELAY_H

#include "base/attributes.h"
#include "native/complaint.h"

struct config;
struct pacing;

/* PaceProfile, PaceCores, PaceThreadsPerCore and PaceAhead. NULL with a complaint. */
MUST_USE struct pacing *paced_relay_new(const struct config *config, struct complaint *complaint);
void paced_relay_free(struct pacing *pacing);

#endif
