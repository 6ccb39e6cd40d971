#include "core/relay_controller.h"

#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/table.h"
#include "core/bandwidth_pool.h"
#include "core/client_counts.h"
#include "core/control.h"
#include "core/mailroom.h"

#define INQUIRY_TIMEOUT     (50 * NSEC_PER_MS) /* then a manager had no memory to answer */
#define EXTENDS_WAITING_MAX 4096u              /* for one link that is being dialled */

enum connection_state { CONNECTION_ACCEPTED, CONNECTION_DIALLED, CONNECTION_OPEN };

/* A link as the controller knows it. */
struct connection {
    link_id link;
    struct list by_identity; /* in its identity's list; oldest first */
    struct list by_client;   /* in its client's */
    struct client *client;   /* whose it is counted as; NULL: a relay's, or not counted */
    struct control *waiting; /* EXTENDs that wait for it, while it is dialled; oldest first */
    struct control **waiting_end;
    uint32_t waiting_count;
    enum connection_state state;
    station_id manager;
    struct endpoint address; /* of the peer: where the socket leads, or is going to */
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    bool is_canonical;
};

struct identity {
    struct list connections;
};

/* A question to all managers: how much of the cells of one waits, and for how long. One at a time. */
struct inquiry {
    struct hoard_ages *told; /* [managers] */
    nsec asked_at;
    uint32_t need;
    uint32_t serial;
    uint16_t waits; /* answers that have not come */
    station_id home;
};

struct controller {
    const struct relay_config *config;
    const struct memory *memory;
    struct port *port;
    struct mailroom *room;
    station_id station;
    station_id manager_next;
    struct rng rng; /* over which address who has two is dialled */
    link_id link_next;
    struct slab connections_slab;
    struct table connections; /* link_id -> struct connection */
    struct table identities;  /* first 8 bytes of the RSA id -> struct identity */
    struct consensus_view *consensus;
    struct table relay_addresses; /* IPv4 address + 1 -> the consensus: of all its relays */
    struct dos_params dos;
    struct client_counts clients;
    struct dos_figures refused;
    struct inquiry inquiry;
    uint16_t managers_short; /* of cells */
    struct bandwidth_pool bandwidth;
    struct work work;
};

/* --- life ----------------------------------------------------------------------------------------------------------- */

static uint16_t managers_of(const struct controller *c) {
    return (uint16_t)(c->config->connection_threads + 1);
}

static size_t inquiry_size(const struct controller *c) {
    return managers_of(c) * sizeof *c->inquiry.told;
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
    c->inquiry.told = memory_allocate(c->memory, inquiry_size(c));
    if (bandwidth_pool_init(&c->bandwidth, c->memory, now, &terms) && c->inquiry.told)
        return c;
    controller_free(c);
    return NULL;
}

/* Take the oldest EXTEND that waits, or NULL. */
static struct control *take_waiting(struct connection *connection) {
    struct control *message = connection->waiting;
    if (!message)
        return NULL;
    connection->waiting = message->next;
    connection->waiting_count--;
    if (!connection->waiting)
        connection->waiting_end = &connection->waiting;
    return message;
}

static void drop_waiting(struct controller *c, struct connection *connection) {
    struct control *message;
    while ((message = take_waiting(connection)) != NULL)
        control_free(c->memory, message);
}

static uint64_t identity_key(const uint8_t rsa_id[static RSA_ID_LEN]) {
    return (uint64_t)load_u32(rsa_id) << 32 | load_u32(rsa_id + 4);
}

static void leave_identity(struct controller *c, struct connection *connection) {
    if (!list_is_linked(&connection->by_identity))
        return;
    list_remove(&connection->by_identity);
    struct identity *identity = table_get(&c->identities, identity_key(connection->rsa_id));
    if (identity && list_is_empty(&identity->connections)) {
        table_remove(&c->identities, identity_key(connection->rsa_id));
        memory_release(c->memory, identity, sizeof *identity);
    }
}

/* It may have been taken off the table already. */
static void connection_free(struct controller *c, struct connection *connection) {
    drop_waiting(c, connection);
    leave_identity(c, connection);
    list_remove(&connection->by_client);
    table_remove(&c->connections, connection->link);
    slab_put(&c->connections_slab, connection);
}

