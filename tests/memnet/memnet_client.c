/* Origins of the in-memory network, and connections that speak no protocol. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "memnet/memnet_state.h"

#define WRITE_CELLS CELLS_PER_RECORD

struct memnet_client {
    struct list entry;
    struct memnet *net;
    struct origin *origin;
    void (*on_event)(void *context, const struct origin_event *event);
    void *context;
    char name[8];
    struct pipe_end *end;     /* NULL before the dial and after the end */
    struct origin_link *link; /* NULL until the connection is made */
};

struct memnet_raw {
    struct list entry;
    struct pipe_end *end;
    size_t received;
    bool is_closed;
    uint8_t *early; /* sent before the connection was made */
    size_t early_length;
};

/* --- clients ------------------------------------------------------------------------------------------------------ */

static void trace_cells(struct memnet_client *client, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i + CELL_LEN <= length; i += CELL_LEN)
        memnet_trace_line(client->net, client->name, "", "%-16s %08x %s", "cell-out", load_u32(bytes + i),
                          cell_command_name(bytes[i + 4]));
}

static void trace_event(struct memnet_client *client, const struct origin_event *event) {
    char circuit[16] = "", stream[48] = "", reason[48] = "";
    if (event->circuit)
        snprintf(circuit, sizeof(circuit), "%08x ", event->circuit->path.circ_id);
    if (event->kind == ORIGIN_EVENT_CIRCUIT_MESSAGE)
        snprintf(stream, sizeof(stream), "%s, %zu bytes", relay_command_name(event->command),
                 event->data.length);
    else if (event->data.length > 0)
        snprintf(stream, sizeof(stream), "stream %u, %zu bytes", event->stream->id, event->data.length);
    else if (event->stream)
        snprintf(stream, sizeof(stream), "stream %u ", event->stream->id);
    if (event->reason != 0 || event->error != ERR_OK)
        snprintf(reason, sizeof(reason), "(%u, error %u)", event->reason, (unsigned)event->error);
    memnet_trace_line(client->net, client->name, "", "%-16s %s%s%s", origin_event_name(event->kind), circuit,
                      stream, reason);
}

static void write_link(struct memnet_client *client) {
    struct pipe_end *end = client->end;
    struct origin_link *link = client->link;
    if (!link || !end || !end->is_open)
        return;
    struct span output = origin_link_handshake_output(link);
    if (output.length > 0) {
        pipe_send(end, output.data, output.length);
        origin_link_handshake_written(link, output.length);
    }
    while (origin_link_wants_write(link) && pipe_room(end) >= (size_t)WRITE_CELLS * CELL_LEN) {
        struct cell *cells[WRITE_CELLS];
        uint8_t bytes[WRITE_CELLS * CELL_LEN];
        uint32_t n = origin_link_take(link, client->net->now, cells, WRITE_CELLS);
        for (uint32_t i = 0; i < n; i++)
            cell_serialize(cells[i], bytes + (size_t)i * CELL_LEN);
        origin_link_release(link, cells, n);
        trace_cells(client, bytes, (size_t)n * CELL_LEN);
        pipe_send(end, bytes, (size_t)n * CELL_LEN);
        if (n == 0)
            break;
    }
}

/* The origin has given its link up: so does the connection. */
static void close_if_over(struct memnet_client *client) {
    if (client->end && client->link && client->link->state == ORIGIN_LINK_CLOSED) {
        pipe_close(client->end);
        client->end = NULL;
    }
}

static bool tell_events(struct memnet_client *client) {
    struct origin_event event;
    bool any = false;
    while (origin_next_event(client->origin, client->net->now, &event)) {
        any = true;
        trace_event(client, &event);
        client->on_event(client->context, &event);
    }
    return any;
}

void memnet_client_turn(struct memnet_client *client) {
    do
        write_link(client);
    while (tell_events(client));
    close_if_over(client);
}

static size_t client_receive(struct pipe_end *end, const uint8_t *bytes, size_t length) {
    struct memnet_client *client = end->owner;
    size_t used = length;
    if (client->link) {
        used = origin_link_receive_bytes(client->link, client->net->now, bytes, length);
        memnet_client_turn(client);
    }
    return used;
}

static void client_closed(struct pipe_end *end) {
    struct memnet_client *client = end->owner;
    client->end = NULL;
    if (!client->link)
        return;
    origin_link_closed(client->link, client->net->now);
    memnet_client_turn(client);
}

static void client_writable(struct pipe_end *end) {
    memnet_client_turn(end->owner);
}

static const struct pipe_ops client_ops = {client_receive, client_closed, client_writable};

/* TLS is done. */
static void client_connected(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    struct memnet_client *client = subject;
    struct link_facts facts;
    struct link_expectation expected = {.has_rsa_id = true, .has_ed_id = true};
    struct origin_target target;
    if (!client->end || client->link)
        return;
    memcpy(&target, payload, sizeof(target));
    memcpy(expected.rsa_id, target.rsa_id, RSA_ID_LEN);
    memcpy(expected.ed_id, target.ed_id, ED_ID_LEN);
    pipe_facts(client->end, &facts);
    client->end->is_open = true;
    client->link = origin_link_new(client->origin, client->net->now, &facts, &expected);
    if (!client->link) {
        pipe_close(client->end);
        client->end = NULL;
        return;
    }
    pipe_set_reading(client->end, true);
    memnet_client_turn(client);
}

