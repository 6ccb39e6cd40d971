#include "sim/sim_client.h"

#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "sim/sim_message.h"

#define IDLE_MAX          (180 * NSEC_PER_S) /* tor 0.4.9: a client's connection without circuits */
#define CELLS_AT_ONCE     31u
#define CELLS_PER_SESSION 1024u /* received and not told: a stream's window and some */
#define STREAMS_PER_FLOW  32u   /* a flow of tgen has some ten in all */
#define CELLS_PER_VEGAS \
    (CONGESTION_CWND_MAX + 24u) /* the same: a circuit's, which has no windows of streams */

/* --- connections to guards ------------------------------------------------------------------------------------------ */

struct sim_guard *sim_client_guard(struct sim_client *client, nsec now, uint32_t relay) {
    for (struct list *entry = client->guards.next; entry != &client->guards; entry = entry->next) {
        struct sim_guard *guard = LIST_ENTRY(entry, struct sim_guard, entry);
        if (guard->relay == relay)
            return guard;
    }
    struct sim_guard *guard = memory_allocate(host_memory(client->host), sizeof(*guard));
    if (!guard) {
        host_fail(client->host);
        return NULL;
    }
    guard->client = client;
    guard->relay = relay;
    list_init(&guard->touched);
    list_append(&client->guards, &guard->entry);
    guard->tcp = tcp_open(client->host, now, relay, SIM_PORT, guard);
    return guard;
}

static void guard_free(struct sim_guard *guard, nsec now) {
    struct sim_client *client = guard->client;
    if (guard->link)
        origin_link_free(guard->link, now);
    list_remove(&guard->entry);
    list_remove(&guard->touched);
    memory_release(host_memory(client->host), guard, sizeof(*guard));
}

/* It is over for all that use it. */
static void guard_gone(struct sim_guard *guard, nsec now) {
    struct sim_client *client = guard->client;
    if (guard->tcp)
        tcp_close(guard->tcp, now);
    guard->tcp = NULL;
    for (uint16_t i = 0; i < client->config->sessions; i++)
        if (client->sessions[i].guard == guard)
            sim_session_link_gone(&client->sessions[i], now);
    guard_free(guard, now);
}

static void plan_sweep(struct sim_client *client, nsec at) {
    if (!client->is_sweep_planned)
        host_at(client->host, at, client->world->client_sweep, 0, NULL);
    client->is_sweep_planned = true;
}

void sim_guard_join(struct sim_guard *guard) {
    guard->sessions++;
}

void sim_guard_leave(struct sim_guard *guard, nsec now) {
    CHECK(guard->sessions > 0);
    if (--guard->sessions > 0)
        return;
    guard->idle_since = now;
    plan_sweep(guard->client, now + IDLE_MAX);
}

/* Connections that are idle too long end; another sweep comes when the next one may be. */
void sim_client_sweep(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_client *client = host_user(host);
    nsec next = NSEC_NEVER;
    CHECK(arg == 0 && object == NULL);
    client->is_sweep_planned = false;
    for (struct list *entry = client->guards.next, *after; entry != &client->guards; entry = after) {
        struct sim_guard *guard = LIST_ENTRY(entry, struct sim_guard, entry);
        after = entry->next;
        if (guard->sessions > 0)
            continue;
        if (guard->idle_since + IDLE_MAX <= now)
            guard_gone(guard, now);
        else
            next = nsec_min(next, guard->idle_since + IDLE_MAX);
    }
    if (next != NSEC_NEVER)
        plan_sweep(client, next);
}

