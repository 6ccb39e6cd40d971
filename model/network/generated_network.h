/* generated_network - a whole network that tornettools generated for Shadow: its relays, its servers, and its clients with what
 * they do.
 *
 * Relays are hosts named relayN and then exitguard, exit, guard or middle, which are their flags; weights are of the bandwidth
 * authority's file (v3bw), rates of their torrc. Servers and clients are what their tgen does; all clients that fetch files
 * do it alike, and so do all that make flows. Authorities carry no traffic of users, and are left out.
 * Memory: owns its arrays and models. Bound: SHADOW_HOSTS_MAX. */
#ifndef LOOM_NETWORK_GENERATED_NETWORK_H
#define LOOM_NETWORK_GENERATED_NETWORK_H

#include "network/generated_torrc.h"
#include "network/relay_table.h"
#include "network/shadow_config.h"
#include "network/text_archive.h"
#include "network/tgen_actions.h"
#include "network/tgen_model.h"

#define GENERATED_NAME_MAX 24u /* of a relay */

struct generated_relay {
    char name[GENERATED_NAME_MAX];
    struct relay_row row; /* its capacity is its line's */
};

/* A server, or a client. */
struct generated_end {
    struct country country;
    uint64_t rate; /* of its line, bytes/s, each way */
    nsec start;    /* of a client: since the first of them */
    bool has_flows;
};

/* What all clients of a kind do. */
struct generated_clients {
    uint32_t count;
    struct tgen_actions actions;
    struct generated_torrc torrc;
};

struct generated_network {
    struct generated_relay *relays; /* heaviest first */
    struct generated_end *servers, *clients;
    uint32_t relay_count, server_count, client_count;
    struct generated_clients periodic, flowing;
    struct tgen_model flows, streams, packets; /* when there are flowing ones */
};

/* file: the archive's name in mistakes. On failure out holds nothing. */
MUST_USE bool generated_network_read(const char *file, const struct text_archive *archive,
                                     struct generated_network *out, struct mistake *mistake);
void generated_network_fini(struct generated_network *network);

#endif
