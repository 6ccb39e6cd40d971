/* A load that saturates, from one thread whose work takes time: loom-load on a core of its own.
 *
 * As there (load_flow_run, discard_burst) a turn presses forward and then backward, lane after lane, each with up to
 * SIM_GENERATOR_RECORDS records in one write; then it reads each link that has something, two calls for a record, and throws it
 * away. A turn in which there was nothing to do sleeps until there is. What is written leaves when it has been sealed and sent. */
#include "base/check.h"
#include "cost/behaviour.h"
#include "cost/price.h"
#include "sim/sim_generator_state.h"

#define RECORDS_A_READ 64u /* load_connection.c: DISCARDS_A_TURN */

static nsec time_for(const struct sim_generator *g, const struct work *work) {
    const struct working_set set = {0};
    return cost_price(g->config->prices, work, &set);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static nsec time_to_write(const struct sim_generator *g, const struct sim_lane *lane, uint32_t cells) {
    struct work work = {.cells_sent = cells};
    cost_behaviour_send(&cost_behaviour_loom, (enum link_cipher)lane->tls.cipher,
                        cells / g->config->record_cells, (uint64_t)cells * CELL_LEN, &work);
    return time_for(g, &work);
}

/* Whose turn it is to write, and how many cells; NULL: it is the next one's. */
static struct sim_lane *next_lane(struct sim_generator *g, uint32_t *cells_out) {
    const uint32_t record = g->config->record_cells;
    bool is_backward = g->step >= g->ways;
    if (g->step % g->ways == 0)
        g->room = sim_generator_room(g, is_backward);
    struct sim_lane *lane = &(is_backward ? g->out : g->in)[(g->turn + g->step) % g->ways];
    g->step++;
    uint64_t records = g->room / record < SIM_GENERATOR_RECORDS ? g->room / record : SIM_GENERATOR_RECORDS;
    *cells_out = (uint32_t)records * record;
    return records > 0 && sim_lane_can_write(lane) ? lane : NULL;
}

/* Begin to seal what the next lane may write. False: all have been asked. */
static bool begin_write(struct sim_generator *g, nsec now) {
    while (g->step < 2 * g->ways) {
        uint32_t cells;
        struct sim_lane *lane = next_lane(g, &cells);
        if (!lane)
            continue;
        g->writing = lane;
        g->writing_cells = cells;
        g->room -= cells;
        g->has_written = true;
        sim_generator_go_on(g, now + time_to_write(g, lane, cells));
        return true;
    }
    return false;
}

static void end_write(struct sim_generator *g, nsec now) {
    struct sim_lane *lane = g->writing;
    g->writing = NULL;
    if (lane)
        (void)sim_lane_write(lane, now, g->writing_cells);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void read_lane(struct sim_generator *g, nsec now, struct sim_lane *lane) {
    struct work work = {.reads = 0};
    uint32_t records = 0;
    struct tcp_message *next;
    while (records < RECORDS_A_READ && lane->tcp && (next = tcp_read(lane->tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        work.tls_bytes_read += message->tcp.length;
        records++;
        sim_lane_count(lane, now, message);
        sim_message_free(g->host, message);
    }
    work.reads = 2 * records;
    if (records == RECORDS_A_READ)
        sim_lane_note_readable(lane);
    else
        work.reads++; /* which finds nothing */
    sim_generator_go_on(g, now + time_for(g, &work));
}

/* Look at what has come. False: there is nothing, and nothing was written, so it sleeps. */
static bool begin_reading(struct sim_generator *g) {
    if (g->readable_count == 0 && !g->has_written)
        return false;
    g->is_reading = true;
    g->reads_left = g->readable_count;
    return true;
}

/* --- turns -------------------------------------------------------------------------------------------------------- */

static void begin_turn(struct sim_generator *g, nsec now) {
    const struct work turn = {.loop_turns = 1};
    g->step = 0;
    g->is_reading = g->has_written = false;
    g->turn++;
    sim_generator_go_on(g, now + time_for(g, &turn));
}

void sim_priced_begin(struct sim_generator *g, nsec now) {
    begin_turn(g, now);
}

void sim_priced_turn(struct sim_generator *g, nsec now, uint32_t piece) {
    if (g->piece != piece)
        return;
    end_write(g, now);
    if (begin_write(g, now))
        return;
    if (!g->is_reading && !begin_reading(g)) {
        g->is_idle = true;
        return;
    }
    if (g->reads_left == 0) {
        begin_turn(g, now);
        return;
    }
    g->reads_left--;
    g->readable_count--;
    read_lane(g, now, LIST_ENTRY(list_take_first(&g->readable), struct sim_lane, readable));
}

void sim_priced_wake(struct sim_generator *g, nsec now) {
    const struct work sleep = {.loop_sleeps = 1};
    if (!g->is_idle)
        return;
    g->is_idle = false;
    g->has_written = true; /* it does not sleep again before it has looked */
    sim_generator_go_on(g, now + time_for(g, &sleep) + g->config->prices->wake_delay_ns);
}
