#include <string.h>

#include "base/check.h"
#include "sim/sim_generator.h"
#include "sim/sim_generator_state.h"

#define WINDOW_A_CIRCUIT 64u    /* load_flow.h: LOAD_WINDOW_A_CIRCUIT */
#define WINDOW_MAX       16384u /* LOAD_WINDOW_MAX */
#define SETTLE           (100 * NSEC_PER_MS)
/* A turn of loom-load: what its loop takes, what a send does, and its cells, of which what comes meanwhile is answered at once:
 * a few hundred nanoseconds each. Long turns are cut off, as its own CPU is to limit nothing. */
#define TURN        (3 * NSEC_PER_US)
#define TURN_A_SEND (3 * NSEC_PER_US)
#define TURN_A_CELL 250u
#define TURN_MAX    (200 * NSEC_PER_US)

#define CELLS_A_STREAM \
    40u /* of what has come, until it is told; and of what is queued: a record and SENDMEs */

#define CELL_BYTES (sizeof(struct cell) + CELL_BODY_LEN)

/* --- the load ------------------------------------------------------------------------------------------------------- */

struct traffic {
    uint64_t sent, received;
};

static struct traffic traffic_of(const struct sim_lane *from, const struct sim_lane *to, uint32_t ways) {
    struct traffic t = {0, 0};
    for (uint32_t i = 0; i < ways; i++) {
        t.sent += from[i].sent;
        t.received += to[i].received;
    }
    return t;
}

/* Let each lane in turn write full records, as far as the window of its direction goes. */
static bool press(struct sim_generator *g, nsec now, struct sim_lane *from, const struct sim_lane *to) {
    struct traffic t = traffic_of(from, to, g->ways);
    uint64_t room = g->window - (t.sent - t.received);
    uint32_t record = g->config->record_cells;
    bool has_written = false;
    for (uint32_t i = 0; i < g->ways && room >= record; i++) {
        uint64_t records = room / record < SIM_GENERATOR_RECORDS ? room / record : SIM_GENERATOR_RECORDS;
        uint32_t n = sim_lane_write(&from[(g->turn + i) % g->ways], now, (uint32_t)records * record);
        room -= n;
        g->sends += n > 0;
        has_written = has_written || n > 0;
    }
    return has_written;
}

static bool press_exits(struct sim_generator *g, nsec now) {
    bool has_written = false;
    for (uint32_t i = 0; i < g->ways; i++) {
        bool written = sim_exit_write(&g->in[(g->turn + i) % g->ways], now);
        g->sends += written;
        has_written = has_written || written;
    }
    g->turn++;
    return has_written;
}

uint64_t sim_generator_room(const struct sim_generator *g, bool is_backward) {
    struct traffic t = is_backward ? traffic_of(g->out, g->in, g->ways) : traffic_of(g->in, g->out, g->ways);
    return g->window - (t.sent - t.received);
}

static void plan_turn(struct sim_generator *g, nsec now) {
    if (g->is_turn_planned)
        return;
    nsec length = TURN + TURN_A_SEND * g->sends + TURN_A_CELL * g->came;
    g->is_turn_planned = true;
    g->sends = 0;
    g->came = 0;
    host_at(g->host, now + nsec_min(length, TURN_MAX), g->world->generator_turn, 0, NULL);
}

void sim_generator_turn(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_generator *g = host_user(host);
    CHECK(object == NULL);
    if (g->config->rate > 0) {
        sim_rate_turn(g, now, arg);
        return;
    }
    if (sim_generator_is_priced(g)) {
        sim_priced_turn(g, now, arg);
        return;
    }
    g->is_turn_planned = false;
    if (g->config->is_exit) {
        if (press_exits(g, now))
            plan_turn(g, now);
        return;
    }
    bool forward = press(g, now, g->in, g->out);
    bool backward = press(g, now, g->out, g->in);
    g->turn++;
    if (forward || backward)
        plan_turn(g, now);
}

