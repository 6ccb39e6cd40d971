#include "load/load_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_entry.h"
#include "load/load_losses.h"
#include "load/load_plan.h"
#include "load/load_sink.h"
#include "load/load_stream.h"
#include "native/heap.h"
#include "native/turn_clock.h"
#include "origin/origin.h"

struct way_in {
    struct load_source *source;
    struct origin_link *link;
    struct load_lane lane;
    bool is_unpadded; /* the relay was asked for that */
};

/* Where a circuit goes in and out. */
struct plan {
    struct way_in *in;
    struct load_sink *out; /* NULL: it ends at the relay */
    uint32_t number;
};

struct load_source {
    struct load_net *net;
    struct load_shape *shape;
    const struct load_options *options;
    struct load_sink *const *sinks;
    struct origin *origin;
    struct way_in *ways;
    struct plan *plans; /* one for each circuit */
    uint32_t way_count, ways_begun, ways_open;
    uint32_t wanted, begun, building, built; /* circuits */
    struct load_losses losses;
    struct turn_clock clock;
    struct load_doors doors;
    bool is_loading;
};

static nsec now_of(struct load_source *s) {
    turn_clock_next(&s->clock);
    return turn_clock_now(&s->clock);
}

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static uint32_t way_out(const struct load_source *s, uint32_t circuit) {
    bool is_paired = s->options->loaded_every > 1;
    return load_plan_way_out(circuit, s->way_count, is_paired ? s->way_count : s->options->verified_links);
}

/* Begin as many circuits as may be in the making. */
static void begin_circuits(struct load_source *s, nsec now) {
    struct origin_target first;
    load_entry_target(s->options, &first);
    while (s->ways_open == s->ways_begun && s->building < LOAD_BUILDING_MAX && s->begun < s->wanted) {
        struct plan *plan = &s->plans[s->begun];
        *plan = (struct plan){.in = &s->ways[load_plan_way_in(s->begun, s->way_count)], .number = s->begun};
        if (s->options->role == LOAD_MIDDLE)
            plan->out = s->sinks[way_out(s, s->begun)];
        struct origin_circuit *c = origin_link_circuit(plan->in->link, now, &first);
        if (!c) {
            load_losses_add(&s->losses, "no further circuit fits a link");
            return;
        }
        c->user = plan;
        s->begun++;
        s->building++;
    }
}

static void extend(struct load_source *s, nsec now, struct origin_circuit *c) {
    struct origin_target next;
    load_sink_target(((const struct plan *)c->user)->out, &next);
    enum err err = origin_circuit_extend(c, now, &next);
    if (err != ERR_OK)
        load_losses_add(&s->losses, "a circuit could not be extended: %s", err_text(err));
}

static bool is_up(const struct origin_circuit *c) {
    return load_plan_is_up(((const struct plan *)c->user)->number);
}

static void begin_stream(struct load_source *s, nsec now, struct origin_circuit *c) {
    struct begin_message to = {.port = is_up(c) ? s->doors.takes : s->doors.gives};
    snprintf(to.host, sizeof to.host, "127.0.0.1");
    if (!origin_circuit_begin(c, now, &to))
        load_losses_add(&s->losses, "a circuit took no stream");
}

/* The first hop is there. */
static void go_on(struct load_source *s, nsec now, struct origin_circuit *c) {
    if (s->options->role == LOAD_EXIT)
        begin_stream(s, now, c);
    else
        extend(s, now, c);
}

/* The circuit is whole: its relay's layers are what load cells are wrapped with. */
static void finish(struct load_source *s, struct origin_circuit *c, const struct origin_stream *stream) {
    struct way_in *way = ((const struct plan *)c->user)->in;
    struct origin_hop *hop = c->path.hops[0];
    struct load_circuit circuit = {.id = c->path.circ_id,
                                   .number = s->built,
                                   .wrap = origin_hop_forward(hop),
                                   .peel = origin_hop_backward(s->origin, hop)};
    if (stream)
        circuit.stream = load_stream_new(s->shape->crypt, circuit.wrap, circuit.peel, stream->id, is_up(c));
    load_lane_add(&way->lane, &circuit);
    s->building--;
    s->built++;
}

static void lose(struct load_source *s, const struct origin_event *event) {
    load_losses_add(&s->losses, "%s, reason %u%s%s", origin_event_name(event->kind), event->reason,
                    event->error == ERR_OK ? "" : ", ", event->error == ERR_OK ? "" : err_text(event->error));
}

