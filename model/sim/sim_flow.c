/* A session whose load is flows: for each that comes, a circuit of its own with streams of packets, as tgen and tor behind it do.
 *
 * A flow's streams come by its model whether or not the ones before have ended. Those that come while there is no circuit wait
 * for one, at most FLOW_PATIENCE; a circuit that fails is replaced. A stream ends when both ends have said all, and fails when
 * its time is over, when nothing has moved for long, or with its circuit. The circuit goes with the flow's last stream.
 * Where flows have an age, a client starts with those that came before its time and have streams yet to come: of streams before
 * its start nothing is left.
 * Memory: 100 bytes a flow, 200 a stream. Bound: as many flows as the client has sessions; further ones are counted and not
 * made. FLOW_STREAMS_MAX of a flow. */
#include "base/check.h"
#include "sim/sim_client.h"
#include "sim/sim_server.h"
#include "traffic/packet_walk.h"

#define FLOW_PATIENCE    (120 * NSEC_PER_S) /* tor's SocksTimeout */
#define FLOW_STREAMS_MAX ORIGIN_STREAMS_MAX /* open and waiting, of one circuit */

#define WAIT_LEAST    NSEC_PER_US /* between two arrivals: a model may say none */
#define RETRY         NSEC_PER_MS /* after a circuit that has failed, so that time goes on */
#define REQUEST_BYTES 250u        /* before the packets: about what tgen says */
#define PIECE_BYTES   4096u

struct flow_stream {
    struct list entry; /* in the flow's */
    struct origin_stream *stream;
    struct packet_walk walk;
    uint64_t said; /* with the request */
    uint64_t left; /* of what is to be said now */
    uint64_t received;
    nsec began, moved;
    uint32_t seed;
    bool is_connected;
};

struct sim_flow {
    struct markov_walk arrivals; /* of streams */
    nsec next_at;                /* the next one comes */
    nsec waits_since;            /* the first of those that wait */
    uint32_t waiting, open;
    struct list streams;
};

static const struct sim_flows *models_of(const struct sim_session *session) {
    return session->client->load->flows;
}

/* --- streams ------------------------------------------------------------------------------------------------------- */

static void free_stream(struct sim_session *session, struct flow_stream *stream) {
    list_remove(&stream->entry);
    session->flow->open--;
    memory_release(host_memory(session->client->host), stream, sizeof(*stream));
}

static void end_stream(struct sim_session *session, nsec now, struct flow_stream *stream, bool is_done) {
    origin_circuit_end(session->circuit, now, stream->stream, END_DONE);
    sim_guard_touch(session->guard);
    session->client->streams_done += is_done;
    session->client->streams_failed += !is_done;
    free_stream(session, stream);
}

static void begin_stream(struct sim_session *session, nsec now) {
    struct sim_client *client = session->client;
    struct begin_message to = {.port = SIM_SERVER_PORT};
    struct flow_stream *stream = memory_allocate(host_memory(client->host), sizeof(*stream));
    if (!stream) {
        host_fail(client->host);
        return;
    }
    stream->began = stream->moved = now;
    stream->left = REQUEST_BYTES;
    stream->seed = (uint32_t)rng_u64(host_rng(client->host));
    packet_walk_begin(&stream->walk, models_of(session)->packets, stream->seed, false);
    sim_server_name((uint32_t)rng_below(host_rng(client->host), client->world->config->server_count),
                    to.host);
    stream->stream = origin_circuit_begin(session->circuit, now, &to);
    sim_guard_touch(session->guard);
    if (!stream->stream) {
        client->streams_failed++;
        memory_release(host_memory(client->host), stream, sizeof(*stream));
        return;
    }
    stream->stream->user = stream;
    list_append(&session->flow->streams, &stream->entry);
    session->flow->open++;
}

