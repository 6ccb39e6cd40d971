#include "limit/limit_generator.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "limit/limit_options.h"
#include "limit/limit_relay.h"
#include "load/load_connection.h"
#include "load/load_plan.h"
#include "native/heap.h"
#include "native/openssl_provider.h"
#include "native/turn_clock.h"

#define SECURE_PATIENCE (10 * NSEC_PER_S)
#define PATTERN_SEED    1u

struct generator_link {
    struct limit_generator *generator;
    struct load_lane lane;
    bool is_secured;
};

struct limit_generator {
    const struct limit_options *options;
    struct load_net *net;
    struct load_shape shape;
    struct load_flow flow;
    struct generator_link *links; /* ways in, then ways out */
    void **layers;                /* of verified circuits, to be freed */
    uint32_t layer_count;
    uint64_t lost;
};

/* --- links ------------------------------------------------------------------------------------------------------- */

static void on_secured(void *owner) {
    ((struct generator_link *)owner)->is_secured = true;
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    struct generator_link *link = owner;
    return load_lane_receive(&link->lane, &link->generator->shape, bytes, length);
}

static void on_discarded(void *owner, uint64_t length) {
    load_lane_discarded(&((struct generator_link *)owner)->lane, length);
}

static void on_closed(void *owner) {
    ((struct generator_link *)owner)->generator->lost++;
}

static const struct load_connection_events events = {on_secured, on_bytes, on_discarded, on_closed};

static bool connect_link(struct limit_generator *g, uint32_t number, const struct endpoint *address) {
    struct generator_link *link = &g->links[number];
    nsec give_up = monotonic_read() + SECURE_PATIENCE;
    link->generator = g;
    load_lane_init(&link->lane, number % g->flow.ways < g->options->verified_links);
    link->lane.connection = load_connection_dial(g->net, address, &events, link);
    while (link->lane.connection && !link->is_secured && g->lost == 0 && monotonic_read() < give_up)
        event_base_loop(g->net->base, EVLOOP_ONCE);
    return link->is_secured;
}

/* --- life -------------------------------------------------------------------------------------------------------- */

static struct limit_generator *make(const struct limit_options *options) {
    struct limit_generator *g = heap_new(sizeof *g);
    uint32_t ways = options->links / 2;
    uint64_t window = (uint64_t)options->circuits * LOAD_WINDOW_A_CIRCUIT;
    g->options = options;
    g->net = load_net_new(""); /* the relay decides on the cipher */
    CHECK(g->net);
    g->shape.crypt = openssl_provider();
    g->shape.record_cells = options->record_cells;
    g->shape.run = options->run;
    load_pattern_init(&g->shape.pattern, PATTERN_SEED);
    g->links = heap_new(options->links * sizeof *g->links);
    g->layers = heap_new(2 * options->circuits * sizeof(void *));
    g->flow = (struct load_flow){.in = heap_new(ways * sizeof(struct load_lane *)),
                                 .out = heap_new(ways * sizeof(struct load_lane *)),
                                 .ways = ways,
                                 .shape = &g->shape,
                                 .base = g->net->base,
                                 .window = window < LOAD_WINDOW_MAX ? window : LOAD_WINDOW_MAX};
    for (uint32_t i = 0; i < ways; i++) {
        g->flow.in[i] = &g->links[i].lane;
        g->flow.out[i] = &g->links[ways + i].lane;
    }
    return g;
}

struct limit_generator *limit_generator_new(const struct limit_options *options,
                                            const struct endpoint *address) {
    struct limit_generator *g = make(options);
    for (uint32_t i = 0; i < options->links; i++)
        if (!connect_link(g, i, address)) {
            limit_generator_free(g);
            return NULL;
        }
    return g;
}

void limit_generator_free(struct limit_generator *g) {
    if (!g)
        return;
    for (uint32_t i = 0; i < g->options->links && g->links[i].generator; i++) {
        load_connection_free(g->links[i].lane.connection);
        load_lane_fini(&g->links[i].lane);
    }
    for (uint32_t i = 0; i < g->layer_count; i++) {
        g->shape.crypt->layer_fini(g->layers[i]);
        free(g->layers[i]);
    }
    load_net_free(g->net);
    free(g->flow.in);
    free(g->flow.out);
    free(g->layers);
    free(g->links);
    free(g);
}

/* --- circuits ---------------------------------------------------------------------------------------------------- */

static void *client_layer(struct limit_generator *g, uint32_t circuit, bool is_backward) {
    struct layer_keys keys;
    void *layer = heap_new(g->shape.crypt->layer_size[LAYER_TOR1]);
    limit_relay_layer_keys(circuit, is_backward, &keys);
    g->shape.crypt->layer_init(layer, is_backward ? LAYER_ORIGIN_BACKWARD : LAYER_ORIGIN_FORWARD, &keys);
    g->layers[g->layer_count++] = layer;
    return layer;
}

static void add_circuit(struct limit_generator *g, uint32_t number) {
    uint32_t ways = g->flow.ways, verified = g->options->verified_links;
    struct load_lane *in = g->flow.in[load_plan_way_in(number, ways)];
    struct load_lane *out = g->flow.out[load_plan_way_out(number, ways, verified)];
    struct load_circuit circuit = {.id = number + 1, .number = number + 1};
    load_lane_add(out, &circuit);
    if (in->is_verified) {
        circuit.wrap = client_layer(g, number, false);
        circuit.peel = client_layer(g, number, true);
    }
    load_lane_add(in, &circuit);
}

bool limit_generator_begin(struct limit_generator *g) {
    bool ok = true;
    for (uint32_t i = 0; i < g->options->circuits; i++)
        add_circuit(g, i);
    for (uint32_t i = 0; i < g->options->links; i++)
        ok = ok && (g->links[i].lane.is_verified || load_connection_discard(g->links[i].lane.connection));
    return ok;
}

struct load_flow *limit_generator_flow(struct limit_generator *g) {
    return &g->flow;
}

uint64_t limit_generator_losses(const struct limit_generator *g) {
    uint64_t losses = g->lost;
    for (uint32_t i = 0; i < g->options->links; i++)
        losses += g->links[i].lane.wrong;
    return losses;
}

const char *limit_generator_cipher(const struct limit_generator *g) {
    return tls_session_cipher(load_connection_tls(g->links[0].lane.connection));
}
