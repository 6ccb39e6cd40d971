#include "cost/behaviour.h"

#define CELL_BYTES            514u
#define RECORD_OVERHEAD_BYTES 22u /* TLS 1.3: header 5, content type 1, tag 16 */

const struct cost_behaviour cost_behaviour_tor = {
    .name = "tor",
    .record_bytes_max = 4048, /* a chunk of 4096 bytes less its head */
    .read_bytes_max = 32 * CELL_BYTES,
    .reads_per_record = 2,
    .writes_per_record = 1,
    .flush_cells_alone = 32,
    .flush_cells_least = 9,
    .flush_cells_more = 8,
    .waits_interval = true,
    .write_cells_max = 31,
    .reads_a_turn = 1,
    .writes_between = false,
    .picks_cells = true,
};

const struct cost_behaviour cost_behaviour_loom = {
    .name = "loom",
    .record_bytes_max = 31 * CELL_BYTES,
    .read_bytes_max = 131072,
    .reads_per_record = 0,
    .writes_per_record = 0,
    .flush_cells_alone = 0,
    .flush_cells_least = 0,
    .flush_cells_more = 0,
    .waits_interval = false,
    .write_cells_max = 15 * 31, /* records that fill a buffer of 256 kB */
    .reads_a_turn = 4,
    .writes_between = true,
    .picks_cells = false,
};

static uint64_t pieces(uint64_t bytes, uint32_t piece) {
    return bytes / piece + (bytes % piece != 0);
}

uint64_t cost_behaviour_records(const struct cost_behaviour *behaviour, uint64_t bytes) {
    return pieces(bytes, behaviour->record_bytes_max);
}

uint32_t cost_behaviour_flush_cells(const struct cost_behaviour *behaviour, uint32_t links) {
    return links > 1 ? behaviour->flush_cells_least + behaviour->flush_cells_more / (links - 1)
                     : behaviour->flush_cells_alone;
}

void cost_behaviour_receive(const struct cost_behaviour *behaviour, enum link_cipher cipher, uint64_t records,
                            uint64_t bytes, struct work *work) {
    work->tls_records_read += records;
    work->tls_bytes_read += bytes + records * RECORD_OVERHEAD_BYTES;
    link_cipher_count(work, cipher, bytes + records * RECORD_OVERHEAD_BYTES);
    if (behaviour->reads_per_record == 0)
        work->reads += bytes > 0;
    else
        work->reads += records * behaviour->reads_per_record +
                       (records > 0 && bytes < behaviour->read_bytes_max); /* it asks for more */
}

void cost_behaviour_send(const struct cost_behaviour *behaviour, enum link_cipher cipher, uint64_t records,
                         uint64_t bytes, struct work *work) {
    work->tls_records_written += records;
    work->tls_bytes_written += bytes + records * RECORD_OVERHEAD_BYTES;
    link_cipher_count(work, cipher, bytes + records * RECORD_OVERHEAD_BYTES);
    if (behaviour->writes_per_record > 0)
        work->writes += records * behaviour->writes_per_record;
    else
        work->writes += bytes > 0;
}

void cost_behaviour_correct(const struct cost_behaviour *behaviour, struct work *delta) {
    if (behaviour->picks_cells)
        delta->scheduler_picks = delta->cells_sent;
}
