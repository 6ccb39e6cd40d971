#include "core/relay.h"

#include "base/check.h"
#include "core/mailroom.h"

struct relay {
    struct relay_config config;
    struct mailroom *room;
    struct controller *controller;
    uint16_t managers_count;
    struct manager *managers[];
};

static size_t relay_size(uint16_t managers) {
    return sizeof(struct relay) + managers * sizeof(struct manager *);
}

static bool relay_start(struct relay *relay, nsec now, struct port *const *ports) {
    const struct relay_config *config = &relay->config;
    uint16_t stations = relay_stations(config);
    uint16_t thread_of[STATIONS_MAX];
    for (uint16_t i = 0; i < stations; i++)
        thread_of[i] = i < relay->managers_count ? i : 0; /* the controller shares the main thread */
    relay->room = mailroom_new(config->memory, stations, thread_of, config->mailbox_cells_max);
    if (!relay->room)
        return false;
    for (uint16_t i = 0; i < relay->managers_count; i++) {
        relay->managers[i] = manager_new(config, now, i, ports[i], relay->room);
        if (!relay->managers[i])
            return false;
    }
    station_id station = (station_id)(stations - 1);
    relay->controller = controller_new(config, now, station, ports[station], relay->room);
    return relay->controller != NULL;
}

struct relay *relay_new(const struct relay_config *config, nsec now, struct port *const *ports) {
    CHECK(relay_stations(config) <= STATIONS_MAX);
    uint16_t managers = (uint16_t)(config->connection_threads + 1);
    struct relay *relay = memory_allocate(config->memory, relay_size(managers));
    if (!relay)
        return NULL;
    relay->config = *config;
    relay->managers_count = managers;
    if (relay_start(relay, now, ports))
        return relay;
    relay_free(relay);
    return NULL;
}

/* A cell may be with another manager, or on its way home over a mailbox that was full. What is published in one round is
 * collected in the next at the latest, and what waits for room does so behind something that is: so after two rounds in
 * which nothing came, nothing will. A cell that is not home then was kept by somebody: a CHECK of its pool says so. */
static void bring_cells_home(struct relay *relay) {
    for (uint16_t i = 0; i < relay->managers_count && relay->managers[i]; i++)
        manager_stop(relay->managers[i]);
    for (unsigned quiet_rounds = 0; quiet_rounds < 2;) {
        bool moved = false;
        for (uint16_t i = 0; i < relay->managers_count && relay->managers[i]; i++)
            moved |= manager_settle(relay->managers[i]);
        quiet_rounds = moved ? 0 : quiet_rounds + 1;
    }
}

void relay_free(struct relay *relay) {
    if (!relay)
        return;
    bring_cells_home(relay);
    controller_free(relay->controller);
    for (uint16_t i = 0; i < relay->managers_count; i++)
        manager_free(relay->managers[i]);
    if (relay->room)
        mailroom_free(relay->room);
    memory_release(relay->config.memory, relay, relay_size(relay->managers_count));
}

struct manager *relay_manager(struct relay *relay, station_id station) {
    CHECK(station < relay->managers_count);
    return relay->managers[station];
}

struct controller *relay_controller(struct relay *relay) {
    return relay->controller;
}

station_id relay_controller_station(const struct relay *relay) {
    return relay->managers_count;
}
