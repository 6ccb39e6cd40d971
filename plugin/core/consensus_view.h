/* consensus_view - what the core knows of the consensus: an immutable, reference-counted value made by the runtime.
 *
 * Thread: any; the count is atomic. Memory: freed with its last reference through the memory that it was made with. */
#ifndef LOOM_CORE_CONSENSUS_VIEW_H
#define LOOM_CORE_CONSENSUS_VIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "core/congestion_params.h"
#include "core/dos_params.h"
#include "wire/address.h"

#define KIST_RUN_INTERVAL_MAX_MS 100   /* as in tor */
#define NF_ITO_MAX_MS            60000 /* as in tor */

/* Consensus parameters that the core follows, with tor's defaults (consensus_params_default). */
struct consensus_params {
    int32_t circ_max_cell_queue_size;       /* 2500, per half */
    int32_t circ_max_cell_queue_size_out;   /* the same, per half away from the origin */
    int32_t kist_run_interval_ms;           /* KISTSchedRunInterval, 2 (tor since 0.4.8.2); 0: at once */
    int32_t circuit_priority_halflife_ms;   /* 30000 */
    int32_t allow_nonearly_extend;          /* 0 */
    int32_t sendme_emit_min_version;        /* 1 */
    int32_t sendme_accept_min_version;      /* 0 */
    int32_t intro_limit_enabled;            /* HiddenServiceEnableIntroDoSDefense, 0 */
    int32_t intro_limit_rate;               /* HiddenServiceEnableIntroDoSRatePerSec, 25 */
    int32_t intro_limit_burst;              /* HiddenServiceEnableIntroDoSBurstPerSec, 200 */
    int32_t refuse_unknown_exits;           /* refuseunknownexits, 1 */
    int32_t onion_descriptor_length_max;    /* HSV3MaxDescriptorSize, 50000: for the runtime's directory */
    int32_t nf_ito_low_ms;                  /* 1500; 0 and 0: links are not padded */
    int32_t nf_ito_high_ms;                 /* 9500 */
    int32_t nf_conntimeout_relays_s;        /* 3600 */
    int32_t nf_pad_before_usage;            /* 1 */
    int32_t nf_pad_relays;                  /* 0 */
    int32_t circpad_padding_disabled;       /* 0 */
    int32_t circpad_global_allowed_cells;   /* 0 */
    int32_t circpad_global_max_padding_pct; /* 0: no limit */
    int32_t circpad_max_circ_queued_cells;  /* 1000 */
    int32_t per_link_rate;  /* perconnbwrate, 0: no limit; bytes a second of a link of who is no relay */
    int32_t per_link_burst; /* perconnbwburst, 0: that of all together */
    struct congestion_params congestion;
    struct dos_params dos;
};

struct relay_entry {
    uint8_t rsa_id[20];
    uint8_t ed_id[32];    /* zero: not known */
    struct endpoint ipv4; /* family NONE: not known */
};

struct consensus_view {
    atomic_uint references;
    const struct memory *memory;
    struct consensus_params params;
    uint32_t relay_count;
    struct relay_entry relays[]; /* sorted by rsa_id */
};

extern const struct consensus_params consensus_params_default;

/* The nearest values that mean something: a consensus may say anything, and its reader may have let it through. Managers
 * take parameters only so. */
struct consensus_params consensus_params_clamped(const struct consensus_params *params);

/* Copies and sorts relays. NULL without memory. One reference, the caller's. */
MUST_USE struct consensus_view *consensus_view_new(const struct memory *memory,
                                                   const struct consensus_params *params,
                                                   const struct relay_entry *relays, uint32_t count);
struct consensus_view *consensus_view_keep(struct consensus_view *view);
/* NULL is fine. */
void consensus_view_drop(struct consensus_view *view);
/* NULL when the relay is not listed. */
const struct relay_entry *consensus_view_find(const struct consensus_view *view,
                                              const uint8_t rsa_id[static 20]);

#endif