void controller_free(struct controller *c) {
    if (!c)
        return;
    uint32_t cursor = 0;
    struct connection *connection;
    while ((connection = table_take(&c->connections, &cursor)) != NULL)
        connection_free(c, connection);
    client_counts_fini(&c->clients);
    table_fini(&c->relay_addresses);
    table_fini(&c->identities);
    table_fini(&c->connections);
    slab_fini(&c->connections_slab);
    consensus_view_drop(c->consensus);
    bandwidth_pool_fini(&c->bandwidth);
    memory_release(c->memory, c->inquiry.told, inquiry_size(c));
    memory_release(c->memory, c, sizeof *c);
}

static struct connection *connection_new(struct controller *c, enum connection_state state,
                                         const struct endpoint *address) {
    struct connection *connection = slab_take(&c->connections_slab);
    if (!connection)
        return NULL;
    uint16_t threads = c->config->connection_threads;
    *connection = (struct connection){.link = c->link_next, .state = state, .address = *address};
    list_init(&connection->by_identity);
    list_init(&connection->by_client);
    connection->waiting_end = &connection->waiting;
    if (table_set(&c->connections, connection->link, connection)) {
        slab_put(&c->connections_slab, connection);
        return NULL;
    }
    c->link_next++;
    c->manager_next = threads ? (station_id)(c->manager_next % threads + 1) : 0;
    connection->manager = c->manager_next;
    return connection;
}

/* --- clients --------------------------------------------------------------------------------------------------------- */

static void join_client(struct connection *connection, struct client *client) {
    connection->client = client;
    if (client)
        list_append(&client->links, &connection->by_client);
}

static void leave_client(struct controller *c, nsec now, struct connection *connection, bool is_relay) {
    if (!connection->client)
        return;
    list_remove(&connection->by_client);
    client_counts_disconnect(&c->clients, now, connection->client, is_relay);
    connection->client = NULL;
}

static uint64_t relay_key(const struct address *address) {
    return (uint64_t)load_u32(address->bytes) + 1;
}

/* Addresses of relays are not counted; and nobody's, while no defence is on that asks for it: as in tor, connections of
 * before are then not known. */
static bool may_connect(struct controller *c, nsec now, const struct address *address,
                        struct client **client_out) {
    bool is_counted = c->dos.circuit_enabled || c->dos.connection_enabled;
    if (!is_counted ||
        (address->family == ADDRESS_IPV4 && table_get(&c->relay_addresses, relay_key(address))))
        return true;
    switch (client_counts_connect(&c->clients, now, &c->dos, address, client_out)) {
    case CLIENT_MAY: return true;
    case CLIENT_HAS_TOO_MANY: c->refused.concurrent_conn_rejected++; return false;
    case CLIENT_CONNECTS_TOO_OFTEN: c->refused.conn_rejected++; return false;
    }
    return true;
}

enum err controller_accept(struct controller *c, nsec now, const struct endpoint *peer, link_id *link_out,
                           station_id *manager_out) {
    struct client *client = NULL;
    if (!may_connect(c, now, &peer->address, &client))
        return ERR_REFUSED;
    struct connection *connection = connection_new(c, CONNECTION_ACCEPTED, peer);
    if (!connection) {
        if (client)
            client_counts_disconnect(&c->clients, now, client, false);
        return ERR_LIMIT;
    }
    join_client(connection, client);
    *link_out = connection->link;
    *manager_out = connection->manager;
    return ERR_OK;
}

void controller_accept_failed(struct controller *c, nsec now, link_id link) {
    struct connection *connection = table_get(&c->connections, link);
    if (!connection)
        return;
    leave_client(c, now, connection, false);
    connection_free(c, connection);
}

/* --- who is connected --------------------------------------------------------------------------------------------------- */

