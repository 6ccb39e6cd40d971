/* The end of a step: what it has asked of the world is carried out now. */
#include "base/check.h"
#include "sim/sim_relay_state.h"

/* To the worker that has been idle longest, in a circle: their jobs take equally long. */
static void offload(struct sim_relay *relay, nsec now, uint16_t station, void *job) {
    const struct sim_input input = {.payload = job, .station = station, .kind = SIM_IN_JOB};
    if (!sim_threads_post(&relay->threads, now, (uint16_t)(relay->worker_first + relay->worker_next), &input))
        sim_relay_drop(&relay->threads, &input);
    relay->worker_next = (uint16_t)((relay->worker_next + 1) % relay->cpu->workers);
}

static void hand_over(struct sim_relay *relay, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(relay, id);
    if (!link)
        return;
    link->phase = SIM_LINK_TLS;
    sim_link_post_read(relay, now, link);
}

/* Returns whether the payload has been handed on. */
static bool carry_out(struct sim_relay *relay, nsec now, const struct sim_ask *ask) {
    struct sim_station *station = &relay->stations[ask->station];
    switch ((enum sim_ask_kind)ask->kind) {
    case SIM_ASK_DIAL: sim_link_dial(station, now, ask->object, ask->payload); return false;
    case SIM_ASK_HANGUP: sim_link_hang_up(station, now, ask->object); return false;
    case SIM_ASK_RELEASE: sim_relay_post(station, now, SIM_IN_LINK_RELEASE, ask->object, NULL); return false;
    case SIM_ASK_EDGE_CONNECT: sim_edge_connect(station, now, ask->object, ask->payload); return false;
    case SIM_ASK_EDGE_CLOSE: sim_edge_close(station, now, ask->object); return false;
    case SIM_ASK_OFFLOAD: offload(relay, now, ask->station, ask->payload); return true;
    case SIM_ASK_WAKE:
        CHECK(ask->object < relay->station_count);
        sim_relay_post(&relay->stations[ask->object], now, SIM_IN_DRAIN, 0, NULL);
        return false;
    case SIM_ASK_LINK_SEND: sim_link_send(station, now, ask->object); return false;
    case SIM_ASK_SOCKET_READ: sim_socket_go_on(relay, now, ask->object); return false;
    case SIM_ASK_SOCKET_DONE: sim_socket_done(relay, now, ask->object); return false;
    case SIM_ASK_EDGE_SEND: sim_edge_send(station, now, ask->object); return false;
    case SIM_ASK_HAND_OVER: hand_over(relay, now, ask->object); return false;
    case SIM_ASK_JOB_DONE: sim_relay_post(station, now, SIM_IN_JOB_DONE, 0, ask->payload); return true;
    case SIM_ASK_WANT_WRITE:
    case SIM_ASK_WANT_READ:
    case SIM_ASK_EDGE_WANT_WRITE:
    case SIM_ASK_EDGE_WANT_READ:
    case SIM_ASK_EDGE_RESOLVE:
    case SIM_ASK_ADOPT: break;
    }
    CHECK(!"done within the step");
    return false;
}

/* Messages to other threads are published now. The price of that is paid with the station's next step. */
static void flush(struct sim_relay *relay, nsec now, uint16_t thread) {
    if (thread >= relay->station_count - 1)
        return; /* a worker */
    do {
        manager_flush(relay->stations[thread].manager, now);
        if (thread == 0)
            controller_flush(relay_controller(relay->core), now);
    } while (sim_relay_grant_wishes(relay, now));
}

void sim_relay_finish_step(struct sim_threads *threads, nsec now, uint16_t thread) {
    struct sim_relay *relay = host_user(threads->host);
    struct sim_asks *later = &relay->later[thread];
    flush(relay, now, thread);
    for (uint32_t i = 0; i < later->count; i++) {
        const struct sim_ask ask = later->items[i];
        if (!carry_out(relay, now, &ask))
            sim_ask_drop(relay, &ask);
    }
    later->count = 0;
    if (thread < relay->station_count - 1)
        sim_station_plan(&relay->stations[thread], now);
    if (thread == 0)
        sim_station_plan(sim_controller(relay), now);
}
