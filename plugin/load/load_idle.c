#include "load/load_idle.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "load/load_connection.h"
#include "load/load_lane.h"
#include "load/load_sides.h"
#include "load/load_sink.h"
#include "load/load_source.h"
#include "native/turn_clock.h"
#include "wire/cell.h"
#include "wire/circuit_messages.h"

#define IDLE_WINDOW    256u /* cells, over all links */
#define STALL_PATIENCE (120 * NSEC_PER_S)
#define TURN_US        2000

static void turn(const struct load_sides *sides) {
    struct timeval most = {0, TURN_US};
    event_base_loopexit(sides->net->base, &most);
    event_base_loop(sides->net->base, EVLOOP_ONCE);
}

/* --- stages ------------------------------------------------------------------------------------------------------ */

struct order {
    bool is_there, is_over;
};

static void on_order(evutil_socket_t fd, short what, void *argument) {
    struct order *order = argument;
    char byte = 0;
    (void)what;
    ssize_t length = read(fd, &byte, 1); /* no more: the next line is for the next stage */
    order->is_there = length > 0 && byte == '\n';
    order->is_over = length <= 0;
}

/* Once circuits are destroyed, the relays behind lose them. */
static uint64_t losses_of(const struct load_sides *sides, bool is_before_end) {
    return is_before_end ? load_sides_losses(sides) : load_source_losses(sides->source);
}

static bool wait_for_order(struct load_sides *sides, bool is_before_end, struct complaint *complaint) {
    struct order order = {false, false};
    struct event *event = event_new(sides->net->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_order, &order);
    if (!event || event_add(event, NULL) != 0) {
        if (event)
            event_free(event);
        return complain(complaint, "the standard input is no pipe: who says when to go on?");
    }
    while (!order.is_there && !order.is_over && losses_of(sides, is_before_end) == 0)
        turn(sides);
    event_free(event);
    return order.is_there || complain(complaint, "stopped while idle: %" PRIu64 " links or circuits lost",
                                      losses_of(sides, is_before_end));
}

static void say(const char *stage, uint32_t ways, uint32_t circuits) {
    printf("{\"stage\": \"%s\", \"links\": %u, \"circuits\": %u}\n", stage, 2 * ways, circuits);
    fflush(stdout);
}

static bool hold(struct load_sides *sides, const char *stage, uint32_t ways, uint32_t circuits,
                 struct complaint *complaint) {
    say(stage, ways, circuits);
    return wait_for_order(sides, circuits > 0, complaint);
}

static uint32_t part(uint32_t whole, uint32_t step, uint32_t steps) {
    return (uint32_t)((uint64_t)whole * step / steps);
}

/* --- one cell on each circuit ------------------------------------------------------------------------------------- */

struct exchange {
    struct load_sides *sides;
    bool is_backward;
    uint64_t sent, received;
};

static struct load_lane *lane_from(const struct exchange *x, uint32_t way) {
    return x->is_backward ? load_sink_lane(x->sides->sinks[way]) : load_source_lane(x->sides->source, way);
}

static struct load_lane *lane_to(const struct exchange *x, uint32_t way) {
    return x->is_backward ? load_source_lane(x->sides->source, way) : load_sink_lane(x->sides->sinks[way]);
}

static void press(struct exchange *x) {
    for (uint32_t way = 0; way < x->sides->ways && x->sent - x->received < IDLE_WINDOW; way++) {
        struct load_lane *lane = lane_from(x, way);
        uint64_t left = lane->count - lane->sent, room = IDLE_WINDOW - (x->sent - x->received);
        x->sent += load_lane_write(lane, x->sides->shape, (uint32_t)(left < room ? left : room));
    }
}

static bool exchange(struct exchange *x, struct complaint *complaint) {
    const uint32_t circuits = x->sides->options->circuits;
    nsec moved_at = monotonic_read();
    while (x->received < circuits) {
        uint64_t received = 0;
        press(x);
        turn(x->sides);
        for (uint32_t way = 0; way < x->sides->ways; way++)
            received += lane_to(x, way)->received;
        if (received != x->received)
            moved_at = monotonic_read();
        x->received = received;
        if (load_sides_losses(x->sides) > 0 || monotonic_read() - moved_at > STALL_PATIENCE)
            return complain(complaint, "%" PRIu64 " of %u cells arrived", x->received, circuits);
    }
    return true;
}

static bool use_once(struct load_sides *sides, struct complaint *complaint) {
    struct exchange forward = {.sides = sides}, backward = {.sides = sides, .is_backward = true};
    sides->shape->run = 1;
    return (load_source_begin_load(sides->source, false) ||
            complain(complaint, "a link cannot carry cells of ours")) &&
           exchange(&forward, complaint) && exchange(&backward, complaint);
}

/* --- the end of all circuits -------------------------------------------------------------------------------------- */

static bool destroy_some(const struct load_lane *lane, uint32_t first, uint32_t n) {
    uint8_t cells[LOAD_RECORD_MAX * CELL_LEN];
    struct bytes_out out = bytes_out(cells, sizeof cells);
    const uint8_t reason = DESTROY_NONE;
    for (uint32_t i = 0; i < n; i++)
        cell_put(&out, 4, lane->circuits[first + i]->id, CELL_DESTROY, &reason, sizeof reason);
    return load_connection_write(lane->connection, cells, bytes_written(&out));
}

/* A record at a time. That the relays behind hear of it is not waited for: tor tells them when it has cells for them too. */
static bool destroy_lane(struct load_sides *sides, const struct load_lane *lane) {
    nsec moved_at = monotonic_read();
    for (uint32_t first = 0; first < lane->count;) {
        uint32_t n = lane->count - first < LOAD_RECORD_MAX ? lane->count - first : LOAD_RECORD_MAX;
        if (load_connection_can_write(lane->connection)) {
            if (!destroy_some(lane, first, n))
                return false;
            first += n;
            moved_at = monotonic_read();
        }
        turn(sides);
        if (monotonic_read() - moved_at > STALL_PATIENCE)
            return false;
    }
    return true;
}

static bool destroy_all(struct load_sides *sides, struct complaint *complaint) {
    for (uint32_t way = 0; way < sides->ways; way++)
        if (!destroy_lane(sides, load_source_lane(sides->source, way)))
            return complain(complaint, "a link does not take what destroys its circuits");
    return load_source_losses(sides->source) == 0 || complain(complaint, "a link was lost");
}

bool load_idle_run(struct load_sides *sides, uint32_t steps, struct complaint *complaint) {
    const uint32_t ways = sides->ways, circuits = sides->options->circuits;
    for (uint32_t step = 1; step <= steps; step++) {
        uint32_t some = part(ways, step, steps);
        if (!load_sides_build(sides, some, some, complaint) || !hold(sides, "links", some, some, complaint))
            return false;
    }
    for (uint32_t step = 1; step <= steps; step++) {
        uint32_t some = part(circuits, step, steps) < ways ? ways : part(circuits, step, steps);
        if (!load_sides_build(sides, ways, some, complaint) ||
            !hold(sides, "circuits", ways, some, complaint))
            return false;
    }
    return use_once(sides, complaint) && hold(sides, "used", ways, circuits, complaint) &&
           destroy_all(sides, complaint) && hold(sides, "destroyed", ways, 0, complaint);
}