static bool join_identity(struct controller *c, struct connection *connection) {
    uint64_t key = identity_key(connection->rsa_id);
    struct identity *identity = table_get(&c->identities, key);
    if (!identity) {
        identity = memory_allocate(c->memory, sizeof *identity);
        if (!identity)
            return false;
        list_init(&identity->connections);
        if (table_set(&c->identities, key, identity)) {
            memory_release(c->memory, identity, sizeof *identity);
            return false;
        }
    }
    list_append(&identity->connections, &connection->by_identity);
    return true;
}

/* Where we would dial to. */
static const struct endpoint *target_of(const struct control_extend *extend) {
    bool has_ipv4 = extend->ipv4.address.family != ADDRESS_NONE;
    return has_ipv4 && !extend->is_over_ipv6 ? &extend->ipv4 : &extend->ipv6;
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && address_equal(&a->address, &b->address);
}

static bool has_wanted_identity(const struct connection *connection, const struct control_extend *extend) {
    if (memcmp(connection->rsa_id, extend->rsa_id, RSA_ID_LEN) != 0)
        return false;
    return !extend->has_ed_id || !connection->has_ed_id ||
           memcmp(connection->ed_id, extend->ed_id, ED_ID_LEN) == 0;
}

/* A link that is being dialled serves only those who want that address: somebody may have named a wrong one, and they
 * would all wait for him. An open one has proved who it is; it must be canonical or have the address that is wanted
 * (tor-spec 5.3.1), or else a relay in the middle could keep it. */
static bool leads_to(const struct connection *connection, const struct control_extend *extend) {
    if (!has_wanted_identity(connection, extend))
        return false;
    if (connection->state != CONNECTION_OPEN)
        return endpoint_equal(&connection->address, target_of(extend));
    return connection->is_canonical || address_equal(&connection->address.address, &extend->ipv4.address) ||
           address_equal(&connection->address.address, &extend->ipv6.address);
}

/* Open before dialled, canonical before not, old before young (tor-spec 5.3.1). */
static int preference(const struct connection *connection) {
    return (connection->state == CONNECTION_OPEN ? 2 : 0) + (connection->is_canonical ? 1 : 0);
}

static struct connection *find_connection(struct controller *c, const struct control_extend *extend) {
    struct identity *identity = table_get(&c->identities, identity_key(extend->rsa_id));
    if (!identity)
        return NULL;
    struct connection *best = NULL;
    for (struct list *node = identity->connections.next; node != &identity->connections; node = node->next) {
        struct connection *connection = LIST_ENTRY(node, struct connection, by_identity);
        if (leads_to(connection, extend) && (!best || preference(connection) > preference(best)))
            best = connection;
    }
    return best;
}

/* --- EXTEND --------------------------------------------------------------------------------------------------------------- */

static struct control *post(struct controller *c, station_id station, object_id to, enum control_kind kind) {
    struct control *message = control_new(c->memory, kind);
    if (!message)
        return NULL;
    message->to = to;
    message->reply_to = c->station;
    mailroom_post_control(c->room, c->station, station, message, &c->work);
    return message;
}

/* Send the EXTEND on, or back: every answer is the message itself, so that none needs memory. */
static void repost(struct controller *c, struct control *message, station_id station, object_id to,
                   enum control_kind kind) {
    CHECK(message->size >= control_size(kind));
    message->kind = (uint8_t)kind;
    message->to = to;
    message->reply_to = c->station;
    mailroom_post_control(c->room, c->station, station, message, &c->work);
}

static void extend_failed(struct controller *c, struct control *message, uint8_t reason) {
    message->reason = reason;
    repost(c, message, object_station(message->from), message->from, CONTROL_EXTEND_FAILED);
}

/* half, serial and what is asked are in the message already. */
static void attach(struct controller *c, const struct connection *connection, struct control *message) {
    message->link = connection->link;
    repost(c, message, connection->manager, 0, CONTROL_ATTACH);
}

static void wait_for(struct connection *connection, struct control *message) {
    message->next = NULL;
    *connection->waiting_end = message;
    connection->waiting_end = &message->next;
    connection->waiting_count++;
}

