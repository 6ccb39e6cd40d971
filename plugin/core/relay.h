/* relay - one relay: a controller, its managers and the mailroom between them.
 *
 * Stations: manager 0 lives on the main thread, managers 1..connection_threads on a thread each, and the controller,
 * on the main thread, is the last station. Each has its own port. With connection_threads 0, manager 0 has the links;
 * otherwise it has none. */
#ifndef LOOM_CORE_RELAY_H
#define LOOM_CORE_RELAY_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "core/connection_manager.h"
#include "core/relay_config.h"
#include "core/relay_controller.h"

struct relay;

/* Number of stations, controller included: ports needed. */
static inline uint16_t relay_stations(const struct relay_config *config) {
    return (uint16_t)(config->connection_threads + 2);
}
/* Copies config; borrows the ports, one for each station. NULL without memory. */
MUST_USE struct relay *relay_new(const struct relay_config *config, nsec now, struct port *const *ports);
/* Every thread has stopped. */
void relay_free(struct relay *relay);
struct manager *relay_manager(struct relay *relay, station_id station);
struct controller *relay_controller(struct relay *relay);
station_id relay_controller_station(const struct relay *relay);

#endif
