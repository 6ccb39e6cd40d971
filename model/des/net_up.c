#include "base/check.h"
#include "des/net_state.h"

static void queue_append(struct packet_queue *queue, struct packet *packet) {
    packet->next = NULL;
    if (queue->last)
        queue->last->next = packet;
    else
        queue->first = packet;
    queue->last = packet;
}

static void queue_take_first(struct packet_queue *queue) {
    queue->first = queue->first->next;
    if (!queue->first)
        queue->last = NULL;
}

/* How many of the packet's segments the bucket lets pass now. */
static uint32_t segments_allowed(struct interface *interface, nsec now, const struct packet *packet) {
    uint64_t tokens = rate_bucket_available(&interface->up, now);
    if (now < interface->net->config.bootstrap_end || packet_bytes(packet, packet->count) <= tokens)
        return packet->count;
    uint64_t full = packet->last_size ? RATE_MTU : PACKET_HEADERS;
    uint64_t allowed = tokens / full; /* the last one, perhaps shorter, does not fit */
    return allowed < packet->count ? (uint32_t)allowed : packet->count - 1u;
}

/* Segments that follow each other without a loss, from the first on. */
static uint32_t draw_survivors(struct interface *interface, const struct tcp *tcp, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (tcp->loss == NET_LOSS_ALWAYS || rng_u64(host_rng(interface->host)) >> 32 < tcp->loss)
            return i;
    return count;
}

static void cross(struct interface *interface, nsec now, nsec latency, struct packet *packet) {
    packet->tcp = NULL;
    host_send(interface->host, packet->to.host, now + latency, interface->net->arrive, 0, packet);
}

/* Send a packet over a path that loses some of its segments. Messages go with what survives first. */
static void cross_with_loss(struct interface *interface, nsec now, struct tcp *tcp, struct packet *packet) {
    for (;;) {
        uint32_t through = draw_survivors(interface, tcp, packet->count);
        if (through == packet->count) {
            cross(interface, now, path_latency(tcp), packet);
            return;
        }
        interface->counters.segments_lost++;
        if (through > 0) {
            struct packet *part = host_take(interface->host);
            if (!part)
                return;
            *part = *packet;
            packet_truncate(part, through);
            packet->first = packet->last = NULL;
            cross(interface, now, path_latency(tcp), part);
        }
        if (through + 1 == packet->count)
            break;
        packet_advance(packet, through + 1);
    }
    message_append(&tcp->astray, packet->first, packet->last);
    host_put(interface->host, packet);
}

/* A packet that belongs to no connection: it has no payload, so nothing is lost. */
static void depart_alone(struct interface *interface, nsec now, struct packet *packet) {
    const struct net_config *config = &interface->net->config;
    host_id from = host_number(interface->host);
    cross(interface, now, config->path(config->context, from, packet->to.host).latency, packet);
}

static void depart(struct interface *interface, nsec now, struct packet *packet) {
    struct tcp *tcp = packet->tcp;
    interface->counters.segments_sent += packet->count;
    interface->counters.bytes_sent += packet_bytes(packet, packet->count);
    if (!tcp) {
        depart_alone(interface, now, packet);
        return;
    }
    tcp_stamp(tcp, now, packet);
    if (packet->last_size && tcp->astray.first) {
        struct message_queue messages = tcp->astray; /* older than its own */
        tcp->astray = (struct message_queue){0};
        message_append(&messages, packet->first, packet->last);
        packet->first = messages.first;
        packet->last = messages.last;
    }
    if (tcp->loss && packet->last_size && now >= interface->net->config.bootstrap_end)
        cross_with_loss(interface, now, tcp, packet);
    else
        cross(interface, now, path_latency(tcp), packet);
    tcp_bury(tcp);
    tcp_unpin(tcp);
}

/* Cut off the first n segments, which may leave before the others. NULL without memory. */
static struct packet *split(struct interface *interface, struct packet *packet, uint32_t n) {
    struct packet *front = host_take(interface->host);
    if (!front)
        return NULL;
    *front = *packet;
    front->next = NULL;
    packet_truncate(front, n);
    packet->first = packet->last = NULL;
    packet_advance(packet, n);
    if (front->tcp)
        front->tcp->pending++;
    return front;
}

