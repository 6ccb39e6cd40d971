#include "load/load_flow.h"

#include <event2/event.h>

#include "load/load_connection.h"
#include "native/turn_clock.h"

struct traffic {
    uint64_t sent, received;
};

static struct traffic traffic_of(struct load_lane *const *from, struct load_lane *const *to, uint32_t ways) {
    struct traffic t = {0, 0};
    for (uint32_t i = 0; i < ways; i++) {
        t.sent += from[i]->sent;
        t.received += to[i]->received;
    }
    return t;
}

uint64_t load_flow_arrived(const struct load_flow *flow) {
    return traffic_of(flow->in, flow->out, flow->ways).received +
           traffic_of(flow->out, flow->in, flow->ways).received;
}

uint64_t load_flow_under_way(const struct load_flow *flow) {
    struct traffic forward = traffic_of(flow->in, flow->out, flow->ways);
    struct traffic backward = traffic_of(flow->out, flow->in, flow->ways);
    return forward.sent - forward.received + backward.sent - backward.received;
}

uint64_t load_flow_verified(const struct load_flow *flow) {
    uint64_t verified = 0;
    for (uint32_t i = 0; i < flow->ways; i++)
        verified += flow->in[i]->verified + flow->out[i]->verified;
    return verified;
}

static uint64_t room_of(const struct load_flow *flow, struct load_lane *const *from,
                        struct load_lane *const *to) {
    struct traffic t = traffic_of(from, to, flow->ways);
    return flow->window - (t.sent - t.received);
}

uint64_t load_flow_room(const struct load_flow *flow, bool is_backward) {
    return is_backward ? room_of(flow, flow->out, flow->in) : room_of(flow, flow->in, flow->out);
}

/* Let each lane in turn write full records, as far as the window of its direction goes. */
static bool press(struct load_flow *flow, struct load_lane *const *from, struct load_lane *const *to) {
    uint64_t room = room_of(flow, from, to);
    uint32_t record = flow->shape->record_cells;
    bool has_written = false;
    for (uint32_t i = 0; i < flow->ways && room >= record; i++) {
        uint64_t records = room / record < LOAD_RECORDS_A_SEND ? room / record : LOAD_RECORDS_A_SEND;
        uint32_t n =
            load_lane_write(from[(flow->turn + i) % flow->ways], flow->shape, (uint32_t)records * record);
        room -= n;
        has_written = has_written || n > 0;
    }
    return has_written;
}

void load_flow_run(struct load_flow *flow, nsec until) {
    while (monotonic_read() < until) {
        bool forward = press(flow, flow->in, flow->out);
        bool backward = press(flow, flow->out, flow->in);
        flow->turn++;
        if (event_base_loop(flow->base, forward || backward ? EVLOOP_NONBLOCK : EVLOOP_ONCE) != 0)
            return;
    }
}

uint64_t load_flow_most(struct load_flow *flow, nsec length) {
    load_flow_run(flow, monotonic_read() + length / 4);
    nsec began = monotonic_read();
    uint64_t arrived = load_flow_arrived(flow);
    load_flow_run(flow, began + length);
    return (load_flow_arrived(flow) - arrived) * NSEC_PER_S / (monotonic_read() - began);
}

static void wait_until(struct load_flow *flow, nsec until) {
    nsec now = monotonic_read();
    nsec left = until > now ? until - now : 0;
    struct timeval time = {(time_t)(left / NSEC_PER_S), (suseconds_t)(left % NSEC_PER_S / NSEC_PER_US)};
    event_base_loopexit(flow->base, &time);
    event_base_loop(flow->base, EVLOOP_ONCE);
}

void load_flow_drain(struct load_flow *flow, nsec until) {
    while (load_flow_under_way(flow) > 0 && monotonic_read() < until)
        wait_until(flow, until);
}

static bool send_one(struct load_flow *flow, struct load_lane *from, const struct load_lane *to, nsec until) {
    uint64_t before = to->received;
    if (load_lane_write(from, flow->shape, 1) != 1)
        return false;
    while (to->received == before && monotonic_read() < until)
        event_base_loop(flow->base, EVLOOP_ONCE);
    return to->received > before;
}

uint32_t load_flow_echo(struct load_flow *flow, uint32_t count, nsec *trips_out, nsec until) {
    for (uint32_t i = 0; i < count; i++) {
        nsec began = monotonic_read();
        if (!send_one(flow, flow->in[0], flow->out[0], until) ||
            !send_one(flow, flow->out[0], flow->in[0], until))
            return i;
        trips_out[i] = monotonic_read() - began;
    }
    return count;
}
