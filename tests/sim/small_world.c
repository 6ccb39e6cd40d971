#include "sim/small_world.h"

#include <stdlib.h>
#include <string.h>

#include "des/rate_bucket.h"
#include "support/test.h"

#define PRIME UINT64_C(0x100000001b3)

void small_world_set_up(struct small_world *small) {
    memset(small, 0, sizeof *small);
    shared_heap_init(&small->heap);
    small->latency_us[0] = small->latency_us[3] = 5000;
    small->latency_us[1] = small->latency_us[2] = 40000;
    small->cpus[0] = (struct sim_cpu){
        .mapping = COST_FULL, .behaviour = SIM_BEHAVE_LOOM, .cores = 4, .threads_per_core = 1, .workers = 1};
    small->cpus[1] = (struct sim_cpu){.mapping = COST_VANILLA,
                                      .behaviour = SIM_BEHAVE_TOR,
                                      .cores = 4,
                                      .threads_per_core = 1,
                                      .workers = 1};
    for (uint32_t i = 0; i < SMALL_RELAYS; i++)
        small->relays[i] = (struct sim_relay_config){
            .weight = 1000 + i,
            .line_rate = 12500000,
            .bandwidth_rate = RATE_UNLIMITED,
            .bandwidth_burst = RATE_UNLIMITED,
            .flags = SIM_FAST | SIM_STABLE | (i < 2 ? SIM_GUARD : 0) | (i > 2 ? SIM_EXIT : 0),
            .country = i % 2,
            .cpu = i % 2,
            .connection_threads = i % 2 ? 0 : 2};
    small->servers[0] = (struct sim_server_config){.line_rate = 125000000, .country = 1};
    small->files[0] = (struct sim_file){.bytes = 51200, .weight = 3, .timeout = 15 * NSEC_PER_S};
    small->files[1] = (struct sim_file){.bytes = 1048576, .weight = 1, .timeout = 60 * NSEC_PER_S};
    small->loads[0] = (struct sim_load){.files = small->files,
                                        .file_count = 2,
                                        .request_bytes = 1000,
                                        .pause = NSEC_PER_S,
                                        .is_exponential = true,
                                        .circuit_age_max = 10 * NSEC_PER_S};
    for (uint32_t i = 0; i < SMALL_CLIENTS; i++)
        small->clients[i] = (struct sim_client_config){.line_rate = 12500000,
                                                       .country = i % 2,
                                                       .sessions = (uint16_t)(1 + i),
                                                       .guards = (uint8_t)(i % 2)};
    small->config = (struct sim_config){.memory = &small->heap.memory,
                                        .seed = 7,
                                        .geography = {.countries = 2, .latency_us = small->latency_us},
                                        .cpus = small->cpus,
                                        .relays = small->relays,
                                        .servers = small->servers,
                                        .loads = small->loads,
                                        .clients = small->clients,
                                        .cpu_count = 2,
                                        .relay_count = SMALL_RELAYS,
                                        .server_count = 1,
                                        .load_count = 1,
                                        .client_count = SMALL_CLIENTS,
                                        .end = 30 * NSEC_PER_S};
}

static void note_trace(void *context, uint32_t relay, uint32_t station, nsec now,
                       const struct trace_event *event) {
    struct small_world *small = context;
    const uint64_t words[] = {station,        now,          event->kind,   event->link,
                              event->circ_id, event->count, event->detail, event->command};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        small->traces[relay] = (small->traces[relay] ^ words[i]) * PRIME;
    small->trace_lines[relay]++;
}

void small_world_start(struct small_world *small) {
    char what[200];
    if (!sim_config_check(&small->config, what, sizeof what))
        fail_msg("%s", what);
    small->world = sim_world_new(&small->config);
    assert_non_null(small->world);
    const struct sim_trace_sink sink = {note_trace, small};
    sim_world_trace(small->world, &sink);
}

void small_world_run(struct small_world *small, uint32_t threads) {
    assert_int_equal(sim_world_run(small->world, small->config.end, threads), ERR_OK);
    sim_world_finish(small->world);
}

void small_world_tear_down(struct small_world *small) {
    sim_world_free(small->world);
    assert_int_equal(atomic_load(&small->heap.live_bytes), 0);
}

/* --- one number ------------------------------------------------------------------------------------------------------ */

static uint64_t add(uint64_t hash, const void *bytes, size_t length) {
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * PRIME;
    return hash;
}

static uint64_t add_number(uint64_t hash, uint64_t number) {
    return (hash ^ number) * PRIME ^ hash >> 31;
}

static uint64_t add_transfer(uint64_t hash, const struct sim_transfer *t) {
    const uint64_t numbers[] = {t->client,         t->relays[0], t->relays[1],  t->relays[2],
                                t->session,        t->server,    t->file,       t->outcome,
                                t->is_new_circuit, t->bytes,     t->started,    t->circuit_built,
                                t->asked,          t->connected, t->first_byte, t->last_byte};
    return add(hash, numbers, sizeof numbers);
}

static uint64_t add_relay(uint64_t hash, const struct sim_relay_measure *m) {
    for (uint32_t i = 0; i < m->sample_count; i++) {
        const struct sim_sample *s = &m->samples[i];
        const uint64_t numbers[] = {s->bytes_read, s->bytes_written, s->cells,     s->busy,
                                    s->busy_most,  s->delay_sum,     s->delay_max, s->inputs};
        hash = add(hash, numbers, sizeof numbers);
    }
    for (uint32_t i = 0; i < m->thread_count; i++)
        hash = add(hash, &m->threads[i], sizeof m->threads[i]);
    hash = add(hash, m->thread_busy, (size_t)m->sample_count * m->thread_count * sizeof(nsec));
    return add(hash, &m->work, sizeof m->work);
}

uint64_t small_world_hash(const struct sim_world *world, const struct sim_config *config) {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < config->client_count; i++) {
        struct sim_client_measure m = sim_world_client(world, i);
        hash = add_number(hash, m.transfer_count);
        for (uint64_t j = 0; j < m.transfer_count; j++)
            hash = add_transfer(hash, &m.transfers[j]);
        for (uint64_t j = 0; j < m.build_count; j++)
            hash = add_number(add_number(hash, m.builds[j].started), m.builds[j].took + m.builds[j].outcome);
    }
    for (uint32_t i = 0; i < config->relay_count; i++) {
        struct sim_relay_measure m = sim_world_relay(world, i);
        hash = add_relay(hash, &m);
    }
    struct sim_totals totals = sim_world_totals(world);
    return add(hash, &totals, sizeof totals);
}
