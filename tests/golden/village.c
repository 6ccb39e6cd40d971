#include "golden/village.h"

#include "support/test.h"

#define HONEST_BYTES 200000u

static struct memnet_relay *add_relay(struct memnet *net, uint16_t threads) {
    struct relay_config config;
    memnet_relay_config(net, &config);
    config.connection_threads = threads;
    struct memnet_relay *relay = memnet_relay_add(net, &config);
    assert_non_null(relay);
    return relay;
}

void village_set_up(struct village *v, const struct memnet_options *options) {
    static const uint16_t threads[VILLAGE_RELAYS] = {1, 2, 1};
    struct memnet_options defaults;
    memnet_options_default(&defaults);
    defaults.is_symbolic = true;
    *v = (struct village){.net = memnet_new(options ? options : &defaults)};
    for (unsigned i = 0; i < VILLAGE_RELAYS; i++)
        v->relays[i] = add_relay(v->net, threads[i]);
    v->honest_server = (struct memnet_server){.host = "honest.test",
                                              .port = 80,
                                              .sends = HONEST_BYTES,
                                              .sends_seed = 1,
                                              .expects = HONEST_BYTES,
                                              .expects_seed = 2,
                                              .closes = true};
    v->server = (struct memnet_server){.host = "victim.test", .port = 80};
    memnet_server_add(v->net, &v->honest_server);
    memnet_server_add(v->net, &v->server);
    v->honest = (struct journey){.host = "honest.test",
                                 .port = 80,
                                 .sends = HONEST_BYTES,
                                 .sends_seed = 2,
                                 .expects = HONEST_BYTES,
                                 .expects_seed = 1};
    v->victim = (struct journey){.host = "victim.test", .port = 80};
}

void village_begin_honest(struct village *v) {
    assert_true(journey_begin(&v->honest, v->net, v->relays, VILLAGE_RELAYS));
}

void village_begin_victim(struct village *v) {
    assert_true(journey_begin(&v->victim, v->net, v->relays, VILLAGE_RELAYS));
    assert_true(memnet_run_until_set(v->net, &v->victim.is_connected, 5 * NSEC_PER_S));
}

void village_tear_down(struct village *v) {
    if (v->honest.client) {
        assert_true(memnet_run_until_set(v->net, &v->honest.is_over, 60 * NSEC_PER_S));
        assert_false(v->honest.is_closed);
        assert_false(v->honest.link_is_closed);
        assert_int_equal(v->honest.received, HONEST_BYTES);
        assert_int_equal(v->honest_server.bytes_in, HONEST_BYTES);
        assert_false(v->honest.has_mismatch);
        assert_false(v->honest_server.has_mismatch);
    }
    if (v->victim.client)
        journey_finish(&v->victim);
    memnet_run_for(v->net, 5 * NSEC_PER_S);
    for (unsigned i = 0; i < VILLAGE_RELAYS; i++)
        assert_int_equal(memnet_relay_load(v->relays[i]).halves, 0);
    assert_int_equal(v->server.connections, v->server.closed);
    assert_true(memnet_free(v->net));
}

void village_cell(uint8_t out[static CELL_LEN], uint32_t circ_id, uint8_t command, const void *body,
                  size_t length) {
    memset(out, 0, CELL_LEN);
    store_u32(out, circ_id);
    out[4] = command;
    if (length > 0)
        memcpy(out + CELL_HEADER_LEN, body, length);
}
