/* Clients: their connections and circuits are counted, and refused when there are too many (dos_params.h). */
#include "core/controller_state.h"

void controller_join_client(struct connection *connection, struct client *client) {
    connection->client = client;
    if (client)
        list_append(&client->links, &connection->by_client);
}

void controller_leave_client(struct controller *c, nsec now, struct connection *connection, bool is_relay) {
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
bool controller_may_connect(struct controller *c, nsec now, const struct address *address,
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

/* Without memory some relays are counted like clients until they have proved what they are. */
void controller_learn_relay_addresses(struct controller *c) {
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

/* --- circuits ----------------------------------------------------------------------------------------------------------- */

static void refuse_circuits(struct controller *c, const struct connection *connection) {
    struct control *message = controller_post(c, connection->manager, 0, CONTROL_LINK_REFUSE);
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
void controller_count_creates(struct controller *c, nsec now, struct client *client, uint32_t circuits) {
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

void controller_queue_was_full(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (!connection || !connection->client || !c->dos.circuit_enabled ||
        !client_counts_queue_full(&c->clients, now, &c->dos, connection->client))
        return;
    c->refused.marked_address_maxq++;
    refuse_client(c, connection->client);
}

void controller_creates_came(struct controller *c, nsec now, const struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (connection && connection->client)
        controller_count_creates(c, now, connection->client, message->count);
}

/* Relays of the consensus are not counted; an unlisted one is a client to us, as to tor. */
static bool is_known_relay(const struct controller *c, const struct control_link_open *open) {
    return open->is_authenticated && c->consensus && consensus_view_find(c->consensus, open->rsa_id);
}

void controller_settle_client(struct controller *c, nsec now, struct connection *connection,
                              const struct control_link_open *open) {
    if (is_known_relay(c, open))
        controller_leave_client(c, now, connection, true);
    else if (connection->client && now < connection->client->circuits_refused_until)
        refuse_circuits(c, connection);
}
