#include <string.h>

#include "base/check.h"
#include "cost/price.h"
#include "sim/sim_relay.h"
#include "sim/sim_relay_state.h"

#define DEFAULT_SAMPLE NSEC_PER_S

static const struct sim_threads_calls calls = {
    .wake = sim_relay_wake, .step = sim_relay_step, .finish = sim_relay_finish_step};

/* --- making -------------------------------------------------------------------------------------------------------- */

size_t sim_relay_size(void) {
    return sizeof(struct sim_relay);
}

static void trace(struct port *port, const struct trace_event *event) {
    struct sim_station *station = (struct sim_station *)(void *)port;
    struct sim_relay *relay = station->relay;
    const struct sim_trace_sink *sink = &relay->world->trace;
    sink->event(sink->context, relay->number, station->id, host_now(relay->host), event);
}

void sim_relay_trace(struct sim_relay *relay) {
    for (uint16_t i = 0; i < relay->station_count; i++)
        relay->stations[i].port.trace = trace;
}

static void init_station(struct sim_relay *relay, uint16_t id) {
    struct sim_station *station = &relay->stations[id];
    station->port = sim_relay_port;
    station->relay = relay;
    station->id = id;
    station->thread = id + 1u == relay->station_count ? 0 : id;
    station->timer_at = NSEC_NEVER;
    list_init(&station->wanting);
}

static void core_config(const struct sim_relay *relay, struct relay_config *config_out) {
    const struct sim_relay_config *own = &relay->world->config->relays[relay->number];
    relay_config_default(config_out);
    config_out->memory = host_memory(relay->host);
    config_out->crypt = relay->crypt;
    config_out->connection_threads =
        relay->socket_thread_count > 0 ? 0 : own->connection_threads; /* cells are the main thread's alone */
    config_out->balancing = own->balancing;
    memcpy(config_out->rsa_id, relay->identity->credentials.rsa_id, RSA_ID_LEN);
    config_out->seed = sim_host_seed(relay->world, relay->number);
    config_out->unix_s_at_zero = SIM_UNIX_S;
    config_out->bandwidth_rate = own->bandwidth_rate;
    config_out->bandwidth_burst = own->bandwidth_burst;
    config_out->allow_private_addresses = true;
    config_out->pads_links =
        false; /* a cell every few seconds on each of millions of idle links would be most events */
    config_out->is_exit = (own->flags & SIM_EXIT) != 0;
    if (relay->world->config->generator)
        config_out->refuse_unknown_exits = 0; /* whom it plays nobody lists */
}

static bool start_core(struct sim_relay *relay) {
    struct relay_config config;
    struct port *ports[STATIONS_MAX];
    core_config(relay, &config);
    for (uint16_t i = 0; i < relay->station_count; i++) {
        init_station(relay, i);
        ports[i] = &relay->stations[i].port;
    }
    relay->core = relay_new(&config, 0, ports);
    if (!relay->core)
        return false;
    for (uint16_t i = 0; i + 1u < relay->station_count; i++) {
        relay->stations[i].manager = relay_manager(relay->core, i);
        manager_set_consensus(relay->stations[i].manager, 0, relay->world->consensus);
    }
    controller_set_consensus(relay_controller(relay->core), 0, relay->world->consensus);
    return true;
}

static bool start_threads(struct sim_relay *relay) {
    const struct sim_config *config = relay->world->config;
    const struct sim_cpu *cpu = relay->cpu;
    uint32_t smt = cpu->prices ? cpu->prices->smt_permille : 1000;
    nsec interval = config->sample_interval ? config->sample_interval : DEFAULT_SAMPLE;
    relay->later = memory_allocate(host_memory(relay->host), relay->thread_count * sizeof(*relay->later));
    cores_init(&relay->threads.cores, cpu->cores, cpu->threads_per_core,
               smt < 1000   ? 1000
               : smt > 2000 ? 2000
                            : smt);
    bool has_series =
        sim_series_init(&relay->series, host_memory(relay->host), interval, config->end, config->measure_from,
                        relay->thread_count, (uint16_t)(relay->thread_count - relay->worker_first));
    relay->kernel_owed_ps = memory_allocate(host_memory(relay->host),
                                            relay->kernel_thread_count * sizeof(*relay->kernel_owed_ps) + 1);
    if (!sim_threads_init(&relay->threads, relay->host, &calls, &relay->series, relay->thread_count,
                          relay->world->step_end))
        return false;
    relay->threads.wake_delay = cpu->prices ? cpu->prices->wake_delay_ns : 0;
    sim_relay_place_threads(relay);
    return has_series && relay->later && relay->kernel_owed_ps;
}

