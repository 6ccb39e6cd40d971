#include "core/consensus_view.h"

#include <string.h>

const struct consensus_params consensus_params_default = {
    .circ_max_cell_queue_size = 2500,
    .circ_max_cell_queue_size_out = 2500,
    .kist_run_interval_ms = 2,
    .circuit_priority_halflife_ms = 30000,
    .allow_nonearly_extend = 0,
    .sendme_emit_min_version = 1,
    .sendme_accept_min_version = 0,
    .intro_limit_enabled = 0,
    .intro_limit_rate = 25,
    .intro_limit_burst = 200,
    .refuse_unknown_exits = 1,
    .nf_ito_low_ms = 1500,
    .nf_ito_high_ms = 9500,
    .nf_conntimeout_relays_s = 3600,
    .nf_pad_before_usage = 1,
    .circpad_max_circ_queued_cells = 1000,
    .onion_descriptor_length_max = 50000,
    .congestion = CONGESTION_PARAMS_DEFAULT,
    .dos = DOS_PARAMS_DEFAULT,
};

static int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

struct consensus_params consensus_params_clamped(const struct consensus_params *params) {
    return (struct consensus_params){
        .circ_max_cell_queue_size = clamped(params->circ_max_cell_queue_size, 1, INT32_MAX),
        .circ_max_cell_queue_size_out = clamped(params->circ_max_cell_queue_size_out, 1, INT32_MAX),
        .kist_run_interval_ms = clamped(params->kist_run_interval_ms, 0, KIST_RUN_INTERVAL_MAX_MS),
        .circuit_priority_halflife_ms = clamped(params->circuit_priority_halflife_ms, 1, INT32_MAX),
        .allow_nonearly_extend = clamped(params->allow_nonearly_extend, 0, 1),
        .sendme_emit_min_version = clamped(params->sendme_emit_min_version, 0, 1),
        .sendme_accept_min_version = clamped(params->sendme_accept_min_version, 0, UINT8_MAX),
        .intro_limit_enabled = clamped(params->intro_limit_enabled, 0, 1),
        .intro_limit_rate = clamped(params->intro_limit_rate, 0, INT32_MAX),
        .intro_limit_burst = clamped(params->intro_limit_burst, 0, INT32_MAX),
        .refuse_unknown_exits = clamped(params->refuse_unknown_exits, 0, 1),
        .nf_ito_low_ms = clamped(params->nf_ito_low_ms, 0, NF_ITO_MAX_MS),
        .nf_ito_high_ms = clamped(params->nf_ito_high_ms, 0, NF_ITO_MAX_MS),
        .nf_conntimeout_relays_s = clamped(params->nf_conntimeout_relays_s, 60, 7 * 24 * 3600),
        .nf_pad_before_usage = clamped(params->nf_pad_before_usage, 0, 1),
        .nf_pad_relays = clamped(params->nf_pad_relays, 0, 1),
        .circpad_padding_disabled = clamped(params->circpad_padding_disabled, 0, 1),
        .circpad_global_allowed_cells = clamped(params->circpad_global_allowed_cells, 0, UINT16_MAX - 1),
        .circpad_global_max_padding_pct = clamped(params->circpad_global_max_padding_pct, 0, 100),
        .circpad_max_circ_queued_cells = clamped(params->circpad_max_circ_queued_cells, 0, 50000),
        .onion_descriptor_length_max = clamped(params->onion_descriptor_length_max, 1, INT32_MAX),
        .per_link_rate = clamped(params->per_link_rate, 0, INT32_MAX),
        .per_link_burst = clamped(params->per_link_burst, 0, INT32_MAX),
        .congestion = congestion_params_clamped(&params->congestion),
        .dos = dos_params_clamped(&params->dos),
    };
}

static size_t view_size(uint32_t count) {
    return sizeof(struct consensus_view) + count * sizeof(struct relay_entry);
}

static int compare(const struct relay_entry *a, const struct relay_entry *b) {
    return memcmp(a->rsa_id, b->rsa_id, sizeof a->rsa_id);
}

static void sift_down(struct relay_entry *entries, uint32_t root, uint32_t count) {
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && compare(&entries[child], &entries[child + 1]) < 0)
            child++;
        if (compare(&entries[root], &entries[child]) >= 0)
            return;
        struct relay_entry swapped = entries[root];
        entries[root] = entries[child];
        entries[child] = swapped;
        root = child;
    }
}

/* Heap sort: a consensus comes sorted by identity, but nothing here may depend on it. */
static void sort(struct relay_entry *entries, uint32_t count) {
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(entries, i, count);
    for (uint32_t end = count; end-- > 1;) {
        struct relay_entry last = entries[end];
        entries[end] = entries[0];
        entries[0] = last;
        sift_down(entries, 0, end);
    }
}

struct consensus_view *consensus_view_new(const struct memory *memory, const struct consensus_params *params,
                                          const struct relay_entry *relays, uint32_t count) {
    struct consensus_view *view = memory_allocate(memory, view_size(count));
    if (!view)
        return NULL;
    atomic_init(&view->references, 1);
    view->memory = memory;
    view->params = *params;
    view->relay_count = count;
    if (count)
        memcpy(view->relays, relays, count * sizeof *relays);
    sort(view->relays, count);
    return view;
}

struct consensus_view *consensus_view_keep(struct consensus_view *view) {
    if (view)
        atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
    return view;
}

void consensus_view_drop(struct consensus_view *view) {
    /* Release pairs with the acquire of whoever drops last, so that every use comes before the free. */
    if (view && atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) == 1)
        memory_release(view->memory, view, view_size(view->relay_count));
}

const struct relay_entry *consensus_view_find(const struct consensus_view *view,
                                              const uint8_t rsa_id[static 20]) {
    uint32_t low = 0, high = view->relay_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(view->relays[middle].rsa_id, rsa_id, 20);
        if (order == 0)
            return &view->relays[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
