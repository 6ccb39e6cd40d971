/* The load at a rate: bursts at random times, and what one thread that writes and reads them needs for it.
 *
 * As in loom-load there is one thread: it writes the bursts that are due, then looks which links have something and reads each,
 * and so on. A burst leaves when it has been sealed and sent, a cell has come when its record has been opened, and meanwhile
 * others wait. What that takes are its own prices when it has any: then a look is a turn of its loop, and what it throws away
 * two reads a record. Otherwise it is what the relay would need for it, as both are on the same machine, and looks are free.
 * Without prices of either nothing takes time. */
#include "base/check.h"
#include "cost/behaviour.h"
#include "cost/price.h"
#include "sim/sim_generator_state.h"
#include "traffic/draw.h"

#define BURSTS_A_TURN 16u                /* load_rate.c: then what has come is read */
#define LATE          (20 * NSEC_PER_MS) /* LOAD_RATE_LATE: what is later is left out */
#define READ_MAX      (256u * 1024u)     /* LOAD_READ_ROOM */
#define VERIFIED_WAYS 1u                 /* native_load.py */

static nsec time_at(const struct cost_table *prices, const struct work *work) {
    const struct working_set set = {0};
    return prices ? cost_price(prices, work, &set) : 0;
}

static const struct cost_table *relays_prices(const struct sim_generator *g) {
    return g->world->config->cpus[g->world->config->relays[0].cpu].prices;
}

static nsec time_for(const struct sim_generator *g, const struct work *work) {
    return time_at(sim_generator_is_priced(g) ? g->config->prices : relays_prices(g), work);
}

static nsec time_to_look(const struct sim_generator *g) {
    const struct work turn = {.loop_turns = 1};
    return time_for(g, &turn);
}

static nsec time_to_write(const struct sim_generator *g, const struct sim_lane *lane) {
    const uint32_t run = g->config->run, record = g->config->record_cells;
    struct work work = {.cells_sent = run};
    cost_behaviour_send(&cost_behaviour_loom, (enum link_cipher)lane->tls.cipher, (run + record - 1) / record,
                        (uint64_t)run * CELL_LEN, &work);
    return time_for(g, &work);
}

/* Opening is what a relay does, too. */
static nsec time_to_open(const struct sim_generator *g, const struct sim_lane *lane,
                         const struct sim_message *message) {
    struct work work = {.cells_received = message->plain / CELL_LEN};
    cost_behaviour_receive(&cost_behaviour_loom, (enum link_cipher)lane->tls.cipher, 1, message->plain,
                           &work);
    work.reads = 0;
    return time_at(relays_prices(g), &work);
}

/* Of records that were there to be read. */
static nsec time_to_read(const struct sim_generator *g, bool is_verified, uint32_t records, uint64_t bytes) {
    struct work work = {.reads = 1};
    if (is_verified || !sim_generator_is_priced(g))
        return time_at(relays_prices(g), &work);
    work.reads = 2 * records + 1; /* the last finds nothing */
    work.tls_bytes_read = bytes;
    return time_for(g, &work);
}

static nsec gap(struct sim_generator *g) {
    return draw_exponential(&g->rng, g->config->run * NSEC_PER_S / g->config->rate);
}

static void catch_up(struct sim_generator *g, nsec now) {
    while (g->next_at + LATE < now) {
        g->left_out += g->config->run;
        g->next_at += gap(g);
    }
}

/* What is pressed next: by turns forward and backward, and of all ways in turn. NULL: there is no room for it. */
static struct sim_lane *next_lane(struct sim_generator *g) {
    bool is_backward = g->bursts % 2 == 1;
    uint32_t way = (uint32_t)(g->bursts / 2 % g->ways);
    g->bursts++;
    if (sim_generator_room(g, is_backward) < g->config->run)
        return NULL;
    return is_backward ? &g->out[way] : &g->in[way];
}

/* Seal and send the burst that is due; it leaves at the end. */
static void begin_burst(struct sim_generator *g, nsec now) {
    g->next_at += gap(g);
    g->bursts_of_turn++;
    g->writing = next_lane(g);
    g->written_at = now;
    if (!g->writing)
        g->left_out += g->config->run;
    sim_generator_go_on(g, g->writing ? now + time_to_write(g, g->writing) : now);
}

static void end_burst(struct sim_generator *g, nsec now) {
    struct sim_lane *lane = g->writing;
    g->writing = NULL;
    if (lane)
        g->left_out += g->config->run - sim_lane_write(lane, now, g->config->run);
}

/* Read what a link has, as far as one read goes. Cells have come when their record is open; loom-load opens only those of the
 * links that it verifies, of the first way, and throws the others away. */
static void read_lane(struct sim_generator *g, nsec now, struct sim_lane *lane) {
    const bool is_verified = lane->number < VERIFIED_WAYS;
    struct tcp_message *next;
    nsec opened_at = now + time_to_read(g, true, 0, 0);
    uint64_t bytes = 0;
    uint32_t records = 0;
    while (lane->tcp && bytes < READ_MAX && (next = tcp_read(lane->tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        opened_at += time_to_open(g, lane, message);
        bytes += message->plain;
        records++;
        sim_lane_count(lane, opened_at, message);
        sim_message_free(g->host, message);
    }
    if (bytes >= READ_MAX)
        sim_lane_note_readable(lane);
    sim_generator_go_on(g, is_verified ? opened_at : now + time_to_read(g, false, records, bytes));
}

void sim_rate_begin(struct sim_generator *g, nsec now) {
    g->next_at = now + gap(g);
    sim_generator_go_on(g, now);
}

void sim_rate_turn(struct sim_generator *g, nsec now, uint32_t piece) {
    if (g->piece != piece)
        return;
    g->is_idle = false;
    end_burst(g, now);
    catch_up(g, now);
    if (g->reads_left == 0 && g->bursts_of_turn < BURSTS_A_TURN && g->next_at <= now) {
        begin_burst(g, now);
        return;
    }
    if (g->reads_left == 0 && !g->is_reading) {
        g->bursts_of_turn = 0;
        g->is_reading = true;
        if (sim_generator_is_priced(g)) {
            sim_generator_go_on(g, now + time_to_look(g));
            return;
        }
    }
    if (g->is_reading) {
        g->is_reading = false;
        g->reads_left = g->readable_count;
    }
    if (g->reads_left > 0) {
        g->reads_left--;
        g->readable_count--;
        read_lane(g, now, LIST_ENTRY(list_take_first(&g->readable), struct sim_lane, readable));
        return;
    }
    g->is_idle = true;
    sim_generator_go_on(g, nsec_max(now, g->next_at));
}

void sim_rate_readable(struct sim_lane *lane, nsec now) {
    struct sim_generator *g = lane->generator;
    sim_lane_note_readable(lane);
    if (g->is_idle)
        sim_generator_go_on(g, now);
    g->is_idle = false;
}