void sim_guard_touch(struct sim_guard *guard) {
    if (!list_is_linked(&guard->touched))
        list_append(&guard->client->touched, &guard->touched);
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static bool put(struct sim_guard *guard, struct sim_message *message) {
    if (!message)
        return false;
    tcp_write(guard->tcp, &message->tcp);
    return true;
}

/* False when there was nothing. Without memory the run stops. */
static bool write_burst(struct sim_guard *guard, nsec now) {
    struct cell *cells[CELLS_AT_ONCE];
    uint32_t n = origin_link_take(guard->link, now, cells, CELLS_AT_ONCE);
    (void)!sim_cells_write(guard->client->host, guard->tcp, cells, n, cost_behaviour_tor.record_bytes_max);
    origin_link_release(guard->link, cells, n);
    return n > 0;
}

static void guard_write(struct sim_guard *guard, nsec now) {
    if (!guard->tcp || !guard->link)
        return;
    struct span output = origin_link_handshake_output(guard->link);
    if (output.length > 0 &&
        put(guard, sim_message_new(guard->client->host, SIM_LINK_BYTES, (uint32_t)output.length, output)))
        origin_link_handshake_written(guard->link, output.length);
    while (origin_link_wants_write(guard->link) && tcp_room(guard->tcp) > 0 && write_burst(guard, now)) {
    }
    if (origin_link_wants_write(guard->link))
        tcp_want_write(guard->tcp);
    tcp_flush(guard->tcp, now);
}

/* --- turns ---------------------------------------------------------------------------------------------------------- */

static void tell_open(struct sim_guard *guard, nsec now) {
    struct sim_client *client = guard->client;
    for (uint16_t i = 0; i < client->config->sessions; i++)
        if (client->sessions[i].guard == guard)
            sim_session_link_open(&client->sessions[i], now);
}

static void tell(struct sim_client *client, nsec now, const struct origin_event *event) {
    if (event->kind == ORIGIN_EVENT_LINK_OPENED) {
        tell_open(event->link->user, now);
    } else if (event->kind == ORIGIN_EVENT_LINK_CLOSED) {
        guard_gone(event->link->user, now);
    } else {
        struct sim_session *session = event->circuit->user;
        CHECK(session && session->client == client);
        sim_session_event(session, now, event);
    }
}

void sim_client_turn(struct sim_client *client, nsec now) {
    struct origin_event event;
    if (client->is_in_turn)
        return;
    client->is_in_turn = true;
    bool any = true;
    while (any) {
        any = false;
        while (origin_next_event(client->origin, now, &event)) {
            tell(client, now, &event);
            any = true;
        }
        struct list *entry;
        while ((entry = list_take_first(&client->touched)))
            guard_write(LIST_ENTRY(entry, struct sim_guard, touched), now);
    }
    client->is_in_turn = false;
    if (client->is_trim_due)
        origin_trim(client->origin);
    client->is_trim_due = false;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static void tls_is_done(struct sim_guard *guard, nsec now) {
    struct sim_client *client = guard->client;
    const struct sim_identity *identity = &client->world->identities[guard->relay];
    struct link_facts facts = {.is_initiator = true, .peer = sim_relay_endpoint(guard->relay)};
    struct link_expectation expected = {.has_rsa_id = true, .has_ed_id = true};
    memcpy(facts.peer_certificate_sha256, identity->credentials.tls_certificate_sha256,
           sizeof facts.peer_certificate_sha256);
    memcpy(expected.rsa_id, identity->credentials.rsa_id, RSA_ID_LEN);
    memcpy(expected.ed_id, identity->credentials.ed_id, ED_ID_LEN);
    sim_tls_facts(&guard->tls, &facts);
    guard->phase = SIM_GUARD_UP;
    guard->link = origin_link_new(client->origin, now, &facts, &expected);
    if (!guard->link) {
        host_fail(client->host);
        return;
    }
    guard->link->user = guard;
}

static void receive_bytes(struct sim_guard *guard, nsec now, const struct sim_message *message) {
    uint8_t bytes[SIM_BYTES_MAX];
    size_t length = sim_message_content(message, bytes, sizeof bytes);
    CHECK(length == message->plain);
    origin_link_receive_bytes(guard->link, now, bytes, length);
}

static void receive_cells(struct sim_guard *guard, nsec now, const struct sim_message *message) {
    struct cell_view views[SIM_CELLS_MAX];
    uint8_t bodies[SIM_CELLS_MAX][CELL_BODY_LEN + 3];
    struct sim_reader reader;
    uint32_t n;
    sim_reader_init(&reader, message);
    while ((n = sim_reader_cells(&reader, views, bodies, SIM_CELLS_MAX)) > 0)
        origin_link_receive(guard->link, now, views, n);
}

static void receive(struct sim_guard *guard, nsec now, const struct sim_message *message) {
    switch ((enum sim_message_kind)message->kind) {
    case SIM_TLS_SERVER:
        if (put(guard, sim_tls_finish(&guard->tls, guard->client->host, message)))
            tls_is_done(guard, now);
        break;
    case SIM_LINK_BYTES: receive_bytes(guard, now, message); break;
    case SIM_LINK_CELLS: receive_cells(guard, now, message); break;
    case SIM_TLS_HELLO:
    case SIM_TLS_FINISHED:
    case SIM_RAW: CHECK(!"not from a guard");
    }
}

/* A guard's link may close while it is read; guard itself lives until the turn. */
void sim_client_readable(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_guard *guard = tcp_user(tcp);
    struct tcp_message *next;
    while ((next = tcp_read(tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        receive(guard, now, message);
        sim_message_free(host, message);
    }
    sim_guard_touch(guard);
    sim_client_turn(host_user(host), now);
}

void sim_client_writable(struct host *host, nsec now, struct tcp *tcp) {
    sim_guard_touch(tcp_user(tcp));
    sim_client_turn(host_user(host), now);
}

void sim_client_connected(struct host *host, nsec now, struct tcp *tcp) {
    struct sim_guard *guard = tcp_user(tcp);
    guard->phase = SIM_GUARD_TLS;
    if (put(guard, sim_tls_hello(&guard->tls, host, LINK_AES256)))
        tcp_flush(tcp, now);
}

void sim_client_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    struct sim_guard *guard = tcp_user(tcp);
    (void)end;
    guard->tcp = NULL;
    if (guard->link)
        origin_link_closed(guard->link, now); /* its event ends it */
    else
        guard_gone(guard, now);
    sim_client_turn(host_user(host), now);
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

static bool start_origin(struct sim_client *client) {
    const struct sim_config *config = client->world->config;
    uint64_t seed = sim_host_seed(client->world, sim_client_host(client->world, client->number));
    struct origin_config own;
    origin_config_default(&own);
    own.memory = host_memory(client->host);
    own.crypt = config->crypt ? config->crypt->provider : symbolic_provider(&client->symbolic, seed ^ 1);
    symbolic_pad_with_zeros(&client->symbolic);
    own.seed = seed;
    own.unix_s_at_zero = SIM_UNIX_S;
    own.links_max = config->relay_count;
    own.circuits_max = own.streams_max = 4u * client->config->sessions + 16u;
    if (client->load->flows)
        own.streams_max = STREAMS_PER_FLOW * client->config->sessions;
    bool is_vegas = config->congestion_control == SIM_CONGESTION_VEGAS;
    own.cells_max = 4096u + (is_vegas ? CELLS_PER_VEGAS : CELLS_PER_SESSION) * client->config->sessions;
    client->origin = origin_new(&own);
    return client->origin != NULL;
}

static void choose_guards(struct sim_client *client) {
    for (unsigned i = 0; i < client->config->guards; i++) {
        uint32_t relay = sim_paths_draw(&client->world->paths, host_rng(client->host), SIM_POSITION_GUARD,
                                        client->guard_relays, client->guard_count);
        if (relay != SIM_NO_RELAY)
            client->guard_relays[client->guard_count++] = relay;
    }
}

bool sim_client_init(struct sim_client *client, struct sim_world *world, uint32_t number) {
    const struct sim_client_config *config = &world->config->clients[number];
    host_id id = sim_client_host(world, number);
    client->role = SIM_ROLE_CLIENT;
    client->number = number;
    client->world = world;
    client->host = engine_host(world->engine, id);
    client->config = config;
    client->load = &world->config->loads[config->load];
    list_init(&client->guards);
    list_init(&client->touched);
    host_set_user(client->host, client);
    net_set_rates(world->net, id, config->line_rate, config->line_rate);
    const struct memory *memory = host_memory(client->host);
    client->sessions = memory_allocate(memory, config->sessions * sizeof(*client->sessions));
    client->file_weights =
        memory_allocate(memory, (client->load->file_count + 1u) * sizeof(*client->file_weights));
    client->guard_relays = memory_allocate(memory, (config->guards + 1u) * sizeof(*client->guard_relays));
    if (!client->sessions || !client->file_weights || !client->guard_relays || !start_origin(client))
        return false;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < client->load->file_count; i++)
        client->file_weights[i] = sum += client->load->files[i].weight;
    choose_guards(client);
    if (config->is_probe && !(client->probe = sim_probe_new(client)))
        return false;
    sim_sessions_start(client);
    return true;
}

void sim_client_finish(struct sim_client *client, nsec now) {
    for (uint16_t i = 0; i < client->config->sessions; i++)
        sim_session_stop(&client->sessions[i], now);
}

void sim_client_note_upload(struct sim_client *client, const struct sim_upload *upload) {
    for (uint64_t i = 0; i < client->transfer_count; i++) {
        struct sim_transfer *transfer = &client->transfers[i];
        if (transfer->session != upload->session || transfer->number != upload->number)
            continue;
        transfer->bytes = upload->bytes;
        transfer->first_byte = upload->first_byte;
        transfer->last_byte = upload->last_byte;
    }
}

void sim_client_fini(struct sim_client *client) {
    if (!client->host)
        return; /* never made */
    const struct memory *memory = host_memory(client->host);
    sim_probe_free(client, client->probe);
    while (!list_is_empty(&client->guards))
        guard_free(LIST_ENTRY(client->guards.next, struct sim_guard, entry), 0);
    origin_free(client->origin);
    for (uint16_t i = 0; client->sessions && i < client->config->sessions; i++)
        if (client->sessions[i].client)
            sim_flow_fini(&client->sessions[i]);
    memory_release(memory, client->sessions, client->config->sessions * sizeof(*client->sessions));
    memory_release(memory, client->file_weights,
                   (client->load->file_count + 1u) * sizeof(*client->file_weights));
    memory_release(memory, client->guard_relays,
                   (client->config->guards + 1u) * sizeof(*client->guard_relays));
    memory_release(memory, client->transfers, client->transfer_room * sizeof(*client->transfers));
    memory_release(memory, client->builds, client->build_room * sizeof(*client->builds));
}

struct sim_client_measure sim_client_measure(const struct sim_client *client) {
    return (struct sim_client_measure){.transfers = client->transfers,
                                       .builds = client->builds,
                                       .transfer_count = client->transfer_count,
                                       .build_count = client->build_count,
                                       .bytes_received = client->bytes_received,
                                       .flows = client->flows,
                                       .flows_left_out = client->flows_left_out,
                                       .streams_done = client->streams_done,
                                       .streams_failed = client->streams_failed};
}