/* Say a piece of what is left. Whether all of the piece went. */
static bool send_piece(struct sim_session *session, nsec now, struct flow_stream *stream) {
    static const uint8_t zeros[PIECE_BYTES];
    uint8_t head[SIM_REQUEST_HEAD_LEN];
    const uint8_t *bytes = zeros;
    size_t most = stream->left < PIECE_BYTES ? (size_t)stream->left : PIECE_BYTES;
    if (stream->said < sizeof head) {
        sim_walk_write(REQUEST_BYTES, session->client->config->load, stream->seed, head);
        bytes = head + stream->said;
        most = sizeof head - (size_t)stream->said;
    }
    size_t used = origin_circuit_send(session->circuit, now, stream->stream, bytes, most);
    stream->said += used;
    stream->left -= used;
    stream->moved = used > 0 ? now : stream->moved;
    return used == most;
}

static bool is_done(const struct flow_stream *stream) {
    return stream->is_connected && stream->walk.walk.is_over && stream->left == 0 &&
           stream->received >= SIM_RESPONSE_LEN + stream->walk.expected;
}

/* Say what is to be said now. */
static void speak(struct sim_session *session, nsec now, struct flow_stream *stream) {
    if (!stream->is_connected)
        return;
    for (;;) {
        if (stream->left == 0)
            stream->left = stream->walk.walk.is_over ? 0 : packet_walk_next(&stream->walk, now);
        if (stream->left == 0 || !send_piece(session, now, stream))
            break;
    }
    sim_guard_touch(session->guard);
}

static nsec deadline_of(const struct sim_flows *models, const struct flow_stream *stream) {
    nsec timeout = models->timeout ? stream->began + models->timeout : NSEC_NEVER;
    nsec stallout = models->stallout ? stream->moved + models->stallout : NSEC_NEVER;
    return nsec_min(timeout, stallout);
}

/* When the stream wants to be looked at again. */
static nsec wakes_at(const struct sim_flows *models, const struct flow_stream *stream) {
    bool waits = stream->is_connected && stream->left == 0 && !stream->walk.walk.is_over;
    return nsec_min(deadline_of(models, stream), waits ? stream->walk.resume_at : NSEC_NEVER);
}

/* --- flows --------------------------------------------------------------------------------------------------------- */

static void end_flow(struct sim_session *session, nsec now) {
    sim_session_drop(session, now);
    session->state = SIM_SESSION_PAUSED;
    session->client->is_trim_due = true;
}

/* Streams that come by now wait for what there is of a circuit. */
static void draw_streams(struct sim_session *session, nsec now) {
    struct sim_flow *flow = session->flow;
    while (!flow->arrivals.is_over && flow->next_at <= now) {
        nsec delay;
        if (markov_walk_next(&flow->arrivals, &delay) == MARKOV_END)
            break;
        if (flow->waiting == 0)
            flow->waits_since = flow->next_at;
        if (flow->waiting + flow->open < FLOW_STREAMS_MAX)
            flow->waiting++;
        else
            session->client->streams_failed++;
        flow->next_at += nsec_max(delay, WAIT_LEAST);
    }
}

static void look_at_streams(struct sim_session *session, nsec now) {
    const struct sim_flows *models = models_of(session);
    struct sim_flow *flow = session->flow;
    for (struct list *entry = flow->streams.next, *after; entry != &flow->streams; entry = after) {
        struct flow_stream *stream = LIST_ENTRY(entry, struct flow_stream, entry);
        after = entry->next;
        speak(session, now, stream);
        if (is_done(stream))
            end_stream(session, now, stream, true);
        else if (deadline_of(models, stream) <= now)
            end_stream(session, now, stream, false);
    }
}

static void set_timer(struct sim_session *session, nsec now) {
    const struct sim_flow *flow = session->flow;
    nsec at = flow->arrivals.is_over ? NSEC_NEVER : flow->next_at;
    for (struct list *entry = flow->streams.next; entry != &flow->streams; entry = entry->next)
        at = nsec_min(at, wakes_at(models_of(session), LIST_ENTRY(entry, struct flow_stream, entry)));
    at = nsec_max(at, now + 1);
    if (session->timer_at == NSEC_NEVER || session->timer_at <= now || at < session->timer_at)
        sim_session_set_timer(session, at);
}

