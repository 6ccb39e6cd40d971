/* EXTEND: to the link that leads there, or to one that is dialled. */
#include <string.h>

#include "core/controller_state.h"

#define EXTENDS_WAITING_MAX 4096u /* for one link that is being dialled */

/* The EXTEND goes on, or back: every answer is the message itself, so that none needs memory. */
static void extend_failed(struct controller *c, struct control *message, uint8_t reason) {
    message->reason = reason;
    controller_repost(c, message, object_station(message->from), message->from, CONTROL_EXTEND_FAILED);
}

/* half, serial and what is asked are in the message already. */
static void attach(struct controller *c, const struct connection *connection, struct control *message) {
    message->link = connection->link;
    controller_repost(c, message, connection->manager, 0, CONTROL_ATTACH);
}

/* --- those that wait ----------------------------------------------------------------------------------------------------- */

static void wait_for(struct connection *connection, struct control *message) {
    message->next = NULL;
    *connection->waiting_end = message;
    connection->waiting_end = &message->next;
    connection->waiting_count++;
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

void controller_extends_drop(struct controller *c, struct connection *connection) {
    struct control *message;
    while ((message = take_waiting(connection)) != NULL)
        control_free(c->memory, message);
}

void controller_extends_fail(struct controller *c, struct connection *connection, uint8_t reason) {
    struct control *message;
    while ((message = take_waiting(connection)) != NULL)
        extend_failed(c, message, reason);
}

void controller_extends_attach(struct controller *c, struct connection *connection) {
    struct control *message;
    while ((message = take_waiting(connection)) != NULL) {
        if (controller_is_wanted(connection, &message->u.extend)) /* it was dialled without an Ed25519 id */
            attach(c, connection, message);
        else
            extend_failed(c, message, DESTROY_OR_IDENTITY);
    }
}

/* --- a new one ------------------------------------------------------------------------------------------------------------ */

static struct connection *dial(struct controller *c, nsec now, const struct control_extend *extend) {
    struct connection *connection =
        controller_connection_new(c, now, CONNECTION_DIALLED, controller_target_of(extend));
    if (!connection)
        return NULL;
    memcpy(connection->rsa_id, extend->rsa_id, RSA_ID_LEN);
    memcpy(connection->ed_id, extend->ed_id, ED_ID_LEN);
    connection->has_ed_id = extend->has_ed_id;
    struct control *message = controller_join_identity(c, connection)
                                  ? controller_post(c, connection->manager, 0, CONTROL_DIAL)
                                  : NULL;
    if (!message) {
        controller_connection_free(c, connection);
        return NULL;
    }
    message->link = connection->link;
    struct control_dial *ask = &message->u.dial;
    ask->endpoint = *controller_target_of(extend);
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

void controller_extend(struct controller *c, nsec now, struct control *message) {
    struct control_extend *ask = &message->u.extend;
    if (c->hibernation == HIBERNATION_DORMANT) {
        extend_failed(c, message, DESTROY_HIBERNATING);
        return;
    }
    fill_in(c, ask);
    ask->is_over_ipv6 = chooses_ipv6(c, ask);
    struct connection *connection = controller_find_connection(c, ask);
    if (connection && connection->state == CONNECTION_OPEN) {
        attach(c, connection, message);
        return;
    }
    if (!connection)
        connection = dial(c, now, ask);
    if (connection && connection->waiting_count < EXTENDS_WAITING_MAX)
        wait_for(connection, message);
    else
        extend_failed(c, message, DESTROY_RESOURCELIMIT);
}
