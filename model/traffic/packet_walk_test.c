#include "traffic/packet_walk.h"

#include "support/test.h"

/* start -> A -> A 7 : B 1; A sends to the server once, to the origin thrice, with 4 ms after each; B is the end. */
static const uint64_t always[] = {1}, seven_to_one[] = {7, 8}, one_to_three[] = {1, 4};
static const uint16_t to_a[] = {1}, to_a_or_b[] = {1, 2}, to_itself[] = {0};
static const struct markov_emission of_a[] = {
    {MARKOV_TO_SERVER, {MARKOV_UNIFORM, 4000000, 4000000}},
    {MARKOV_TO_ORIGIN, {MARKOV_UNIFORM, 4000000, 4000000}},
};
static const struct markov_emission of_b[] = {{MARKOV_END, {MARKOV_UNIFORM, 0, 0}}};
static const struct markov_state states[] = {
    {.next_weights = always, .next = to_a, .next_count = 1},
    {seven_to_one, to_a_or_b, 2, one_to_three, of_a, 2},
    {.emission_weights = always, .emissions = of_b, .emission_count = 1},
};
static const struct markov_model model = {states, COUNT(states), 0};

/* Bytes that an end sends in all, and when it is through. */
static uint64_t walk(struct packet_walk *w, nsec *now) {
    uint64_t sent = 0;
    while (!w->walk.is_over) {
        uint32_t burst = packet_walk_next(w, *now);
        assert_int_equal(burst % PACKET_BYTES, 0);
        assert_true(burst < PACKET_BURST_BYTES + PACKET_BYTES);
        sent += burst;
        if (burst == 0 && !w->walk.is_over)
            assert_true(w->resume_at > *now);
        *now = nsec_max(*now, w->resume_at);
    }
    return sent;
}

static void each_end_expects_what_the_other_sends(void **state) {
    (void)state;
    uint64_t all = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct packet_walk client, server;
        nsec client_time = 0, server_time = 0;
        packet_walk_begin(&client, &model, seed, false);
        packet_walk_begin(&server, &model, seed, true);
        uint64_t up = walk(&client, &client_time), down = walk(&server, &server_time);
        assert_int_equal(client.expected, down);
        assert_int_equal(server.expected, up);
        all += up + down;
    }
    assert_in_range(all / PACKET_BYTES, 7500, 8500); /* eight packets a walk */
}

/* A packet, 4 ms, the other's, 4 ms, the other's again: 12 ms are too long for one burst. */
static void waits_add_up(void **state) {
    (void)state;
    static const struct markov_emission other[] = {{MARKOV_TO_SERVER, {MARKOV_UNIFORM, 4000000, 4000000}}};
    static const struct markov_state endless[] = {
        {always, to_itself, 1, always, other, 1},
    };
    static const struct markov_model speaks_never = {endless, 1, 0};
    struct packet_walk w;
    packet_walk_begin(&w, &speaks_never, 1, true);
    assert_int_equal(packet_walk_next(&w, 100), 0);
    assert_int_equal(w.expected, 3 * PACKET_BYTES);
    assert_int_equal(w.resume_at, 12000100);
    assert_int_equal(packet_walk_next(&w, 12000099), 0);
    assert_int_equal(w.expected, 3 * PACKET_BYTES);
    assert_int_equal(packet_walk_next(&w, 12000100), 0);
    assert_int_equal(w.expected, 6 * PACKET_BYTES);
}

static void who_never_speaks_holds_nobody_up(void **state) {
    (void)state;
    static const struct markov_emission other[] = {{MARKOV_TO_SERVER, {MARKOV_UNIFORM, 0, 0}}};
    static const struct markov_state endless[] = {{always, to_itself, 1, always, other, 1}};
    static const struct markov_model speaks_never = {endless, 1, 0};
    struct packet_walk w;
    packet_walk_begin(&w, &speaks_never, 1, true);
    assert_int_equal(packet_walk_next(&w, 5), 0);
    assert_int_equal(w.resume_at, 5 + PACKET_WAIT_LEAST);
    packet_walk_begin(&w, &speaks_never, 1, false);
    assert_int_equal(packet_walk_next(&w, 5), 23 * PACKET_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_expects_what_the_other_sends),
        cmocka_unit_test(waits_add_up),
        cmocka_unit_test(who_never_speaks_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