/* For what comes next, if there is anything. */
static void wait_on(struct sim_session *session, nsec now) {
    const struct sim_flow *flow = session->flow;
    if (flow->arrivals.is_over && list_is_empty(&flow->streams))
        end_flow(session, now);
    else
        set_timer(session, now);
}

/* All that there is to do now. */
static void go_on(struct sim_session *session, nsec now) {
    struct sim_flow *flow = session->flow;
    draw_streams(session, now);
    if (flow->waiting > 0 && !session->is_circuit_open) {
        sim_session_build(session, now);
        return;
    }
    for (; flow->waiting > 0; flow->waiting--)
        begin_stream(session, now);
    look_at_streams(session, now);
    wait_on(session, now);
}

void sim_flow_timer(struct sim_session *session, nsec now) {
    go_on(session, now);
}

void sim_flow_circuit_open(struct sim_session *session, nsec now) {
    session->state = SIM_SESSION_FETCHING;
    go_on(session, now);
}

void sim_flow_circuit_failed(struct sim_session *session, nsec now, enum sim_outcome outcome) {
    struct sim_flow *flow = session->flow;
    bool is_over = outcome == SIM_OUTCOME_UNFINISHED || outcome == SIM_OUTCOME_NO_PATH;
    if (outcome != SIM_OUTCOME_UNFINISHED)
        session->client->streams_failed += flow->open;
    while (!list_is_empty(&flow->streams))
        free_stream(session, LIST_ENTRY(flow->streams.next, struct flow_stream, entry));
    sim_session_drop(session, now);
    if (flow->waiting > 0 && (is_over || now >= flow->waits_since + FLOW_PATIENCE)) {
        session->client->streams_failed += outcome != SIM_OUTCOME_UNFINISHED ? flow->waiting : 0;
        flow->waiting = 0;
    }
    if (is_over) {
        end_flow(session, now);
        return;
    }
    session->state = SIM_SESSION_FETCHING;
    sim_session_set_timer(session, now + RETRY);
}

void sim_flow_stream_event(struct sim_session *session, nsec now, const struct origin_event *event) {
    struct flow_stream *stream = event->stream->user;
    switch (event->kind) {
    case ORIGIN_EVENT_STREAM_CONNECTED: stream->is_connected = true; break;
    case ORIGIN_EVENT_STREAM_DATA:
        stream->received += event->data.length;
        session->client->bytes_received += event->data.length;
        sim_guard_touch(session->guard); /* SENDMEs */
        break;
    case ORIGIN_EVENT_STREAM_ENDED:
        if (event->reason == END_DESTROY)
            return; /* the circuit's end is told next */
        end_stream(session, now, stream, is_done(stream));
        wait_on(session, now);
        return;
    case ORIGIN_EVENT_STREAM_WRITABLE: break;
    case ORIGIN_EVENT_LINK_OPENED:
    case ORIGIN_EVENT_LINK_CLOSED:
    case ORIGIN_EVENT_CIRCUIT_OPENED:
    case ORIGIN_EVENT_CIRCUIT_EXTENDED:
    case ORIGIN_EVENT_CIRCUIT_LINKED:
    case ORIGIN_EVENT_CIRCUIT_MESSAGE:
    case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
    case ORIGIN_EVENT_CIRCUIT_CLOSED: CHECK(!"of a stream");
    }
    stream->moved = now;
    speak(session, now, stream);
    if (is_done(stream))
        end_stream(session, now, stream, true);
    wait_on(session, now);
}

/* --- arrivals ------------------------------------------------------------------------------------------------------ */

/* The host's own timer: after those of its sessions. */
static void expect_flow(struct sim_client *client, nsec at) {
    host_at(client->host, at, client->world->session_timer, client->config->sessions, NULL);
}