static bool looks_free(const struct sim_cpu *cpu) {
    const struct work look = {.loop_turns = 1, .loop_sleeps = 1, .scheduler_runs = 1, .tcp_info_reads = 1};
    const struct working_set set = {0};
    return !cpu->prices || (cpu->prices->wake_delay_ns == 0 && cost_price(cpu->prices, &look, &set) == 0);
}

bool sim_relay_init(struct sim_relay *relay, struct sim_world *world, uint32_t number) {
    const struct sim_relay_config *own = &world->config->relays[number];
    relay->role = SIM_ROLE_RELAY;
    relay->number = number;
    relay->world = world;
    relay->host = engine_host(world->engine, number);
    relay->cpu = &world->config->cpus[own->cpu];
    relay->identity = &world->identities[number];
    relay->behaviour = sim_cost_behaviour(relay->cpu->behaviour);
    relay->crypt = world->config->crypt
                       ? world->config->crypt->provider
                       : symbolic_provider(&relay->symbolic, sim_host_seed(world, number) ^ 1);
    symbolic_pad_with_zeros(&relay->symbolic);
    relay->looks_free = relay->cpu->mapping != COST_POC && looks_free(relay->cpu);
    relay->socket_thread_count = relay->cpu->mapping == COST_POC ? own->connection_threads : 0;
    relay->station_count = (uint16_t)(own->connection_threads - relay->socket_thread_count + 2);
    relay->worker_first = (uint16_t)(own->connection_threads + 1);
    relay->kernel_thread_count = sim_kernel_threads(relay->cpu);
    relay->thread_count = (uint16_t)(relay->worker_first + relay->cpu->workers + relay->kernel_thread_count);
    table_init(&relay->links, host_memory(relay->host), number);
    table_init(&relay->edges, host_memory(relay->host), number);
    host_set_user(relay->host, relay);
    if (own->line_both_ways)
        net_set_rate_both_ways(world->net, number, own->line_rate);
    else
        net_set_rates(world->net, number, own->line_rate, own->line_rate);
    relay->stations =
        memory_allocate(host_memory(relay->host), relay->station_count * sizeof(*relay->stations));
    relay->socket_threads = memory_allocate(host_memory(relay->host),
                                            relay->socket_thread_count * sizeof(*relay->socket_threads) + 1);
    return start_threads(relay) && relay->stations && relay->socket_threads && start_core(relay);
}

static void free_connections(struct sim_relay *relay) {
    uint32_t cursor = 0;
    struct table_entry *entry;
    while ((entry = table_next(&relay->links, &cursor))) {
        sim_link_free(relay, entry->value);
        cursor = 0;
    }
    cursor = 0;
    while ((entry = table_next(&relay->edges, &cursor))) {
        sim_edge_free(relay, entry->value);
        cursor = 0;
    }
    table_fini(&relay->links);
    table_fini(&relay->edges);
}

void sim_relay_fini(struct sim_relay *relay) {
    if (!relay->host)
        return; /* never made */
    const struct memory *memory = host_memory(relay->host);
    relay_free(relay->core);
    sim_threads_fini(&relay->threads, sim_relay_drop);
    for (uint16_t i = 0; relay->later && i < relay->thread_count; i++)
        sim_asks_free(relay, &relay->later[i]);
    memory_release(memory, relay->later, relay->thread_count * sizeof(*relay->later));
    sim_asks_free(relay, &relay->wishes);
    free_connections(relay);
    memory_release(memory, relay->facts, relay->facts_room * sizeof(*relay->facts));
    memory_release(memory, relay->grants, relay->facts_room * sizeof(*relay->grants));
    memory_release(memory, relay->stations, relay->station_count * sizeof(*relay->stations));
    memory_release(memory, relay->socket_threads,
                   relay->socket_thread_count * sizeof(*relay->socket_threads) + 1);
    memory_release(memory, relay->kernel_owed_ps,
                   relay->kernel_thread_count * sizeof(*relay->kernel_owed_ps) + 1);
    sim_series_fini(&relay->series, memory);
}

