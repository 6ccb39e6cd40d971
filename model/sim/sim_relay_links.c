/* Links of a simulated relay: dialling, TLS, and the cells that they bring. */
#include <string.h>

#include "base/check.h"
#include "sim/sim_generator.h"
#include "sim/sim_relay_state.h"

#define INTAKE_CELLS 64u    /* that the manager is given at a time; as when it frames them itself */
#define CLIENT_PORT  40000u /* that accepted connections come from */

struct sim_link *sim_link_find(struct sim_relay *relay, link_id id) {
    return table_get(&relay->links, id);
}

struct sim_link *sim_link_new(struct sim_relay *relay, struct tcp *tcp, bool is_initiator) {
    struct sim_link *link = memory_allocate(host_memory(relay->host), sizeof(*link));
    if (!link) {
        host_fail(relay->host);
        return NULL;
    }
    link->user = SIM_USER_LINK;
    link->tcp = tcp;
    link->is_initiator = is_initiator;
    list_init(&link->wanting);
    if (relay->socket_thread_count == 0 || sim_socket_attach(relay, link))
        return link;
    memory_release(host_memory(relay->host), link, sizeof(*link));
    return NULL;
}

void sim_link_leave_list(struct sim_relay *relay, struct sim_link *link) {
    if (!list_is_linked(&link->wanting))
        return;
    sim_links_wake(&relay->stations[link->station], host_now(relay->host));
    list_remove(&link->wanting);
    relay->stations[link->station].wanting_count--;
}

/* tcp is not its concern any more. */
void sim_link_free(struct sim_relay *relay, struct sim_link *link) {
    sim_link_leave_list(relay, link);
    sim_socket_detach(relay, link);
    sim_train_free(relay->host, &link->out);
    if (link->id != 0)
        table_remove(&relay->links, link->id);
    memory_release(host_memory(relay->host), link, sizeof(*link));
}

static bool link_name(struct sim_relay *relay, struct sim_link *link, link_id id, uint16_t station) {
    link->id = id;
    link->station = station;
    if (table_set(&relay->links, id, link) == ERR_OK)
        return true;
    link->id = 0;
    host_fail(relay->host);
    return false;
}

void sim_link_post_connected(struct sim_relay *relay, nsec now, const struct sim_link *link) {
    if (link->socket)
        sim_socket_post(relay, now, link, SIM_IN_SOCKET_CONNECTED);
    else
        sim_relay_post(&relay->stations[link->station], now, SIM_IN_LINK_CONNECTED, link->id, NULL);
}

void sim_link_post_closed(struct sim_relay *relay, nsec now, const struct sim_link *link) {
    if (link->socket)
        sim_socket_post(relay, now, link, SIM_IN_SOCKET_CLOSED);
    else
        sim_relay_post(&relay->stations[link->station], now, SIM_IN_LINK_CLOSED, link->id, NULL);
}

void sim_link_post_read(struct sim_relay *relay, nsec now, struct sim_link *link) {
    if (link->is_paused || link->id == 0)
        return;
    if (link->socket)
        sim_socket_post_read(relay, now, link);
    sim_link_post_intake(relay, now, link);
}

void sim_link_post_intake(struct sim_relay *relay, nsec now, struct sim_link *link) {
    if (link->is_read_posted || link->is_paused || link->id == 0 ||
        (link->socket && !link->socket->inbuf.first))
        return;
    link->is_read_posted = true;
    sim_relay_post(&relay->stations[link->station], now, SIM_IN_LINK_READ, link->id, NULL);
}

/* It is the station's; otherwise an input was for the one that it was at before. */
static bool is_of(const struct sim_link *link, const struct sim_station *station) {
    return link && !link->is_moving && link->station == station->id;
}

/* --- coming and going ---------------------------------------------------------------------------------------------- */

