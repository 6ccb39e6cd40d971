/* profile - a price table as people write it: YAML with an interval and a provenance for each number.
 *
 * A profile names an implementation and a machine. The reader refuses a number without provenance; whoever prints a
 * result of an uncalibrated profile must say so (cost_profile_note).
 * Memory: in place. */
#ifndef LOOM_COST_PROFILE_H
#define LOOM_COST_PROFILE_H

#include <stddef.h>

#include "base/link_cipher.h"
#include "cost/price.h"
#include "files/mistake.h"

#define COST_PROFILE_NAME_MAX    64u
#define COST_PROFILE_MACHINE_MAX 128u
#define COST_PROFILE_CORES_MAX   1024u

struct cost_profile {
    char name[COST_PROFILE_NAME_MAX];
    char machine[COST_PROFILE_MACHINE_MAX];
    struct cost_table value;
    struct cost_table least; /* each number at the lower end of its interval */
    struct cost_table most;
    uint32_t cores;
    uint32_t threads_per_core;
    uint32_t nic_mbit;
    bool nic_both_ways;      /* nic_mbit is for both directions together, not for each */
    uint32_t softirq_queues; /* logical cores that its interrupts go to, from the first on */
    bool has_aes;            /* instructions for AES and carry-less multiplication; left out: it has */
};

/* Read the text of a profile; file is its name in mistakes. */
MUST_USE bool cost_profile_parse(const char *file, const char *text, size_t length, struct cost_profile *out,
                                 struct mistake *mistake);

/* What a relay that chooses by cost wants for its links on this machine (plugin/native/cipher_choice.h). */
enum link_cipher cost_profile_cipher(const struct cost_profile *profile);

/* What outputs add to results of this profile: "uncalibrated" or "calibrated". */
const char *cost_profile_note(const struct cost_profile *profile);

#endif
