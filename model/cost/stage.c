#include "cost/stage.h"

#include "base/check.h"

/* The stage of each kind of work: a kind that is not here does not compile. */
enum {
    STAGE_cells_received = COST_STAGE_FRAMING,
    STAGE_cells_sent = COST_STAGE_SERIALIZE,
    STAGE_cells_crossed = COST_STAGE_QUEUES,
    STAGE_bytes_received = COST_STAGE_FRAMING,
    STAGE_bytes_sent = COST_STAGE_SERIALIZE,
    STAGE_edge_bytes_in = COST_STAGE_SOCKET_READ,
    STAGE_edge_bytes_out = COST_STAGE_SOCKET_WRITE,
    STAGE_edge_reads = COST_STAGE_SOCKET_READ,
    STAGE_edge_writes = COST_STAGE_SOCKET_WRITE,
    STAGE_aes_bytes = COST_STAGE_CIPHER,
    STAGE_digest_bytes = COST_STAGE_CIPHER,
    STAGE_cgo_bytes = COST_STAGE_CIPHER,
    STAGE_cgo_updates = COST_STAGE_CIPHER,
    STAGE_crypt_runs = COST_STAGE_CIPHER,
    STAGE_circuit_switches = COST_STAGE_CIRCUIT_LOOKUP,
    STAGE_copy_bytes = COST_STAGE_QUEUES,
    STAGE_controls_posted = COST_STAGE_QUEUES,
    STAGE_wakes = COST_STAGE_QUEUES,
    STAGE_mailbox_flushes = COST_STAGE_QUEUES,
    STAGE_scheduler_runs = COST_STAGE_SCHEDULER,
    STAGE_scheduler_picks = COST_STAGE_SCHEDULER,
    STAGE_tcp_info_reads = COST_STAGE_SCHEDULER,
    STAGE_handshakes_ntor = COST_STAGE_REST,
    STAGE_handshakes_ntor_v3 = COST_STAGE_REST,
    STAGE_handshakes_fast = COST_STAGE_REST,
    STAGE_handshakes_link = COST_STAGE_REST,
    STAGE_padding_sent = COST_STAGE_REST,
    STAGE_circuits_opened = COST_STAGE_REST,
    STAGE_circuits_closed = COST_STAGE_REST,
    STAGE_circuits_congestion_control = COST_STAGE_REST,
    STAGE_circuits_cgo = COST_STAGE_REST,
    STAGE_conflux_legs = COST_STAGE_REST,
    STAGE_conflux_messages = COST_STAGE_REST,
    STAGE_conflux_switches = COST_STAGE_REST,
    STAGE_xoffs_sent = COST_STAGE_REST,
    STAGE_xons_sent = COST_STAGE_REST,
    STAGE_tls_records_read = COST_STAGE_RECORD_OPEN,
    STAGE_tls_records_written = COST_STAGE_RECORD_SEAL,
    STAGE_tls_bytes_read = COST_STAGE_SOCKET_READ,
    STAGE_tls_bytes_written = COST_STAGE_SOCKET_WRITE,
    STAGE_tls_aes256_bytes = COST_STAGE_RECORD_SEAL, /* and part of them RECORD_OPEN: opened_ps */
    STAGE_tls_aes128_bytes = COST_STAGE_RECORD_SEAL,
    STAGE_tls_chacha_bytes = COST_STAGE_RECORD_SEAL,
    STAGE_reads = COST_STAGE_SOCKET_READ,
    STAGE_writes = COST_STAGE_SOCKET_WRITE,
    STAGE_loop_turns = COST_STAGE_REST,
    STAGE_loop_sleeps = COST_STAGE_REST,
};

const char *cost_stage_name(enum cost_stage stage) {
    static const char *const names[] = {
#define X(name, text) text,
        COST_STAGE_LIST(X)
#undef X
    };
    CHECK((unsigned)stage < COST_STAGES);
    return names[stage];
}

/* Of what sealing and opening costs, the share of the bytes that were read is opening. */
static uint64_t opened_ps(const struct cost_table *table, const struct work *work) {
    uint64_t read = work->tls_bytes_read, all = read + work->tls_bytes_written;
    uint64_t ps = work->tls_aes256_bytes * table->ps.tls_aes256_bytes +
                  work->tls_aes128_bytes * table->ps.tls_aes128_bytes +
                  work->tls_chacha_bytes * table->ps.tls_chacha_bytes;
    uint64_t permille = all == 0 ? 0 : read * 1000 / all;
    return ps / 1000 * permille + ps % 1000 * permille / 1000;
}

void cost_bill_make(const struct cost_table *table, const struct work *work,
                    const struct working_set *working_set, struct cost_bill *bill) {
    struct cost_table warm = *table, cells_warm = *table;
    *bill = (struct cost_bill){{0}};
#define X(name) bill->ps[STAGE_##name] += work->name * table->ps.name;
    WORK_LIST(X)
#undef X
    uint64_t opened = opened_ps(table, work);
    bill->ps[COST_STAGE_RECORD_SEAL] -= opened;
    bill->ps[COST_STAGE_RECORD_OPEN] += opened;
    cells_warm.cell_cold_ps = cells_warm.edge_cold_ps = 0;
    warm = cells_warm;
    warm.circuit_cold_ps = 0;
    uint64_t all = cost_work_ps(table, work, working_set);
    uint64_t without_cells = cost_work_ps(&cells_warm, work, working_set);
    bill->ps[COST_STAGE_QUEUES] += all - without_cells;
    bill->ps[COST_STAGE_CIRCUIT_LOOKUP] += without_cells - cost_work_ps(&warm, work, working_set);
}
