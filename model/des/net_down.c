#include "base/check.h"
#include "des/net_state.h"

/* Give the messages of a packet to their connection: they wait there for their bytes. */
static void hand_messages(struct interface *interface, struct packet *packet) {
    if (!packet->first)
        return;
    struct message_queue messages = {packet->first, packet->last};
    struct tcp *tcp = interface_find(interface, packet->to);
    packet->first = packet->last = NULL;
    if (tcp && !tcp->user_gone)
        message_append(&tcp->arrived, messages.first, messages.last);
    else
        messages_discard(interface, &messages);
}

static void take_first(struct interface *interface) {
    struct packet *packet = interface->arrived.first;
    interface->arrived.first = packet->next;
    if (!packet->next)
        interface->arrived.last = NULL;
    host_put(interface->host, packet);
}

/* Hand the first n segments of the first packet to TCP. */
static void deliver(struct interface *interface, nsec now, uint32_t n) {
    struct packet *packet = interface->arrived.first;
    if (n == 0)
        return;
    interface->counters.segments_received += n;
    interface->counters.bytes_received += packet_bytes(packet, n);
    interface->counters.waited_down += n * (now - packet->queued_at);
    hand_messages(interface, packet);
    struct packet front = *packet;
    if (n == packet->count) {
        take_first(interface);
    } else {
        packet_truncate(&front, n);
        packet_advance(packet, n);
    }
    tcp_receive(interface, now, &front);
}

/* Lose the first segment of the first packet. */
static void drop(struct interface *interface) {
    struct packet *packet = interface->arrived.first;
    interface->counters.segments_dropped++;
    hand_messages(interface, packet);
    if (packet->count == 1)
        take_first(interface);
    else
        packet_advance(packet, 1);
}

/* Take segment n of the packet from the queue, counted from 0: false when CoDel drops it. */
static bool judge(struct interface *interface, nsec now, const struct packet *packet, uint64_t size) {
    interface->arrived_bytes -= size;
    return codel_keeps(&interface->codel, now, now - packet->queued_at, interface->arrived_bytes);
}

static struct rate_bucket *bucket_of(struct interface *interface) {
    return interface->is_shared ? &interface->up : &interface->down;
}

static void wait_for_tokens(struct interface *interface, nsec now, uint64_t size) {
    interface->down_held = true;
    if (interface->is_shared)
        return; /* interface_share waits for both */
    interface->down_waits = true;
    nsec ready = rate_bucket_ready_at(&interface->down, now, size);
    host_at(interface->host, ready, interface->net->down, 0, NULL);
}

/* Receive up to n segments of the first packet, until tokens are used up (false). */
static bool receive_packet(struct interface *interface, nsec now, uint32_t n) {
    struct packet *packet = interface->arrived.first;
    bool limited = now >= interface->net->config.bootstrap_end;
    uint32_t kept = 0;
    while (kept < packet->count && kept < n) {
        uint64_t size = packet_bytes(packet, kept + 1) - packet_bytes(packet, kept);
        if (!interface->down_held && !judge(interface, now, packet, size)) {
            bool last = packet->count == kept + 1;
            deliver(interface, now, kept); /* a packet of which the rest stays behind */
            drop(interface);
            if (last)
                return true;
            kept = 0;
            continue;
        }
        if (limited && rate_bucket_available(bucket_of(interface), now) < size) {
            deliver(interface, now, kept);
            wait_for_tokens(interface, now, size);
            return false;
        }
        if (limited)
            rate_bucket_take(bucket_of(interface), size);
        interface->down_held = false;
        kept++;
    }
    deliver(interface, now, kept);
    return true;
}

enum interface_step interface_receive_one(struct interface *interface, nsec now) {
    if (!interface->arrived.first) {
        codel_ran_empty(&interface->codel);
        return INTERFACE_NOTHING;
    }
    return receive_packet(interface, now, 1) ? INTERFACE_PASSED : INTERFACE_WAITS;
}

static void receive_allowed(struct interface *interface, nsec now) {
    while (interface->arrived.first)
        if (!receive_packet(interface, now, PACKET_SEGMENTS_MAX))
            return;
    codel_ran_empty(&interface->codel);
}

void interface_arrive(struct host *host, nsec now, uint32_t arg, void *object) {
    CHECK(arg == 0);
    struct interface *interface = interface_of(host);
    struct packet *packet = object;
    packet->queued_at = now;
    packet->next = NULL;
    if (interface->arrived.last)
        interface->arrived.last->next = packet;
    else
        interface->arrived.first = packet;
    interface->arrived.last = packet;
    interface->arrived_bytes += packet_bytes(packet, packet->count);
    if (interface->is_shared)
        interface_share(interface, now);
    else if (!interface->down_waits)
        receive_allowed(interface, now);
}

void interface_go_on_receiving(struct host *host, nsec now, uint32_t arg, void *object) {
    CHECK(arg == 0 && object == NULL);
    struct interface *interface = interface_of(host);
    interface->down_waits = false;
    receive_allowed(interface, now);
}
