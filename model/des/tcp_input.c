#include "base/check.h"
#include "des/net_state.h"

uint32_t tcp_window(const struct tcp *tcp) {
    uint64_t taken = tcp->received - tcp->read;
    uint32_t buffer = tcp_receive_buffer(tcp);
    return taken < buffer ? (uint32_t)((buffer - taken) / TCP_MSS) : 0;
}

/* --- acks -------------------------------------------------------------------------------------------------------- */

static void note_sacks(struct tcp *tcp, const struct packet *packet) {
    for (uint32_t i = 0; i < packet->sack_count; i++) {
        struct segment_range range = {.first = packet->sacks[i].first, .end = packet->sacks[i].end};
        if (range.end <= tcp->una)
            continue;
        /* Without room it is forgotten, which costs a segment sent in vain after a timeout. */
        if (segment_ranges_add(&tcp->sacked, tcp->interface->net->config.memory, &range) != ERR_OK)
            return;
    }
}

/* The third duplicate says that una was lost; not when it has been sent again already. */
static void consider_fast_resend(struct tcp *tcp) {
    bool sent_again = tcp->fast_resent == tcp->una || tcp->una < tcp->resend_next;
    if (tcp->duplicates >= RENO_DUPLICATES && !sent_again && tcp->una < tcp->departed)
        tcp->fast_resend = true;
}

static void accept_ack(struct tcp *tcp, nsec now, const struct packet *packet) {
    const struct memory *memory = tcp->interface->net->config.memory;
    uint32_t n = packet->ack - tcp->una;
    bool fin_acked = tcp->fin_sent && packet->ack == tcp->next;
    uint32_t data_end = fin_acked ? packet->ack - 1 : packet->ack;
    tcp->acked = data_end < tcp->runs.end ? sent_runs_find(&tcp->runs, data_end).offset : tcp->sent;
    sent_runs_forget(&tcp->runs, memory, data_end);
    tcp->una = packet->ack;
    tcp->duplicates = 0;
    tcp->fast_resend = false;
    segment_ranges_forget(&tcp->sacked, memory, tcp->una);
    reno_new_ack(&tcp->reno, n);
    tcp_tune_sending(tcp);
    if (packet->echo)
        round_trip_sample(&tcp->round_trip, now - packet->echo);
    tcp->timeouts = 0;
    if (tcp->una < tcp->departed)
        tcp_set_timer(tcp, now);
    else
        tcp->timer_wanted = 0; /* what waits at the interface starts it again */
}

/* A window that opens again: what probed it was not taken. A closed one is no sign that the other side is gone. */
static void note_window(struct tcp *tcp, uint32_t window) {
    if (tcp->peer_window == 0 && window > 0) {
        tcp->resend_next = tcp->una;
        tcp->resend_end = tcp->departed;
    }
    if (window == 0)
        tcp->timeouts = 0;
    tcp->peer_window = window;
}

static void receive_ack(struct tcp *tcp, nsec now, const struct packet *packet) {
    bool is_new = packet->ack > tcp->una && packet->ack <= tcp->next;
    if (is_new || packet->ack == tcp->una)
        note_window(tcp, packet->window);
    bool is_duplicate = packet->flags & PACKET_DUPLICATE && packet->ack >= tcp->una;
    if (is_duplicate)
        reno_duplicate_ack(&tcp->reno); /* Shadow: also when it acks something new */
    if (is_new)
        accept_ack(tcp, now, packet);
    else if (is_duplicate && tcp->duplicates < UINT16_MAX)
        tcp->duplicates++;
    note_sacks(tcp, packet);
    consider_fast_resend(tcp);
}

/* --- data -------------------------------------------------------------------------------------------------------- */

struct arrival {
    uint32_t in_order; /* segments */
    uint32_t early;
    bool known; /* all of it came before */
};

