#include "shadow/tor_calls.h"

#define CELL_BYTES         514u
#define CELL_PAYLOAD_BYTES 509u

static void begin_second(struct tor_calls *calls, uint64_t second) {
    calls->active_before = second == calls->second + 1 ? calls->active : 0;
    calls->active = 0;
    calls->second = second;
}

void tor_calls_begin(struct tor_calls *calls, nsec now, bool slept) {
    uint64_t second = now / NSEC_PER_S + 1;
    if (second != calls->second)
        begin_second(calls, second);
    calls->now = now;
    calls->run++;
    calls->has_written = false;
    calls->work.loop_turns += slept;
}

/* Its place, or that of one that was not used lately; NULL: too many are there. */
static struct tor_use *find(struct tor_use *uses, uint32_t size, const void *of, uint64_t lately) {
    uint64_t hash = (uint64_t)(uintptr_t)of * UINT64_C(0x9e3779b97f4a7c15);
    struct tor_use *old = NULL;
    for (uint32_t i = 0; i < TOR_TRIES; i++) {
        struct tor_use *use = &uses[((hash >> 48) + i) % size];
        if (use->of == of)
            return use;
        if (old == NULL && use->when < lately)
            old = use;
    }
    return old;
}

/* Is it used for the first time now? Nobody knows of what finds no place: then absent. */
static bool use_first(struct tor_use *use, const void *of, uint64_t now, bool absent) {
    if (use == NULL)
        return absent;
    bool is_first = use->of != of || use->when != now;
    *use = (struct tor_use){of, now};
    return is_first;
}

void tor_calls_layer(struct tor_calls *calls, const void *context, size_t bytes) {
    struct tor_use *layer = find(calls->layers, TOR_LAYERS, context, calls->second - 1);
    calls->work.aes_bytes += bytes;
    calls->work.crypt_runs++;
    calls->work.circuit_switches += context != calls->layer ? 2 : 0;
    calls->layer = context;
    calls->active += use_first(layer, context, calls->second, false);
}

/* Up to so many of the cells that wait are gone. */
static void release(struct tor_calls *calls, uint64_t cells) {
    calls->cells_waiting -= cells < calls->cells_waiting ? (uint32_t)cells : calls->cells_waiting;
}

void tor_calls_digest(struct tor_calls *calls, size_t bytes) {
    calls->work.digest_bytes += bytes;
    if (bytes == CELL_PAYLOAD_BYTES)
        release(calls, 1);
}

void tor_calls_socket_read(struct tor_calls *calls, enum link_cipher cipher, size_t moved, bool is_header) {
    calls->work.reads++;
    calls->work.tls_records_read += is_header && moved > 0;
    calls->work.tls_bytes_read += moved;
    link_cipher_count(&calls->work, cipher, moved);
}

void tor_calls_socket_write(struct tor_calls *calls, enum link_cipher cipher, size_t moved) {
    calls->work.writes++;
    calls->work.tls_bytes_written += moved;
    link_cipher_count(&calls->work, cipher, moved);
}

/* Whole cells of bytes; the rest stays. */
static uint64_t take_cells(uint64_t *bytes) {
    uint64_t cells = *bytes / CELL_BYTES;
    *bytes %= CELL_BYTES;
    return cells;
}

void tor_calls_plain_in(struct tor_calls *calls, size_t bytes) {
    calls->plain_in += bytes;
    calls->work.bytes_received += bytes;
    uint64_t cells = take_cells(&calls->plain_in);
    calls->work.cells_received += cells;
    calls->cells_waiting += (uint32_t)cells;
}

void tor_calls_plain_out(struct tor_calls *calls, const void *link, size_t bytes) {
    calls->plain_out += bytes;
    calls->work.bytes_sent += bytes;
    calls->work.tls_records_written++;
    uint64_t cells = take_cells(&calls->plain_out);
    calls->work.cells_sent += cells;
    calls->work.scheduler_picks += cells;
    calls->work.scheduler_runs += !calls->has_written;
    calls->work.tcp_info_reads +=
        use_first(find(calls->links, TOR_LINKS, link, calls->run), link, calls->run, true);
    calls->has_written = true;
    depth_note(&calls->cells_depth, calls->now, (uint32_t)cells, calls->cells_waiting);
    release(calls, cells);
}

void tor_calls_take(struct tor_calls *calls, struct work *work_out, struct working_set *set_out) {
    *work_out = calls->work;
    calls->work = (struct work){0};
    *set_out = (struct working_set){
        .halves_active = calls->active > calls->active_before ? calls->active : calls->active_before,
        .cells_waiting = depth_mean(&calls->cells_depth, calls->now)};
}
