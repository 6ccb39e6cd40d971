/* Services and their clients meet at a relay: introduced, joined, talking, parted. Told with real and with symbolic
 * cryptography, which leave the same trace; one of them is committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "crypt/symbolic.h"
#include "golden/golden_file.h"
#include "memnet/memnet.h"
#include "support/test.h"
#include "wire/onion_messages.h"

#define RELAYS   3u /* the client's first hop, the service's, and where they meet */
#define HOPS     2u
#define CIRCUITS 2u /* of each: for the introduction, and for the rendezvous */

enum { INTRO, REND };

struct party;

/* One circuit of a party, over its own first hop to the meeting point. */
struct way {
    struct party *party;
    struct origin_circuit *circuit;
    bool is_built, is_closed;
    uint32_t heard[RELAY_INTRODUCE_ACK + 1]; /* messages, by command */
    uint32_t in_order;                       /* of those from the other party */
    bool has_mismatch;
};

/* A client, or a service: an origin with a link and two circuits. */
struct party {
    struct memnet *net;
    struct memnet_client *client;
    struct origin_target path[HOPS];
    struct way ways[CIRCUITS];
    bool is_linked;
    uint8_t last[RELAY_DATA_MAX]; /* message heard */
    size_t last_length;
};

struct stage {
    struct memnet *net;
    struct memnet_relay *relays[RELAYS];
    struct party client, service;
    uint8_t auth_seed[32], auth_key[32];
    bool is_symbolic;
    struct rng *moves; /* links move all the time; NULL: they stay */
};

/* --- parties ------------------------------------------------------------------------------------------------------- */

static struct way *way_of(struct party *p, const struct origin_circuit *circuit) {
    for (unsigned i = 0; i < CIRCUITS; i++)
        if (p->ways[i].circuit == circuit)
            return &p->ways[i];
    return NULL;
}

static void start_circuits(struct party *p) {
    p->is_linked = true;
    for (unsigned i = 0; i < CIRCUITS; i++) {
        p->ways[i].circuit =
            origin_link_circuit(memnet_client_link(p->client), memnet_now(p->net), &p->path[0]);
        assert_non_null(p->ways[i].circuit);
    }
}

/* Words of the other party bear numbers. */
static void hear(struct party *p, struct way *way, const struct origin_event *event) {
    way->heard[event->command]++;
    memcpy(p->last, event->data.data, event->data.length);
    p->last_length = event->data.length;
    if (event->command == RELAY_INTRODUCE2 && way == &p->ways[REND])
        way->has_mismatch |= event->data.length != 4 || load_u32(event->data.data) != way->in_order++;
}

static void on_event(void *context, const struct origin_event *event) {
    struct party *p = context;
    struct way *way = event->circuit ? way_of(p, event->circuit) : NULL;
    if (event->kind == ORIGIN_EVENT_LINK_OPENED)
        start_circuits(p);
    if (!way)
        return;
    if (event->kind == ORIGIN_EVENT_CIRCUIT_OPENED)
        assert_int_equal(origin_circuit_extend(way->circuit, memnet_now(p->net), &p->path[1]), ERR_OK);
    way->is_built |= event->kind == ORIGIN_EVENT_CIRCUIT_EXTENDED;
    way->is_closed |= event->kind == ORIGIN_EVENT_CIRCUIT_CLOSED;
    if (event->kind == ORIGIN_EVENT_CIRCUIT_MESSAGE)
        hear(p, way, event);
}

static void tell(struct party *p, unsigned way, uint8_t command, const void *data, size_t length) {
    assert_int_equal(
        origin_onion_tell(p->ways[way].circuit, memnet_now(p->net), command, (struct span){data, length}),
        ERR_OK);
    memnet_client_turn(p->client);
}

static void part(struct party *p, unsigned way) {
    origin_circuit_free(p->ways[way].circuit, memnet_now(p->net), DESTROY_NONE);
    p->ways[way].circuit = NULL;
    memnet_client_turn(p->client);
}

/* --- the stage ----------------------------------------------------------------------------------------------------- */

static void enter(struct stage *stage, struct party *p, unsigned first) {
    struct origin_config config;
    memnet_origin_config(stage->net, &config);
    config.seed += first;
    p->net = stage->net;
    for (unsigned i = 0; i < CIRCUITS; i++)
        p->ways[i].party = p;
    memnet_relay_target(stage->relays[first], &p->path[0]);
    memnet_relay_target(stage->relays[2], &p->path[1]);
    p->client = memnet_client_add(stage->net, &config, on_event, p);
    assert_non_null(p->client);
    memnet_client_dial(p->client, stage->relays[first]);
}

