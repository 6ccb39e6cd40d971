#include "memnet/journey.h"

#include <stdio.h>

#include "base/check.h"
#include "memnet/pattern.h"

#define PIECE_BYTES 16384u

static void finish_circuit(struct journey *j) {
    if (j->circuit)
        origin_circuit_free(j->circuit, memnet_now(j->net), DESTROY_NONE);
    j->circuit = NULL;
    j->stream = NULL;
    j->is_over = true;
}

static void send_more(struct journey *j) {
    while (j->stream && j->sent < j->sends) {
        uint8_t piece[PIECE_BYTES];
        uint64_t left = j->sends - j->sent;
        size_t length = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        pattern_fill(j->sends_seed, j->sent, piece, length);
        size_t used = origin_circuit_send(j->circuit, memnet_now(j->net), j->stream, piece, length);
        j->sent += used;
        if (used < length)
            return;
    }
}

void journey_open_stream(struct journey *j) {
    struct begin_message to = {.port = j->port};
    snprintf(to.host, sizeof(to.host), "%s", j->host);
    j->stream = origin_circuit_begin(j->circuit, memnet_now(j->net), &to);
    j->sent = j->received = 0;
    j->is_connected = j->has_ended = false;
    if (!j->stream)
        finish_circuit(j);
    else if (j->is_optimistic)
        send_more(j);
}

static void grow(struct journey *j) {
    unsigned have = j->circuit->path.hop_count;
    if (have < j->hops) {
        if (origin_circuit_extend(j->circuit, memnet_now(j->net), &j->path[have]) != ERR_OK)
            finish_circuit(j);
        return;
    }
    j->is_built = true;
    if (j->host)
        journey_open_stream(j);
}

static void receive(struct journey *j, struct span data) {
    if (!pattern_matches(j->expects_seed, j->received, data.data, data.length))
        j->has_mismatch = true;
    j->received += data.length;
}

/* Who uploads waits for the server to end the stream: a DESTROY would overtake the last bytes. */
static void end_stream_if_done(struct journey *j) {
    bool has_all = j->sends == 0 && j->expects > 0 && j->received >= j->expects;
    if (!j->stream || !(has_all || j->has_ended))
        return;
    origin_circuit_end(j->circuit, memnet_now(j->net), j->stream, END_DONE);
    j->stream = NULL;
    if (j->keeps_circuit)
        j->is_over = true;
    else
        finish_circuit(j);
}

static void start_circuit(struct journey *j) {
    j->link_is_open = true;
    j->circuit = origin_link_circuit(memnet_client_link(j->client), memnet_now(j->net), &j->path[0]);
    if (!j->circuit)
        j->is_over = true;
}

static void on_event(void *context, const struct origin_event *event) {
    struct journey *j = context;
    switch (event->kind) {
    case ORIGIN_EVENT_LINK_OPENED: start_circuit(j); break;
    case ORIGIN_EVENT_LINK_CLOSED:
        j->link_is_closed = true;
        j->error = event->error;
        finish_circuit(j);
        break;
    case ORIGIN_EVENT_CIRCUIT_OPENED:
    case ORIGIN_EVENT_CIRCUIT_EXTENDED: grow(j); break;
    case ORIGIN_EVENT_CIRCUIT_LINKED:
    case ORIGIN_EVENT_CIRCUIT_MESSAGE: break;
    case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
        j->is_truncated = true;
        j->close_reason = event->reason;
        break;
    case ORIGIN_EVENT_CIRCUIT_CLOSED:
        j->is_closed = true;
        j->close_reason = event->reason;
        j->error = event->error;
        finish_circuit(j);
        break;
    case ORIGIN_EVENT_STREAM_CONNECTED:
        j->is_connected = true;
        send_more(j);
        break;
    case ORIGIN_EVENT_STREAM_DATA:
        receive(j, event->data);
        end_stream_if_done(j);
        break;
    case ORIGIN_EVENT_STREAM_WRITABLE: send_more(j); break;
    case ORIGIN_EVENT_STREAM_ENDED:
        j->has_ended = true;
        j->end_reason = event->reason;
        if (event->reason != END_DESTROY) /* otherwise more news is on its way */
            end_stream_if_done(j);
        break;
    }
}

bool journey_begin_with(struct journey *j, struct memnet *net, const struct origin_config *config,
                        struct memnet_relay *const *relays, unsigned hops) {
    CHECK(hops > 0 && hops <= JOURNEY_HOPS_MAX);
    j->net = net;
    j->hops = hops;
    for (unsigned i = 0; i < hops; i++)
        memnet_relay_target(relays[i], &j->path[i]);
    j->client = memnet_client_add(net, config, on_event, j);
    if (!j->client)
        return false;
    memnet_client_dial(j->client, relays[0]);
    return true;
}

bool journey_begin(struct journey *j, struct memnet *net, struct memnet_relay *const *relays, unsigned hops) {
    struct origin_config config;
    memnet_origin_config(net, &config);
    return journey_begin_with(j, net, &config, relays, hops);
}

void journey_finish(struct journey *j) {
    if (j->circuit)
        finish_circuit(j);
    memnet_client_turn(j->client);
}
