/* Padding of a client's link while it idles, and of circuits by the client's wish. */
#include "core/circuit_padding.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/link_messages.h"
#include "wire/padding_messages.h"

#define CIRC 0x80000001u

struct guarded {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity next_id;
    struct bench_peer client, next;
    struct bench_circuit c;
    uint32_t onwards; /* the circuit's id on the link to next */
};

/* A client with a circuit that goes on to another relay. */
static void guarded_init_as(struct guarded *f, struct symbolic_identity *client, bool pads_links) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 0);
    f->b.config.pads_links = pads_links;
    assert_true(bench_start(&f->b));
    if (client)
        symbolic_identity_make(client, f->b.crypt, 2);
    symbolic_identity_make(&f->next_id, f->b.crypt, 3);
    peer_connect(&f->client, &f->b, client);
    peer_init(&f->next, &f->b, &f->next_id);

    struct fake_request dial;
    circuit_open(&f->c, &f->client, CIRC);
    circuit_extend(&f->c, &f->next_id, 1);
    assert_true(fake_take(&f->b.ports[0], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&f->next, 0, dial.id), ERR_OK);
    peer_shake_hands(&f->next);
    const struct peer_cell *create = peer_read(&f->next);
    assert_non_null(create);
    f->onwards = create->circ_id;
    static const uint8_t created[] = {0, 64};
    peer_send(&f->next, f->onwards, CELL_CREATED2, created, sizeof created);
    struct relay_message message;
    assert_true(circuit_hear(&f->c, &message));
    assert_int_equal(message.command, RELAY_EXTENDED2);
}

static void guarded_init(struct guarded *f) {
    guarded_init_as(f, NULL, true);
}

static void guarded_fini(struct guarded *f) {
    peer_free(&f->client);
    peer_free(&f->next);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static void set_consensus(struct guarded *f, const struct consensus_params *params) {
    struct consensus_view *view = consensus_view_new(&f->memory.memory, params, NULL, 0);
    assert_non_null(view);
    manager_set_consensus(bench_manager(&f->b, 0), f->b.now, view);
    consensus_view_drop(view);
}

static void say_drop(struct guarded *f) {
    circuit_tell(&f->c, RELAY_DROP, 0, "", 0);
}

/* How many cells of padding come on the link within this time, looked at each millisecond. */
static uint32_t padding_within(struct guarded *f, nsec time) {
    uint32_t count = 0;
    for (nsec end = f->b.now + time; f->b.now < end;) {
        bench_pass(&f->b, NSEC_PER_MS);
        const struct peer_cell *cell;
        while ((cell = peer_read(&f->client)) != NULL) {
            assert_int_equal(cell->command, CELL_PADDING);
            assert_int_equal(cell->circ_id, 0);
            count++;
        }
    }
    return count;
}

static void negotiate(struct guarded *f, bool start, uint16_t low_ms, uint16_t high_ms) {
    uint8_t room[16];
    struct bytes_out body = bytes_out(room, sizeof room);
    padding_negotiate_encode(&body, &(struct padding_negotiate_message){start, low_ms, high_ms});
    peer_send(&f->client, 0, CELL_PADDING_NEGOTIATE, room, (uint16_t)bytes_written(&body));
}

/* --- links ---------------------------------------------------------------------------------------------------------- */

static void an_idle_link_is_padded_once_it_has_a_circuit_that_goes_on(UNUSED void **state) {
    struct guarded f;
    guarded_init(&f);
    assert_int_equal(padding_within(&f, 20 * NSEC_PER_S), 0); /* only EXTEND2 so far */
    say_drop(&f);
    assert_int_equal(padding_within(&f, 1499 * NSEC_PER_MS), 0);
    assert_in_range(padding_within(&f, 8100 * NSEC_PER_MS), 1, 6);
    uint32_t count = padding_within(&f, 300 * NSEC_PER_S); /* 6.8 s on average */
    assert_in_range(count, 35, 55);
    assert_in_range(manager_work(bench_manager(&f.b, 0))->padding_sent, count + 1, count + 6);
    guarded_fini(&f);
}

static void a_link_that_sends_is_not_padded(UNUSED void **state) {
    struct guarded f;
    uint8_t body[CELL_BODY_LEN] = {0};
    guarded_init(&f);
    say_drop(&f);
    for (unsigned i = 0; i < 200; i++) { /* a cell every 1.4 s */
        bench_pass(&f.b, 1400 * NSEC_PER_MS);
        assert_null(peer_read(&f.client));
        peer_send(&f.next, f.onwards, CELL_RELAY, body, sizeof body);
        const struct peer_cell *cell = peer_read(&f.client);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_RELAY);
    }
    assert_int_equal(manager_work(bench_manager(&f.b, 0))->padding_sent, 0);
    guarded_fini(&f);
}