void memnet_client_dial(struct memnet_client *client, struct memnet_relay *relay) {
    struct memnet *net = client->net;
    CHECK(!client->end && !client->link);
    struct pipe *pipe = pipe_new(net);
    client->end = &pipe->ends[0];
    client->end->ops = &client_ops;
    client->end->owner = client;
    memnet_relay_accept(relay, &pipe->ends[1]);
    struct origin_target *payload = memnet_take(sizeof(*payload));
    memnet_relay_target(relay, payload);
    memnet_plan(net, net->now + 2 * net->options.link_latency, client_connected, client, 0, payload);
}

void memnet_origin_config(struct memnet *net, struct origin_config *config_out) {
    origin_config_default(config_out);
    config_out->memory = &net->heap.memory;
    config_out->crypt = net->crypt;
    config_out->seed = net->options.seed + 1;
    config_out->unix_s_at_zero = IDENTITY_UNIX_S;
}

struct memnet_client *memnet_client_add(struct memnet *net, const struct origin_config *config,
                                        void (*on_event)(void *context, const struct origin_event *),
                                        void *context) {
    struct memnet_client *client = memnet_take(sizeof(*client));
    client->net = net;
    client->on_event = on_event;
    client->context = context;
    client->origin = origin_new(config);
    if (!client->origin) {
        free(client);
        return NULL;
    }
    snprintf(client->name, sizeof(client->name), "c%u", net->client_count++);
    list_append(&net->clients, &client->entry);
    return client;
}

struct origin *memnet_client_origin(struct memnet_client *client) {
    return client->origin;
}

struct origin_link *memnet_client_link(struct memnet_client *client) {
    return client->link;
}

void memnet_client_hangup(struct memnet_client *client) {
    if (client->link)
        origin_link_free(client->link, client->net->now);
    client->link = NULL;
    if (client->end)
        pipe_close(client->end);
    client->end = NULL;
}

void memnet_client_stall(struct memnet_client *client, bool on) {
    if (client->end)
        pipe_other(client->end)->is_stalled = on;
}

void memnet_client_inject(struct memnet_client *client, const uint8_t *bytes, size_t length) {
    if (client->end)
        pipe_send(client->end, bytes, length);
}

/* --- raw connections ---------------------------------------------------------------------------------------------- */

static size_t raw_receive(struct pipe_end *end, const uint8_t *bytes, size_t length) {
    struct memnet_raw *raw = end->owner;
    (void)bytes;
    raw->received += length;
    return length;
}

static void raw_closed(struct pipe_end *end) {
    struct memnet_raw *raw = end->owner;
    raw->is_closed = true;
}

static void raw_writable(struct pipe_end *end) {
    (void)end;
}

static const struct pipe_ops raw_ops = {raw_receive, raw_closed, raw_writable};

static void raw_connected(void *subject, uint64_t argument, void *payload) {
    (void)argument;
    (void)payload;
    struct memnet_raw *raw = subject;
    if (raw->is_closed)
        return;
    raw->end->is_open = true;
    pipe_send(raw->end, raw->early, raw->early_length);
    pipe_set_reading(raw->end, true);
}

struct memnet_raw *memnet_raw_dial(struct memnet *net, struct memnet_relay *relay) {
    struct memnet_raw *raw = memnet_take(sizeof(*raw));
    struct pipe *pipe = pipe_new(net);
    raw->end = &pipe->ends[0];
    raw->end->ops = &raw_ops;
    raw->end->owner = raw;
    list_append(&net->raws, &raw->entry);
    memnet_relay_accept(relay, &pipe->ends[1]);
    memnet_plan(net, net->now + 2 * net->options.link_latency, raw_connected, raw, 0, NULL);
    return raw;
}

void memnet_raw_send(struct memnet_raw *raw, const uint8_t *bytes, size_t length) {
    if (raw->end->is_open || raw->is_closed) {
        pipe_send(raw->end, bytes, length);
        return;
    }
    raw->early = realloc(raw->early, raw->early_length + length + 1);
    CHECK(raw->early);
    memcpy(raw->early + raw->early_length, bytes, length);
    raw->early_length += length;
}

void memnet_raw_close(struct memnet_raw *raw) {
    raw->is_closed = true;
    pipe_close(raw->end);
}

bool memnet_raw_is_closed(const struct memnet_raw *raw) {
    return raw->is_closed;
}

size_t memnet_raw_received(const struct memnet_raw *raw) {
    return raw->received;
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void client_free(struct memnet_client *client) {
    if (client->link)
        origin_link_free(client->link, client->net->now);
    origin_free(client->origin);
    free(client);
}

static void raw_free(struct memnet_raw *raw) {
    free(raw->early);
    free(raw);
}

void memnet_clients_free(struct memnet *net) {
    struct list *next;
    for (struct list *entry = net->clients.next; entry != &net->clients; entry = next) {
        next = entry->next;
        client_free(LIST_ENTRY(entry, struct memnet_client, entry));
    }
    for (struct list *entry = net->raws.next; entry != &net->raws; entry = next) {
        next = entry->next;
        raw_free(LIST_ENTRY(entry, struct memnet_raw, entry));
    }
}
