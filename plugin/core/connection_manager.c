#include "core/connection_manager.h"

#include "base/check.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

/* --- helpers of all files ------------------------------------------------------------------------------------------ */

void manager_trace(struct manager *m, enum trace_kind kind, const struct link *link, uint32_t circ_id,
                   uint8_t command, uint32_t count, uint32_t detail) {
    if (!m->port->trace)
        return;
    struct trace_event event = {.kind = kind,
                                .link = link ? link->id : 0,
                                .circ_id = circ_id,
                                .count = count,
                                .detail = detail,
                                .command = command};
    m->port->trace(m->port, &event);
}

uint32_t manager_fetch_returned_cells(struct manager *m) {
    return cell_pool_put_trays(&m->cells, mailroom_collect_returned(m->room, m->station));
}

struct cell *manager_cell(struct manager *m, enum cell_need need) {
    if (cell_pool_would_grow(&m->cells))
        manager_fetch_returned_cells(
            m); /* cells that are there already are better than more, and nearer to the cache */
    struct cell *cell = cell_pool_take(&m->cells, need);
    if (!cell) {
        mailroom_want_returned(m->room, m->station);
        manager_fetch_returned_cells(m);
        cell = cell_pool_take(&m->cells, need);
    }
    return cell;
}

/* Our own cells go back to the pool, others' go home on trays. */
void manager_free_cell(struct manager *m, struct cell *cell) {
    if (cell->home == m->station)
        cell_pool_put(&m->cells, cell);
    else
        mailroom_return_cell(m->room, m->station, cell, &m->cells);
}

void manager_free_run(struct manager *m, struct cell_run *run) {
    struct cell *cell = run->first;
    while (cell != NULL) {
        struct cell *next = cell->next;
        manager_free_cell(m, cell);
        cell = next;
    }
    *run = (struct cell_run){0};
}

void manager_release(struct manager *m, struct cell **cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        manager_free_cell(m, cells[i]);
}

static struct control *post(struct manager *m, station_id to_station, object_id to, struct control *message) {
    if (!message)
        return NULL;
    message->to = to;
    message->reply_to = m->station;
    if (object_is_parking(to)) {
        manager_park_control(m, message);
        return message;
    }
    mailroom_post_control(m->room, m->station, to_station, message, &m->work);
    return message;
}

struct control *manager_post(struct manager *m, station_id to_station, object_id to, enum control_kind kind) {
    return post(m, to_station, to, control_new(m->memory, kind));
}

struct control *manager_post_last(struct manager *m, station_id to_station, object_id to,
                                  enum control_kind kind) {
    return post(m, to_station, to, control_spares_take(&m->spares, kind));
}

struct control *manager_post_refusal(struct manager *m, station_id to_station, enum control_kind kind) {
    (void)!control_spares_reserve(&m->refusals, 0); /* as many as there can be again */
    return post(m, to_station, 0, control_spares_take(&m->refusals, kind));
}

struct control *manager_post_farewell(struct manager *m, half_id to) {
    (void)!control_spares_reserve(&m->farewells, 0); /* as many as there can be again */
    return post(m, object_station(to), to, control_spares_take(&m->farewells, CONTROL_DESTROY));
}

void manager_send(struct manager *m, struct control *message, station_id to_station, object_id to,
                  enum control_kind kind) {
    CHECK(message->size >= control_size(kind));
    message->kind = (uint8_t)kind;
    post(m, to_station, to, message);
}

void manager_keep(struct manager *m, const struct control *message) {
    m->reposted = message;
}

void manager_repost(struct manager *m, struct control *message, station_id to_station, object_id to,
                    enum control_kind kind) {
    manager_keep(m, message);
    manager_send(m, message, to_station, to, kind);
}

