/* The steps of a simulated relay's threads: one input to the core, what the port asks for meanwhile, and the price. */
#include "base/check.h"
#include "cost/price.h"
#include "sim/sim_relay_state.h"

#define DRAIN_MESSAGES_MAX 4096u /* of a station in one turn, */
#define DRAIN_PIECE        512u  /* of them at a time (native/event_thread.h) */

bool sim_relay_post(struct sim_station *station, nsec now, enum sim_input_kind kind, uint64_t object,
                    void *payload) {
    const struct sim_input input = {
        .object = object, .payload = payload, .station = station->id, .kind = (uint8_t)kind};
    if (sim_threads_post(&station->relay->threads, now, station->thread, &input))
        return true;
    sim_relay_drop(&station->relay->threads, &input);
    return false;
}

void sim_relay_post_rest(struct sim_station *station, nsec now, enum sim_input_kind kind, uint64_t object) {
    const struct sim_input input = {.object = object, .station = station->id, .kind = (uint8_t)kind};
    sim_threads_post_rest(&station->relay->threads, now, station->thread, &input);
}

void sim_relay_drop(struct sim_threads *threads, const struct sim_input *input) {
    struct sim_relay *relay = host_user(threads->host);
    const struct memory *memory = host_memory(relay->host);
    switch ((enum sim_input_kind)input->kind) {
    case SIM_IN_ACCEPT: sim_link_free(relay, input->payload); break;
    case SIM_IN_JOB: memory_release(memory, input->payload, sizeof(struct job)); break;
    case SIM_IN_JOB_DONE: memory_release(memory, input->payload, sizeof(struct job_result)); break;
    case SIM_IN_ACCEPT_FAILED:
    case SIM_IN_LINK_CONNECTED:
    case SIM_IN_LINK_OPENED:
    case SIM_IN_LINK_READ:
    case SIM_IN_LINK_CLOSED:
    case SIM_IN_LINK_WRITE:
    case SIM_IN_LINK_RELEASE:
    case SIM_IN_KERNEL:
    case SIM_IN_SOCKET_CONNECTED:
    case SIM_IN_SOCKET_READ:
    case SIM_IN_SOCKET_WRITE:
    case SIM_IN_SOCKET_CLOSED:
    case SIM_IN_SOCKET_CLOSE:
    case SIM_IN_DRAIN:
    case SIM_IN_SCHEDULE:
    case SIM_IN_TICK:
    case SIM_IN_EDGE_CONNECTED:
    case SIM_IN_EDGE_READ:
    case SIM_IN_EDGE_WRITABLE:
    case SIM_IN_EDGE_CLOSED: break;
    }
}

/* --- what the port asks for ---------------------------------------------------------------------------------------- */

static void set_reading(struct sim_relay *relay, nsec now, link_id id, bool on) {
    struct sim_link *link = sim_link_find(relay, id);
    if (!link)
        return;
    link->is_paused = !on;
    if (on)
        sim_link_post_read(relay, now, link);
}

static void grant_wish(struct sim_station *station, nsec now, const struct sim_ask *wish) {
    switch ((enum sim_ask_kind)wish->kind) {
    case SIM_ASK_WANT_WRITE: sim_link_want_write(station, wish->object); break;
    case SIM_ASK_WANT_READ: set_reading(station->relay, now, wish->object, wish->on); break;
    case SIM_ASK_EDGE_WANT_WRITE: sim_edge_write(station, now, wish->object); break;
    case SIM_ASK_EDGE_WANT_READ: sim_edge_want_read(station, now, wish->object, wish->on); break;
    case SIM_ASK_EDGE_RESOLVE: sim_edge_resolve(station, now, wish->object, wish->payload); break;
    case SIM_ASK_ADOPT: sim_link_adopt(station, now, wish->object); break;
    case SIM_ASK_DIAL:
    case SIM_ASK_HANGUP:
    case SIM_ASK_RELEASE:
    case SIM_ASK_EDGE_CONNECT:
    case SIM_ASK_EDGE_CLOSE:
    case SIM_ASK_OFFLOAD:
    case SIM_ASK_WAKE:
    case SIM_ASK_LINK_SEND:
    case SIM_ASK_EDGE_SEND:
    case SIM_ASK_HAND_OVER:
    case SIM_ASK_SOCKET_READ:
    case SIM_ASK_SOCKET_DONE:
    case SIM_ASK_JOB_DONE: CHECK(!"seen at the end of the step");
    }
}