static struct connection *dial(struct controller *c, const struct control_extend *extend) {
    struct connection *connection = connection_new(c, CONNECTION_DIALLED, target_of(extend));
    if (!connection)
        return NULL;
    memcpy(connection->rsa_id, extend->rsa_id, RSA_ID_LEN);
    memcpy(connection->ed_id, extend->ed_id, ED_ID_LEN);
    connection->has_ed_id = extend->has_ed_id;
    struct control *message =
        join_identity(c, connection) ? post(c, connection->manager, 0, CONTROL_DIAL) : NULL;
    if (!message) {
        connection_free(c, connection);
        return NULL;
    }
    message->link = connection->link;
    struct control_dial *ask = &message->u.dial;
    ask->endpoint = *target_of(extend);
    memcpy(ask->rsa_id, extend->rsa_id, RSA_ID_LEN);
    memcpy(ask->ed_id, extend->ed_id, ED_ID_LEN);
    ask->has_ed_id = extend->has_ed_id;
    return connection;
}

/* What the client left out, the consensus may know: its Ed25519 identity, and its IPv4 address, which everybody can reach
 * (C tor does the same). */
static void fill_in(const struct controller *c, struct control_extend *ask) {
    static const uint8_t none[ED_ID_LEN];
    const struct relay_entry *known = c->consensus ? consensus_view_find(c->consensus, ask->rsa_id) : NULL;
    if (!known)
        return;
    if (!ask->has_ed_id && memcmp(known->ed_id, none, ED_ID_LEN) != 0) {
        memcpy(ask->ed_id, known->ed_id, ED_ID_LEN);
        ask->has_ed_id = true;
    }
    if (ask->ipv4.address.family == ADDRESS_NONE && known->ipv4.address.family == ADDRESS_IPV4 &&
        (c->config->allow_private_addresses || !address_is_internal(&known->ipv4.address)))
        ask->ipv4 = known->ipv4;
}

/* As C tor: with two addresses either is as likely. */
static bool chooses_ipv6(struct controller *c, const struct control_extend *ask) {
    return c->config->extends_over_ipv6 && ask->ipv4.address.family != ADDRESS_NONE &&
           ask->ipv6.address.family != ADDRESS_NONE && rng_below(&c->rng, 2) == 1;
}

/* Takes the message over. */
static void extend(struct controller *c, struct control *message) {
    struct control_extend *ask = &message->u.extend;
    fill_in(c, ask);
    ask->is_over_ipv6 = chooses_ipv6(c, ask);
    struct connection *connection = find_connection(c, ask);
    if (connection && connection->state == CONNECTION_OPEN) {
        attach(c, connection, message);
        return;
    }
    if (!connection)
        connection = dial(c, ask);
    if (connection && connection->waiting_count < EXTENDS_WAITING_MAX)
        wait_for(connection, message);
    else
        extend_failed(c, message, DESTROY_RESOURCELIMIT);
}

/* --- news from the managers --------------------------------------------------------------------------------------------- */

static void refuse_circuits(struct controller *c, const struct connection *connection) {
    struct control *message = post(c, connection->manager, 0, CONTROL_LINK_REFUSE);
    if (!message)
        return; /* it will make more circuits, and then we try again */
    message->link = connection->link;
    message->u.refused_until = connection->client->circuits_refused_until;
}

static void refuse_client(struct controller *c, const struct client *client) {
    for (struct list *node = client->links.next; node != &client->links; node = node->next) {
        struct connection *connection = LIST_ENTRY(node, struct connection, by_client);
        if (connection->state == CONNECTION_OPEN)
            refuse_circuits(c, connection);
    }
}

/* Count circuits of a client. Its links are told at the first time, and again when less than half of what they know is left. */
static void count_creates(struct controller *c, nsec now, struct client *client, uint32_t circuits) {
    nsec before = client->circuits_refused_until;
    if (!c->dos.circuit_enabled || !client_counts_create(&c->clients, now, &c->dos, client, circuits))
        return;
    if (before < now)
        c->refused.marked_address++;
    nsec until = client->circuits_refused_until;
    if (before >= now && before - now >= (until - now) / 2)
        client->circuits_refused_until = before;
    else
        refuse_client(c, client);
}

