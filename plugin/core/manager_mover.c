/* The steps by which a link leaves for another station. */
#include "core/connection_manager.h"
#include "core/manager_state.h"

bool manager_link_released(struct manager *m, nsec now, link_id link, void *luggage) {
    (void)m;
    (void)now;
    (void)link;
    (void)luggage;
    return false;
}
