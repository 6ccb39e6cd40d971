#include "base/check.h"
#include "des/net_state.h"

#define ACK_DELAY_EARLY (1 * NSEC_PER_MS) /* Shadow: so that slow start is not held up */
#define ACK_DELAY       (5 * NSEC_PER_MS)
#define ACKS_EARLY      1000u
#define TIMEOUTS_MAX    15u /* Linux: tcp_retries2 */
#define SYNS_MAX        6u  /* Linux: tcp_syn_retries */
#define OF_WINDOW       1u  /* an event of an ack that only tells the window */

/* --- what leaves ------------------------------------------------------------------------------------------------- */

static struct packet *tcp_packet(struct tcp *tcp, uint8_t flags) {
    struct packet *packet = packet_new(tcp->interface, tcp->own, tcp->peer, flags);
    if (packet)
        packet->tcp = tcp;
    return packet;
}

static void tcp_send(struct tcp *tcp, nsec now, struct packet *packet) {
    tcp->pending++; /* until it leaves the interface */
    interface_send(tcp->interface, now, packet);
}

static void fill_sacks(const struct tcp *tcp, struct packet *packet) {
    uint32_t n = tcp->early.count < PACKET_SACKS ? tcp->early.count : PACKET_SACKS;
    for (uint32_t i = 0; i < n; i++)
        packet->sacks[i] = (struct packet_sack){tcp->early.items[i].first, tcp->early.items[i].end};
    packet->sack_count = (uint8_t)n;
}

void tcp_stamp(struct tcp *tcp, nsec now, struct packet *packet) {
    packet->ack = tcp->expected;
    packet->window = tcp->window_sent = tcp_window(tcp);
    packet->sent_at = now;
    if (packet->flags & PACKET_ACK) {
        packet->echo = tcp->echo;
        tcp->echo_kept = false;
        tcp->ack_owed = false;
        fill_sacks(tcp, packet);
    }
    if (packet->last_size == 0 && !(packet->flags & (PACKET_SYN | PACKET_FIN)))
        return;
    if (!(packet->flags & PACKET_SYN) && packet->segment + packet->count > tcp->departed)
        tcp->departed = packet->segment + packet->count;
    if (tcp->timer_wanted == 0)
        tcp_set_timer(tcp, now);
}

void tcp_send_syn(struct tcp *tcp, nsec now) {
    uint8_t again = tcp->timeouts ? PACKET_AGAIN : 0;
    uint8_t flags = tcp->phase == TCP_SYN_SENT ? PACKET_SYN | again : PACKET_SYN | PACKET_ACK;
    struct packet *packet = tcp_packet(tcp, flags);
    if (!packet)
        return;
    packet->port = tcp->port;
    tcp_send(tcp, now, packet);
}

/* Answers that wait behind each other at the interface are one train. */
void tcp_send_ack(struct tcp *tcp, nsec now, uint32_t duplicates) {
    CHECK(duplicates <= PACKET_SEGMENTS_MAX);
    struct packet *last = tcp->interface->control.last;
    if (duplicates && last && last->tcp == tcp && last->flags & PACKET_DUPLICATE &&
        last->count + duplicates <= PACKET_SEGMENTS_MAX) {
        last->count = (uint16_t)(last->count + duplicates);
        return;
    }
    struct packet *packet = tcp_packet(tcp, duplicates ? PACKET_ACK | PACKET_DUPLICATE : PACKET_ACK);
    if (!packet)
        return;
    packet->count = (uint16_t)(duplicates ? duplicates : 1);
    tcp_send(tcp, now, packet);
}

static void send_fin(struct tcp *tcp, nsec now, uint32_t segment) {
    struct packet *packet = tcp_packet(tcp, PACKET_FIN | PACKET_ACK);
    if (!packet)
        return;
    packet->segment = segment;
    packet->offset = tcp->written;
    tcp_send(tcp, now, packet);
}

static bool is_fin(const struct tcp *tcp, uint32_t segment) {
    return tcp->fin_sent && segment + 1 == tcp->next;
}

/* --- segments again ---------------------------------------------------------------------------------------------- */

static void resend(struct tcp *tcp, nsec now, uint32_t segment) {
    tcp->interface->counters.segments_resent++;
    tcp_set_timer(tcp, now);
    if (is_fin(tcp, segment)) {
        send_fin(tcp, now, segment);
        return;
    }
    struct packet *packet = tcp_packet(tcp, PACKET_ACK);
    if (!packet)
        return;
    struct sent_segment found = sent_runs_find(&tcp->runs, segment);
    packet->segment = segment;
    packet->offset = found.offset;
    packet->last_size = (uint16_t)found.size;
    tcp_send(tcp, now, packet);
}