static struct endpoint peer_of(const struct sim_relay *relay, const struct sim_link *link) {
    struct endpoint peer = sim_relay_endpoint(link->peer);
    if (link->is_initiator)
        return peer;
    if (sim_role_of(relay->world, link->peer) != SIM_ROLE_RELAY)
        peer.address.bytes[0] = 11; /* clients, by host number */
    peer.port = CLIENT_PORT;
    return peer;
}

void sim_link_accept(struct sim_station *station, nsec now, struct sim_link *link) {
    struct sim_relay *relay = station->relay;
    if (!link->tcp) { /* it did not wait */
        sim_link_free(relay, link);
        return;
    }
    const struct endpoint peer = peer_of(relay, link);
    link_id id;
    station_id manager;
    if (controller_accept(relay_controller(relay->core), now, &peer, &id, &manager) == ERR_OK &&
        link_name(relay, link, id, manager)) {
        sim_ask_later(station, SIM_ASK_HAND_OVER, id);
        return;
    }
    tcp_abort(link->tcp, now);
    sim_link_free(relay, link);
}

/* Where relay number `number` listens: those behind the simulated ones are a generator's ways out, each at its port. */
static struct tcp *open_to(const struct sim_relay *relay, nsec now, uint32_t number, struct sim_link *link) {
    const struct sim_world *world = relay->world;
    uint32_t simulated = world->config->relay_count;
    if (number < simulated)
        return tcp_open(relay->host, now, number, SIM_PORT, link);
    return tcp_open(relay->host, now, sim_generator_host(world),
                    (uint16_t)(SIM_GENERATOR_PORT + number - simulated), link);
}

/* Seen at the end of a step. */
void sim_link_dial(struct sim_station *station, nsec now, link_id id, const struct endpoint *to) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_new(relay, NULL, true);
    if (!link || !link_name(relay, link, id, station->id)) {
        if (link)
            sim_link_free(relay, link);
        return;
    }
    uint32_t number;
    bool is_known = sim_relay_of(to, &number) && number < sim_identity_count(relay->world->config);
    if (is_known && number != relay->number) {
        link->peer = number;
        link->tcp = open_to(relay, now, number, link);
    } else {
        sim_relay_post(station, now, SIM_IN_LINK_CLOSED, id, NULL);
    }
}

void sim_link_connected(struct sim_station *station, link_id id) {
    struct sim_link *link = sim_link_find(station->relay, id);
    if (!link || !link->tcp || link->is_hung_up)
        return;
    link->phase = SIM_LINK_TLS;
    sim_link_put(station, link, sim_tls_hello(&link->tls, station->relay->host, station->relay->cpu->cipher));
}

void sim_link_closed(struct sim_station *station, nsec now, link_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_find(relay, id);
    if (!is_of(link, station))
        return; /* whoever adopts it finds that it has closed */
    if (link->socket && (link->is_hung_up || link->socket->inbuf.first)) {
        link->socket->is_closed_after = true;
        return; /* its socket is on its way out; or there is something to be read first */
    }
    bool was_up = link->phase == SIM_LINK_UP, was_dialled = link->is_initiator;
    sim_link_free(relay, link);
    if (was_up)
        manager_link_closed(station->manager, now, id);
    else if (was_dialled)
        manager_link_failed(station->manager, now, id);
    else
        sim_relay_post(sim_controller(relay), now, SIM_IN_ACCEPT_FAILED, id, NULL);
}

void sim_link_hang_up(struct sim_station *station, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(station->relay, id);
    if (!link)
        return;
    if (link->socket) {
        sim_socket_leave(station->relay, now, link);
        return;
    }
    if (link->tcp)
        tcp_close(link->tcp, now);
    sim_link_free(station->relay, link);
}

/* --- from station to station ---------------------------------------------------------------------------------------- */

/* One that has closed says so to its manager soon. */
void sim_link_release(struct sim_station *station, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(station->relay, id);
    if (!is_of(link, station) || !link->tcp || link->is_hung_up ||
        !manager_link_released(station->manager, now, id, link))
        return;
    sim_link_leave_list(station->relay, link);
    link->is_moving = true;
}

