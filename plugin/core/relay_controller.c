#include "core/relay_controller.h"

#include "base/check.h"
#include "core/controller_state.h"

/* --- life ----------------------------------------------------------------------------------------------------------- */

uint16_t controller_managers(const struct controller *c) {
    return (uint16_t)(c->config->connection_threads + 1);
}

struct controller *controller_new(const struct relay_config *config, nsec now, station_id station,
                                  struct port *port, struct mailroom *room) {
    struct controller *c = memory_allocate(config->memory, sizeof *c);
    if (!c)
        return NULL;
    c->config = config;
    c->memory = config->memory;
    c->port = port;
    c->room = room;
    c->station = station;
    c->link_next = 1;
    slab_init(&c->connections_slab, c->memory, sizeof(struct connection), 16, config->links_max);
    table_init(&c->connections, c->memory, config->seed);
    table_init(&c->identities, c->memory, config->seed + 1);
    table_init(&c->relay_addresses, c->memory, config->seed + 2);
    client_counts_init(&c->clients, c->memory, config->links_max, config->seed + 3);
    rng_seed(&c->rng, config->seed + 4);
    c->dos = dos_params_settled(&config->dos, &dos_params_default);
    struct bandwidth_terms terms = bandwidth_terms_of(config);
    uint16_t threads = config->connection_threads ? config->connection_threads : 1;
    bool can_ask = controller_memory_init(c);
    bool can_place = balance_init(&c->balance, c->memory, threads, config->balancing);
    if (bandwidth_pool_init(&c->bandwidth, c->memory, now, &terms) && can_ask && can_place)
        return c;
    controller_free(c);
    return NULL;
}

void controller_free(struct controller *c) {
    if (!c)
        return;
    uint32_t cursor = 0;
    struct connection *connection;
    while ((connection = table_take(&c->connections, &cursor)) != NULL)
        controller_connection_free(c, connection);
    client_counts_fini(&c->clients);
    table_fini(&c->relay_addresses);
    table_fini(&c->identities);
    table_fini(&c->connections);
    slab_fini(&c->connections_slab);
    consensus_view_drop(c->consensus);
    bandwidth_pool_fini(&c->bandwidth);
    balance_fini(&c->balance);
    controller_memory_fini(c);
    memory_release(c->memory, c, sizeof *c);
}

void controller_set_consensus(struct controller *c, nsec now, struct consensus_view *view) {
    (void)now;
    consensus_view_drop(c->consensus);
    c->consensus = consensus_view_keep(view);
    c->dos = dos_params_settled(&c->config->dos, view ? &view->params.dos : &dos_params_default);
    controller_learn_relay_addresses(c);
}

void controller_hibernate(struct controller *c, enum hibernation hibernation) {
    c->hibernation = hibernation;
}

const struct dos_figures *controller_refused(const struct controller *c) {
    return &c->refused;
}

const struct work *controller_work(const struct controller *c) {
    return &c->work;
}

/* --- messages ----------------------------------------------------------------------------------------------------------- */

struct control *controller_post(struct controller *c, station_id station, object_id to,
                                enum control_kind kind) {
    struct control *message = control_new(c->memory, kind);
    if (!message)
        return NULL;
    message->to = to;
    message->reply_to = c->station;
    mailroom_post_control(c->room, c->station, station, message, &c->work);
    return message;
}

void controller_repost(struct controller *c, struct control *message, station_id station, object_id to,
                       enum control_kind kind) {
    CHECK(message->size >= control_size(kind));
    message->kind = (uint8_t)kind;
    message->to = to;
    message->reply_to = c->station;
    mailroom_post_control(c->room, c->station, station, message, &c->work);
}

/* --- turns -------------------------------------------------------------------------------------------------------------- */

bool controller_drain(struct controller *c, nsec now, uint32_t msgs_max) {
    (void)msgs_max;
    mailroom_collect_begin(c->room, c->station);
    struct control *controls = mailroom_collect_controls(c->room, c->station);
    while (controls) {
        struct control *message = controls;
        controls = message->next;
        if (message->kind == CONTROL_EXTEND) {
            controller_extend(c, now, message);
            continue;
        }
        if (message->kind == CONTROL_LINK_MOVED) {
            controller_link_moved(c, message);
            continue;
        }
        if (message->kind == CONTROL_LINK_OPEN)
            controller_link_open(c, now, message);
        else if (message->kind == CONTROL_LINK_CLOSED)
            controller_link_closed(c, now, message);
        else if (message->kind == CONTROL_BANDWIDTH_REPORT)
            controller_bandwidth_reported(c, now, message);
        else if (message->kind == CONTROL_MEMORY_ALARM)
            controller_memory_alarm(c, message->count != 0);
        else if (message->kind == CONTROL_MEMORY_LOW)
            controller_memory_low(c, now, message);
        else if (message->kind == CONTROL_MEMORY_COUNTED)
            controller_memory_counted(c, message);
        else if (message->kind == CONTROL_CREATES)
            controller_creates_came(c, now, message);
        else if (message->kind == CONTROL_LOAD_REPORT)
            controller_load_reported(c, now, message);
        else if (message->kind == CONTROL_LINK_LOADS)
            controller_links_loaded(c, now, message);
        else if (message->kind == CONTROL_LINK_STAYS)
            controller_link_stays(c, message);
        else if (message->kind == CONTROL_QUEUE_FULL)
            controller_queue_was_full(c, now, message);
        else
            CHECK(!"a control message for a manager came to the controller");
        control_free(c->memory, message);
    }
    controller_lend_bandwidth(c, now);
    controller_balance(c, now);
    return false;
}

static void ask_wake(void *context, station_id to) {
    struct controller *c = context;
    c->port->wake(c->port, to);
}

void controller_flush(struct controller *c, nsec now) {
    (void)now;
    mailroom_flush(c->room, c->station, &c->work, ask_wake, c);
}

nsec controller_next_wake(const struct controller *c) {
    return nsec_min(bandwidth_pool_next(&c->bandwidth), balance_next(&c->balance));
}

void controller_tick(struct controller *c, nsec now) {
    controller_lend_bandwidth(c, now);
    controller_balance(c, now);
}
