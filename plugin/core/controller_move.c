/* Links that move to another manager. */
#include "core/controller_state.h"
#include "core/relay_controller.h"

bool controller_move_link(struct controller *c, nsec now, link_id link, station_id to) {
    (void)c;
    (void)now;
    (void)link;
    (void)to;
    return false;
}

bool controller_is_moving(const struct controller *c) {
    (void)c;
    return false;
}

const struct move_figures *controller_moves(const struct controller *c) {
    return &c->moves;
}