static void pass(struct stage *stage, nsec duration) {
    nsec end = memnet_now(stage->net) + duration;
    while (stage->moves && memnet_now(stage->net) < end) {
        (void)memnet_relay_move(stage->relays[rng_below(stage->moves, RELAYS)], rng_u64(stage->moves),
                                (uint16_t)(1 + rng_below(stage->moves, 3)));
        memnet_run_for(stage->net, rng_below(stage->moves, 40 * NSEC_PER_MS));
    }
    if (memnet_now(stage->net) < end)
        memnet_run_until(stage->net, end);
}

static void run_for(struct stage *stage, nsec duration, const char *note) {
    pass(stage, duration);
    memnet_trace_note(stage->net, note);
}

static void set_up(struct stage *stage, bool is_symbolic, uint16_t threads) {
    /* Of the seed 33 * 32, by Python's `cryptography`. */
    static const char known_key[] = "17cb79fb2b4120f2b1ec65e4198d6e08b28e813feb01e4a400839b85e18080ce";
    const uint16_t threads_of[RELAYS] = {1, 1, threads};
    struct memnet_options options;
    memnet_options_default(&options);
    options.is_symbolic = is_symbolic;
    *stage = (struct stage){.net = memnet_new(&options), .is_symbolic = is_symbolic};
    memnet_trace_start(stage->net, true);
    for (unsigned i = 0; i < RELAYS; i++) {
        struct relay_config config;
        memnet_relay_config(stage->net, &config);
        config.connection_threads = threads_of[i];
        stage->relays[i] = memnet_relay_add(stage->net, &config);
        assert_non_null(stage->relays[i]);
    }
    memset(stage->auth_seed, 0x33, sizeof stage->auth_seed);
    if (is_symbolic)
        symbolic_ed25519_public(stage->auth_seed, stage->auth_key);
    else
        test_hex(known_key, stage->auth_key, sizeof stage->auth_key);
    enter(stage, &stage->service, 1);
    enter(stage, &stage->client, 0);
    run_for(stage, NSEC_PER_S, "circuits are there");
    for (unsigned i = 0; i < CIRCUITS; i++)
        assert_true(stage->client.ways[i].is_built && stage->service.ways[i].is_built);
}

static void tear_down(struct stage *stage) {
    struct party *const parties[] = {&stage->client, &stage->service};
    for (unsigned i = 0; i < COUNT(parties); i++)
        for (unsigned way = 0; way < CIRCUITS; way++)
            if (parties[i]->ways[way].circuit)
                part(parties[i], way);
    run_for(stage, NSEC_PER_S, "all is quiet");
    for (unsigned i = 0; i < RELAYS; i++)
        assert_int_equal(memnet_relay_load(stage->relays[i]).halves, 0);
    assert_true(memnet_free(stage->net));
}

/* --- the acts ------------------------------------------------------------------------------------------------------ */

static void introduce(struct stage *stage) {
    static const struct intro_limit limit = {INTRO_LIMIT_SET, 5, 10};
    uint8_t room[RELAY_DATA_MAX];
    struct way *service = &stage->service.ways[INTRO], *client = &stage->client.ways[INTRO];
    assert_int_equal(origin_onion_establish_intro(service->circuit, memnet_now(stage->net), stage->auth_seed,
                                                  stage->auth_key, &limit),
                     ERR_OK);
    memnet_client_turn(stage->service.client);
    run_for(stage, NSEC_PER_S, "the service has an introduction point");
    assert_int_equal(service->heard[RELAY_INTRO_ESTABLISHED], 1);
    struct introduce1_message message = {.encrypted = {(const uint8_t *)"meet me", 7}};
    struct bytes_out out = bytes_out(room, sizeof room);
    memcpy(message.auth_key, stage->auth_key, sizeof message.auth_key);
    introduce1_encode(&out, &message);
    tell(&stage->client, INTRO, RELAY_INTRODUCE1, room, bytes_written(&out));
    run_for(stage, NSEC_PER_S, "they are introduced");
    assert_int_equal(service->heard[RELAY_INTRODUCE2], 1);
    assert_int_equal(stage->service.last_length, bytes_written(&out));
    assert_memory_equal(stage->service.last, room, bytes_written(&out));
    assert_int_equal(client->heard[RELAY_INTRODUCE_ACK], 1);
    assert_memory_equal(stage->client.last, "\0\0\0", 3);
}

