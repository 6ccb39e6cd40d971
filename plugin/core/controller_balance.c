/* On which thread links are: where new ones go, and which move. The managers with links are stations 1, 2, ...; without
 * connection threads it is station 0. */
#include "base/check.h"
#include "core/controller_state.h"
#include "core/relay_controller.h"

static station_id station_of(const struct controller *c, uint16_t thread) {
    return (station_id)(c->config->connection_threads ? thread + 1 : 0);
}

static uint16_t thread_of(const struct controller *c, station_id manager) {
    return (uint16_t)(c->config->connection_threads ? manager - 1 : 0);
}

station_id controller_place(struct controller *c, nsec now) {
    return station_of(c, balance_place(&c->balance, now));
}

void controller_unplace(struct controller *c, station_id manager) {
    balance_unplace(&c->balance, thread_of(c, manager));
}

void controller_load_reported(struct controller *c, nsec now, const struct control *message) {
    const struct control_busy *report = &message->u.busy;
    CHECK(message->reply_to > 0);
    balance_report(&c->balance, now, thread_of(c, message->reply_to), report->busy, report->span);
}

/* Without memory it is looked again a round later. */
void controller_balance(struct controller *c, nsec now) {
    struct balance_question question;
    if (!balance_look(&c->balance, now, &question))
        return;
    struct control *message = controller_post(c, station_of(c, question.thread), 0, CONTROL_ASK_LINKS);
    if (message)
        message->count = question.most;
}

/* Who has moved lately does not come into question. */
void controller_links_loaded(struct controller *c, nsec now, const struct control *message) {
    const struct link_loads *answer = &message->u.link_loads;
    struct link_loads may_move = {.count = 0};
    struct balance_move move;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct connection *connection = table_get(&c->connections, answer->links[i].link);
        if (connection && connection->manager == message->reply_to && connection->rests_until <= now)
            may_move.links[may_move.count++] = answer->links[i];
    }
    if (!balance_choose(&c->balance, now, may_move.links, may_move.count, &move) ||
        !controller_move_link(c, now, move.link, station_of(c, move.to)))
        return;
    struct connection *connection = table_get(&c->connections, move.link);
    connection->rests_until = now + BALANCE_REST;
    balance_expect(&c->balance, now, &move);
}

void controller_moved(struct controller *c, station_id from, station_id to) {
    balance_moved(&c->balance, thread_of(c, from), thread_of(c, to));
}