bool sim_relay_grant_wishes(struct sim_relay *relay, nsec now) {
    bool any = relay->wishes.count > 0;
    for (uint32_t i = 0; i < relay->wishes.count; i++) {
        const struct sim_ask wish = relay->wishes.items[i];
        grant_wish(&relay->stations[wish.station], now, &wish);
        sim_ask_drop(relay, &wish);
    }
    relay->wishes.count = 0;
    return any;
}

/* --- inputs -------------------------------------------------------------------------------------------------------- */

static void drain(struct sim_station *station, nsec now) {
    struct sim_relay *relay = station->relay;
    bool more = station->manager ? manager_drain(station->manager, now, DRAIN_PIECE)
                                 : controller_drain(relay_controller(relay->core), now, DRAIN_PIECE);
    station->drained = more ? station->drained + DRAIN_PIECE : 0;
    if (!more)
        return;
    if (station->drained < DRAIN_MESSAGES_MAX) {
        sim_relay_post_rest(station, now, SIM_IN_DRAIN, 0);
        return;
    }
    station->drained = 0;
    sim_relay_post(station, now, SIM_IN_DRAIN, 0, NULL);
}

static void tick(struct sim_station *station, nsec now) {
    station->is_tick_posted = false;
    if (station->manager)
        manager_tick(station->manager, now);
    else
        controller_tick(relay_controller(station->relay->core), now);
}

static void job_done(struct sim_station *station, nsec now, struct job_result *result) {
    manager_job_done(station->manager, now, result);
    memory_release(host_memory(station->relay->host), result, sizeof(*result));
}

static void closed_edge(struct sim_station *station, nsec now, edge_id id) {
    struct sim_edge *edge = sim_edge_find(station->relay, id);
    if (!edge)
        return;
    CHECK(!edge->tcp);
    if (edge->unread > 0)
        sim_edge_post_read(station->relay, now, edge);
    else
        sim_edge_read(station, now, id);
}

static void handle(struct sim_station *station, nsec now, const struct sim_input *input) {
    struct controller *controller = relay_controller(station->relay->core);
    switch ((enum sim_input_kind)input->kind) {
    case SIM_IN_ACCEPT: sim_link_accept(station, now, input->payload); break;
    case SIM_IN_ACCEPT_FAILED: controller_accept_failed(controller, now, input->object); break;
    case SIM_IN_LINK_CONNECTED: sim_link_connected(station, input->object); break;
    case SIM_IN_LINK_OPENED: sim_link_opened(station, now, input->object); break;
    case SIM_IN_LINK_READ: sim_link_read(station, now, input->object); break;
    case SIM_IN_LINK_CLOSED: sim_link_closed(station, now, input->object); break;
    case SIM_IN_LINK_WRITE: sim_link_write(station, now, input->object); break;
    case SIM_IN_LINK_RELEASE: sim_link_release(station, now, input->object); break;
    case SIM_IN_SOCKET_CONNECTED:
    case SIM_IN_SOCKET_READ:
    case SIM_IN_SOCKET_WRITE:
    case SIM_IN_SOCKET_CLOSED:
    case SIM_IN_SOCKET_CLOSE: CHECK(!"for a connection thread"); break;
    case SIM_IN_DRAIN: drain(station, now); break;
    case SIM_IN_SCHEDULE: sim_links_schedule(station, now); break;
    case SIM_IN_TICK: tick(station, now); break;
    case SIM_IN_JOB:
    case SIM_IN_KERNEL: CHECK(!"for a worker, for the kernel"); break;
    case SIM_IN_JOB_DONE: job_done(station, now, input->payload); break;
    case SIM_IN_EDGE_CONNECTED: sim_edge_connected(station, now, input->object); break;
    case SIM_IN_EDGE_READ: sim_edge_read(station, now, input->object); break;
    case SIM_IN_EDGE_WRITABLE: sim_edge_write(station, now, input->object); break;
    case SIM_IN_EDGE_CLOSED: closed_edge(station, now, input->object); break;
    }
}