/* --- what it has measured ------------------------------------------------------------------------------------------ */

static struct work work_of(const struct sim_relay *relay) {
    struct work sum = *controller_work(relay_controller(relay->core));
    for (uint16_t i = 0; i + 1u < relay->station_count; i++)
        work_add(&sum, manager_work(relay->stations[i].manager));
    sim_sockets_add_work(relay, &sum);
    return sum;
}

void sim_relay_sample(struct sim_relay *relay, nsec now) {
    if (!sim_series_is_due(&relay->series, now))
        return;
    struct sim_carried carried = {0};
    sim_carried_add(&carried, controller_work(relay_controller(relay->core)));
    for (uint16_t i = 0; i + 1u < relay->station_count; i++)
        sim_carried_add(&carried, manager_work(relay->stations[i].manager));
    for (uint16_t i = 0; i < relay->socket_thread_count; i++)
        sim_carried_add(&carried, &relay->socket_threads[i].work);
    sim_series_close(&relay->series, now, &carried);
}

struct sim_relay_measure sim_relay_measure(const struct sim_relay *relay) {
    const struct sim_series *series = &relay->series;
    return (struct sim_relay_measure){.samples = series->samples,
                                      .thread_busy = series->thread_busy,
                                      .threads = series->threads,
                                      .sample_count = series->next,
                                      .thread_count = relay->thread_count,
                                      .work = work_of(relay),
                                      .moves = controller_moves(relay_controller(relay->core))->moved};
}

nsec sim_relay_busy(const struct sim_relay *relay, uint16_t thread) {
    CHECK(thread < relay->thread_count);
    return relay->threads.items[thread].busy;
}

struct working_set sim_relay_load(const struct sim_relay *relay, nsec now) {
    struct working_set sum = {0};
    for (uint16_t i = 0; i + 1u < relay->station_count; i++) {
        struct working_set set = manager_working_set(relay->stations[i].manager, now);
        sum.links += set.links;
        sum.links_active += set.links_active;
        sum.halves += set.halves;
        sum.halves_active += set.halves_active;
        sum.cells_waiting += set.cells_waiting;
    }
    return sum;
}

/* --- timers -------------------------------------------------------------------------------------------------------- */

/* When the next scheduling run may be: as the core wants it, or no sooner than KIST's interval behind the last. */
static nsec schedule_at(const struct sim_station *station) {
    const struct sim_relay *relay = station->relay;
    const nsec interval = (nsec)relay->world->consensus->params.kist_run_interval_ms * NSEC_PER_MS;
    nsec at = manager_schedule_at(station->manager);
    if (station->is_asleep)
        return NSEC_NEVER;
    if (!relay->behaviour->waits_interval || station->scheduled_at == 0)
        return at;
    return nsec_max(at, station->scheduled_at + interval);
}

/* The round that ends a turn is part of it, when nothing else waits for the thread. */
static void post_round(struct sim_station *station, nsec now) {
    const struct sim_thread *thread = &station->relay->threads.items[station->thread];
    if (thread->is_running && thread->count == 0 && thread->turn_left == 0)
        sim_relay_post_rest(station, now, SIM_IN_SCHEDULE, 0);
    else
        sim_relay_post(station, now, SIM_IN_SCHEDULE, 0, NULL);
}

/* Post what is due by now; returns when the next will be. */
static nsec post_due(struct sim_station *station, nsec now) {
    nsec next = NSEC_NEVER;
    if (station->wanting_count > 0 && !station->is_schedule_posted) {
        nsec at = schedule_at(station);
        station->is_schedule_posted = at <= now;
        if (at <= now)
            post_round(station, now);
        else
            next = at;
    }
    if (!station->is_tick_posted) {
        nsec at = station->manager ? manager_next_wake(station->manager)
                                   : controller_next_wake(relay_controller(station->relay->core));
        station->is_tick_posted = at <= now;
        if (at <= now)
            sim_relay_post(station, now, SIM_IN_TICK, 0, NULL);
        else
            next = nsec_min(next, at);
    }
    return next;
}