static void a_client_stops_starts_and_slows_it(UNUSED void **state) {
    struct guarded f;
    guarded_init(&f);
    say_drop(&f);
    negotiate(&f, false, 0, 0);
    assert_int_equal(padding_within(&f, 30 * NSEC_PER_S), 0);
    negotiate(&f, true, 9000, 14000);
    assert_int_equal(padding_within(&f, 8999 * NSEC_PER_MS), 0);
    assert_int_equal(padding_within(&f, 5100 * NSEC_PER_MS), 1);
    negotiate(&f, true, 0, 0);
    assert_in_range(padding_within(&f, 30 * NSEC_PER_S), 3, 20);
    guarded_fini(&f);
}

static void a_wish_that_makes_no_sense_changes_nothing(UNUSED void **state) {
    struct guarded f;
    guarded_init(&f);
    negotiate(&f, false, 0, 0);
    say_drop(&f);
    peer_send(&f.client, 0, CELL_PADDING_NEGOTIATE, "\1\2\0\0\0\0", 6); /* another version */
    peer_send(&f.client, 0, CELL_PADDING_NEGOTIATE, "\0\7\0\0\0\0", 6); /* neither start nor stop */
    assert_int_equal(padding_within(&f, 30 * NSEC_PER_S), 0);
    guarded_fini(&f);
}

static void the_consensus_says_who_and_how_often(UNUSED void **state) {
    struct guarded f;
    struct symbolic_identity relay;
    struct consensus_params params = consensus_params_default;
    guarded_init_as(&f, &relay, true);
    say_drop(&f);
    assert_int_equal(padding_within(&f, 30 * NSEC_PER_S), 0); /* between relays: not by itself */
    params.nf_pad_relays = 1;
    params.nf_ito_low_ms = params.nf_ito_high_ms = 2000;
    set_consensus(&f, &params);
    say_drop(&f);
    assert_int_equal(padding_within(&f, 10100 * NSEC_PER_MS), 5);
    params.nf_ito_low_ms = params.nf_ito_high_ms = 0;
    set_consensus(&f, &params);
    assert_in_range(padding_within(&f, 30 * NSEC_PER_S), 0, 1); /* the one that was planned */
    guarded_fini(&f);
}

static void a_relay_that_does_not_pad_links_does_not(UNUSED void **state) {
    struct guarded f;
    guarded_init_as(&f, NULL, false);
    say_drop(&f);
    assert_int_equal(padding_within(&f, 30 * NSEC_PER_S), 0);
    guarded_fini(&f);
}

/* --- circuits ------------------------------------------------------------------------------------------------------- */

static void ask_machine(struct guarded *f, uint8_t command, uint8_t machine, uint32_t counter) {
    uint8_t room[CIRCUIT_PADDING_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    circuit_padding_encode(&body, &(struct circuit_padding_message){command, machine, counter});
    circuit_tell(&f->c, RELAY_PADDING_NEGOTIATE, 0, room, sizeof room);
}

static void expect_negotiated(struct guarded *f, uint8_t command, bool is_ok, uint8_t machine,
                              uint32_t counter) {
    struct relay_message message;
    struct padding_negotiated_message answer;
    assert_true(circuit_hear(&f->c, &message));
    assert_int_equal(message.command, RELAY_PADDING_NEGOTIATED);
    assert_int_equal(message.stream, 0);
    assert_int_equal(padding_negotiated_decode(message.data, &answer), ERR_OK);
    assert_int_equal(answer.command, command);
    assert_int_equal(answer.is_ok, is_ok);
    assert_int_equal(answer.machine, machine);
    assert_int_equal(answer.counter, counter);
}

/* DROPs until something else comes or time is over; the message that ended it, if any, is in message_out. */
static uint32_t drops_within(struct guarded *f, nsec time, struct relay_message *message_out) {
    uint32_t count = 0;
    *message_out = (struct relay_message){0};
    for (nsec end = f->b.now + time; f->b.now < end;) {
        bench_pass(&f->b, NSEC_PER_MS / 10);
        while (circuit_hear(&f->c, message_out)) {
            if (message_out->command != RELAY_DROP)
                return count;
            assert_int_equal(message_out->data.length, 0);
            count++;
        }
    }
    message_out->command = 0;
    return count;
}

static void the_machine_for_introductions_sends_seven_to_nine_and_says_stop(UNUSED void **state) {
    struct guarded f;
    struct relay_message message;
    guarded_init(&f);
    for (uint32_t counter = 1; counter <= 5; counter++) { /* one after the other */
        ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, counter);
        expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_INTRO, counter);
        assert_in_range(drops_within(&f, NSEC_PER_S, &message), 7, 9);
        assert_int_equal(message.command, RELAY_PADDING_NEGOTIATED);
        struct padding_negotiated_message stop;
        assert_int_equal(padding_negotiated_decode(message.data, &stop), ERR_OK);
        assert_int_equal(stop.command, CIRCUIT_PADDING_STOP);
        assert_true(stop.is_ok);
        assert_int_equal(stop.counter, counter);
    }
    guarded_fini(&f);
}

