#include "base/check.h"
#include "des/net.h"
#include "des/net_state.h"

size_t net_object_size(void) {
    return sizeof(struct packet);
}

struct net *net_new(const struct net_config *config) {
    CHECK(config->hosts > 0);
    CHECK(config->cwnd_first > 0);
    struct net *net = memory_allocate(config->memory, sizeof(*net));
    if (!net)
        return NULL;
    net->config = *config;
    if (config->train_max == 0 || config->train_max > PACKET_SEGMENTS_MAX)
        net->config.train_max = PACKET_SEGMENTS_MAX;
    net->interfaces = memory_allocate(config->memory, config->hosts * sizeof(*net->interfaces));
    if (!net->interfaces) {
        memory_release(config->memory, net, sizeof(*net));
        return NULL;
    }
    net->arrive = engine_add_kind(config->engine, interface_arrive);
    net->up = engine_add_kind(config->engine, interface_go_on_sending);
    net->down = engine_add_kind(config->engine, interface_go_on_receiving);
    net->timer = engine_add_kind(config->engine, tcp_timer_event);
    net->ack = engine_add_kind(config->engine, tcp_ack_event);
    for (host_id id = 0; id < config->hosts; id++) {
        struct host *host = engine_host(config->engine, id);
        net->interfaces[id] = (struct interface){.net = net, .host = host};
        host_set_network(host, &net->interfaces[id]);
        net_set_rates(net, id, RATE_UNLIMITED, RATE_UNLIMITED);
    }
    return net;
}

/* Connections at the end of everything: nothing points to them any more. */
static void interface_fini(struct interface *interface) {
    const struct memory *memory = interface->net->config.memory;
    struct packet_queue *queues[] = {&interface->control, &interface->data, &interface->arrived};
    for (unsigned i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
        for (struct packet *packet = queues[i]->first, *next; packet; packet = next) {
            next = packet->next;
            packet_discard(interface, packet);
        }
    for (uint32_t slot = 0; slot < interface->slot_count; slot++) {
        struct tcp *tcp = interface->slots[slot].tcp;
        if (!tcp)
            continue;
        tcp->pending++;
        tcp_die(tcp);
        tcp->pending = 1; /* the events that point here will not come */
        tcp_unpin(tcp);
    }
    memory_release(memory, interface->slots, interface->slot_room * sizeof(*interface->slots));
}

/* A packet on its way: the engine frees it, but not its messages. */
static void discard_in_flight(struct host *host, event_kind kind, void *object) {
    struct interface *interface = interface_of(host);
    struct packet *packet = object;
    if (!interface || kind != interface->net->arrive)
        return;
    struct message_queue messages = {packet->first, packet->last};
    messages_discard(interface, &messages);
}

void net_free(struct net *net) {
    if (!net)
        return;
    engine_visit(net->config.engine, discard_in_flight);
    for (host_id id = 0; id < net->config.hosts; id++)
        interface_fini(&net->interfaces[id]);
    const struct memory *memory = net->config.memory;
    memory_release(memory, net->interfaces, net->config.hosts * sizeof(*net->interfaces));
    memory_release(memory, net, sizeof(*net));
}

void net_set_rates(struct net *net, host_id host, uint64_t up, uint64_t down) {
    CHECK(host < net->config.hosts);
    struct interface *interface = &net->interfaces[host];
    interface->up_rate = up;
    interface->down_rate = down;
    rate_bucket_init(&interface->up, up);
    rate_bucket_init(&interface->down, down);
    interface->is_shared = false;
}

void net_set_rate_both_ways(struct net *net, host_id host, uint64_t rate) {
    net_set_rates(net, host, rate, rate);
    net->interfaces[host].is_shared = rate != RATE_UNLIMITED;
}

const struct net_counters *net_counters(const struct net *net, host_id host) {
    CHECK(host < net->config.hosts);
    return &net->interfaces[host].counters;
}

uint32_t net_connections(const struct net *net, host_id host) {
    CHECK(host < net->config.hosts);
    return net->interfaces[host].connections;
}

struct packet *packet_new(struct interface *interface, struct tcp_name from, struct tcp_name to,
                          uint8_t flags) {
    struct packet *packet = host_take(interface->host);
    if (packet)
        *packet = (struct packet){.from = from, .to = to, .flags = flags, .count = 1};
    return packet;
}

void messages_discard(struct interface *interface, struct message_queue *queue) {
    for (struct tcp_message *message = queue->first, *next; message; message = next) {
        next = message->next;
        interface->net->config.calls->discard(interface->host, message);
    }
    *queue = (struct message_queue){0};
}

void packet_discard(struct interface *interface, struct packet *packet) {
    struct message_queue messages = {packet->first, packet->last};
    messages_discard(interface, &messages);
    host_put(interface->host, packet);
}

struct tcp *interface_find(const struct interface *interface, struct tcp_name name) {
    if (name.slot >= interface->slot_count)
        return NULL;
    const struct tcp_slot *slot = &interface->slots[name.slot];
    return slot->generation == name.generation ? slot->tcp : NULL;
}
