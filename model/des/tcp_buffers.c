/* Buffers as Shadow sizes them, in integers: its constants are Linux's tcp_wmem and tcp_rmem. */
#include "des/net_state.h"

#define SEND_FIRST    131072u
#define SEND_MAX      4194304u
#define RECEIVE_FIRST 174760u
#define RECEIVE_MAX   6291456u
#define GROWTH_MAX    10u   /* times SEND_MAX, as on a loopback */
#define SEGMENT_MEM   2404u /* what Linux charges for a full segment in a send buffer */

void tcp_tune_first(struct tcp *tcp) {
    const struct interface *own = tcp->interface;
    const struct interface *peer = &own->net->interfaces[tcp->peer.host];
    tcp->is_unlimited = own->up_rate == RATE_UNLIMITED && own->down_rate == RATE_UNLIMITED &&
                        peer->up_rate == RATE_UNLIMITED && peer->down_rate == RATE_UNLIMITED;
    tcp->send_buffer = tcp->is_unlimited ? SEND_MAX : SEND_FIRST;
}

void tcp_tune_sending(struct tcp *tcp) {
    uint64_t wanted = (uint64_t)2 * SEGMENT_MEM * tcp->reno.cwnd;
    uint64_t limit = (uint64_t)SEND_MAX * (tcp->is_unlimited ? GROWTH_MAX : 1);
    if (wanted > limit)
        wanted = limit;
    if (wanted > tcp->send_buffer)
        tcp->send_buffer = (uint32_t)wanted;
}

uint32_t tcp_receive_buffer(const struct tcp *tcp) {
    if (tcp->is_unlimited || tcp->read >= RECEIVE_MAX / 2)
        return RECEIVE_MAX;
    return tcp->read < RECEIVE_FIRST / 2 ? RECEIVE_FIRST : 2 * (uint32_t)tcp->read;
}
