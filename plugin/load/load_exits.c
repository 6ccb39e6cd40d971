#include "load/load_exits.h"

#include <event2/event.h>

#include "load/load_connection.h"
#include "load/load_server.h"
#include "native/turn_clock.h"
#include "wire/relay_cell.h"

#define DRAIN_TICK (10 * NSEC_PER_MS)

static uint64_t taken_cells(const struct load_exits *exits) {
    return load_server_taken(exits->takes) / RELAY_DATA_MAX;
}

uint64_t load_exits_arrived(const struct load_exits *exits) {
    uint64_t cells = taken_cells(exits);
    for (uint32_t i = 0; i < exits->ways; i++)
        cells += exits->lanes[i]->received;
    return cells;
}

uint64_t load_exits_sendmes(const struct load_exits *exits) {
    uint64_t sendmes = 0;
    for (uint32_t i = 0; i < exits->ways; i++)
        sendmes += exits->lanes[i]->sendmes;
    return sendmes;
}

uint64_t load_exits_verified(const struct load_exits *exits) {
    uint64_t verified = 0;
    for (uint32_t i = 0; i < exits->ways; i++)
        verified += exits->lanes[i]->verified;
    return verified;
}

uint64_t load_exits_under_way(const struct load_exits *exits) {
    uint64_t sent = 0;
    for (uint32_t i = 0; i < exits->ways; i++)
        sent += exits->lanes[i]->sent;
    return sent - taken_cells(exits);
}

static bool press(struct load_exits *exits) {
    uint32_t most = LOAD_RECORDS_A_SEND * exits->shape->record_cells;
    bool has_written = false;
    for (uint32_t i = 0; i < exits->ways; i++) {
        struct load_lane *lane = exits->lanes[(exits->turn + i) % exits->ways];
        load_lane_answer(lane, exits->shape);
        has_written = load_lane_write(lane, exits->shape, most) > 0 || has_written;
    }
    exits->turn++;
    return has_written;
}

void load_exits_run(struct load_exits *exits, nsec until) {
    while (monotonic_read() < until)
        if (event_base_loop(exits->base, press(exits) ? EVLOOP_NONBLOCK : EVLOOP_ONCE) != 0)
            return;
}

void load_exits_drain(struct load_exits *exits, nsec until) {
    const struct timeval tick = {0, (suseconds_t)(DRAIN_TICK / NSEC_PER_US)};
    load_server_end(exits->gives);
    while (load_exits_under_way(exits) > 0 && monotonic_read() < until) {
        event_base_loopexit(exits->base, &tick);
        event_base_loop(exits->base, EVLOOP_ONCE);
    }
}
