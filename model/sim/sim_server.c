#include "sim/sim_server.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "sim/sim_message.h"
#include "sim/sim_world_state.h"
#include "traffic/packet_walk.h"
#include "wire/relay_cell.h"

#define SEGMENT_BYTES 1460u
#define UNSENT_MAX    (64u * SEGMENT_BYTES) /* as with TCP_NOTSENT_LOWAT: more than an ack lets go */
#define BEGINNING     (64u * SEGMENT_BYTES) /* of an answer, sent segment by segment */
#define PIECE_BYTES   (8u * SEGMENT_BYTES)  /* of the rest */
/* Of an answer without end: a socket that is always full is read in whole cells, so what is cut comes in them. */
#define PIECE_UNENDING (24u * RELAY_DATA_MAX)

struct connection {
    struct list entry;
    struct tcp *tcp;
    uint8_t head[SIM_REQUEST_HEAD_LEN];
    uint64_t came;      /* of the request */
    uint64_t left;      /* of the answer */
    uint64_t said;      /* of it */
    uint32_t responded; /* before it */
    uint32_t upload;    /* index of the server's; NO_UPLOAD: none */
    uint64_t length;    /* of it */
    bool has_first;
    nsec first;                  /* when it has */
    struct sim_walking *walking; /* NULL: no packet model */
    nsec came_at;
    uint32_t sight; /* number of the server's watch; SIM_NO_SIGHT: none */
};
#define NO_UPLOAD UINT32_MAX

/* What a request that has come whole asks for, and of whom it says that he is observed. */
struct request {
    uint64_t wanted;
    uint32_t client;
    uint16_t session;
    bool is_observed;
};

/* A connection with a packet model; it has a number, by which its timers find it. */
struct sim_walking {
    struct packet_walk walk;
    struct connection *connection; /* NULL: unused */
    nsec timer_at;
    uint32_t next_free;
};

/* --- requests ------------------------------------------------------------------------------------------------------ */

void sim_server_name(uint32_t server, char out[static SIM_SERVER_NAME_MAX]) {
    snprintf(out, SIM_SERVER_NAME_MAX, "s%u", (unsigned)server);
}

bool sim_server_of(const char *name, uint32_t *server_out) {
    uint32_t number = 0;
    if (name[0] != 's' || name[1] == '\0')
        return false;
    for (const char *digit = name + 1; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || number > SIM_SERVERS_MAX)
            return false;
        number = 10 * number + (uint32_t)(*digit - '0');
    }
    *server_out = number;
    return true;
}

void sim_request_write(uint64_t length, uint64_t wanted, uint8_t out[static SIM_REQUEST_HEAD_LEN]) {
    struct bytes_out bytes = bytes_out(out, SIM_REQUEST_HEAD_LEN);
    bytes_put_u64(&bytes, length);
    bytes_put_u64(&bytes, wanted);
    CHECK(bytes_out_ok(&bytes));
}

/* The second word: bit 60 alone of the four highest. */
#define RESPONSE_SHIFT 60u
static_assert(SIM_UNENDING >> RESPONSE_SHIFT != 1, "it comes without a response");

uint64_t sim_after_response(uint64_t wanted) {
    CHECK(wanted >> RESPONSE_SHIFT == 0);
    return UINT64_C(1) << RESPONSE_SHIFT | wanted;
}

static bool is_after_response(uint64_t word) {
    return word >> RESPONSE_SHIFT == 1;
}

/* The second word: the highest bit, client (22 bits), session (12), number (16). */
#define UPLOAD_BIT    (UINT64_C(1) << 63)
#define CLIENT_SHIFT  28u
#define SESSION_SHIFT 16u
static_assert(SIM_CLIENTS_MAX <= UINT32_C(1) << 22, "clients fit into the word");
static_assert(SIM_SESSIONS_MAX <= 1u << (CLIENT_SHIFT - SESSION_SHIFT), "and sessions");

