/* What comes of the fetches of a client that probes, over circuits of two hops: the relay that is asked about, and an exit of the
 * adversary's own, for no relay serves circuits of one hop (tor-spec 6.2). Memory: 4 bytes a session, and those of the watch. */
#include "base/check.h"
#include "sim/sim_client.h"

struct sim_probe {
    struct sim_watch watch;
    uint32_t *sight; /* of each session, of its last fetch; SIM_NO_SIGHT: none yet */
};

struct sim_probe *sim_probe_new(struct sim_client *client) {
    const struct memory *memory = host_memory(client->host);
    struct sim_probe *probe = memory_allocate(memory, sizeof(*probe));
    if (!probe)
        return NULL;
    probe->watch.bin = client->world->config->observe_bin;
    probe->sight = memory_allocate(memory, client->config->sessions * sizeof(*probe->sight));
    for (uint16_t i = 0; probe->sight && i < client->config->sessions; i++)
        probe->sight[i] = SIM_NO_SIGHT;
    host_at(client->host, sim_watch_next(&probe->watch, 0), client->world->look, 0, NULL);
    if (probe->sight)
        return probe;
    memory_release(memory, probe, sizeof(*probe));
    return NULL;
}

void sim_probe_free(struct sim_client *client, struct sim_probe *probe) {
    const struct memory *memory = host_memory(client->host);
    if (!probe)
        return;
    sim_watch_fini(&probe->watch, memory);
    memory_release(memory, probe->sight, client->config->sessions * sizeof(*probe->sight));
    memory_release(memory, probe, sizeof(*probe));
}

/* False without memory. */
static bool look_at(struct sim_client *client, nsec now, uint16_t number) {
    const struct sim_session *session = &client->sessions[number];
    const struct memory *memory = host_memory(client->host);
    struct sim_probe *probe = client->probe;
    uint32_t *sight = &probe->sight[number];
    if (session->state != SIM_SESSION_FETCHING)
        return true;
    if (*sight == SIM_NO_SIGHT || probe->watch.sights[*sight].asked != session->transfer.asked) {
        const struct sim_sight begun = {.client = client->number,
                                        .relay = session->transfer.relays[0],
                                        .session = number,
                                        .has_bins = true,
                                        .came = session->transfer.started,
                                        .asked = session->transfer.asked};
        *sight = sim_watch_begin(&probe->watch, memory, now, &begun);
        if (*sight == SIM_NO_SIGHT)
            return false;
    }
    return sim_watch_count(&probe->watch, memory, now, *sight, session->transfer.bytes);
}

void sim_probe_look(struct sim_client *client, nsec now) {
    for (uint16_t i = 0; i < client->config->sessions; i++)
        if (!look_at(client, now, i))
            host_fail(client->host);
    host_at(client->host, sim_watch_next(&client->probe->watch, now), client->world->look, 0, NULL);
}

struct sim_sights sim_probe_sights(const struct sim_probe *probe) {
    return probe ? sim_watch_sights(&probe->watch) : (struct sim_sights){.count = 0};
}