static void join(struct stage *stage) {
    static const uint8_t words[] = "cookie of 20 bytes.\0the service's half";
    struct circuit_keys keys = {.forward.kind = LAYER_TOR1, .backward.kind = LAYER_TOR1, .kh = {1}};
    nsec now = memnet_now(stage->net);
    memset(keys.forward.cipher, 1, sizeof keys.forward.cipher);
    memset(keys.backward.cipher, 2, sizeof keys.backward.cipher);
    tell(&stage->client, REND, RELAY_ESTABLISH_RENDEZVOUS, words, REND_COOKIE_LEN);
    run_for(stage, NSEC_PER_S, "the client has a rendezvous point");
    assert_int_equal(stage->client.ways[REND].heard[RELAY_RENDEZVOUS_ESTABLISHED], 1);
    tell(&stage->service, REND, RELAY_RENDEZVOUS1, words, sizeof words - 1);
    assert_int_equal(origin_onion_join(stage->service.ways[REND].circuit, now, &keys, true), ERR_OK);
    run_for(stage, NSEC_PER_S, "they meet");
    assert_int_equal(stage->client.ways[REND].heard[RELAY_RENDEZVOUS2], 1);
    assert_int_equal(stage->client.last_length, sizeof words - 1 - REND_COOKIE_LEN);
    assert_memory_equal(stage->client.last, words + REND_COOKIE_LEN, stage->client.last_length);
    assert_int_equal(origin_onion_join(stage->client.ways[REND].circuit, now, &keys, false), ERR_OK);
}

/* Numbered words, each way, some at a time. */
static void talk(struct stage *stage, uint32_t rounds, uint32_t at_once) {
    for (uint32_t i = 0; i < rounds * at_once;) {
        for (uint32_t end = i + at_once; i < end; i++) {
            uint8_t word[4];
            store_u32(word, i);
            tell(&stage->client, REND, RELAY_INTRODUCE2, word, sizeof word);
            tell(&stage->service, REND, RELAY_INTRODUCE2, word, sizeof word);
        }
        pass(stage, NSEC_PER_S);
    }
    memnet_trace_note(stage->net, "all is said");
    assert_int_equal(stage->client.ways[REND].in_order, rounds * at_once);
    assert_int_equal(stage->service.ways[REND].in_order, rounds * at_once);
    assert_false(stage->client.ways[REND].has_mismatch || stage->service.ways[REND].has_mismatch);
}

static void leave(struct stage *stage) {
    part(&stage->client, REND);
    run_for(stage, NSEC_PER_S, "the client has left");
    assert_true(stage->service.ways[REND].is_closed);
    assert_false(stage->service.ways[INTRO].is_closed);
}

/* --- the tests ----------------------------------------------------------------------------------------------------- */

static char *tell_story(bool is_symbolic, uint16_t threads) {
    struct stage stage;
    set_up(&stage, is_symbolic, threads);
    introduce(&stage);
    join(&stage);
    talk(&stage, 1, 2);
    leave(&stage);
    char *text = strdup(memnet_trace_text(stage.net));
    assert_non_null(text);
    tear_down(&stage);
    return text;
}

static void the_story_of_a_meeting(UNUSED void **state) {
    for (uint16_t threads = 0; threads <= 4; threads++) {
        char *real = tell_story(false, threads), *symbolic = tell_story(true, threads);
        golden_assert_equal("real cryptography", real, "symbolic cryptography", symbolic);
        if (threads == 3)
            golden_assert("onion.trace", real);
        free(real);
        free(symbolic);
    }
}

static void many_words_over_any_number_of_threads(UNUSED void **state) {
    for (uint16_t threads = 0; threads <= 4; threads++) {
        struct stage stage;
        set_up(&stage, true, threads);
        join(&stage);
        talk(&stage, 20, 100);
        leave(&stage);
        tear_down(&stage);
    }
}

/* Of all three, those of the circuits that wait for an introduction, or for each other, too. */
static void they_meet_while_links_move(UNUSED void **state) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct stage stage;
        struct rng moves;
        rng_seed(&moves, seed);
        set_up(&stage, true, (uint16_t)(2 + seed % 3));
        stage.moves = &moves;
        introduce(&stage);
        join(&stage);
        talk(&stage, 3, 20);
        leave(&stage);
        assert_true(memnet_relay_moves(stage.relays[2])->moved > 10);
        tear_down(&stage);
    }
}

/* The meeting point loses the link over which the client came. */
static void a_link_dies(UNUSED void **state) {
    for (uint16_t threads = 0; threads <= 4; threads++) {
        struct stage stage;
        set_up(&stage, true, threads);
        join(&stage);
        talk(&stage, 1, 3);
        memnet_cut(stage.net, stage.relays[0], stage.relays[2]);
        run_for(&stage, NSEC_PER_S, "the client's link is gone");
        assert_true(stage.service.ways[REND].is_closed);
        assert_true(stage.client.ways[REND].is_closed);
        tear_down(&stage);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_story_of_a_meeting),
        cmocka_unit_test(many_words_over_any_number_of_threads),
        cmocka_unit_test(they_meet_while_links_move),
        cmocka_unit_test(a_link_dies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