void sim_upload_write(uint64_t length, const struct sim_upload *upload,
                      uint8_t out[static SIM_REQUEST_HEAD_LEN]) {
    sim_request_write(length,
                      UPLOAD_BIT | (uint64_t)upload->client << CLIENT_SHIFT |
                          (uint64_t)upload->session << SESSION_SHIFT | upload->number,
                      out);
}

bool sim_upload_of(uint64_t word, struct sim_upload *upload_out) {
    *upload_out = (struct sim_upload){.client = (uint32_t)((word & ~UPLOAD_BIT) >> CLIENT_SHIFT),
                                      .session = (uint16_t)(word >> SESSION_SHIFT & (SIM_SESSIONS_MAX - 1)),
                                      .number = (uint16_t)word,
                                      .first_byte = NSEC_NEVER,
                                      .last_byte = NSEC_NEVER};
    return (word & UPLOAD_BIT) != 0;
}

/* The first word: the highest bit, client (22 bits), session (12), length (24). */
#define OBSERVED_BIT           (UINT64_C(1) << 63)
#define OBSERVED_CLIENT_SHIFT  36u
#define OBSERVED_SESSION_SHIFT 24u
#define OBSERVED_LENGTH_MAX    ((UINT64_C(1) << OBSERVED_SESSION_SHIFT) - 1)
static_assert(SIM_SESSIONS_MAX <= 1u << (OBSERVED_CLIENT_SHIFT - OBSERVED_SESSION_SHIFT),
              "sessions fit, too");

uint64_t sim_observed_word(uint64_t length, uint32_t client, uint16_t session) {
    CHECK(length <= OBSERVED_LENGTH_MAX);
    return OBSERVED_BIT | (uint64_t)client << OBSERVED_CLIENT_SHIFT |
           (uint64_t)session << OBSERVED_SESSION_SHIFT | length;
}

bool sim_observed_of(uint64_t word, uint64_t *length_out, uint32_t *client_out, uint16_t *session_out) {
    bool is_observed = (word & OBSERVED_BIT) != 0;
    *length_out = is_observed ? word & OBSERVED_LENGTH_MAX : word;
    *client_out = (uint32_t)((word & ~OBSERVED_BIT) >> OBSERVED_CLIENT_SHIFT);
    *session_out = (uint16_t)(word >> OBSERVED_SESSION_SHIFT & (SIM_SESSIONS_MAX - 1));
    return is_observed;
}

/* Where a head has come whole, what it says. */
static bool request_is_whole(struct connection *c, struct request *out) {
    struct bytes_in bytes = bytes_in(c->head, sizeof c->head);
    uint64_t length;
    out->is_observed = sim_observed_of(bytes_u64(&bytes), &length, &out->client, &out->session);
    out->wanted = bytes_u64(&bytes);
    if (c->came < sizeof c->head || c->came < length)
        return false;
    c->came -= length;
    memset(c->head, 0, sizeof c->head); /* clients ask again only when they have the answer */
    uint16_t load;
    uint32_t seed;
    CHECK(c->came == 0 || sim_walk_of(out->wanted, &load, &seed)); /* whose client speaks on */
    return true;
}

static void take(struct connection *c, const struct sim_message *message) {
    if (c->came < sizeof c->head)
        sim_message_content(message, c->head + c->came, sizeof c->head - c->came);
    c->came += message->plain;
}

/* The second word: bit 61 alone of the three highest, load (16 bits), seed (32). */
#define WALK_SHIFT 61u
#define LOAD_SHIFT 32u
static_assert(SIM_UNENDING >> WALK_SHIFT != 1, "it is no request for bytes");

void sim_walk_write(uint64_t length, uint16_t load, uint32_t seed, uint8_t out[static SIM_REQUEST_HEAD_LEN]) {
    sim_request_write(length, UINT64_C(1) << WALK_SHIFT | (uint64_t)load << LOAD_SHIFT | seed, out);
}