static struct sim_session *idle_session(struct sim_client *client) {
    for (uint16_t i = 0; i < client->config->sessions; i++)
        if (client->sessions[i].state == SIM_SESSION_PAUSED)
            return &client->sessions[i];
    return NULL;
}

/* A session that takes the flow, whose streams are to be drawn; NULL: left out, or no memory. */
static struct sim_session *take_flow(struct sim_client *client, const struct markov_walk *streams,
                                     nsec next_at) {
    struct sim_session *session = idle_session(client);
    if (!session) {
        client->flows_left_out++;
        return NULL;
    }
    if (!session->flow)
        session->flow = memory_allocate(host_memory(client->host), sizeof(*session->flow));
    if (!session->flow) {
        host_fail(client->host);
        return NULL;
    }
    *session->flow = (struct sim_flow){.arrivals = *streams, .next_at = next_at};
    list_init(&session->flow->streams);
    session->transfer.started = next_at;
    session->state = SIM_SESSION_FETCHING;
    client->flows++;
    return session;
}

static struct markov_walk draw_flow(const struct sim_client *client) {
    struct markov_walk streams;
    markov_walk_begin(&streams, client->load->flows->streams, rng_u64(host_rng(client->host)));
    return streams;
}

void sim_flow_arrival(struct sim_client *client, nsec now) {
    nsec delay;
    if (markov_walk_next(&client->arrivals, &delay) == MARKOV_END)
        return;
    struct markov_walk streams = draw_flow(client);
    struct sim_session *session = take_flow(client, &streams, now);
    if (session)
        go_on(session, now);
    expect_flow(client, now + nsec_max(delay, WAIT_LEAST));
}

/* --- the beginning ------------------------------------------------------------------------------------------------- */

/* A flow that came `before` the start, without its streams until then: when, after it, the next one comes; false: it is over. */
static bool go_past(struct markov_walk *streams, nsec before, nsec *next_out) {
    nsec gone = 0;
    while (gone < before) {
        nsec delay;
        if (markov_walk_next(streams, &delay) == MARKOV_END)
            return false;
        gone += nsec_max(delay, WAIT_LEAST);
    }
    *next_out = gone - before;
    return true;
}

/* Flows that came in the time before the start; returns when the next one comes, after it. */
static nsec take_past(struct sim_client *client, nsec before) {
    nsec delay, gone = 0;
    while (gone < before) {
        if (markov_walk_next(&client->arrivals, &delay) == MARKOV_END)
            return NSEC_NEVER;
        struct markov_walk streams = draw_flow(client);
        nsec left;
        if (go_past(&streams, before - gone, &left)) {
            nsec at = client->config->start + left;
            struct sim_session *session = take_flow(client, &streams, at);
            if (session)
                sim_session_set_timer(session, at);
        }
        gone += nsec_max(delay, WAIT_LEAST);
    }
    return client->config->start + (gone - before);
}

void sim_flows_start(struct sim_client *client) {
    for (uint16_t i = 0; i < client->config->sessions; i++)
        client->sessions[i] =
            (struct sim_session){.client = client, .state = SIM_SESSION_PAUSED, .timer_at = NSEC_NEVER};
    markov_walk_begin(&client->arrivals, client->load->flows->flows, rng_u64(host_rng(client->host)));
    nsec first = take_past(client, client->load->flows->age);
    if (first != NSEC_NEVER)
        expect_flow(client, first);
}

void sim_flow_fini(struct sim_session *session) {
    const struct memory *memory = host_memory(session->client->host);
    struct sim_flow *flow = session->flow;
    if (!flow)
        return;
    while (!list_is_empty(&flow->streams))
        free_stream(session, LIST_ENTRY(flow->streams.next, struct flow_stream, entry));
    memory_release(memory, flow, sizeof(*flow));
    session->flow = NULL;
}
