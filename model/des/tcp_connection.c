#include "base/check.h"
#include "des/net_state.h"
#include "des/tcp.h"

/* --- the table of a host's connections --------------------------------------------------------------------------- */

static bool slots_grow(struct interface *interface) {
    const struct memory *memory = interface->net->config.memory;
    uint32_t room = interface->slot_room ? 2 * interface->slot_room : 4;
    struct tcp_slot *slots =
        room <= NET_CONNECTIONS_MAX ? memory_allocate(memory, room * sizeof(*slots)) : NULL;
    if (!slots)
        return false;
    for (uint32_t i = 0; i < interface->slot_count; i++)
        slots[i] = interface->slots[i];
    memory_release(memory, interface->slots, interface->slot_room * sizeof(*slots));
    interface->slots = slots;
    interface->slot_room = room;
    return true;
}

static bool slot_take(struct interface *interface, struct tcp *tcp) {
    uint32_t slot = interface->slot_free - 1;
    if (interface->slot_free) {
        interface->slot_free = interface->slots[slot].next_free;
    } else {
        if (interface->slot_count == interface->slot_room && !slots_grow(interface))
            return false;
        slot = interface->slot_count++;
        interface->slots[slot].generation = 1;
    }
    interface->slots[slot].tcp = tcp;
    tcp->own = (struct tcp_name){
        .host = host_number(interface->host), .slot = slot, .generation = interface->slots[slot].generation};
    interface->connections++;
    return true;
}

static void slot_give(struct interface *interface, uint32_t slot) {
    interface->slots[slot].tcp = NULL;
    interface->slots[slot].next_free = interface->slot_free;
    interface->slot_free = slot + 1;
    interface->connections--;
}

/* --- beginning and end -------------------------------------------------------------------------------------------- */

struct tcp *tcp_new(struct interface *interface, struct tcp_name peer, enum tcp_phase phase) {
    const struct net_config *config = &interface->net->config;
    struct tcp *tcp = memory_allocate(config->memory, sizeof(*tcp));
    if (!tcp || !slot_take(interface, tcp)) {
        memory_release(config->memory, tcp, sizeof(*tcp));
        host_fail(interface->host);
        return NULL;
    }
    struct net_path path = config->path(config->context, tcp->own.host, peer.host);
    CHECK(path.latency > 0 && path.latency <= UINT32_MAX);
    tcp->interface = interface;
    tcp->peer = peer;
    tcp->phase = (uint8_t)phase;
    tcp->latency_ns = (uint32_t)path.latency;
    tcp->loss = path.loss;
    tcp->next = tcp->una = tcp->expected = 1;
    tcp->departed = 1;
    tcp->peer_window = 1;
    sent_runs_init(&tcp->runs, 1);
    reno_init(&tcp->reno, config->cwnd_first);
    round_trip_init(&tcp->round_trip);
    tcp_tune_first(tcp);
    tcp->window_sent = tcp_window(tcp);
    return tcp;
}

struct tcp *tcp_open(struct host *host, nsec now, host_id to, uint16_t port, void *user) {
    CHECK(to != host_number(host));
    struct tcp *tcp = tcp_new(interface_of(host), (struct tcp_name){.host = to}, TCP_SYN_SENT);
    if (!tcp)
        return NULL;
    tcp->user = user;
    tcp->port = port;
    tcp->told = true;
    tcp_send_syn(tcp, now);
    return tcp;
}

void tcp_unpin(struct tcp *tcp) {
    CHECK(tcp->pending > 0);
    if (--tcp->pending > 0 || tcp->phase != TCP_DEAD)
        return;
    slot_give(tcp->interface, tcp->own.slot);
    memory_release(tcp->interface->net->config.memory, tcp, sizeof(*tcp));
}

void tcp_die(struct tcp *tcp) {
    const struct memory *memory = tcp->interface->net->config.memory;
    if (tcp->phase == TCP_DEAD)
        return;
    tcp->phase = TCP_DEAD;
    tcp->interface->slots[tcp->own.slot].generation++;
    messages_discard(tcp->interface, &tcp->unsent);
    messages_discard(tcp->interface, &tcp->astray);
    messages_discard(tcp->interface, &tcp->arrived);
    sent_runs_fini(&tcp->runs, memory);
    segment_ranges_fini(&tcp->sacked, memory);
    segment_ranges_fini(&tcp->early, memory);
    tcp->pending++;
    tcp_unpin(tcp); /* frees it, and its slot, when nothing points here */
}

void tcp_finish(struct tcp *tcp, nsec now, enum tcp_end end) {
    struct interface *interface = tcp->interface;
    bool tell = tcp->told && !tcp->user_gone;
    tcp->user_gone = true;
    if (tell)
        interface->net->config.calls->closed(interface->host, now, tcp, end);
    tcp_die(tcp);
}

/* What both sides have said is heard by both: there is nothing left to do. */
static bool is_over(const struct tcp *tcp) {
    return tcp->fin_sent && tcp->una == tcp->next && tcp->fin_came;
}

