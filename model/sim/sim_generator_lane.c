/* A link under load: cells of its circuits in turn, written in full records; what comes is counted. */
#include <string.h>

#include "base/check.h"
#include "sim/sim_generator_state.h"

#define CIRCUITS_LEAST 16u
#define TIME_AT        16u /* in a body: beyond what a symbolic layer covers (crypt/symbolic.h) */
#define DELAYS_LEAST   4096u
#define DELAYS_MAX     (1u << 22) /* later ones are left out */

bool sim_lane_add(struct sim_lane *lane, uint32_t circ_id) {
    struct sim_generator *g = lane->generator;
    const struct memory *memory = host_memory(g->host);
    if (lane->count == lane->room) {
        uint32_t room = lane->room ? 2 * lane->room : CIRCUITS_LEAST;
        uint32_t *circuits = memory_allocate(memory, room * sizeof(*circuits));
        if (!circuits) {
            host_fail(g->host);
            return false;
        }
        if (lane->count > 0)
            memcpy(circuits, lane->circuits, lane->count * sizeof(*circuits));
        memory_release(memory, lane->circuits, lane->room * sizeof(*circuits));
        lane->circuits = circuits;
        lane->room = room;
    }
    lane->circuits[lane->count++] = circ_id;
    return true;
}

static uint32_t next_circuit(struct sim_lane *lane) {
    if (lane->run_left == 0) {
        lane->cursor = (lane->cursor + 1) % lane->count;
        lane->run_left = lane->generator->config->run;
    }
    lane->run_left--;
    return lane->circuits[lane->cursor];
}

static void put_time(uint8_t *to, nsec now) {
    store_u32(to, (uint32_t)(now >> 32));
    store_u32(to + 4, (uint32_t)now);
}

static nsec time_of(const uint8_t *from) {
    return (nsec)load_u32(from) << 32 | load_u32(from + 4);
}

/* False without memory, and then the run stops. */
static bool write_record(struct sim_lane *lane, uint32_t cells) {
    struct sim_generator *g = lane->generator;
    struct sim_train train = {0};
    struct sim_burst burst;
    bool fine = true;
    sim_burst_begin(&burst, g->host, &train, cells * CELL_LEN);
    if (g->config->rate > 0)
        put_time(g->cell->body + TIME_AT, g->written_at);
    for (uint32_t i = 0; i < cells && fine; i++) {
        g->cell->circ_id = next_circuit(lane);
        fine = sim_burst_add(&burst, &g->cell, 1);
    }
    sim_burst_end(&burst);
    sim_train_write(&train, lane->tcp);
    return fine;
}

bool sim_lane_can_write(struct sim_lane *lane) {
    if (lane->count == 0 || !lane->tcp)
        return false;
    if (tcp_room(lane->tcp) > 0)
        return true;
    tcp_want_write(lane->tcp);
    return false;
}

uint32_t sim_lane_write(struct sim_lane *lane, nsec now, uint32_t max) {
    uint32_t written = 0, record = lane->generator->config->record_cells;
    if (!sim_lane_can_write(lane))
        return 0;
    for (uint32_t i = 0; i < SIM_GENERATOR_RECORDS && written < max; i++) {
        uint32_t n = max - written < record ? max - written : record;
        if (!write_record(lane, n))
            return 0;
        written += n;
    }
    tcp_flush(lane->tcp, now);
    lane->sent += written;
    return written;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

void sim_lane_note_readable(struct sim_lane *lane) {
    if (list_is_linked(&lane->readable))
        return;
    list_append(&lane->generator->readable, &lane->readable);
    lane->generator->readable_count++;
}

static bool grow_delays(struct sim_generator *g) {
    const struct memory *memory = host_memory(g->host);
    uint32_t room = g->delay_room ? 2 * g->delay_room : DELAYS_LEAST;
    struct sim_delay *delays = room > DELAYS_MAX ? NULL : memory_allocate(memory, room * sizeof(*delays));
    if (!delays)
        return false;
    if (g->delay_count > 0)
        memcpy(delays, g->delays, g->delay_count * sizeof(*delays));
    memory_release(memory, g->delays, g->delay_room * sizeof(*delays));
    g->delays = delays;
    g->delay_room = room;
    return true;
}

static void note_delay(struct sim_lane *lane, nsec now, nsec delay) {
    struct sim_generator *g = lane->generator;
    if (g->delay_count < g->delay_room || grow_delays(g))
        g->delays[g->delay_count++] =
            (struct sim_delay){now, delay < UINT32_MAX ? (uint32_t)delay : UINT32_MAX, lane->number};
}

static void note_delays(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    struct cell_view views[SIM_CELLS_MAX];
    uint8_t bodies[SIM_CELLS_MAX][CELL_BODY_LEN + 3];
    struct sim_reader reader;
    uint32_t n;
    sim_reader_init(&reader, message);
    while ((n = sim_reader_cells(&reader, views, bodies, SIM_CELLS_MAX)) > 0)
        for (uint32_t i = 0; i < n; i++)
            if (views[i].command == CELL_RELAY)
                note_delay(lane, now, now - time_of(views[i].body + TIME_AT));
}

/* Records end where they like: cells are counted by the bytes that came. */
void sim_lane_count(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    uint64_t before = lane->bytes / CELL_LEN;
    if (message->kind != SIM_LINK_CELLS)
        return;
    if (lane->generator->config->rate > 0)
        note_delays(lane, now, message);
    lane->bytes += message->plain;
    uint64_t cells = lane->bytes / CELL_LEN - before;
    lane->received += cells;
    lane->generator->came += cells;
}