/* The connection died while its packet waited. */
static bool is_orphan(const struct packet *packet) {
    return packet->tcp && packet->tcp->phase == TCP_DEAD;
}

static void drop_orphan(struct interface *interface, struct packet *packet) {
    struct tcp *tcp = packet->tcp;
    packet_discard(interface, packet);
    tcp_unpin(tcp);
}

static void wait_for_tokens(struct interface *interface, nsec now, uint64_t bytes) {
    nsec ready = rate_bucket_ready_at(&interface->up, now, bytes);
    interface->up_waits = true;
    host_at(interface->host, ready, interface->net->up, 0, NULL);
}

/* What leaves next; acks first. NULL: nothing waits. */
static struct packet_queue *next_queue(struct interface *interface) {
    for (;;) {
        struct packet_queue *queue = interface->control.first ? &interface->control : &interface->data;
        struct packet *packet = queue->first;
        if (!packet)
            return NULL;
        if (!is_orphan(packet))
            return queue;
        queue_take_first(queue);
        drop_orphan(interface, packet);
    }
}

/* Send up to n segments of the first packet, if tokens are there for one. */
static enum interface_step send_some(struct interface *interface, nsec now, uint32_t n) {
    struct packet_queue *queue = next_queue(interface);
    if (!queue)
        return INTERFACE_NOTHING;
    struct packet *packet = queue->first;
    uint32_t allowed = segments_allowed(interface, now, packet);
    if (allowed == 0)
        return INTERFACE_WAITS;
    n = n < allowed ? n : allowed;
    if (now >= interface->net->config.bootstrap_end)
        rate_bucket_take(&interface->up, packet_bytes(packet, n));
    if (n == packet->count)
        queue_take_first(queue);
    else if (!(packet = split(interface, packet, n)))
        return INTERFACE_NOTHING; /* the run stops */
    depart(interface, now, packet);
    return INTERFACE_PASSED;
}

static void send_allowed(struct interface *interface, nsec now) {
    enum interface_step step;
    while ((step = send_some(interface, now, PACKET_SEGMENTS_MAX)) == INTERFACE_PASSED)
        ;
    if (step == INTERFACE_WAITS)
        wait_for_tokens(interface, now, packet_bytes(next_queue(interface)->first, 1));
}

static enum interface_step send_one(struct interface *interface, nsec now) {
    return send_some(interface, now, 1);
}

/* Pass a segment of the direction that is behind, or of the other when that has nothing. */
static enum interface_step pass_one(struct interface *interface, nsec now) {
    const bool is_sending = interface->ahead <= 0;
    const uint64_t tokens = rate_bucket_available(&interface->up, now);
    enum interface_step step = is_sending ? send_one(interface, now) : interface_receive_one(interface, now);
    if (step == INTERFACE_NOTHING) {
        interface->ahead = 0;
        return is_sending ? interface_receive_one(interface, now) : send_one(interface, now);
    }
    const int32_t used = (int32_t)(tokens - rate_bucket_available(&interface->up, now)); /* an MTU at most */
    interface->ahead += is_sending ? used : -used;
    return step;
}

void interface_share(struct interface *interface, nsec now) {
    if (interface->is_sharing || interface->up_waits)
        return;
    enum interface_step step;
    interface->is_sharing = true;
    while ((step = pass_one(interface, now)) == INTERFACE_PASSED)
        ;
    interface->is_sharing = false;
    if (step == INTERFACE_WAITS)
        wait_for_tokens(interface, now, RATE_MTU); /* for whichever is next */
}

void interface_send(struct interface *interface, nsec now, struct packet *packet) {
    bool is_control = packet->last_size == 0 && !(packet->flags & (PACKET_SYN | PACKET_FIN));
    queue_append(is_control ? &interface->control : &interface->data, packet);
    if (interface->is_shared)
        interface_share(interface, now);
    else if (!interface->up_waits)
        send_allowed(interface, now);
}

void interface_go_on_sending(struct host *host, nsec now, uint32_t arg, void *object) {
    CHECK(arg == 0 && object == NULL);
    struct interface *interface = interface_of(host);
    interface->up_waits = false;
    if (interface->is_shared)
        interface_share(interface, now);
    else
        send_allowed(interface, now);
}