bool sim_walk_of(uint64_t word, uint16_t *load_out, uint32_t *seed_out) {
    *load_out = (uint16_t)(word >> LOAD_SHIFT);
    *seed_out = (uint32_t)word;
    return word >> WALK_SHIFT == 1;
}

/* --- uploads ------------------------------------------------------------------------------------------------------- */

/* Room for one more upload; false without memory, and then the run stops. */
static bool reserve_upload(struct sim_server *server) {
    const struct memory *memory = host_memory(server->host);
    if (server->upload_count < server->upload_room)
        return true;
    uint32_t room = server->upload_room ? 2 * server->upload_room : 16;
    struct sim_upload *uploads = memory_allocate(memory, room * sizeof(*uploads));
    if (!uploads) {
        host_fail(server->host);
        return false;
    }
    if (server->upload_count > 0)
        memcpy(uploads, server->uploads, server->upload_count * sizeof(*uploads));
    memory_release(memory, server->uploads, server->upload_room * sizeof(*uploads));
    server->uploads = uploads;
    server->upload_room = room;
    return true;
}

/* A head that has come whole may be that of an upload. */
static void begin_upload(struct sim_server *server, struct connection *c) {
    struct bytes_in bytes = bytes_in(c->head, sizeof c->head);
    struct sim_upload upload;
    uint64_t length = bytes_u64(&bytes);
    if (c->upload != NO_UPLOAD || c->came < sizeof c->head || !sim_upload_of(bytes_u64(&bytes), &upload) ||
        !reserve_upload(server))
        return;
    upload.first_byte = c->first;
    c->length = length;
    c->upload = server->upload_count;
    server->uploads[server->upload_count++] = upload;
}

/* After something has come. */
static void note_upload(struct sim_server *server, nsec now, struct connection *c) {
    struct sim_upload *upload = &server->uploads[c->upload];
    upload->bytes = c->came < c->length ? c->came : c->length;
    if (upload->bytes < c->length || upload->last_byte != NSEC_NEVER)
        return;
    upload->last_byte = now;
    c->left = 1; /* the answer */
    c->said = 0;
}

/* --- packet models ------------------------------------------------------------------------------------------------ */

/* Twice as much room for connections that walk; false without memory, and then the run stops. */
static bool grow_walking(struct sim_server *server) {
    const struct memory *memory = host_memory(server->host);
    uint32_t room = server->walking_room ? 2 * server->walking_room : 16;
    struct sim_walking *walking = memory_allocate(memory, room * sizeof(*walking));
    if (!walking) {
        host_fail(server->host);
        return false;
    }
    if (server->walking_room > 0)
        memcpy(walking, server->walking, server->walking_room * sizeof(*walking));
    memory_release(memory, server->walking, server->walking_room * sizeof(*walking));
    server->walking = walking;
    for (uint32_t i = 0; i < room; i++)
        if (walking[i].connection)
            walking[i].connection->walking = &walking[i];
        else
            walking[i].next_free = i + 1;
    server->walking_free = server->walking_room;
    server->walking_room = room;
    return true;
}

static void begin_walk(struct sim_server *server, struct connection *c, uint16_t load, uint32_t seed) {
    const struct sim_config *config = server->world->config;
    CHECK(load < config->load_count && config->loads[load].flows);
    if (server->walking_free == server->walking_room && !grow_walking(server))
        return;
    struct sim_walking *walking = &server->walking[server->walking_free];
    server->walking_free = walking->next_free;
    *walking = (struct sim_walking){.connection = c, .timer_at = NSEC_NEVER};
    packet_walk_begin(&walking->walk, config->loads[load].flows->packets, seed, true);
    c->walking = walking;
}

static void end_walk(struct sim_server *server, struct connection *c) {
    if (!c->walking)
        return;
    c->walking->connection = NULL;
    c->walking->next_free = server->walking_free;
    server->walking_free = (uint32_t)(c->walking - server->walking);
    c->walking = NULL;
}