void manager_post_cells(struct manager *m, object_id to, struct cell_run *run) {
    for (struct cell *cell = run->first; cell; cell = cell->next)
        cell->to = to;
    mailroom_post_cells(m->room, m->station, object_station(to), run, &m->work);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

static nsec half_life(const struct consensus_params *params) {
    return (nsec)params->circuit_priority_halflife_ms * NSEC_PER_MS;
}

static void init_stores(struct manager *m, uint64_t seed) {
    const struct relay_config *c = m->config;
    uint32_t circuits_max = c->circuits_max_per_manager;
    cell_pool_init(&m->cells, m->memory, m->station, CELL_BODY_LEN, c->cells_max_per_manager);
    slab_init(&m->links_slab, m->memory, sizeof(struct link), 16, c->links_max);
    slab_init(&m->halves_slab, m->memory, sizeof(struct half), slab_block_objects(sizeof(struct half)),
              circuits_max);
    layer_store_init(&m->layers, m->memory, m->crypt, circuits_max);
    slab_init(&m->streams_slab, m->memory, sizeof(struct stream), 32, circuits_max);
    slab_init(&m->paces_slab, m->memory, sizeof(struct stream_pace), 32, circuits_max);
    slab_init(&m->paddings_slab, m->memory, sizeof(struct circuit_padding), 32, circuits_max);
    slab_init(&m->edges_slab, m->memory, sizeof(struct edge), 32, circuits_max);
    table_init(&m->links, m->memory, seed);
    onion_registry_init(&m->names, m->memory, seed + 1, c->circuits_max_per_manager);
    slot_map_init(&m->halves, m->memory, m->station, OBJECT_HALF, circuits_max);
    slot_map_init(&m->edges, m->memory, m->station, OBJECT_EDGE, circuits_max);
    timers_init(&m->timers, m->memory);
    timers_init(&m->edge_timers, m->memory);
    timers_init(&m->half_timers, m->memory);
    timers_init(&m->pace_timers, m->memory);
    timers_init(&m->padding_timers, m->memory);
    timers_init(&m->limit_timers, m->memory);
    timers_init(&m->circuit_padding_timers, m->memory);
    control_spares_init(&m->spares, m->memory);
    control_spares_init(&m->refusals, m->memory);
    control_spares_init(&m->farewells, m->memory);
    list_init(&m->paused_links);
    list_init(&m->ripe_links);
    list_init(&m->resuming);
    manager_move_init(m, seed + 3);
    table_init(&m->sets, m->memory, seed + 2);
}

/* Beside others the main thread's manager has no links: it was lent nothing. */
static void init_bandwidth(struct manager *m, nsec now) {
    struct bandwidth_terms terms = bandwidth_terms_of(m->config);
    bandwidth_share_init(&m->bandwidth, now, &terms, terms.is_lent && m->station > 0 ? terms.keep : 0);
}

struct manager *manager_new(const struct relay_config *config, nsec now, station_id station,
                            struct port *port, struct mailroom *room) {
    struct manager *m = memory_allocate(config->memory, sizeof *m);
    if (!m)
        return NULL;
    m->config = config;
    m->unix_s_at_zero = config->unix_s_at_zero;
    m->memory = config->memory;
    m->crypt = config->crypt;
    m->port = port;
    m->room = room;
    m->station = station;
    m->controller = (station_id)(config->connection_threads + 1);
    m->edge_station_next = station;
    rng_seed(&m->rng, config->seed ^ (uint64_t)station << 48);
    rng_seed(&m->padding_rng, ~config->seed ^ (uint64_t)station << 48);
    init_stores(m, rng_u64(&m->rng));
    m->params = consensus_params_default;
    m->dos = dos_params_settled(&config->dos, &m->params.dos);
    sched_init(&m->scheduler, m->memory, half_life(&m->params));
    init_bandwidth(m, now);
    m->hibernation_look_at = NSEC_NEVER;
    m->trim_at = NSEC_NEVER;
    manager_memory_init(m);
    manager_load_init(m, now);
    if (control_spares_reserve(&m->refusals, REFUSALS_AT_ONCE) &&
        control_spares_reserve(&m->farewells, FAREWELLS_AT_ONCE))
        return m;
    manager_free(m);
    return NULL;
}

/* Nobody is left to be told. */
static void free_speechless(struct manager *m) {
    struct half *half;
    while ((half = m->speechless) != NULL) {
        m->speechless = half->next_speechless;
        slab_put(&m->halves_slab, half);
    }
}

/* What is in the mailroom stays there; the links say goodbye to nobody. */
static void free_links(struct manager *m) {
    uint32_t cursor = 0;
    struct link *link;
    while ((link = table_take(&m->links, &cursor)) != NULL)
        manager_link_close(m, 0, link, ERR_OK, false);
}

void manager_stop(struct manager *m) {
    free_links(m);
    manager_sets_stop(m);
    manager_edges_stop(m);
    manager_parcel_stop(m);
    manager_parking_stop(m);
}

static void no_wake(void *context, station_id to) {
    (void)context;
    (void)to;
}

bool manager_settle(struct manager *m) {
    bool left_out;
    mailroom_flush(m->room, m->station, &m->work, no_wake, NULL);
    mailroom_collect_begin(m->room, m->station);
    struct cell_run cells = mailroom_collect_cells(m->room, m->station, UINT32_MAX, &left_out);
    struct control *controls = mailroom_collect_controls(m->room, m->station);
    bool moved = controls || !cell_run_is_empty(&cells);
    manager_free_run(m, &cells);
    while (controls) {
        struct control *message = controls;
        controls = message->next;
        if (message->kind == CONTROL_LINK_PARCEL)
            manager_parcel_abandon(m, message->u.parcel);
        control_free(m->memory, message);
    }
    return manager_fetch_returned_cells(m) > 0 || moved;
}

void manager_free(struct manager *m) {
    if (!m)
        return;
    memory_release(m->memory, m->claims, m->claims_room * sizeof *m->claims);
    consensus_view_drop(m->consensus);
    manager_move_fini(m);
    timers_fini(&m->timers);
    timers_fini(&m->edge_timers);
    timers_fini(&m->half_timers);
    timers_fini(&m->pace_timers);
    timers_fini(&m->padding_timers);
    timers_fini(&m->limit_timers);
    timers_fini(&m->circuit_padding_timers);
    free_speechless(m);
    control_spares_release(&m->refusals, m->refusals.owed);
    control_spares_fini(&m->refusals);
    control_spares_release(&m->farewells, m->farewells.owed);
    control_spares_fini(&m->farewells);
    control_spares_fini(&m->spares); /* objects have given up theirs */
    onion_registry_fini(&m->names);
    slot_map_fini(&m->edges);
    slot_map_fini(&m->halves);
    table_fini(&m->links);
    table_fini(&m->sets);
    slab_fini(&m->edges_slab);
    slab_fini(&m->paddings_slab);
    slab_fini(&m->paces_slab);
    slab_fini(&m->streams_slab);
    slab_fini(&m->halves_slab);
    layer_store_fini(&m->layers);
    slab_fini(&m->links_slab);
    cell_pool_fini(&m->cells);
    memory_release(m->memory, m, sizeof *m);
}

/* --- cells from links ---------------------------------------------------------------------------------------------- */

/* How many of the cells from views on are one run: RELAY cells of the same circuit. */
static uint32_t run_length(const struct cell_view *views, uint32_t n) {
    uint32_t run = 1;
    if (views[0].command != CELL_RELAY)
        return 1;
    while (run < n && run < HALF_RUN_MAX && views[run].command == CELL_RELAY &&
           views[run].circ_id == views[0].circ_id)
        run++;
    return run;
}

static enum err dispatch(struct manager *m, nsec now, struct link *link, const struct cell_view *views,
                         uint32_t n) {
    const struct cell_view *cell = views;
    switch (cell->command) {
    case CELL_RELAY:
    case CELL_RELAY_EARLY: manager_circuit_relay(m, now, link, views, n); return ERR_OK;
    case CELL_CREATE2: manager_circuit_create(m, now, link, cell); return ERR_OK;
    case CELL_CREATED2: manager_circuit_created(m, now, link, cell); return ERR_OK;
    case CELL_DESTROY: manager_circuit_destroyed(m, now, link, cell); return ERR_OK;
    case CELL_PADDING_NEGOTIATE: manager_link_padding_negotiated(m, now, link, cell); return ERR_OK;
    case CELL_CREATE:
    case CELL_CREATE_FAST: manager_circuit_create(m, now, link, cell); return ERR_OK;
    case CELL_VERSIONS:
    case CELL_CERTS:
    case CELL_AUTH_CHALLENGE:
    case CELL_AUTHENTICATE: return ERR_PROTOCOL; /* tor-spec 4: once only */
    default: return ERR_OK; /* padding, a second NETINFO, commands of the future: ignored (tor-spec 3) */
    }
}

void manager_receive(struct manager *m, nsec now, link_id id, const struct cell_view *cells, uint32_t n) {
    struct link *link = manager_link(m, id);
    if (!link)
        return;
    CHECK(link->state == LINK_OPEN);
    m->work.cells_received += n;
    link->cells_passed += n;
    activity_note(&m->links_active, now, &link->active);
    uint32_t prefetched = 0;
    for (uint32_t i = 0; i < n && manager_link(m, id);) {
        if (i >= prefetched)
            prefetched = i + manager_circuits_prefetch(m, link, cells + i, n - i);
        uint32_t run = run_length(cells + i, n - i);
        manager_trace(m, TRACE_CELLS_IN, link, cells[i].circ_id, cells[i].command, run, 0);
        enum err e = dispatch(m, now, link, cells + i, run);
        if (e) {
            manager_link_close(m, now, link, e, true);
            return;
        }
        i += run;
    }
    if (manager_memory_may_be_tight(m))
        manager_memory_review(m, now);
    if (manager_link(m, id))
        manager_links_pause_if_full(m, link);
}

/* --- messages from other stations ----------------------------------------------------------------------------------- */

static void handle_control(struct manager *m, nsec now, struct control *message) {
    switch ((enum control_kind)message->kind) {
    case CONTROL_DIAL: manager_dial(m, now, message); return;
    case CONTROL_ATTACH: manager_attach(m, now, message); return;
    case CONTROL_LINK_CLOSE: {
        struct link *link = manager_link(m, message->link);
        if (link)
            manager_link_close(m, now, link, ERR_OK, true);
        else
            manager_forward_to_link(m, message);
        return;
    }
    case CONTROL_BANDWIDTH_LOAN: manager_bandwidth_lent(m, now, message); return;
    case CONTROL_MEMORY_WATCH:
    case CONTROL_MEMORY_COUNT:
    case CONTROL_MEMORY_FREE: manager_memory_control(m, now, message); return;
    case CONTROL_ASK_LINKS: manager_ask_links(m, now, message); return;
    case CONTROL_LINK_REFUSE:
    case CONTROL_QUEUE_FULL: manager_client_control(m, message); return;
    case CONTROL_EDGE_OPEN:
    case CONTROL_EDGE_RESOLVE: manager_edge_open_control(m, now, message); return;
    case CONTROL_EDGE_CREDIT:
    case CONTROL_EDGE_CLOSE: manager_edge_control(m, now, message); return;
    case CONTROL_ATTACHED:
    case CONTROL_EXTENDED:
    case CONTROL_EXTEND_FAILED:
    case CONTROL_DESTROY:
    case CONTROL_EDGE_OPENED:
    case CONTROL_EDGE_CONNECTED:
    case CONTROL_EDGE_FAILED:
    case CONTROL_EDGE_REFUSED:
    case CONTROL_EDGE_RESOLVED:
    case CONTROL_EDGE_FLUSHED: manager_circuit_control(m, now, message); return;
    case CONTROL_ONION_CLAIM:
    case CONTROL_ONION_FORGET:
    case CONTROL_ONION_RENAMED:
    case CONTROL_INTRODUCE:
    case CONTROL_RENDEZVOUS: manager_name_control(m, message); return;
    case CONTROL_ONION_CLAIMED:
    case CONTROL_ONION_REPLACED:
    case CONTROL_INTRODUCTION:
    case CONTROL_JOIN:
    case CONTROL_ONION_REFUSED:
    case CONTROL_INTRODUCED:
    case CONTROL_JOINED: manager_onion_control(m, now, message); return;
    case CONTROL_CONFLUX_LINK:
    case CONTROL_LEG_ROOM:
    case CONTROL_LEG_CLOSED: manager_set_control(m, now, message); return;
    case CONTROL_CONFLUX_LINKED: manager_leg_control(m, now, message); return;
    case CONTROL_LINK_MOVE: manager_move_begin(m, now, message); return;
    case CONTROL_LINK_PARCEL: manager_parcel_arrived(m, now, message); return;
    case CONTROL_LINK_SETTLED: manager_link_settled(m, message); return;
    case CONTROL_MOVING: manager_parking_begin(m, message); return;
    case CONTROL_MOVED: manager_parking_end(m, now, message); return;
    case CONTROL_PARKING_FAILED: manager_move_refused(m, message); return;
    case CONTROL_LINK_STAYS:
    case CONTROL_LINK_MOVED:
    case CONTROL_EXTEND:
    case CONTROL_LINK_OPEN:
    case CONTROL_LINK_CLOSED:
    case CONTROL_CREATES:
    case CONTROL_MEMORY_ALARM:
    case CONTROL_MEMORY_LOW:
    case CONTROL_MEMORY_COUNTED:
    case CONTROL_LOAD_REPORT:
    case CONTROL_LINK_LOADS:
    case CONTROL_BANDWIDTH_REPORT: break; /* for the controller */
    }
    CHECK(!"a control message for the controller came to a manager");
}

/* A half may get cells from its other half, or from one that was cut off, and chunks from its edges. */
static bool is_of_same_kind(const struct cell *a, const struct cell *b) {
    if (a->kind == CELL_KIND_LEG || b->kind == CELL_KIND_LEG)
        return a->kind == b->kind;
    if (a->kind != CELL_KIND_CELL || b->kind != CELL_KIND_CELL)
        return a->kind != CELL_KIND_CELL && b->kind != CELL_KIND_CELL;
    return a->serial == b->serial;
}

/* The cells at the front of run that go to the same place as the same kind of thing. */
static struct cell_run split_same_destination(struct cell_run *run) {
    struct cell *last = run->first;
    uint32_t same = 1;
    cell_prefetch_ahead(last);
    while (last->next && last->next->to == run->first->to && is_of_same_kind(last->next, run->first)) {
        last = last->next;
        cell_prefetch_ahead(last);
        same++;
    }
    return cell_run_split_after(run, last, same);
}

static void handle_cells(struct manager *m, nsec now, struct cell_run *run) {
    object_id to = run->first->to;
    struct half *half = manager_half(m, to);
    if (half && run->first->kind == CELL_KIND_LEG && half->is_set)
        manager_set_cells(m, now, half, run);
    else if (half && run->first->kind == CELL_KIND_LEG)
        manager_leg_cells(m, now, half, run);
    else if (half && run->first->kind != CELL_KIND_CELL)
        manager_stream_chunks(m, now, half, run);
    else if (half && run->first->serial == half->extend_serial)
        manager_half_deliver(m, now, half, run);
    else if (!half && run->first->kind != CELL_KIND_LEG)
        manager_edge_chunks(m, now, to, run);
    else if (!half)
        manager_unclaimed_cells(m, now, run);
    manager_free_run(m,
                     run); /* what nobody wanted: the half or edge is gone, or the other half was cut off */
}

bool manager_drain(struct manager *m, nsec now, uint32_t msgs_max) {
    bool left_out = false;
    mailroom_collect_begin(m->room, m->station);
    manager_fetch_returned_cells(m);
    struct cell_run cells = mailroom_collect_cells(m->room, m->station, msgs_max, &left_out);
    struct control *controls = mailroom_collect_controls(m->room, m->station);
    while (controls) {
        struct control *message = controls;
        controls = message->next;
        handle_control(m, now, message);
        if (m->reposted == message)
            m->reposted = NULL;
        else
            control_free(m->memory, message);
    }
    while (!cell_run_is_empty(&cells)) {
        struct cell_run same = split_same_destination(&cells);
        handle_cells(m, now, &same);
    }
    if (m->is_memory_tight)
        manager_memory_review(m, now);
    manager_links_resume(m);
    return left_out;
}

static void ask_wake(void *context, station_id to) {
    struct manager *m = context;
    m->port->wake(m->port, to);
}

void manager_flush(struct manager *m, nsec now) {
    if (m->cells.slab.taken > m->memory_limit)
        manager_memory_is_over_limit(m, now);
    if (m->speechless)
        manager_halves_speak(m, now);
    mailroom_flush(m->room, m->station, &m->work, ask_wake, m);
}

/* --- the rest ------------------------------------------------------------------------------------------------------ */

nsec manager_next_wake(const struct manager *m) {
    nsec padding = nsec_min(timers_next(&m->padding_timers), timers_next(&m->circuit_padding_timers));
    nsec bounds = nsec_min(nsec_min(m->memory_at, m->hibernation_look_at),
                           nsec_min(manager_halves_speak_at(m), timers_next(&m->limit_timers)));
    nsec circuits = nsec_min(timers_next(&m->half_timers), timers_next(&m->edge_timers));
    nsec others = nsec_min(timers_next(&m->timers), timers_next(&m->pace_timers));
    nsec links = nsec_min(padding, manager_move_next(m));
    return nsec_min(nsec_min(links, bounds), nsec_min(others, circuits));
}

nsec manager_trim_at(const struct manager *m) {
    return m->trim_at;
}

void manager_trim(struct manager *m) {
    m->trim_at = NSEC_NEVER;
    manager_fetch_returned_cells(m);
    slab_give_back(&m->halves_slab);
    for (unsigned kind = 0; kind < LAYER_KINDS; kind++)
        slab_give_back(&m->layers.slabs[kind]);
    slab_give_back(&m->streams_slab);
    slab_give_back(&m->edges_slab);
    slab_give_back(&m->links_slab);
    slab_give_back(&m->cells.slab);
}

void manager_set_consensus(struct manager *m, nsec now, struct consensus_view *view) {
    consensus_view_drop(m->consensus);
    m->consensus = consensus_view_keep(view);
    m->params = consensus_params_clamped(view ? &view->params : &consensus_params_default);
    m->dos = dos_params_settled(&m->config->dos, &m->params.dos);
    sched_set_half_life(&m->scheduler, now, half_life(&m->params));
    manager_limits_settle(m, now);
}

void manager_set_clock(struct manager *m, nsec now, uint64_t unix_s) {
    m->unix_s_at_zero = unix_s - now / NSEC_PER_S;
}

const struct dos_figures *manager_refused(const struct manager *m) {
    return &m->refused;
}

const struct work *manager_work(const struct manager *m) {
    return &m->work;
}

struct work *manager_work_mutable(struct manager *m) {
    return &m->work;
}

struct working_set manager_working_set(const struct manager *m, nsec now) {
    return (struct working_set){.links = m->links_open,
                                .links_active = activity_count(&m->links_active, now),
                                .halves = m->halves.live,
                                .halves_active = activity_count(&m->halves_active, now),
                                .cells_waiting = depth_mean(&m->cells_depth, now)};
}
