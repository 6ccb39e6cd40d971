/* Links that move to another manager: one at a time, so that of two who know each other only one is on its way. */
#include "core/controller_state.h"
#include "core/relay_controller.h"

static bool has_links(const struct controller *c, station_id station) {
    return c->config->connection_threads ? station >= 1 && station <= c->config->connection_threads
                                         : station == 0;
}

bool controller_move_link(struct controller *c, nsec now, link_id link, station_id to) {
    (void)now;
    const struct connection *connection = table_get(&c->connections, link);
    if (c->moving || !connection || connection->state != CONNECTION_OPEN || connection->manager == to ||
        !has_links(c, to))
        return false;
    struct control *message = controller_post(c, connection->manager, 0, CONTROL_LINK_MOVE);
    if (!message)
        return false;
    message->link = link;
    message->count = to;
    c->moving = link;
    c->moves.asked++;
    return true;
}

void controller_link_stays(struct controller *c, const struct control *message) {
    c->moving = 0;
    c->moves.stayed[message->reason]++;
}

/* From here on all that is said about the link goes to its new manager; the old one need not send on any more. */
void controller_link_moved(struct controller *c, struct control *message) {
    struct connection *connection = table_get(&c->connections, message->link);
    if (connection) {
        controller_moved(c, connection->manager, message->reply_to);
        connection->manager = message->reply_to;
    }
    c->moving = 0;
    c->moves.moved++;
    controller_repost(c, message, (station_id)message->serial, 0, CONTROL_LINK_SETTLED);
}

bool controller_is_moving(const struct controller *c) {
    return c->moving != 0;
}

const struct move_figures *controller_moves(const struct controller *c) {
    return &c->moves;
}
