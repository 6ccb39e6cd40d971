#include "core/relay_config.h"

#include "core/token_bucket.h"

void relay_config_default(struct relay_config *config_out) {
    *config_out = (struct relay_config){
        .cells_max_per_manager = 1u << 20, /* 560 MB */
        .circuits_max_per_manager = 1u << 20,
        .circuits_max_per_link = 1u << 16, /* as many as ids of two bytes were enough for */
        .balancing = BALANCE_ROUND_ROBIN,
        .links_max = 60000,         /* about as many sockets as one address has ports */
        .mailbox_cells_max = 16384, /* 9 MB between two threads */
        .bandwidth_rate = TOKEN_RATE_UNLIMITED,
        .bandwidth_burst = TOKEN_RATE_UNLIMITED,
        .pads_links = true,
        .dos = dos_params_unasked,
        .refuse_unknown_exits = -1,
    };
}