/* All circuits are there, and nothing of their making is under way. */
void sim_generator_begin(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_generator *g = host_user(host);
    CHECK(arg == 0 && object == NULL);
    g->began = now;
    if (g->config->is_exit)
        sim_exit_begin(g, now);
    if (g->config->rate > 0)
        sim_rate_begin(g, now);
    else if (sim_generator_is_priced(g))
        sim_priced_begin(g, now);
    else
        plan_turn(g, now);
}

static void plan_beginning(struct sim_generator *g, nsec now) {
    nsec earliest = now + SETTLE + g->config->lead;
    nsec second = (earliest + NSEC_PER_S - 1) / NSEC_PER_S * NSEC_PER_S;
    host_at(g->host, second - g->config->lead, g->world->generator_begin, 0, NULL);
}

/* --- from the network ------------------------------------------------------------------------------------------------ */

static void build(struct sim_generator *g, nsec now) {
    uint32_t before = g->built;
    sim_generator_build(g, now);
    if (g->built == g->config->circuits && g->built != before)
        plan_beginning(g, now);
}

bool sim_generator_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    struct sim_generator *g = host_user(host);
    (void)now;
    if (port < SIM_GENERATOR_PORT || port - SIM_GENERATOR_PORT >= g->ways)
        return false;
    struct sim_lane *lane = &g->out[port - SIM_GENERATOR_PORT];
    if (lane->tcp) { /* a relay that dials twice: the first connection is ours */
        g->losses++;
        return false;
    }
    lane->tcp = tcp;
    tcp_set_user(tcp, lane);
    return true;
}

void sim_generator_connected(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_lane *lane = tcp_user(tcp);
    struct sim_message *hello = sim_tls_hello(&lane->tls, host, lane->generator->config->cipher);
    if (!hello)
        return; /* the run stops */
    tcp_write(tcp, &hello->tcp);
    tcp_flush(tcp, now);
}