static void follow(struct load_source *s, nsec now) {
    struct origin_event event;
    while (origin_next_event(s->origin, now, &event)) {
        switch (event.kind) {
        case ORIGIN_EVENT_LINK_OPENED: s->ways_open++; break;
        case ORIGIN_EVENT_CIRCUIT_OPENED: go_on(s, now, event.circuit); break;
        case ORIGIN_EVENT_CIRCUIT_EXTENDED: finish(s, event.circuit, NULL); break;
        case ORIGIN_EVENT_STREAM_CONNECTED: finish(s, event.circuit, event.stream); break;
        case ORIGIN_EVENT_LINK_CLOSED:
        case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
        case ORIGIN_EVENT_STREAM_DATA: /* before the load, whose streams are looked after by hand */
        case ORIGIN_EVENT_STREAM_ENDED:
        case ORIGIN_EVENT_CIRCUIT_CLOSED: lose(s, &event); break;
        case ORIGIN_EVENT_CIRCUIT_LINKED:
        case ORIGIN_EVENT_CIRCUIT_MESSAGE:
        case ORIGIN_EVENT_STREAM_WRITABLE: break;
        }
    }
    begin_circuits(s, now);
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static bool write_link(struct way_in *way, nsec now) {
    bool is_client = way->source->options->role != LOAD_EXIT;
    bool ok = load_entry_write(way->link, now, way->lane.connection);
    if (ok && is_client && way->link->state == ORIGIN_LINK_OPEN && !way->is_unpadded)
        ok = way->is_unpadded = load_entry_refuse_padding(way->lane.connection);
    return ok;
}

static void write_links(struct load_source *s, nsec now) {
    for (uint32_t i = 0; i < s->way_count; i++)
        if (s->ways[i].link && !write_link(&s->ways[i], now))
            load_losses_add(&s->losses, "a link to the relay could not be written");
}

/* An exit opens no stream for who comes to it without a relay between. */
static const struct link_credentials *credentials_of(const struct load_source *s) {
    return s->options->role == LOAD_EXIT ? load_sink_credentials(s->sinks[0]) : NULL;
}

static void on_secured(void *owner) {
    struct way_in *way = owner;
    struct load_source *s = way->source;
    nsec now = now_of(s);
    way->link = load_entry_link(s->origin, now, s->options, way->lane.connection, credentials_of(s));
    if (!way->link) {
        load_losses_add(&s->losses, "no link on a connection to the relay");
        return;
    }
    write_links(s, now);
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    struct way_in *way = owner;
    struct load_source *s = way->source;
    nsec now = now_of(s);
    if (s->is_loading)
        return load_lane_receive(&way->lane, s->shape, bytes, length);
    size_t used = origin_link_receive_bytes(way->link, now, bytes, length);
    follow(s, now);
    write_links(s, now);
    return used;
}

static void on_discarded(void *owner, uint64_t length) {
    struct way_in *way = owner;
    load_lane_discarded(&way->lane, length);
}

static void on_closed(void *owner) {
    struct way_in *way = owner;
    load_losses_add(&way->source->losses, "the relay closed a connection that we had opened");
}

static const struct load_connection_events source_events = {on_secured, on_bytes, on_discarded, on_closed};

/* --- life -------------------------------------------------------------------------------------------------------- */

struct load_source *load_source_new(struct load_net *net, struct load_shape *shape,
                                    const struct load_options *options, struct load_sink *const *sinks,
                                    const struct load_doors *doors) {
    struct load_source *s = heap_new(sizeof *s);
    *s =
        (struct load_source){.net = net, .shape = shape, .options = options, .sinks = sinks, .doors = *doors};
    s->way_count = load_options_ways(options);
    s->ways = heap_new(s->way_count * sizeof *s->ways);
    s->plans = heap_new(options->circuits * sizeof *s->plans);
    turn_clock_init(&s->clock, monotonic_read());
    s->origin = load_entry_origin(shape->crypt, options);
    for (uint32_t i = 0; i < s->way_count; i++) {
        struct way_in *way = &s->ways[i];
        way->source = s;
        load_lane_init(&way->lane, i < options->verified_links);
    }
    return s;
}

void load_source_grow(struct load_source *s, uint32_t ways, uint32_t circuits) {
    nsec now = now_of(s);
    CHECK(ways >= s->ways_begun);
    CHECK(ways <= s->way_count);
    CHECK(circuits >= s->wanted);
    CHECK(circuits <= (ways < s->way_count ? ways : s->options->circuits));
    for (; s->ways_begun < ways; s->ways_begun++) {
        struct load_lane *lane = &s->ways[s->ways_begun].lane;
        lane->connection =
            load_connection_dial(s->net, &s->options->relay, &source_events, &s->ways[s->ways_begun]);
        if (!lane->connection)
            load_losses_add(&s->losses, "no connection to the relay");
    }
    s->wanted = circuits;
    begin_circuits(s, now);
    write_links(s, now);
}

void load_source_free(struct load_source *s) {
    if (!s)
        return;
    for (uint32_t i = 0; i < s->way_count; i++) {
        if (s->ways[i].link)
            origin_link_free(s->ways[i].link, now_of(s));
        load_connection_free(s->ways[i].lane.connection);
        load_lane_fini(&s->ways[i].lane);
    }
    origin_free(s->origin);
    free(s->plans);
    free(s->ways);
    free(s);
}

uint32_t load_source_built(const struct load_source *s) {
    return s->built;
}

const char *load_source_first_loss(const struct load_source *s) {
    return s->losses.first;
}

uint64_t load_source_losses(const struct load_source *s) {
    uint64_t losses = s->losses.count;
    for (uint32_t i = 0; i < s->way_count; i++)
        losses += s->ways[i].lane.wrong;
    return losses;
}

bool load_source_begin_load(struct load_source *s, bool discards) {
    s->is_loading = true;
    for (uint32_t i = 0; discards && i < s->way_count; i++)
        if (!s->ways[i].lane.is_verified && !load_connection_discard(s->ways[i].lane.connection))
            return false;
    return true;
}

struct load_lane *load_source_lane(struct load_source *s, uint32_t way) {
    return &s->ways[way].lane;
}

const char *load_source_cipher(const struct load_source *s) {
    return tls_session_cipher(load_connection_tls(s->ways[0].lane.connection));
}
