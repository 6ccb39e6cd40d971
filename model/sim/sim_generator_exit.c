/* A load whose circuits end at the relay: load_stream's twin. Every second one has its server give without end, the others
 * send as their windows allow; SENDMEs are the origin's. */
#include "base/check.h"
#include "load/load_plan.h"
#include "sim/sim_generator_state.h"
#include "sim/sim_server.h"
#include "wire/relay_cell.h"

#define CELLS_AT_ONCE 31u

bool sim_exit_begin_stream(struct sim_generator *g, nsec now, struct origin_circuit *circuit) {
    struct begin_message to = {.port = SIM_SERVER_PORT};
    sim_server_name(0, to.host);
    CHECK(g->streams);
    return origin_circuit_begin(circuit, now, &to) != NULL;
}

bool sim_exit_add(struct sim_generator *g, uint32_t number, struct origin_stream *stream) {
    g->streams[number] = stream;
    return !load_plan_is_up(number) || sim_lane_add(&g->in[load_plan_way_in(number, g->ways)], number);
}

void sim_exit_begin(struct sim_generator *g, nsec now) {
    for (uint32_t i = 0; i < g->config->circuits; i++) {
        struct origin_stream *stream = g->streams[i];
        bool is_up = load_plan_is_up(i);
        uint8_t head[SIM_REQUEST_HEAD_LEN];
        sim_request_write(is_up ? SIM_UNENDING : sizeof head, is_up ? 0 : SIM_UNENDING, head);
        if (origin_circuit_send(stream->circuit, now, stream, head, sizeof head) != sizeof head)
            g->losses++;
    }
}

/* --- what comes ----------------------------------------------------------------------------------------------------- */

static void follow(struct sim_lane *lane, nsec now) {
    struct sim_generator *g = lane->generator;
    struct origin_event event;
    while (origin_next_event(g->origin, now, &event)) {
        if (event.kind == ORIGIN_EVENT_STREAM_DATA)
            lane->received++;
        else if (event.kind != ORIGIN_EVENT_STREAM_WRITABLE)
            g->losses++;
    }
}

void sim_exit_receive(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    struct cell_view views[SIM_CELLS_MAX];
    uint8_t bodies[SIM_CELLS_MAX][CELL_BODY_LEN + 3];
    struct sim_reader reader;
    uint32_t n;
    if (message->kind != SIM_LINK_CELLS)
        return;
    sim_reader_init(&reader, message);
    while ((n = sim_reader_cells(&reader, views, bodies, SIM_CELLS_MAX)) > 0) {
        origin_link_receive(lane->link, now, views, n);
        follow(lane, now);
    }
}

/* --- what goes ------------------------------------------------------------------------------------------------------ */

/* False without memory, and then the run stops. */
static bool write_record(struct sim_lane *lane, struct cell **cells, uint32_t n) {
    bool fine = sim_cells_write(lane->generator->host, lane->tcp, cells, n, n * CELL_LEN);
    origin_link_release(lane->link, cells, n);
    return fine;
}

/* Cells of the stream whose turn it is, or of the next that may send; returns how many have been queued. */
static uint32_t send_run(struct sim_lane *lane, nsec now, uint32_t max) {
    static const uint8_t zeros[CELLS_AT_ONCE * RELAY_DATA_MAX];
    struct sim_generator *g = lane->generator;
    for (uint32_t tried = 0; tried <= lane->count; tried++) {
        if (lane->run_left == 0) {
            lane->cursor = (lane->cursor + 1) % lane->count;
            lane->run_left = g->config->run;
        }
        struct origin_stream *stream = g->streams[lane->circuits[lane->cursor]];
        uint32_t cells = lane->run_left < max ? lane->run_left : max;
        size_t sent = origin_circuit_send(stream->circuit, now, stream, zeros, cells * RELAY_DATA_MAX);
        cells = (uint32_t)(sent / RELAY_DATA_MAX);
        lane->run_left -= cells;
        if (cells > 0)
            return cells;
        lane->run_left = 0;
    }
    return 0;
}

/* Fill a record with data; returns its cells. */
static uint32_t take_record(struct sim_lane *lane, nsec now, struct cell **cells) {
    uint32_t record = lane->generator->config->record_cells, n = 0, queued;
    while (lane->count > 0 && n < record && (queued = send_run(lane, now, record - n)) > 0)
        n += origin_link_take(lane->link, now, cells + n, queued);
    return n;
}

bool sim_exit_write(struct sim_lane *lane, nsec now) {
    struct cell *cells[CELLS_AT_ONCE];
    bool has_written = false;
    if (!lane->tcp)
        return false;
    if (tcp_room(lane->tcp) == 0) {
        tcp_want_write(lane->tcp);
        return false;
    }
    while (origin_link_wants_write(lane->link)) { /* SENDMEs */
        uint32_t n = origin_link_take(lane->link, now, cells, CELLS_AT_ONCE);
        if (n == 0 || !write_record(lane, cells, n))
            break;
    }
    for (uint32_t i = 0; i < SIM_GENERATOR_RECORDS; i++) {
        uint32_t n = take_record(lane, now, cells);
        if (n == 0 || !write_record(lane, cells, n))
            break;
        lane->sent += n;
        has_written = true;
    }
    tcp_flush(lane->tcp, now);
    return has_written;
}