static void queue_was_full(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection || !connection->client || !c->dos.circuit_enabled ||
        !client_counts_queue_full(&c->clients, now, &c->dos, connection->client))
        return;
    c->refused.marked_address_maxq++;
    refuse_client(c, connection->client);
}

static void creates_came(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (connection && connection->client)
        count_creates(c, now, connection->client, message->count);
}

/* Relays of the consensus are not counted; an unlisted one is a client to us, as to tor. */
static bool is_known_relay(const struct controller *c, const struct control_link_open *open) {
    return open->is_authenticated && c->consensus && consensus_view_find(c->consensus, open->rsa_id);
}

static void settle_client(struct controller *c, nsec now, struct connection *connection,
                          const struct control_link_open *open) {
    if (is_known_relay(c, open))
        leave_client(c, now, connection, true);
    else if (connection->client && now < connection->client->circuits_refused_until)
        refuse_circuits(c, connection);
}

static void link_open(struct controller *c, nsec now, const struct control *message) {
    const struct control_link_open *open = &message->u.link_open;
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection)
        return;
    bool was_dialled = connection->state == CONNECTION_DIALLED;
    connection->state = CONNECTION_OPEN;
    connection->is_canonical = open->is_canonical;
    settle_client(c, now, connection, open);
    if (!open->is_authenticated)
        return; /* a client: nobody extends to it */
    connection->has_ed_id = true;
    memcpy(connection->ed_id, open->ed_id, ED_ID_LEN);
    if (!was_dialled) {
        memcpy(connection->rsa_id, open->rsa_id, RSA_ID_LEN);
        if (!join_identity(c, connection))
            return; /* good for the peer's circuits, not for ours */
    }
    struct control *waiting;
    while ((waiting = take_waiting(connection)) != NULL) {
        if (has_wanted_identity(connection, &waiting->u.extend)) /* it was dialled without an Ed25519 id */
            attach(c, connection, waiting);
        else
            extend_failed(c, waiting, DESTROY_OR_IDENTITY);
    }
}

static void link_closed(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection)
        return;
    struct control *waiting;
    while ((waiting = take_waiting(connection)) != NULL)
        extend_failed(c, waiting, message->reason);
    if (connection->client && message->count)
        count_creates(c, now, connection->client, message->count);
    leave_client(c, now, connection, false);
    connection_free(c, connection);
}

/* --- bandwidth ---------------------------------------------------------------------------------------------------------- */

/* The managers with links are stations 1, 2, ... */
static void bandwidth_reported(struct controller *c, nsec now, const struct control *message) {
    const struct control_bandwidth *report = &message->u.bandwidth;
    CHECK(message->reply_to > 0);
    bandwidth_pool_report(&c->bandwidth, now, (uint16_t)(message->reply_to - 1), report->sent,
                          report->returned, report->want);
}

static void lend_bandwidth(struct controller *c, nsec now) {
    if (bandwidth_pool_next(&c->bandwidth) > now)
        return;
    bandwidth_pool_divide(&c->bandwidth, now);
    for (uint16_t i = 0; i < c->config->connection_threads; i++) {
        uint64_t loan = bandwidth_pool_loan(&c->bandwidth, i);
        if (loan == 0)
            continue;
        struct control *message = post(c, (station_id)(i + 1), 0, CONTROL_BANDWIDTH_LOAN);
        if (message)
            message->u.bandwidth.lent = loan;
        else
            bandwidth_pool_take_back(&c->bandwidth, now, i);
    }
}

/* --- memory --------------------------------------------------------------------------------------------------------------- */

/* While one is short of cells all look at what their circuits hold. */
static void memory_alarm(struct controller *c, bool is_short) {
    bool was_watched = c->managers_short > 0;
    c->managers_short = (uint16_t)(c->managers_short + (is_short ? 1 : -1));
    bool is_watched = c->managers_short > 0;
    for (station_id i = 0; was_watched != is_watched && i < managers_of(c); i++) {
        struct control *message = post(c, i, 0, CONTROL_MEMORY_WATCH);
        if (message)
            message->count = is_watched;
    }
}