static bool is_walk_due(const struct connection *c, nsec now) {
    return c->walking && !c->walking->walk.walk.is_over && c->walking->walk.resume_at <= now;
}

/* Nothing is left to be said: what the model says next, now or when it is time. Whether there is something now. */
static bool walk_on(struct host *host, nsec now, struct connection *c) {
    const struct sim_server *server = host_user(host);
    struct sim_walking *walking = c->walking;
    if (!is_walk_due(c, now))
        return false;
    c->left = packet_walk_next(&walking->walk, now);
    nsec at = walking->walk.resume_at;
    if (at > now && !walking->walk.walk.is_over) {
        walking->timer_at = at;
        host_at(host, at, server->world->server_timer, (uint32_t)(walking - server->walking), NULL);
    }
    return c->left > 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------- */

/* The exit sees a message when all of it has come: in the beginning, when windows are small, it sees every segment. */
static uint32_t piece_of(const struct connection *c) {
    if (c->left >= SIM_UNENDING / 2)
        return PIECE_UNENDING;
    uint32_t piece = c->said < BEGINNING ? SEGMENT_BYTES : PIECE_BYTES;
    return c->left < piece ? (uint32_t)c->left : piece;
}

/* TCP is given what it can send soon, not all that its buffer takes: the next ack asks again. */
static void answer(struct host *host, nsec now, struct connection *c) {
    uint64_t unsent = tcp_state(c->tcp).notsent;
    while (unsent < UNSENT_MAX && tcp_room(c->tcp) > 0 && (c->left > 0 || walk_on(host, now, c))) {
        uint32_t length = piece_of(c);
        struct sim_message *message = sim_message_new(host, SIM_RAW, length, (struct span){NULL, 0});
        if (!message)
            return;
        c->left -= length;
        c->said += length;
        unsent += length;
        tcp_write(c->tcp, &message->tcp);
    }
    tcp_flush(c->tcp, now);
    if (c->left > 0 || is_walk_due(c, now))
        tcp_want_write(c->tcp);
}

/* --- what is seen ---------------------------------------------------------------------------------------------------- */

static void look_at(struct sim_server *server, nsec now, struct connection *c) {
    if (c->sight == SIM_NO_SIGHT)
        return;
    uint64_t sent = c->responded + c->said - tcp_state(c->tcp).notsent;
    if (!sim_watch_count(&server->watch, host_memory(server->host), now, c->sight, sent))
        host_fail(server->host);
}

static void begin_sight(struct sim_server *server, nsec now, struct connection *c,
                        const struct request *request) {
    const struct sim_config *config = server->world->config;
    CHECK(request->client < config->client_count && c->sight == SIM_NO_SIGHT);
    const struct sim_sight sight = {.client = request->client,
                                    .session = request->session,
                                    .relay = tcp_peer(c->tcp),
                                    .has_bins =
                                        config->clients[request->client].observed == SIM_OBSERVED_FLOWS,
                                    .came = c->came_at,
                                    .asked = c->first,
                                    .exit_trip = tcp_round_trip(c->tcp)};
    c->sight = sim_watch_begin(&server->watch, host_memory(server->host), now, &sight);
    if (c->sight == SIM_NO_SIGHT)
        host_fail(server->host);
}

void sim_server_look(struct sim_server *server, nsec now) {
    for (struct list *entry = server->connections.next; entry != &server->connections; entry = entry->next)
        look_at(server, now, LIST_ENTRY(entry, struct connection, entry));
    host_at(server->host, sim_watch_next(&server->watch, now), server->world->look, 0, NULL);
}

/* --- requests that have come ---------------------------------------------------------------------------------------- */

static void respond(struct host *host, nsec now, struct connection *c) {
    struct sim_message *message = sim_message_new(host, SIM_RAW, SIM_RESPONSE_LEN, (struct span){NULL, 0});
    if (!message)
        return;
    c->responded = SIM_RESPONSE_LEN;
    tcp_write(c->tcp, &message->tcp);
    tcp_flush(c->tcp, now);
}

static void begin_answer(struct sim_server *server, nsec now, struct connection *c, uint64_t wanted) {
    uint16_t load;
    uint32_t seed;
    c->said = 0;
    if (sim_walk_of(wanted, &load, &seed)) {
        respond(server->host, now, c);
        begin_walk(server, c, load, seed);
        return;
    }
    if (is_after_response(wanted)) {
        respond(server->host, now, c);
        wanted ^= sim_after_response(0);
    }
    c->left += wanted;
}

void sim_server_readable(struct host *host, nsec now, struct tcp *tcp) {
    struct connection *c = tcp_user(tcp);
    struct tcp_message *next;
    struct request request;
    while ((next = tcp_read(tcp, now))) {
        struct sim_message *message = sim_message_of(next);
        if (!c->has_first)
            c->first = now;
        c->has_first = true;
        take(c, message);
        sim_message_free(host, message);
        begin_upload(host_user(host), c);
        if (c->upload != NO_UPLOAD || c->walking || !request_is_whole(c, &request))
            continue;
        begin_answer(host_user(host), now, c, request.wanted);
        if (request.is_observed)
            begin_sight(host_user(host), now, c, &request);
    }
    if (c->upload != NO_UPLOAD)
        note_upload(host_user(host), now, c);
    answer(host, now, c);
}

void sim_server_writable(struct host *host, nsec now, struct tcp *tcp) {
    answer(host, now, tcp_user(tcp));
}

/* --- coming and going ---------------------------------------------------------------------------------------------- */

void sim_server_init(struct sim_server *server, struct sim_world *world, uint32_t number) {
    host_id id = sim_server_host(world, number);
    uint64_t rate = world->config->servers[number].line_rate;
    server->role = SIM_ROLE_SERVER;
    server->world = world;
    server->host = engine_host(world->engine, id);
    list_init(&server->connections);
    host_set_user(server->host, server);
    net_set_rates(world->net, id, rate, rate);
    server->watch.bin = world->config->observe_bin;
    if (server->watch.bin)
        host_at(server->host, sim_watch_next(&server->watch, 0), world->look, 0, NULL);
}

static void connection_free(struct host *host, struct connection *c) {
    end_walk(host_user(host), c);
    list_remove(&c->entry);
    memory_release(host_memory(host), c, sizeof(*c));
}

void sim_server_fini(struct sim_server *server) {
    if (!server->host)
        return;
    while (!list_is_empty(&server->connections))
        connection_free(server->host, LIST_ENTRY(server->connections.next, struct connection, entry));
    memory_release(host_memory(server->host), server->uploads,
                   server->upload_room * sizeof(*server->uploads));
    memory_release(host_memory(server->host), server->walking,
                   server->walking_room * sizeof(*server->walking));
    sim_watch_fini(&server->watch, host_memory(server->host));
}

void sim_server_timer(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_server *server = host_user(host);
    CHECK(object == NULL && arg < server->walking_room);
    struct sim_walking *walking = &server->walking[arg];
    if (!walking->connection || walking->timer_at != now)
        return;
    walking->timer_at = NSEC_NEVER;
    answer(host, now, walking->connection);
}

bool sim_server_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port) {
    struct sim_server *server = host_user(host);
    if (port != SIM_SERVER_PORT)
        return false;
    struct connection *c = memory_allocate(host_memory(host), sizeof(*c));
    if (!c) {
        host_fail(host);
        return false;
    }
    c->tcp = tcp;
    c->upload = NO_UPLOAD;
    c->came_at = now;
    c->sight = SIM_NO_SIGHT;
    list_append(&server->connections, &c->entry);
    tcp_set_user(tcp, c);
    return true;
}

void sim_server_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end) {
    (void)end;
    look_at(host_user(host), now, tcp_user(tcp));
    connection_free(host, tcp_user(tcp));
}