void sim_link_adopt(struct sim_station *station, nsec now, link_id id) {
    struct sim_link *link = sim_link_find(station->relay, id);
    CHECK(link && link->is_moving);
    link->is_moving = false;
    link->station = station->id;
    link->is_read_posted = false;
    if (!link->tcp)
        sim_relay_post(station, now, SIM_IN_LINK_CLOSED, id, NULL);
}

/* --- TLS ----------------------------------------------------------------------------------------------------------- */

void sim_link_opened(struct sim_station *station, nsec now, link_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_find(relay, id);
    if (!link || link->is_hung_up)
        return;
    struct link_facts facts = {.is_initiator = link->is_initiator,
                               .peer = peer_of(relay, link),
                               .credentials = &relay->identity->credentials};
    if (link->is_initiator)
        memcpy(facts.peer_certificate_sha256,
               relay->world->identities[link->peer].credentials.tls_certificate_sha256,
               sizeof facts.peer_certificate_sha256);
    sim_tls_facts(&link->tls, &facts);
    link->phase = SIM_LINK_UP;
    if (manager_link_opened(station->manager, now, link->id, &facts) == ERR_OK)
        return;
    link->is_hung_up = true;
    sim_ask_later(station, SIM_ASK_HANGUP, link->id);
}

struct sim_message *sim_link_shake_hands(struct sim_relay *relay, struct sim_link *link,
                                         const struct sim_message *flight, bool *done_out) {
    *done_out = false;
    switch ((enum sim_message_kind)flight->kind) {
    case SIM_TLS_HELLO: return sim_tls_answer(&link->tls, relay->host, relay->cpu->cipher, flight);
    case SIM_TLS_SERVER: *done_out = true; return sim_tls_finish(&link->tls, relay->host, flight);
    case SIM_TLS_FINISHED: *done_out = true; return NULL;
    case SIM_LINK_BYTES:
    case SIM_LINK_CELLS:
    case SIM_RAW: CHECK(!"not TLS");
    }
    return NULL;
}