void sim_station_plan(struct sim_station *station, nsec now) {
    nsec next = post_due(station, now);
    if (next >= station->timer_at)
        return;
    station->timer_at = next;
    host_at(station->relay->host, next, station->relay->world->relay_timer, station->id, NULL);
}

/* Of a station (one that a nearer one has replaced says nothing), or only to begin what waits. */
void sim_relay_timer(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_relay *relay = host_user(host);
    CHECK(object == NULL);
    sim_relay_sample(relay, now);
    if (arg < relay->station_count) {
        struct sim_station *station = &relay->stations[arg];
        if (station->timer_at != now)
            return;
        station->timer_at = NSEC_NEVER;
        sim_station_plan(station, now);
    }
    sim_threads_dispatch(&relay->threads, now);
}

void sim_relay_step_end(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_relay *relay = host_user(host);
    CHECK(object == NULL);
    sim_relay_sample(relay, now);
    sim_threads_event(&relay->threads, now, arg);
}

/* --- from the network ---------------------------------------------------------------------------------------------- */

bool sim_relay_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    struct sim_relay *relay = host_user(host);
    struct sim_link *link = port == SIM_PORT ? sim_link_new(relay, tcp, false) : NULL;
    if (!link)
        return false;
    link->peer = tcp_peer(tcp);
    tcp_set_user(tcp, link);
    if (!sim_relay_post(sim_controller(relay), now, SIM_IN_ACCEPT, 0, link))
        return false;
    host_at(host, now, relay->world->relay_timer, relay->station_count, NULL); /* not while TCP is at it */
    return true;
}

void sim_relay_connected(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_relay *relay = host_user(host);
    void *user = tcp_user(tcp);
    if (*(const enum sim_user *)user == SIM_USER_LINK) {
        sim_link_post_connected(relay, now, user);
    } else {
        const struct sim_edge *edge = user;
        sim_relay_post(&relay->stations[edge->station], now, SIM_IN_EDGE_CONNECTED, edge->id, NULL);
    }
    sim_threads_dispatch(&relay->threads, now);
}

void sim_relay_readable(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_relay *relay = host_user(host);
    void *user = tcp_user(tcp);
    if (*(const enum sim_user *)user == SIM_USER_LINK)
        sim_link_post_read(relay, now, user);
    else
        sim_edge_post_read(relay, now, user);
    sim_relay_sample(relay, now);
    sim_threads_dispatch(&relay->threads, now);
}

void sim_relay_writable(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_relay *relay = host_user(host);
    void *user = tcp_user(tcp);
    if (*(const enum sim_user *)user == SIM_USER_LINK) {
        const struct sim_link *link = user;
        struct sim_station *station = &relay->stations[link->station];
        sim_relay_sample(relay, now);
        sim_links_wake(station, now);
        sim_station_plan(station, now);
    } else {
        const struct sim_edge *edge = user;
        sim_relay_post(&relay->stations[edge->station], now, SIM_IN_EDGE_WRITABLE, edge->id, NULL);
    }
    sim_threads_dispatch(&relay->threads, now);
}

static uint8_t end_reason_of(enum tcp_end end) {
    switch (end) {
    case TCP_END_OF_STREAM: return END_DONE;
    case TCP_END_RESET: return END_CONNRESET;
    case TCP_END_REFUSED: return END_CONNECTREFUSED;
    case TCP_END_TIMEOUT: return END_TIMEOUT;
    }
    return END_MISC;
}

void sim_relay_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    struct sim_relay *relay = host_user(host);
    void *user = tcp_user(tcp);
    if (*(const enum sim_user *)user == SIM_USER_LINK) {
        struct sim_link *link = user;
        link->tcp = NULL;
        if (link->id != 0)
            sim_link_post_closed(relay, now, link);
    } else {
        struct sim_edge *edge = user;
        edge->tcp = NULL;
        edge->end_reason = end_reason_of(end);
        sim_relay_post(&relay->stations[edge->station], now, SIM_IN_EDGE_CLOSED, edge->id, NULL);
    }
    sim_threads_dispatch(&relay->threads, now);
}