/* What was early and is next now. */
static void join_early(struct tcp *tcp) {
    if (tcp->early.count == 0 || tcp->early.items[0].first > tcp->expected)
        return;
    if (tcp->early.items[0].end > tcp->expected) {
        tcp->expected = tcp->early.items[0].end;
        tcp->received = tcp->early.items[0].end_offset;
    }
    segment_ranges_forget(&tcp->early, tcp->interface->net->config.memory, tcp->expected);
}

static void keep_early(struct tcp *tcp, const struct packet *packet, uint32_t n) {
    struct segment_range range = {
        .first = packet->segment,
        .end = packet->segment + n,
        .first_offset = packet->offset,
        .end_offset = packet->offset + packet_payload(packet, n),
    };
    if (range.end_offset - tcp->read > tcp_receive_buffer(tcp))
        return; /* no room: it will come again */
    if (segment_ranges_add(&tcp->early, tcp->interface->net->config.memory, &range) != ERR_OK)
        return; /* nor here */
}

static struct arrival receive_data(struct tcp *tcp, const struct packet *packet) {
    uint32_t limit = tcp->expected + tcp_window(tcp);
    uint32_t end = packet->segment + packet->count;
    if (end <= tcp->expected)
        return (struct arrival){.known = true};
    if (packet->segment >= limit)
        return (struct arrival){.known = true};
    uint32_t n = end < limit ? packet->count : limit - packet->segment;
    if (packet->segment > tcp->expected) {
        keep_early(tcp, packet, n);
        return (struct arrival){.early = n};
    }
    struct arrival arrival = {.in_order = packet->segment + n - tcp->expected};
    tcp->expected = packet->segment + n;
    tcp->received = packet->offset + packet_payload(packet, n);
    if (!tcp->echo_kept) {
        tcp->echo = packet->sent_at;
        tcp->echo_kept = true;
    }
    join_early(tcp);
    return arrival;
}

static void receive_fin(struct tcp *tcp, nsec now, const struct packet *packet) {
    if (packet->segment == tcp->expected && !tcp->fin_came) {
        tcp->fin_came = true;
        tcp->expected++;
    }
    tcp->ack_owed = true;
    tcp_send_ack(tcp, now, 0);
}

static void answer(struct tcp *tcp, nsec now, const struct arrival *arrival) {
    if (arrival->early)
        tcp_send_ack(tcp, now, arrival->early);
    else if (arrival->known)
        tcp_send_ack(tcp, now, 0);
    else
        tcp_owe_ack(tcp, now);
}

/* --- what the user hears ----------------------------------------------------------------------------------------- */

static bool has_message(const struct tcp *tcp, uint64_t before) {
    const struct tcp_message *first = tcp->arrived.first;
    return tcp->received > before && first && first->end <= tcp->received;
}