static void tls_receive(struct sim_station *station, nsec now, struct sim_link *link,
                        const struct sim_message *message) {
    bool is_done;
    sim_link_put(station, link, sim_link_shake_hands(station->relay, link, message, &is_done));
    if (is_done)
        sim_link_opened(station, now, link->id);
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* Cells that have been read and that the manager has not seen yet. */
struct intake {
    struct sim_station *station;
    struct sim_link *link;
    nsec now;
    uint64_t bytes; /* plaintext of cells and link handshake */
    uint64_t wire;  /* with their records */
    uint64_t records;
    uint32_t count;
    struct cell_view views[INTAKE_CELLS];
    uint8_t bodies[INTAKE_CELLS][CELL_BODY_LEN + 3];
};

static void give(struct intake *intake) {
    struct manager *manager = intake->station->manager;
    if (intake->count == 0)
        return;
    manager_work_mutable(manager)->bytes_received += (uint64_t)intake->count * CELL_LEN;
    manager_receive(manager, intake->now, intake->link->id, intake->views, intake->count);
    intake->count = 0;
}

static void take_cells(struct intake *intake, const struct sim_message *message) {
    struct sim_reader reader;
    sim_reader_init(&reader, message);
    uint32_t n;
    while ((n = sim_reader_cells(&reader, intake->views + intake->count, intake->bodies + intake->count,
                                 INTAKE_CELLS - intake->count)) > 0) {
        intake->count += n;
        if (intake->count == INTAKE_CELLS)
            give(intake);
    }
}

static void take_bytes(struct intake *intake, const struct sim_message *message) {
    uint8_t bytes[SIM_BYTES_MAX];
    size_t length = sim_message_content(message, bytes, sizeof bytes);
    CHECK(length == message->plain);
    give(intake);
    size_t used =
        manager_receive_bytes(intake->station->manager, intake->now, intake->link->id, bytes, length);
    CHECK(used == length); /* whole cells were sent */
}

static void take(struct intake *intake, const struct sim_message *message) {
    switch ((enum sim_message_kind)message->kind) {
    case SIM_TLS_HELLO:
    case SIM_TLS_SERVER:
    case SIM_TLS_FINISHED: tls_receive(intake->station, intake->now, intake->link, message); return;
    case SIM_LINK_BYTES: take_bytes(intake, message); break;
    case SIM_LINK_CELLS: take_cells(intake, message); break;
    case SIM_RAW: CHECK(!"not on a link");
    }
    intake->records++;
    intake->bytes += message->plain;
    intake->wire += message->tcp.length;
}

/* From TCP, or from the socket's thread. */
static struct sim_message *next_message(struct sim_link *link, nsec now) {
    if (link->socket)
        return sim_train_shift(&link->socket->inbuf);
    struct tcp_message *next = link->tcp ? tcp_read(link->tcp, now) : NULL;
    return next ? sim_message_of(next) : NULL;
}

/* A relay whose reads are not of records counts what is on the wire. */
static uint64_t got(const struct intake *intake) {
    return intake->station->relay->behaviour->reads_per_record == 0 ? intake->wire : intake->bytes;
}

/* Whole records, until it is as much as is read at a time. A record that goes on beyond that would have its end read the next
 * time, which brings so much less. True when there may be more. */
static bool read_messages(struct intake *intake) {
    struct sim_relay *relay = intake->station->relay;
    struct sim_link *link = intake->link;
    uint64_t most = relay->behaviour->read_bytes_max - link->read_ahead;
    struct sim_message *message;
    while (got(intake) < most && !link->is_paused && !link->is_hung_up &&
           (message = next_message(link, intake->now))) {
        take(intake, message);
        sim_message_free(relay->host, message);
    }
    give(intake);
    bool is_full = got(intake) >= most;
    link->read_ahead = 0;
    if (is_full && relay->behaviour->reads_per_record == 0)
        link->read_ahead = (uint32_t)(intake->wire - most);
    return is_full;
}

static void count_read(const struct intake *intake) {
    struct work *work = manager_work_mutable(intake->station->manager);
    const struct cost_behaviour *behaviour = intake->station->relay->behaviour;
    if (intake->bytes > 0)
        cost_behaviour_receive(behaviour, (enum link_cipher)intake->link->tls.cipher, intake->records,
                               intake->bytes, work);
    else
        work->reads += intake->link->reads > 0; /* it has found nothing more */
}

/* There may be more: as long as it is the link's turn at once, and then again after the others'. */
static void read_on(struct sim_station *station, nsec now, struct sim_link *link) {
    link->reads++;
    if (link->reads >= station->relay->behaviour->reads_a_turn) {
        link->reads = 0;
        sim_link_post_intake(station->relay, now, link);
    } else if (!link->is_read_posted && !link->is_paused) {
        link->is_read_posted = true;
        sim_relay_post_rest(station, now, SIM_IN_LINK_READ, link->id);
    }
}

/* The manager has taken some of what its socket has read. */
static void look_after_socket(struct sim_station *station, nsec now, const struct sim_link *link) {
    if (link->socket->is_held)
        sim_ask_later(station, SIM_ASK_SOCKET_READ, link->id);
    if (link->socket->is_closed_after && !link->socket->inbuf.first)
        sim_relay_post(station, now, SIM_IN_LINK_CLOSED, link->id, NULL);
}

void sim_link_read(struct sim_station *station, nsec now, link_id id) {
    struct sim_relay *relay = station->relay;
    struct sim_link *link = sim_link_find(relay, id);
    if (!is_of(link, station))
        return;
    link->is_read_posted = false;
    struct intake intake;
    intake.station = station;
    intake.link = link;
    intake.now = now;
    intake.bytes = intake.wire = intake.records = intake.count = 0;
    bool is_full = read_messages(&intake);
    if (link->socket)
        look_after_socket(station, now, link);
    else
        count_read(&intake);
    if (is_full)
        read_on(station, now, link);
    else
        link->reads = 0;
}