/* First segment that may not be sent yet. */
static uint32_t window_end(const struct tcp *tcp) {
    return tcp->una + (tcp->reno.cwnd < tcp->peer_window ? tcp->reno.cwnd : tcp->peer_window);
}

static void resend_due(struct tcp *tcp, nsec now) {
    if (tcp->fast_resend) {
        tcp->fast_resend = false;
        tcp->fast_resent = tcp->una;
        resend(tcp, now, tcp->una);
    }
    if (tcp->resend_next < tcp->una)
        tcp->resend_next = tcp->una;
    while (tcp->resend_next < tcp->resend_end) {
        uint32_t segment = segment_ranges_skip(&tcp->sacked, tcp->resend_next);
        if (segment >= tcp->resend_end || segment >= window_end(tcp))
            break;
        tcp->resend_next = segment + 1;
        resend(tcp, now, segment);
    }
}

/* --- new segments ------------------------------------------------------------------------------------------------ */

/* Messages whose last byte is sent now go with it. */
static void attach_messages(struct tcp *tcp, struct packet *packet) {
    struct tcp_message *last = NULL;
    for (struct tcp_message *m = tcp->unsent.first; m && m->end <= tcp->sent; m = m->next)
        last = m;
    if (!last)
        return;
    packet->first = tcp->unsent.first;
    packet->last = last;
    tcp->unsent.first = last->next;
    if (!last->next)
        tcp->unsent.last = NULL;
    last->next = NULL;
}

static void send_train(struct tcp *tcp, nsec now, uint32_t count, uint32_t last_size) {
    struct packet *packet = tcp_packet(tcp, PACKET_ACK);
    if (!packet)
        return;
    packet->segment = tcp->next;
    packet->offset = tcp->sent;
    packet->count = (uint16_t)count;
    packet->last_size = (uint16_t)last_size;
    if (sent_runs_add(&tcp->runs, tcp->interface->net->config.memory, count, tcp->sent, last_size) !=
        ERR_OK) {
        packet_discard(tcp->interface, packet);
        host_fail(tcp->interface->host);
        return;
    }
    tcp->sent += packet_payload(packet, count);
    tcp->next += count;
    attach_messages(tcp, packet);
    tcp_send(tcp, now, packet);
}

/* Send up to max segments of what was written; false when there is nothing. */
static bool send_new(struct tcp *tcp, nsec now, uint32_t max) {
    uint64_t unsent = tcp->written - tcp->sent;
    if (unsent == 0 || max == 0)
        return false;
    uint64_t segments = (unsent + TCP_MSS - 1) / TCP_MSS;
    uint32_t train_max = tcp->interface->net->config.train_max;
    uint32_t count = max < train_max ? max : train_max;
    uint32_t last_size = TCP_MSS;
    if (segments <= count) {
        count = (uint32_t)segments;
        last_size = (uint32_t)(unsent - (segments - 1) * TCP_MSS);
    }
    uint32_t before = tcp->next;
    send_train(tcp, now, count, last_size);
    return tcp->next != before;
}

