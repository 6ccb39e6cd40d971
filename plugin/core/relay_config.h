/* relay_config - what the core is told once, by its runtime. */
#ifndef LOOM_CORE_RELAY_CONFIG_H
#define LOOM_CORE_RELAY_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/nsec.h"
#include "core/balance_policy.h"
#include "core/dos_params.h"
#include "crypt/provider.h"
#include "wire/circuit_messages.h"

#define CELLS_PER_RECORD 31u /* 31 * 514 fit a TLS record of 16384 bytes */

struct exit_policy;

struct relay_config {
    const struct memory *memory;
    const struct crypt_provider *crypt;
    uint16_t connection_threads;    /* managers beside the main thread's; 0: everything in the main thread */
    enum balance_policy balancing;  /* of links over connection threads */
    uint8_t rsa_id[RSA_ID_LEN];     /* who we are: EXTENDs to ourselves are refused */
    uint64_t seed;                  /* protocol choices (circuit ids), never keys */
    uint64_t unix_s_at_zero;        /* wall clock when nsec was 0 */
    uint32_t cells_max_per_manager; /* memory ceiling in cells */
    uint32_t circuits_max_per_manager;
    uint32_t circuits_max_per_link; /* of both directions; what its peer opens beyond them is refused */
    uint32_t links_max;             /* per relay */
    uint32_t
        mailbox_cells_max; /* and control messages, in flight between two stations before reading pauses */
    /* Bytes per second, and at once, of all managers together (bandwidth_pool.h); TOKEN_RATE_UNLIMITED for none. A burst
     * holds a TLS record's 15934 bytes in any case. */
    uint64_t bandwidth_rate, bandwidth_burst;
    uint64_t per_link_rate, per_link_burst; /* of a link of who is no relay; 0: the consensus says */
    bool allow_private_addresses;           /* ExtendAllowPrivateAddresses */
    bool extends_over_ipv6; /* we have an IPv6 ORPort: who has both addresses is dialled by either */
    bool pads_links;        /* clients' links that idle get padding, as the consensus says (padding-spec 2) */
    bool is_exit;           /* BEGIN is carried out; otherwise END EXITPOLICY */
    struct dos_params dos;  /* what the operator asks for; DOS_THE_CONSENSUS_SAYS where nothing */
    bool is_directory;      /* BEGIN_DIR is carried out; otherwise END NOTDIRECTORY */
    const struct exit_policy *exit_policy; /* borrowed; NULL: everything is allowed */
    bool ipv6_exit;                        /* IPv6 destinations too */
    int8_t
        refuse_unknown_exits; /* relays that are not listed, as the hop before an exit: 1, 0; -1: the consensus says */
};

/* Sensible values for everything but memory, crypt, rsa_id and seed. */
void relay_config_default(struct relay_config *config_out);

#endif
