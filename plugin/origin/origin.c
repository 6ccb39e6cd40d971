#include "origin/origin.h"

#include "base/check.h"
#include "origin/origin_hop.h"

/* Objects of a slab block, once there are many: a few kilobytes each. */
#define LINKS_PER_BLOCK      4u
#define CIRCUITS_PER_BLOCK   8u
#define HOPS_PER_BLOCK       16u
#define HANDSHAKES_PER_BLOCK 8u
#define STREAMS_PER_BLOCK    16u

void origin_config_default(struct origin_config *config_out) {
    *config_out = (struct origin_config){
        .congestion = congestion_params_default,
        .links_max = 64,
        .circuits_max = 1024,
        .streams_max = 4096,
        .cells_max = 16384, /* the windows of a dozen busy circuits: 8 MB */
        .queue_cells_max = 128,
    };
}

struct origin *origin_new(const struct origin_config *config) {
    CHECK(config->memory);
    CHECK(config->crypt);
    CHECK(config->queue_cells_max > 0);
    const struct memory *memory = config->memory;
    struct origin *o = memory_allocate(memory, sizeof(*o));
    if (!o)
        return NULL;
    o->config = *config;
    cell_pool_init(&o->cells, memory, 0, CELL_BODY_LEN, config->cells_max);
    slab_init(&o->links, memory, sizeof(struct origin_link), LINKS_PER_BLOCK, config->links_max);
    slab_init(&o->circuits, memory, sizeof(struct origin_circuit), CIRCUITS_PER_BLOCK, config->circuits_max);
    slab_init(&o->hops, memory, origin_hop_size(config->crypt), HOPS_PER_BLOCK,
              config->circuits_max * ORIGIN_HOPS_MAX);
    slab_init(&o->handshakes, memory, sizeof(struct origin_handshake), HANDSHAKES_PER_BLOCK,
              config->circuits_max);
    slab_init(&o->streams, memory, sizeof(struct origin_stream), STREAMS_PER_BLOCK, config->streams_max);
    list_init(&o->ready);
    list_init(&o->starved);
    rng_seed(&o->rng, config->seed);
    return o;
}

static void return_lent(struct origin *o) {
    if (!o->lent)
        return;
    cell_pool_put(&o->cells, o->lent);
    o->lent = NULL;
    origin_stream_feed(o);
}

void origin_trim(struct origin *o) {
    slab_trim(&o->streams);
    slab_trim(&o->handshakes);
    slab_trim(&o->hops);
    slab_trim(&o->circuits);
    slab_trim(&o->links);
    cell_pool_trim(&o->cells);
}

void origin_free(struct origin *o) {
    if (!o)
        return;
    return_lent(o);
    CHECK(list_is_empty(&o->ready));
    slab_fini(&o->streams);
    slab_fini(&o->handshakes);
    slab_fini(&o->hops);
    slab_fini(&o->circuits);
    slab_fini(&o->links);
    cell_pool_fini(&o->cells);
    memory_release(o->config.memory, o, sizeof(*o));
}

const struct work *origin_work(const struct origin *o) {
    return &o->work;
}

const char *origin_event_name(enum origin_event_kind kind) {
    switch (kind) {
#define X(name, text) \
    case ORIGIN_EVENT_##name: return text;
        ORIGIN_EVENT_LIST(X)
#undef X
    }
    return "unknown";
}

/* --- news to events --------------------------------------------------------------------------------------------- */

static void tell_link(struct origin_link *link, struct origin_event *event_out) {
    enum origin_link_news news = origin_ready_first(&link->ready);
    origin_ready_lower(&link->ready, (uint8_t)news);
    *event_out = (struct origin_event){.link = link};
    switch (news) {
    case ORIGIN_LINK_NEWS_OPENED: event_out->kind = ORIGIN_EVENT_LINK_OPENED; break;
    case ORIGIN_LINK_NEWS_CLOSED:
        event_out->kind = ORIGIN_EVENT_LINK_CLOSED;
        event_out->error = link->error;
        break;
    }
}