static void tell_user(struct tcp *tcp, nsec now, uint64_t received_before) {
    const struct net_calls *calls = tcp->interface->net->config.calls;
    struct host *host = tcp->interface->host;
    bool whole = has_message(tcp, received_before);
    if (tcp->user_gone || !tcp->arrived.first || tcp->arrived.first->end > tcp->received)
        tcp->read = tcp->received; /* nothing whole: no room is taken by parts */
    if (!tcp->is_unlimited)
        tcp_consider_update(tcp, now);
    if (whole && !tcp->user_gone)
        calls->readable(host, now, tcp);
    if (!tcp->user_gone && tcp->wants_write && tcp_room(tcp) > 0) {
        tcp->wants_write = false;
        calls->writable(host, now, tcp);
    }
    tcp_tell_window(tcp, now);
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

static void refuse(struct interface *interface, nsec now, const struct packet *packet) {
    if (packet->flags & PACKET_RST)
        return;
    struct packet *reset = packet_new(interface, packet->to, packet->from, PACKET_RST);
    if (reset)
        interface_send(interface, now, reset);
}

static bool same_name(struct tcp_name a, struct tcp_name b) {
    return a.host == b.host && a.slot == b.slot && a.generation == b.generation;
}

/* A SYN that was sent again: its answer was lost. */
static struct tcp *find_half_open(const struct interface *interface, const struct packet *packet) {
    for (uint32_t slot = 0; slot < interface->slot_count; slot++) {
        struct tcp *tcp = interface->slots[slot].tcp;
        if (tcp && tcp->phase != TCP_DEAD && same_name(tcp->peer, packet->from))
            return tcp;
    }
    return NULL;
}

static void receive_syn(struct interface *interface, nsec now, const struct packet *packet) {
    if (packet->flags & PACKET_AGAIN) {
        struct tcp *known = find_half_open(interface, packet);
        if (known && known->phase == TCP_SYN_RECEIVED)
            tcp_send_syn(known, now);
        if (known)
            return;
    }
    struct tcp *tcp = tcp_new(interface, packet->from, TCP_SYN_RECEIVED);
    if (!tcp)
        return;
    tcp->port = packet->port;
    tcp->echo = packet->sent_at;
    tcp_send_syn(tcp, now);
}

/* The first ack of our SYN. */
static void establish(struct tcp *tcp, nsec now, const struct packet *packet) {
    tcp->phase = TCP_ESTABLISHED;
    tcp->peer_window = packet->window;
    tcp->timer_wanted = 0;
    tcp->timeouts = 0;
    if (packet->echo)
        round_trip_sample(&tcp->round_trip, now - packet->echo);
}

static void receive_while_opening(struct tcp *tcp, nsec now, const struct packet *packet) {
    const struct net_calls *calls = tcp->interface->net->config.calls;
    struct host *host = tcp->interface->host;
    if (!(packet->flags & PACKET_ACK))
        return;
    if (tcp->phase == TCP_SYN_SENT) {
        if (!(packet->flags & PACKET_SYN))
            return;
        tcp->peer = packet->from;
        tcp->echo = packet->sent_at;
        establish(tcp, now, packet);
        calls->connected(host, now, tcp);
        return;
    }
    establish(tcp, now, packet);
    if (calls->accept(host, now, tcp, tcp->port))
        tcp->told = true;
    else if (tcp->phase == TCP_ESTABLISHED && !tcp->user_gone)
        tcp_abort(tcp, now);
}

static void receive_reset(struct tcp *tcp, nsec now) {
    enum tcp_end end = tcp->phase == TCP_SYN_SENT ? TCP_END_REFUSED : TCP_END_RESET;
    tcp_finish(tcp, now, end);
}

/* --- everything -------------------------------------------------------------------------------------------------- */

static void receive_established(struct tcp *tcp, nsec now, const struct packet *packet) {
    uint64_t before = tcp->received;
    struct arrival arrival = {0};
    if (packet->last_size)
        arrival = receive_data(tcp, packet);
    receive_ack(tcp, now, packet);
    for (uint32_t i = 1; packet->flags & PACKET_DUPLICATE && i < packet->count; i++) {
        tcp_output(tcp, now); /* each answer of a train by itself */
        receive_ack(tcp, now, packet);
    }
    if (packet->last_size)
        answer(tcp, now, &arrival);
    if (packet->flags & PACKET_FIN)
        receive_fin(tcp, now, packet);
    tcp_output(tcp, now);
    tell_user(tcp, now, before);
}

void tcp_receive(struct interface *interface, nsec now, const struct packet *packet) {
    if (packet->flags & PACKET_SYN && !(packet->flags & PACKET_ACK)) {
        receive_syn(interface, now, packet);
        return;
    }
    struct tcp *tcp = interface_find(interface, packet->to);
    if (!tcp) {
        refuse(interface, now, packet);
        return;
    }
    tcp->pending++; /* stays while it is used here */
    if (packet->flags & PACKET_RST)
        receive_reset(tcp, now);
    else if (tcp->phase != TCP_ESTABLISHED)
        receive_while_opening(tcp, now, packet);
    if (tcp->phase == TCP_ESTABLISHED && !(packet->flags & PACKET_SYN))
        receive_established(tcp, now, packet);
    else if (tcp->phase == TCP_ESTABLISHED)
        tcp_send_ack(tcp, now, 0); /* of their SYN, perhaps again */
    tcp_settle(tcp, now);
    tcp_unpin(tcp);
}