/* --- prices -------------------------------------------------------------------------------------------------------- */

static nsec price_of(struct sim_station *station, nsec now, uint64_t object) {
    struct sim_relay *relay = station->relay;
    if (!relay->cpu->prices)
        return 0;
    const struct work *work =
        station->manager ? manager_work(station->manager) : controller_work(relay_controller(relay->core));
    struct working_set set = {0};
    struct work delta;
    work_since(&delta, work, &station->priced);
    station->priced = *work;
    cost_behaviour_correct(relay->behaviour, &delta);
    if (relay->socket_thread_count > 0)
        delta.handshakes_link = 0; /* its socket has paid for it */
    if (station->manager)
        set = manager_working_set(station->manager, now);
    return sim_relay_charge(relay, now, station->thread, object, &delta, &set);
}

/* A worker: the job, and nothing else. */
static nsec work_on(struct sim_relay *relay, uint16_t thread, const struct sim_input *input) {
    struct job_result result;
    struct work work = {0};
    struct working_set set = {0};
    job_run(input->payload, relay->crypt, &relay->identity->ntor, &result, &work);
    memory_release(host_memory(relay->host), input->payload, sizeof(struct job));
    const struct sim_ask ask = {.station = input->station, .kind = SIM_ASK_JOB_DONE};
    sim_ask_add(relay, &relay->later[thread], &ask, &result, sizeof result);
    return relay->cpu->prices ? cost_price(relay->cpu->prices, &work, &set) : 0;
}

nsec sim_relay_step(struct sim_threads *threads, nsec now, uint16_t thread, const struct sim_input *input) {
    struct sim_relay *relay = host_user(threads->host);
    if (input->kind == SIM_IN_JOB)
        return work_on(relay, thread, input);
    if (input->kind == SIM_IN_KERNEL)
        return sim_kernel_step(relay, thread);
    if (sim_is_socket_thread(relay, thread))
        return sim_socket_step(relay, now, thread, input);
    struct sim_station *station = &relay->stations[input->station];
    CHECK(station->thread == thread);
    if (sim_threads_turns(threads, thread)) {
        manager_work_mutable(relay->stations[thread].manager)->loop_turns++;
        relay->is_main_woken = false;
    }
    handle(station, now, input);
    if (station->manager && manager_load_due(station->manager) <= now)
        manager_note_busy(station->manager, now, threads->items[thread].busy);
    sim_relay_grant_wishes(relay, now);
    if (input->kind == SIM_IN_LINK_READ || input->kind == SIM_IN_DRAIN)
        sim_links_write_ripe(station, now);
    return price_of(station, now, input->object);
}

/* A worker's are not counted, here as in a native relay. */
nsec sim_relay_wake(struct sim_threads *threads, UNUSED nsec now, uint16_t thread) {
    struct sim_relay *relay = host_user(threads->host);
    const struct cost_table *prices = relay->cpu->prices;
    const struct work delta = {.loop_sleeps = 1};
    const struct working_set set = {0};
    if (thread >= relay->worker_first)
        return 0;
    if (sim_is_socket_thread(relay, thread)) {
        relay->socket_threads[thread - 1].work.loop_sleeps++;
        relay->socket_threads[thread - 1].priced.loop_sleeps++;
    } else {
        manager_work_mutable(relay->stations[thread].manager)->loop_sleeps++;
        relay->stations[thread].priced.loop_sleeps++;
    }
    return prices ? cost_price(prices, &delta, &set) : 0;
}