void tcp_output(struct tcp *tcp, nsec now) {
    if (tcp->phase != TCP_ESTABLISHED)
        return;
    resend_due(tcp, now);
    while (tcp->next < window_end(tcp) && send_new(tcp, now, window_end(tcp) - tcp->next)) {
    }
    if (tcp->closing && !tcp->fin_sent && tcp->written == tcp->sent) {
        tcp->fin_sent = true;
        send_fin(tcp, now, tcp->next++);
    }
    /* A closed window with nothing on the way: the timer will probe it. */
    if (tcp->una == tcp->next && tcp->written > tcp->sent && tcp->timer_wanted == 0)
        tcp_set_timer(tcp, now);
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

/* One event at a time: when it comes too early it goes on to the time that is wanted by then. */
static void schedule_timer(struct tcp *tcp) {
    if (tcp->timer_set != 0 && tcp->timer_set <= tcp->timer_wanted)
        return;
    tcp->timer_set = tcp->timer_wanted;
    tcp->pending++;
    host_at(tcp->interface->host, tcp->timer_wanted, tcp->interface->net->timer, 0, tcp);
}

void tcp_set_timer(struct tcp *tcp, nsec now) {
    tcp->timer_wanted = now + round_trip_rto(&tcp->round_trip);
    schedule_timer(tcp);
}

/* One segment into a closed window: its answer says how it is (RFC 9293, 3.8.6.1). */
static void probe(struct tcp *tcp, nsec now) {
    if (tcp->una == tcp->next)
        send_new(tcp, now, 1);
    else
        resend(tcp, now, tcp->una);
}

/* RFC 6298, 5.4 to 5.7: send all again that left and is not known to have come, as the window allows. */
static void resend_all(struct tcp *tcp, nsec now) {
    if (tcp->peer_window == 0) {
        probe(tcp, now);
        return;
    }
    reno_timeout(&tcp->reno);
    tcp->resend_next = tcp->una;
    tcp->resend_end = tcp->departed;
    tcp->fast_resent = 0;
    tcp->fast_resend = false;
    tcp_output(tcp, now);
}

static void time_out(struct tcp *tcp, nsec now) {
    tcp->timer_wanted = 0;
    bool opening = tcp->phase != TCP_ESTABLISHED;
    bool probes = tcp->una == tcp->next && tcp->written > tcp->sent;
    if (!opening && !probes && tcp->una >= tcp->departed)
        return; /* nothing that left is out */
    tcp->interface->counters.timeouts++;
    if (++tcp->timeouts > (opening ? SYNS_MAX : TIMEOUTS_MAX)) {
        tcp_finish(tcp, now, TCP_END_TIMEOUT);
        return;
    }
    round_trip_back_off(&tcp->round_trip);
    tcp_set_timer(tcp, now);
    if (opening)
        tcp_send_syn(tcp, now);
    else
        resend_all(tcp, now);
}

void tcp_timer_event(struct host *host, nsec now, uint32_t arg, void *object) {
    struct tcp *tcp = object;
    CHECK(arg == 0 && host == tcp->interface->host);
    if (tcp->phase != TCP_DEAD && tcp->timer_set == now) {
        tcp->timer_set = 0;
        if (tcp->timer_wanted > now)
            schedule_timer(tcp);
        else if (tcp->timer_wanted != 0)
            time_out(tcp, now);
        tcp_tell_window(tcp, now);
    }
    tcp_unpin(tcp);
}

void tcp_schedule_ack(struct tcp *tcp, nsec at) {
    if (tcp->ack_set)
        return;
    tcp->ack_set = true;
    tcp->pending++;
    host_at(tcp->interface->host, at, tcp->interface->net->ack, 0, tcp);
}

void tcp_owe_ack(struct tcp *tcp, nsec now) {
    tcp->ack_owed = true;
    if (tcp->ack_set)
        return;
    nsec delay = tcp->acks_sent < ACKS_EARLY ? ACK_DELAY_EARLY : ACK_DELAY;
    if (tcp->acks_sent < ACKS_EARLY)
        tcp->acks_sent++;
    tcp_schedule_ack(tcp, now + delay);
}

/* As Linux (RFC 9293, 3.8.6.2.2): half of the room again is worth an ack. */
static void consider_ack_of_much_room(struct tcp *tcp, nsec now) {
    uint32_t window = tcp_window(tcp);
    if (tcp->window_sent < window && tcp->window_sent <= window / 2)
        tcp_owe_ack(tcp, now);
}

void tcp_consider_update(struct tcp *tcp, nsec now) {
    if (tcp->is_unlimited) {
        consider_ack_of_much_room(tcp, now);
        return;
    }
    if (tcp->update_set || tcp_window(tcp) <= tcp->window_sent)
        return;
    tcp->update_set = true;
    tcp->pending++;
    /* Behind all that comes in this instant. */
    host_at(tcp->interface->host, now + 1, tcp->interface->net->ack, OF_WINDOW, tcp);
}

void tcp_ack_event(struct host *host, nsec now, uint32_t arg, void *object) {
    struct tcp *tcp = object;
    CHECK(arg <= OF_WINDOW && host == tcp->interface->host);
    bool is_due = tcp->ack_owed;
    if (arg == OF_WINDOW) {
        tcp->update_set = false;
        is_due = tcp_window(tcp) > tcp->window_sent;
    } else {
        tcp->ack_set = false;
    }
    if (tcp->phase != TCP_DEAD && is_due)
        tcp_send_ack(tcp, now, 0);
    tcp_settle(tcp, now);
    tcp_unpin(tcp);
}