static void the_machine_for_rendezvous_sends_one(UNUSED void **state) {
    struct guarded f;
    struct relay_message message;
    guarded_init(&f);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_REND, 1);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_REND, 1);
    assert_int_equal(drops_within(&f, NSEC_PER_S, &message), 1);
    assert_int_equal(message.command, 0);
    ask_machine(&f, CIRCUIT_PADDING_STOP, PADDING_MACHINE_REND, 1);
    expect_negotiated(&f, CIRCUIT_PADDING_STOP, true, PADDING_MACHINE_REND, 1);
    guarded_fini(&f);
}

static void a_stop_ends_a_machine_and_one_for_another_is_ignored(UNUSED void **state) {
    struct guarded f;
    struct relay_message message;
    guarded_init(&f);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 4);
    ask_machine(&f, CIRCUIT_PADDING_STOP, PADDING_MACHINE_INTRO, 3);
    ask_machine(&f, CIRCUIT_PADDING_STOP, PADDING_MACHINE_INTRO, 4);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_INTRO, 4);
    expect_negotiated(&f, CIRCUIT_PADDING_STOP, true, PADDING_MACHINE_INTRO, 4);
    assert_int_equal(drops_within(&f, NSEC_PER_S, &message), 0);
    assert_int_equal(message.command, 0);
    guarded_fini(&f);
}

static void an_unknown_machine_and_a_second_one_are_refused(UNUSED void **state) {
    struct guarded f;
    guarded_init(&f);
    ask_machine(&f, CIRCUIT_PADDING_START, 9, 1);
    expect_negotiated(&f, CIRCUIT_PADDING_START, false, 9, 1);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_REND, 2);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 3);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_REND, 2);
    expect_negotiated(&f, CIRCUIT_PADDING_START, false, PADDING_MACHINE_INTRO, 3);
    guarded_fini(&f);
}

/* Traffic that comes back through us puts the padding off: it is for circuits that are still. */
static void a_machine_waits_while_cells_pass(UNUSED void **state) {
    struct guarded f;
    uint8_t body[CELL_BODY_LEN] = {0};
    struct relay_message message;
    guarded_init(&f);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 1);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_INTRO, 1);
    nsec began = f.b.now;
    for (unsigned i = 0; i < 100; i++) {
        peer_send(&f.next, f.onwards, CELL_RELAY, body, sizeof body);
        f.b.now = began + (i + 1) * NSEC_PER_MS / 2;
        manager_tick(bench_manager(&f.b, 0), f.b.now);
        assert_int_equal(manager_work(bench_manager(&f.b, 0))->padding_sent, 0);
    }
    for (unsigned i = 0; i < 100; i++)
        assert_false(circuit_hear(&f.c, &message));
    assert_in_range(drops_within(&f, NSEC_PER_S, &message), 7, 9);
    guarded_fini(&f);
}

static void the_consensus_may_forbid_or_limit_machines(UNUSED void **state) {
    struct guarded f;
    struct relay_message message;
    struct consensus_params params = consensus_params_default;
    guarded_init(&f);
    params.circpad_global_max_padding_pct = 10;
    params.circpad_global_allowed_cells = 3;
    set_consensus(&f, &params);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 1);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_INTRO, 1);
    assert_int_equal(drops_within(&f, NSEC_PER_S, &message), 3);
    assert_int_equal(message.command, RELAY_PADDING_NEGOTIATED); /* and says so */
    params.circpad_padding_disabled = 1;
    set_consensus(&f, &params);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 2);
    expect_negotiated(&f, CIRCUIT_PADDING_START, true, PADDING_MACHINE_INTRO, 2);
    assert_int_equal(drops_within(&f, NSEC_PER_S, &message), 0);
    guarded_fini(&f);
}

static void a_circuit_may_end_with_its_machine_running(UNUSED void **state) {
    struct guarded f;
    guarded_init(&f);
    ask_machine(&f, CIRCUIT_PADDING_START, PADDING_MACHINE_INTRO, 1);
    peer_send(&f.client, CIRC, CELL_DESTROY, "", 0);
    bench_pass(&f.b, NSEC_PER_S);
    assert_int_equal(manager_work(bench_manager(&f.b, 0))->padding_sent, 0);
    guarded_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_link_is_padded_once_it_has_a_circuit_that_goes_on),
        cmocka_unit_test(a_link_that_sends_is_not_padded),
        cmocka_unit_test(a_client_stops_starts_and_slows_it),
        cmocka_unit_test(a_wish_that_makes_no_sense_changes_nothing),
        cmocka_unit_test(the_consensus_says_who_and_how_often),
        cmocka_unit_test(a_relay_that_does_not_pad_links_does_not),
        cmocka_unit_test(the_machine_for_introductions_sends_seven_to_nine_and_says_stop),
        cmocka_unit_test(the_machine_for_rendezvous_sends_one),
        cmocka_unit_test(a_stop_ends_a_machine_and_one_for_another_is_ignored),
        cmocka_unit_test(an_unknown_machine_and_a_second_one_are_refused),
        cmocka_unit_test(a_machine_waits_while_cells_pass),
        cmocka_unit_test(the_consensus_may_forbid_or_limit_machines),
        cmocka_unit_test(a_circuit_may_end_with_its_machine_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