/* Another may be asking already; who needs cells asks again soon. */
static void memory_low(struct controller *c, nsec now, const struct control *message) {
    struct inquiry *inquiry = &c->inquiry;
    if (inquiry->waits && now - inquiry->asked_at < INQUIRY_TIMEOUT)
        return;
    inquiry->home = message->reply_to;
    inquiry->need = message->count;
    inquiry->asked_at = now;
    inquiry->serial++;
    inquiry->waits = 0;
    memset(inquiry->told, 0, inquiry_size(c));
    for (station_id i = 0; i < managers_of(c); i++) {
        struct control *question = post(c, i, 0, CONTROL_MEMORY_COUNT);
        if (!question)
            continue;
        question->count = inquiry->home;
        question->serial = inquiry->serial;
        inquiry->waits++;
    }
}

/* The oldest go, wherever they are; of the youngest class that has to, no more than what is missing. */
static void pass_verdict(struct controller *c) {
    struct hoard_ages sum = {0};
    for (station_id i = 0; i < managers_of(c); i++) {
        for (unsigned k = 0; k < HOARD_CLASSES; k++)
            sum.cells[k] += c->inquiry.told[i].cells[k];
    }
    struct hoard_verdict left = hoard_judge(&sum, c->inquiry.need);
    for (station_id i = 0; i < managers_of(c); i++) {
        uint32_t there = c->inquiry.told[i].cells[left.class];
        uint32_t share = there < left.cells ? there : left.cells;
        struct control *message = post(c, i, 0, CONTROL_MEMORY_FREE);
        if (!message)
            continue;
        message->count = c->inquiry.home;
        message->u.hoard_verdict = (struct hoard_verdict){left.class, share};
        left.cells -= share;
    }
}

static void memory_counted(struct controller *c, const struct control *message) {
    struct inquiry *inquiry = &c->inquiry;
    if (message->serial != inquiry->serial || inquiry->waits == 0)
        return;
    inquiry->told[message->reply_to] = message->u.hoards;
    if (--inquiry->waits == 0)
        pass_verdict(c);
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
            extend(c, message);
            continue;
        }
        if (message->kind == CONTROL_LINK_OPEN)
            link_open(c, now, message);
        else if (message->kind == CONTROL_LINK_CLOSED)
            link_closed(c, now, message);
        else if (message->kind == CONTROL_BANDWIDTH_REPORT)
            bandwidth_reported(c, now, message);
        else if (message->kind == CONTROL_MEMORY_ALARM)
            memory_alarm(c, message->count != 0);
        else if (message->kind == CONTROL_MEMORY_LOW)
            memory_low(c, now, message);
        else if (message->kind == CONTROL_MEMORY_COUNTED)
            memory_counted(c, message);
        else if (message->kind == CONTROL_CREATES)
            creates_came(c, now, message);
        else if (message->kind == CONTROL_QUEUE_FULL)
            queue_was_full(c, now, message);
        else
            CHECK(!"a control message for a manager came to the controller");
        control_free(c->memory, message);
    }
    lend_bandwidth(c, now);
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
    return bandwidth_pool_next(&c->bandwidth);
}

void controller_tick(struct controller *c, nsec now) {
    lend_bandwidth(c, now);
}

/* Without memory some relays are counted like clients until they have proved what they are. */
static void learn_relay_addresses(struct controller *c) {
    uint32_t cursor = 0;
    while (table_take(&c->relay_addresses, &cursor))
        continue;
    for (uint32_t i = 0; c->consensus && i < c->consensus->relay_count; i++) {
        const struct address *address = &c->consensus->relays[i].ipv4.address;
        if (address->family == ADDRESS_IPV4 &&
            table_set(&c->relay_addresses, relay_key(address), c->consensus))
            return;
    }
}

void controller_set_consensus(struct controller *c, nsec now, struct consensus_view *view) {
    (void)now;
    consensus_view_drop(c->consensus);
    c->consensus = consensus_view_keep(view);
    c->dos = dos_params_settled(&c->config->dos, view ? &view->params.dos : &dos_params_default);
    learn_relay_addresses(c);
}

const struct dos_figures *controller_refused(const struct controller *c) {
    return &c->refused;
}

const struct work *controller_work(const struct controller *c) {
    return &c->work;
}
