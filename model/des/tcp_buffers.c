/* Buffers as Shadow sizes them, in integers: its constants are Linux's tcp_wmem and tcp_rmem. */
#include "des/net_state.h"

#define SEND_MIN    16384u
#define SEND_MAX    4194304u
#define RECEIVE_MIN 87380u
#define RECEIVE_MAX 6291456u
#define GROWTH_MAX  10u   /* times SEND_MAX or RECEIVE_MAX, on paths that need it */
#define SEGMENT_MEM 2404u /* what Linux charges for a full segment in a send buffer */

static uint64_t clamp(uint64_t value, uint64_t low, uint64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* 1.25 * bandwidth * round trip; without limit the largest there is. */
static uint32_t first_size(uint64_t rate, uint64_t round_trip_ms, uint32_t low, uint32_t high) {
    if (rate >= UINT64_MAX / 1250000)
        return high;
    return (uint32_t)clamp(rate * round_trip_ms * 5 / 4000, low, high);
}

static uint64_t lower(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The other interface's rates are known, as in Shadow. */
void tcp_tune_first(struct tcp *tcp) {
    const struct interface *own = tcp->interface;
    const struct net_config *config = &own->net->config;
    const struct interface *peer = &own->net->interfaces[tcp->peer.host];
    nsec back = config->path(config->context, tcp->peer.host, tcp->own.host).latency;
    uint64_t ms =
        (path_latency(tcp) + NSEC_PER_MS - 1) / NSEC_PER_MS + (back + NSEC_PER_MS - 1) / NSEC_PER_MS;
    tcp->send_buffer = first_size(lower(own->up_rate, peer->down_rate), ms, SEND_MIN, SEND_MAX);
    tcp->receive_buffer = first_size(lower(own->down_rate, peer->up_rate), ms, RECEIVE_MIN, RECEIVE_MAX);
}

/* What the path can hold, between max and GROWTH_MAX times it. */
static uint64_t growth_limit(const struct tcp *tcp, uint64_t rate, uint64_t max) {
    uint64_t us = round_trip_smoothed(&tcp->round_trip) / NSEC_PER_US;
    if (us > 0 && rate >= GROWTH_MAX * max * 1000000 / us)
        return GROWTH_MAX * max;
    return clamp(rate * us / 1000000, max, GROWTH_MAX * max);
}

void tcp_tune_sending(struct tcp *tcp) {
    uint64_t wanted = (uint64_t)2 * SEGMENT_MEM * tcp->reno.cwnd;
    if (wanted > tcp->send_buffer)
        wanted = lower(wanted, growth_limit(tcp, tcp->interface->up_rate, SEND_MAX));
    if (wanted > tcp->send_buffer)
        tcp->send_buffer = (uint32_t)wanted;
}

void tcp_tune_receiving(struct tcp *tcp, nsec now, uint64_t read) {
    uint64_t space = 2 * (read - tcp->tuned_from);
    if (space > tcp->receive_buffer) {
        uint64_t wanted = lower(space, growth_limit(tcp, tcp->interface->down_rate, RECEIVE_MAX));
        if (wanted > tcp->receive_buffer)
            tcp->receive_buffer = (uint32_t)wanted;
    }
    nsec round_trip = round_trip_smoothed(&tcp->round_trip);
    if (tcp->tuned_at == 0) {
        tcp->tuned_at = now;
    } else if (round_trip > 0 && now - tcp->tuned_at > round_trip) {
        tcp->tuned_at = now;
        tcp->tuned_from = read;
    }
}
