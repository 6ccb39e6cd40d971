/* The links that there are: they come and go, and one of them may lead where an EXTEND wants to go (tor-spec 5.3.1). */
#include <string.h>

#include "core/controller_state.h"
#include "core/relay_controller.h"

/* --- by the identities of their peers ----------------------------------------------------------------------------------- */

static uint64_t identity_key(const uint8_t rsa_id[static RSA_ID_LEN]) {
    return (uint64_t)load_u32(rsa_id) << 32 | load_u32(rsa_id + 4);
}

bool controller_join_identity(struct controller *c, struct connection *connection) {
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

/* --- coming and going ----------------------------------------------------------------------------------------------------- */

struct connection *controller_connection_new(struct controller *c, nsec now, enum connection_state state,
                                             const struct endpoint *address) {
    struct connection *connection = slab_take(&c->connections_slab);
    if (!connection)
        return NULL;
    *connection = (struct connection){.link = c->link_next, .state = state, .address = *address};
    list_init(&connection->by_identity);
    list_init(&connection->by_client);
    connection->waiting_end = &connection->waiting;
    if (table_set(&c->connections, connection->link, connection)) {
        slab_put(&c->connections_slab, connection);
        return NULL;
    }
    c->link_next++;
    connection->manager = controller_place(c, now);
    return connection;
}

void controller_connection_free(struct controller *c, struct connection *connection) {
    controller_extends_drop(c, connection);
    controller_unplace(c, connection->manager);
    leave_identity(c, connection);
    list_remove(&connection->by_client);
    table_remove(&c->connections, connection->link);
    slab_put(&c->connections_slab, connection);
}

enum err controller_accept(struct controller *c, nsec now, const struct endpoint *peer, link_id *link_out,
                           station_id *manager_out) {
    struct client *client = NULL;
    if (c->hibernation != HIBERNATION_NONE || !controller_may_connect(c, now, &peer->address, &client))
        return ERR_REFUSED;
    struct connection *connection = controller_connection_new(c, now, CONNECTION_ACCEPTED, peer);
    if (!connection) {
        if (client)
            client_counts_disconnect(&c->clients, now, client, false);
        return ERR_LIMIT;
    }
    controller_join_client(connection, client);
    *link_out = connection->link;
    *manager_out = connection->manager;
    return ERR_OK;
}

void controller_accept_failed(struct controller *c, nsec now, link_id link) {
    struct connection *connection = table_get(&c->connections, link);
    if (!connection)
        return;
    controller_leave_client(c, now, connection, false);
    controller_connection_free(c, connection);
}

link_id controller_next_link(const struct controller *c, link_id after, station_id *manager_out) {
    const struct table_entry *entry;
    const struct connection *next = NULL;
    uint32_t cursor = 0;
    while ((entry = table_next(&c->connections, &cursor)) != NULL) {
        const struct connection *connection = entry->value;
        if (connection->state == CONNECTION_OPEN && connection->link > after &&
            (!next || connection->link < next->link))
            next = connection;
    }
    if (!next)
        return 0;
    *manager_out = next->manager;
    return next->link;
}

void controller_link_open(struct controller *c, nsec now, const struct control *message) {
    const struct control_link_open *open = &message->u.link_open;
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection)
        return;
    bool was_dialled = connection->state == CONNECTION_DIALLED;
    connection->state = CONNECTION_OPEN;
    connection->is_canonical = open->is_canonical;
    controller_settle_client(c, now, connection, open);
    if (!open->is_authenticated)
        return; /* a client: nobody extends to it */
    connection->has_ed_id = true;
    memcpy(connection->ed_id, open->ed_id, ED_ID_LEN);
    if (!was_dialled) {
        memcpy(connection->rsa_id, open->rsa_id, RSA_ID_LEN);
        if (!controller_join_identity(c, connection))
            return; /* good for the peer's circuits, not for ours */
    }
    controller_extends_attach(c, connection);
}

void controller_link_closed(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection)
        return;
    controller_extends_fail(c, connection, message->reason);
    if (connection->client && message->count)
        controller_count_creates(c, now, connection->client, message->count);
    controller_leave_client(c, now, connection, false);
    controller_connection_free(c, connection);
}

/* --- which one leads there --------------------------------------------------------------------------------------------- */

const struct endpoint *controller_target_of(const struct control_extend *extend) {
    bool has_ipv4 = extend->ipv4.address.family != ADDRESS_NONE;
    return has_ipv4 && !extend->is_over_ipv6 ? &extend->ipv4 : &extend->ipv6;
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && address_equal(&a->address, &b->address);
}

bool controller_is_wanted(const struct connection *connection, const struct control_extend *extend) {
    if (memcmp(connection->rsa_id, extend->rsa_id, RSA_ID_LEN) != 0)
        return false;
    return !extend->has_ed_id || !connection->has_ed_id ||
           memcmp(connection->ed_id, extend->ed_id, ED_ID_LEN) == 0;
}

/* A link that is being dialled serves only those who want that address: somebody may have named a wrong one, and they
 * would all wait for him. An open one has proved who it is; it must be canonical or have the address that is wanted
 * (tor-spec 5.3.1), or else a relay in the middle could keep it. */
static bool leads_to(const struct connection *connection, const struct control_extend *extend) {
    if (!controller_is_wanted(connection, extend))
        return false;
    if (connection->state != CONNECTION_OPEN)
        return endpoint_equal(&connection->address, controller_target_of(extend));
    return connection->is_canonical || address_equal(&connection->address.address, &extend->ipv4.address) ||
           address_equal(&connection->address.address, &extend->ipv6.address);
}

/* Open before dialled, canonical before not, old before young (tor-spec 5.3.1). */
static int preference(const struct connection *connection) {
    return (connection->state == CONNECTION_OPEN ? 2 : 0) + (connection->is_canonical ? 1 : 0);
}

struct connection *controller_find_connection(struct controller *c, const struct control_extend *extend) {
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
