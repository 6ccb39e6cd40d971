#include "native/consensus_views.h"

#include <stdlib.h>
#include <string.h>

#include "core/consensus_view.h"
#include "native/archive.h"
#include "native/small_document.h"
#include "wire/consensus.h"
#include "wire/descriptor_cut.h"

/* Limits as in tor (param-spec). */
static struct consensus_params make_params(const struct consensus *c, bool is_of_scanners) {
    struct consensus_params p = consensus_params_default;
    p.circ_max_cell_queue_size =
        consensus_param(c, "circ_max_cell_queue_size", p.circ_max_cell_queue_size, 1000, INT32_MAX);
    p.circ_max_cell_queue_size_out =
        consensus_param(c, "circ_max_cell_queue_size_out", p.circ_max_cell_queue_size, 1000, INT32_MAX);
    p.kist_run_interval_ms = consensus_param(c, "KISTSchedRunInterval", 2, 2, 100); /* tor since 0.4.8.2 */
    p.circuit_priority_halflife_ms =
        consensus_param(c, "CircuitPriorityHalflifeMsec", p.circuit_priority_halflife_ms, 1, INT32_MAX);
    p.allow_nonearly_extend = consensus_param(c, "AllowNonearlyExtend", p.allow_nonearly_extend, 0, 1);
    p.sendme_emit_min_version =
        consensus_param(c, "sendme_emit_min_version", p.sendme_emit_min_version, 0, 255);
    p.sendme_accept_min_version =
        consensus_param(c, "sendme_accept_min_version", p.sendme_accept_min_version, 0, 255);
    p.intro_limit_enabled =
        consensus_param(c, "HiddenServiceEnableIntroDoSDefense", p.intro_limit_enabled, 0, 1);
    p.intro_limit_rate =
        consensus_param(c, "HiddenServiceEnableIntroDoSRatePerSec", p.intro_limit_rate, 0, INT32_MAX);
    p.intro_limit_burst =
        consensus_param(c, "HiddenServiceEnableIntroDoSBurstPerSec", p.intro_limit_burst, 0, INT32_MAX);
    p.refuse_unknown_exits = consensus_param(c, "refuseunknownexits", p.refuse_unknown_exits, 0, 1);
    p.nf_ito_low_ms = consensus_param(c, "nf_ito_low", p.nf_ito_low_ms, 0, NF_ITO_MAX_MS);
    p.nf_ito_high_ms = consensus_param(c, "nf_ito_high", p.nf_ito_high_ms, p.nf_ito_low_ms, NF_ITO_MAX_MS);
    p.nf_conntimeout_relays_s =
        consensus_param(c, "nf_conntimeout_relays", p.nf_conntimeout_relays_s, 60, 7 * 24 * 3600);
    p.nf_pad_before_usage = consensus_param(c, "nf_pad_before_usage", p.nf_pad_before_usage, 0, 1);
    p.nf_pad_relays = consensus_param(c, "nf_pad_relays", p.nf_pad_relays, 0, 1);
    p.circpad_padding_disabled =
        consensus_param(c, "circpad_padding_disabled", p.circpad_padding_disabled, 0, 1);
    p.circpad_global_allowed_cells =
        consensus_param(c, "circpad_global_allowed_cells", p.circpad_global_allowed_cells, 0, UINT16_MAX - 1);
    p.circpad_global_max_padding_pct =
        consensus_param(c, "circpad_global_max_padding_pct", p.circpad_global_max_padding_pct, 0, 100);
    p.circpad_max_circ_queued_cells =
        consensus_param(c, "circpad_max_circ_queued_cells", p.circpad_max_circ_queued_cells, 0, 50000);
    p.per_link_rate = consensus_param(c, "perconnbwrate", p.per_link_rate, 0, INT32_MAX);
    p.per_link_burst = consensus_param(c, "perconnbwburst", p.per_link_burst, 0, INT32_MAX);
    p.onion_descriptor_length_max =
        consensus_param(c, "HSV3MaxDescriptorSize", p.onion_descriptor_length_max, 1, INT32_MAX);
#define X(field, name, initial, least, most) \
    p.congestion.field = consensus_param(c, name, initial, least, most);
    CONGESTION_PARAMS(X)
    if (is_of_scanners) {
        CONGESTION_PARAMS_OF_SCANNERS(X)
    }
#undef X
#define X(field, name, initial, least, most) p.dos.field = consensus_param(c, name, initial, least, most);
    DOS_PARAMS(X)
#undef X
    return p;
}

struct consensus_view *consensus_views_make(const struct consensus *c, bool is_of_scanners,
                                            const struct memory *memory) {
    struct consensus_params params = make_params(c, is_of_scanners);
    struct relay_entry *entries = calloc(c->relay_count ? c->relay_count : 1, sizeof(*entries));
    if (!entries)
        return NULL;
    for (uint32_t i = 0; i < c->relay_count; i++) {
        memcpy(entries[i].rsa_id, c->relays[i].rsa_id, sizeof(entries[i].rsa_id));
        entries[i].ipv4 = c->relays[i].ipv4;
    }
    struct consensus_view *view = consensus_view_new(memory, &params, entries, c->relay_count);
    free(entries);
    return view;
}

/* True when the archive knows another Ed25519 identity of this relay than the entry has. */
static bool identify(struct relay_entry *entry, const struct archive_table *servers) {
    uint8_t ed_id[sizeof entry->ed_id], text[DESCRIPTOR_CUT_LEN_MAX];
    const struct archive_item *item = archive_table_find(servers, entry->rsa_id, sizeof entry->rsa_id);
    size_t length = item ? document_text_length(item->document) : 0;
    if (length == 0 || length > sizeof text)
        return false;
    small_document_read(item->document, text);
    if (!descriptor_ed_id((struct span){text, length}, ed_id) ||
        memcmp(entry->ed_id, ed_id, sizeof ed_id) == 0)
        return false;
    memcpy(entry->ed_id, ed_id, sizeof ed_id);
    return true;
}

struct consensus_view *consensus_views_identified(const struct consensus_view *view,
                                                  const struct archive *archive,
                                                  const struct memory *memory) {
    struct consensus_view *out = consensus_view_new(memory, &view->params, view->relays, view->relay_count);
    bool is_new = false;
    for (uint32_t i = 0; out && i < out->relay_count; i++)
        is_new |= identify(&out->relays[i], archive->tables[ARCHIVE_SERVERS_BY_IDENTITY]);
    if (is_new)
        return out;
    consensus_view_drop(out);
    return NULL;
}