static void tell_message(struct origin_circuit *c, struct origin_event *event_out) {
    struct relay_message message;
    c->origin->lent = origin_circuit_read_message(c, &message);
    CHECK(c->origin->lent);
    event_out->kind = ORIGIN_EVENT_CIRCUIT_MESSAGE;
    event_out->command = message.command;
    event_out->data = message.data;
}

static void tell_circuit(struct origin_circuit *c, struct origin_event *event_out) {
    enum origin_circuit_news news = origin_ready_first(&c->ready);
    if (news != ORIGIN_CIRCUIT_NEWS_MESSAGE)
        origin_ready_lower(&c->ready, (uint8_t)news);
    *event_out = (struct origin_event){.circuit = c};
    switch (news) {
    case ORIGIN_CIRCUIT_NEWS_MESSAGE: tell_message(c, event_out); break;
    case ORIGIN_CIRCUIT_NEWS_OPENED: event_out->kind = ORIGIN_EVENT_CIRCUIT_OPENED; break;
    case ORIGIN_CIRCUIT_NEWS_EXTENDED: event_out->kind = ORIGIN_EVENT_CIRCUIT_EXTENDED; break;
    case ORIGIN_CIRCUIT_NEWS_LINKED: event_out->kind = ORIGIN_EVENT_CIRCUIT_LINKED; break;
    case ORIGIN_CIRCUIT_NEWS_TRUNCATED:
        event_out->kind = ORIGIN_EVENT_CIRCUIT_TRUNCATED;
        event_out->reason = c->reason;
        break;
    case ORIGIN_CIRCUIT_NEWS_CLOSED:
        event_out->kind = ORIGIN_EVENT_CIRCUIT_CLOSED;
        event_out->reason = c->reason;
        event_out->error = c->error;
        break;
    }
}

static void tell_data(struct origin *o, struct origin_stream *s, struct origin_event *event_out) {
    o->lent = origin_circuit_read(s->circuit, s);
    CHECK(o->lent); /* the news stands for a full inbox */
    event_out->kind = ORIGIN_EVENT_STREAM_DATA;
    event_out->data = origin_stream_cell_data(o->lent);
}

static void tell_stream(struct origin *o, struct origin_stream *s, struct origin_event *event_out) {
    enum origin_stream_news news = origin_ready_first(&s->ready);
    *event_out = (struct origin_event){.circuit = s->circuit, .stream = s};
    if (news != ORIGIN_STREAM_NEWS_DATA)
        origin_ready_lower(&s->ready, (uint8_t)news);
    switch (news) {
    case ORIGIN_STREAM_NEWS_CONNECTED: event_out->kind = ORIGIN_EVENT_STREAM_CONNECTED; break;
    case ORIGIN_STREAM_NEWS_DATA: tell_data(o, s, event_out); break;
    case ORIGIN_STREAM_NEWS_WRITABLE: event_out->kind = ORIGIN_EVENT_STREAM_WRITABLE; break;
    case ORIGIN_STREAM_NEWS_ENDED:
        event_out->kind = ORIGIN_EVENT_STREAM_ENDED;
        event_out->reason = s->end_reason;
        break;
    }
}

bool origin_next_event(struct origin *o, UNUSED nsec now, struct origin_event *event_out) {
    return_lent(o);
    if (list_is_empty(&o->ready))
        return false;
    struct origin_ready *ready = LIST_ENTRY(o->ready.next, struct origin_ready, entry);
    switch ((enum origin_owner)ready->owner) {
    case ORIGIN_OWNER_LINK: tell_link(LIST_ENTRY(ready, struct origin_link, ready), event_out); break;
    case ORIGIN_OWNER_CIRCUIT:
        tell_circuit(LIST_ENTRY(ready, struct origin_circuit, ready), event_out);
        break;
    case ORIGIN_OWNER_STREAM:
        tell_stream(o, LIST_ENTRY(ready, struct origin_stream, ready), event_out);
        break;
    }
    return true;
}