void sim_generator_readable(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_generator *g = host_user(host);
    struct sim_lane *lane = tcp_user(tcp);
    struct tcp_message *next;
    bool is_loading = sim_generator_is_loading(g);
    if (is_loading && g->config->rate > 0) {
        sim_rate_readable(lane, now);
        return;
    }
    if (is_loading && sim_generator_is_priced(g)) {
        sim_lane_note_readable(lane);
        sim_priced_wake(g, now);
        return;
    }
    while (lane->tcp && (next = tcp_read(tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        if (is_loading && g->config->is_exit)
            sim_exit_receive(lane, now, message);
        else if (is_loading)
            sim_lane_count(lane, now, message);
        else
            sim_lane_receive(lane, now, message);
        sim_message_free(host, message);
    }
    if (is_loading)
        plan_turn(g, now);
    if (is_loading)
        return;
    if (lane->tcp)
        tcp_flush(tcp, now);
    build(g, now);
}

void sim_generator_writable(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_generator *g = host_user(host);
    (void)tcp;
    if (sim_generator_is_loading(g) && sim_generator_is_priced(g))
        sim_priced_wake(g, now);
    else if (sim_generator_is_loading(g) && g->config->rate == 0)
        plan_turn(g, now);
}

void sim_generator_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    struct sim_lane *lane = tcp_user(tcp);
    (void)host;
    (void)now;
    (void)end;
    lane->tcp = NULL;
    lane->generator->losses++;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static bool start_origin(struct sim_generator *g) {
    struct origin_config config;
    origin_config_default(&config);
    config.memory = host_memory(g->host);
    config.crypt = g->crypt;
    config.seed = sim_host_seed(g->world, sim_generator_host(g->world));
    config.unix_s_at_zero = SIM_UNIX_S;
    config.links_max = g->ways;
    config.circuits_max = g->config->circuits;
    config.cells_max = 1024;
    if (g->config->is_exit) {
        config.streams_max = g->config->circuits;
        config.cells_max += CELLS_A_STREAM * g->config->circuits;
    }
    g->origin = origin_new(&config);
    return g->origin != NULL;
}

static bool start_lanes(struct sim_generator *g) {
    const struct memory *memory = host_memory(g->host);
    g->in = memory_allocate(memory, g->ways * sizeof(*g->in));
    g->out = memory_allocate(memory, g->ways * sizeof(*g->out));
    g->plans = memory_allocate(memory, g->config->circuits * sizeof(*g->plans));
    g->cell = memory_allocate(memory, CELL_BYTES);
    if (g->config->is_exit)
        g->streams = memory_allocate(memory, g->config->circuits * sizeof(*g->streams));
    if (!g->in || !g->out || !g->plans || !g->cell || (g->config->is_exit && !g->streams))
        return false;
    *g->cell = (struct cell){.command = CELL_RELAY, .length = CELL_BODY_LEN};
    memset(g->cell->body, UINT8_MAX,
           3); /* `recognized` is never zero (tor-spec 6.1): no relay takes it for its own */
    for (uint32_t i = 0; i < g->ways; i++) {
        g->in[i] = (struct sim_lane){.generator = g, .number = i};
        g->out[i] = (struct sim_lane){.generator = g, .number = i, .is_out = true};
        list_init(&g->in[i].readable);
        list_init(&g->out[i].readable);
    }
    return true;
}

struct sim_generator *sim_generator_new(struct sim_world *world) {
    host_id id = sim_generator_host(world);
    struct host *host = engine_host(world->engine, id);
    struct sim_generator *g = memory_allocate(host_memory(host), sizeof(*g));
    if (!g)
        return NULL;
    *g = (struct sim_generator){.role = SIM_ROLE_GENERATOR,
                                .world = world,
                                .host = host,
                                .config = world->config->generator,
                                .began = NSEC_NEVER};
    list_init(&g->readable);
    g->ways = sim_generator_ways(g->config);
    uint64_t window = (uint64_t)g->config->circuits * WINDOW_A_CIRCUIT;
    g->window = window < WINDOW_MAX ? window : WINDOW_MAX;
    g->crypt = symbolic_provider(&g->symbolic, sim_host_seed(world, id) ^ 1);
    symbolic_pad_with_zeros(&g->symbolic);
    rng_seed(&g->rng, sim_host_seed(world, id) ^ 2);
    host_set_user(host, g);
    if (!start_origin(g) || !start_lanes(g)) {
        sim_generator_free(g);
        return NULL;
    }
    for (uint32_t i = 0; i < g->ways; i++)
        sim_lane_dial(&g->in[i], 0);
    return g;
}

void sim_generator_free(struct sim_generator *g) {
    if (!g)
        return;
    const struct memory *memory = host_memory(g->host);
    for (uint32_t i = 0; g->in && g->out && i < g->ways; i++) {
        sim_lane_fini(&g->in[i]);
        sim_lane_fini(&g->out[i]);
    }
    origin_free(g->origin);
    memory_release(memory, g->in, g->ways * sizeof(*g->in));
    memory_release(memory, g->out, g->ways * sizeof(*g->out));
    memory_release(memory, g->plans, g->config->circuits * sizeof(*g->plans));
    memory_release(memory, g->streams, g->streams ? g->config->circuits * sizeof(*g->streams) : 0);
    memory_release(memory, g->cell, CELL_BYTES);
    memory_release(memory, g->delays, g->delay_room * sizeof(*g->delays));
    memory_release(memory, g, sizeof(*g));
}

struct sim_generator_measure sim_generator_measure(const struct sim_generator *g) {
    struct traffic forward = traffic_of(g->in, g->out, g->ways),
                   backward = traffic_of(g->out, g->in, g->ways);
    return (struct sim_generator_measure){.sent = forward.sent + backward.sent,
                                          .received = forward.received + backward.received,
                                          .losses = g->losses,
                                          .built = g->built,
                                          .began = g->began,
                                          .delays = g->delays,
                                          .delay_count = g->delay_count,
                                          .left_out = g->left_out};
}