void tcp_bury(struct tcp *tcp) {
    if (tcp->phase == TCP_ESTABLISHED && is_over(tcp) && !tcp->ack_owed)
        tcp_die(tcp);
}

void tcp_settle(struct tcp *tcp, nsec now) {
    if (tcp->phase != TCP_ESTABLISHED)
        return;
    if (tcp->fin_came && !tcp->user_gone && !tcp->arrived.first) {
        tcp->user_gone = true;
        tcp->closing = true;
        tcp->interface->net->config.calls->closed(tcp->interface->host, now, tcp, TCP_END_OF_STREAM);
        tcp_output(tcp, now);
    }
    tcp_bury(tcp);
}

static void tcp_leave(struct tcp *tcp) {
    CHECK(!tcp->user_gone);
    CHECK(tcp->phase != TCP_DEAD);
    tcp->user_gone = true;
}

void tcp_close(struct tcp *tcp, nsec now) {
    if (tcp->phase != TCP_ESTABLISHED) {
        tcp_abort(tcp, now);
        return;
    }
    tcp_leave(tcp);
    tcp->closing = true;
    messages_discard(tcp->interface, &tcp->arrived);
    tcp->read = tcp->received;
    tcp->pending++; /* stays while it is used here */
    tcp_output(tcp, now);
    tcp_settle(tcp, now);
    tcp_unpin(tcp);
}

void tcp_abort(struct tcp *tcp, nsec now) {
    tcp_leave(tcp);
    struct interface *interface = tcp->interface;
    struct packet *reset =
        tcp->phase == TCP_SYN_SENT ? NULL : packet_new(interface, tcp->own, tcp->peer, PACKET_RST);
    tcp_die(tcp);
    if (reset)
        interface_send(interface, now, reset);
}

/* --- what the user asks ------------------------------------------------------------------------------------------- */

void tcp_set_user(struct tcp *tcp, void *user) {
    tcp->user = user;
}

void *tcp_user(const struct tcp *tcp) {
    return tcp->user;
}

host_id tcp_peer(const struct tcp *tcp) {
    return tcp->peer.host;
}

uint64_t tcp_outstanding(const struct tcp *tcp) {
    return tcp->written - tcp->acked;
}

uint64_t tcp_unread(const struct tcp *tcp) {
    return tcp->received - tcp->read;
}

uint64_t tcp_room(const struct tcp *tcp) {
    if (tcp->phase != TCP_ESTABLISHED || tcp_outstanding(tcp) >= tcp->send_buffer)
        return 0;
    return tcp->send_buffer - tcp_outstanding(tcp);
}

void tcp_want_write(struct tcp *tcp) {
    tcp->wants_write = true;
}

void tcp_want_window(struct tcp *tcp, uint32_t bytes) {
    tcp->wants_window = bytes;
}

static bool has_window(const struct tcp *tcp, uint64_t bytes) {
    uint64_t window = (uint64_t)tcp->reno.cwnd * TCP_MSS;
    return (uint64_t)(tcp->next - tcp->una) * TCP_MSS + bytes <= window ||
           tcp->written - tcp->sent + bytes <= window;
}

void tcp_tell_window(struct tcp *tcp, nsec now) {
    if (tcp->wants_window == 0 || tcp->user_gone || !has_window(tcp, tcp->wants_window))
        return;
    tcp->wants_window = 0;
    tcp->interface->net->config.calls->writable(tcp->interface->host, now, tcp);
}

void tcp_write(struct tcp *tcp, struct tcp_message *message) {
    CHECK(tcp->phase == TCP_ESTABLISHED);
    CHECK(!tcp->user_gone);
    CHECK(message->length > 0);
    tcp->written += message->length;
    message->end = tcp->written;
    message->next = NULL;
    message_append(&tcp->unsent, message, message);
}

void tcp_flush(struct tcp *tcp, nsec now) {
    tcp_output(tcp, now);
}

struct tcp_message *tcp_read(struct tcp *tcp, nsec now) {
    CHECK(!tcp->user_gone);
    struct tcp_message *message = tcp->arrived.first;
    if (message && message->end <= tcp->received) {
        tcp->arrived.first = message->next;
        if (!message->next)
            tcp->arrived.last = NULL;
        message->next = NULL;
        tcp->read = message->end > tcp->read ? message->end : tcp->read;
    } else {
        message = NULL;
        tcp->read = tcp->received; /* a part of a message: the user has it in its own buffer */
    }
    tcp_consider_update(tcp, now);
    if (tcp->fin_came && !tcp->arrived.first)
        tcp_schedule_ack(tcp, now); /* the user hears of the end in an event of its own */
    return message;
}

struct tcp_state tcp_state(const struct tcp *tcp) {
    return (struct tcp_state){
        .cwnd = tcp->reno.cwnd,
        .unacked = tcp->next - tcp->una,
        .mss = TCP_MSS,
        .notsent = (uint32_t)(tcp->written - tcp->sent),
    };
}

nsec tcp_round_trip(const struct tcp *tcp) {
    return round_trip_smoothed(&tcp->round_trip);
}

size_t tcp_size(void) {
    return sizeof(struct tcp);
}
