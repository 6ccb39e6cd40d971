/* Links of a manager: handshake, cells that concern the link itself, idling and closing. */
#include "support/one_link.h"

static bool is_hung_up(struct one_link *f, link_id link) {
    struct fake_request request;
    return fake_take(&f->b.ports[0], FAKE_HANGUP, &request) && request.id == link;
}

static uint32_t links_open(struct one_link *f) {
    return manager_working_set(one_link_manager(f), f->b.now).links;
}

/* --- from the first byte to the last --------------------------------------------------------------------------------- */

static void a_handshake_may_come_byte_by_byte(UNUSED void **state) {
    struct one_link f;
    uint8_t buffer[8192];
    size_t kept = 0;
    one_link_init_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    struct span out;
    while ((out = link_handshake_output(f.peer.handshake)).length > 0) {
        for (size_t i = 0; i < out.length; i++) {
            buffer[kept++] = out.data[i];
            size_t used = manager_receive_bytes(one_link_manager(&f), f.b.now, f.peer.link, buffer, kept);
            assert_true(used == 0 || used == kept);
            kept -= used;
        }
        link_handshake_written(f.peer.handshake, out.length);
        peer_hear_handshake(&f.peer);
    }
    assert_int_equal(kept, 0);
    assert_int_equal(links_open(&f), 1);
    assert_int_equal(manager_handshake_output(one_link_manager(&f), f.peer.link).length, 0);
    assert_int_equal(manager_work(one_link_manager(&f))->handshakes_link, 1);
    one_link_fini(&f);
}

static void cells_behind_the_handshake_are_taken_in_the_same_read(UNUSED void **state) {
    struct one_link f;
    uint8_t bytes[2048];
    one_link_init_with(&f, NULL);
    peer_init(&f.peer, &f.b, NULL); /* a client: VERSIONS, then NETINFO */
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    struct span out = link_handshake_output(f.peer.handshake);
    peer_say(&f.peer, out.data, out.length);
    link_handshake_written(f.peer.handshake, out.length);
    peer_hear_handshake(&f.peer);
    out = link_handshake_output(f.peer.handshake);
    memcpy(bytes, out.data, out.length);
    struct bytes_out more = bytes_out(bytes + out.length, sizeof bytes - out.length);
    cell_put(&more, 4, CIRC, CELL_CREATE, "", 0);
    peer_say(&f.peer, bytes, out.length + bytes_written(&more));
    link_handshake_written(f.peer.handshake, out.length);
    bench_run(&f.b);
    assert_int_equal(links_open(&f), 1);
    assert_int_equal(peer_read(&f.peer)->command, CELL_DESTROY);
    one_link_fini(&f);
}

static void a_handshake_that_breaks_the_protocol_is_hung_up(UNUSED void **state) {
    static const uint8_t relay[CELL_LEN] = {0, 0, 3};
    struct one_link f;
    one_link_init_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    assert_int_equal(manager_receive_bytes(one_link_manager(&f), f.b.now, f.peer.link, relay, sizeof relay),
                     sizeof relay);
    assert_true(is_hung_up(&f, f.peer.link));
    peer_say(&f.peer, relay, sizeof relay); /* what was on the way: swallowed */
    manager_link_closed(one_link_manager(&f), f.b.now, f.peer.link);
    assert_false(is_hung_up(&f, f.peer.link));
    one_link_fini(&f);
}

static void a_peer_that_never_shakes_hands_is_hung_up_after_a_minute(UNUSED void **state) {
    struct one_link f;
    one_link_init_with(&f, NULL);
    peer_init(&f.peer, &f.b, &f.id);
    assert_true(manager_next_wake(one_link_manager(&f)) == NSEC_NEVER);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    assert_true(manager_next_wake(one_link_manager(&f)) == f.b.now + 60 * NSEC_PER_S);
    bench_pass(&f.b, 60 * NSEC_PER_S - 1);
    assert_false(is_hung_up(&f, f.peer.link));
    bench_pass(&f.b, 1);
    assert_true(is_hung_up(&f, f.peer.link));
    assert_true(manager_next_wake(one_link_manager(&f)) == NSEC_NEVER);
    one_link_fini(&f);
}

/* 45 to 75 minutes between relays, 3 to 4.5 for a client. */
static void a_link_without_circuits_is_hung_up_after_a_while(UNUSED void **state) {
    static const struct {
        bool is_client;
        nsec least, most;
    } cases[] = {{false, 2700 * NSEC_PER_S, 4500 * NSEC_PER_S}, {true, 180 * NSEC_PER_S, 270 * NSEC_PER_S}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct one_link f;
        struct bench_circuit c;
        one_link_init_with(&f, NULL);
        peer_connect(&f.peer, &f.b, cases[i].is_client ? NULL : &f.id);
        circuit_open(&c, &f.peer, CIRC);
        bench_pass(&f.b, 5000 * NSEC_PER_S); /* it has a circuit */
        peer_send(&f.peer, CIRC, CELL_DESTROY, "", 0);
        bench_pass(&f.b, cases[i].least - 1);
        assert_false(is_hung_up(&f, f.peer.link));
        bench_pass(&f.b, cases[i].most - cases[i].least + 1);
        assert_true(is_hung_up(&f, f.peer.link));
        assert_int_equal(links_open(&f), 0);
        one_link_fini(&f);
    }
}

static void at_most_one_link(struct relay_config *config) {
    config->links_max = 1;
}

static void links_have_a_limit(UNUSED void **state) {
    struct one_link f;
    one_link_init_with(&f, at_most_one_link);
    peer_connect(&f.peer, &f.b, &f.id);
    peer_init(&f.other, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.other), ERR_LIMIT);
    manager_link_closed(one_link_manager(&f), f.b.now, f.peer.link);
    bench_run(&f.b); /* the controller hears of it */
    assert_int_equal(peer_arrive(&f.other), ERR_OK);
    one_link_fini(&f);
}

/* Wherever memory ends while a link is made and used, nothing breaks and nothing is lost. */
static void without_memory_links_are_refused(UNUSED void **state) {
    for (uint32_t allowed = 0; allowed < 40; allowed++) {
        struct one_link f;
        struct test_memory of_peer;
        struct bench_circuit c;
        one_link_init_with(&f, NULL);
        test_memory_init(&of_peer);
        f.b.peer_memory = &of_peer.memory;
        peer_init(&f.peer, &f.b, &f.id);
        test_memory_fail_after(&f.memory, allowed);
        if (peer_arrive(&f.peer) == ERR_OK) {
            peer_shake_hands(&f.peer);
            circuit_ask(&c, &f.peer, CIRC);
            bench_jobs(&f.b);
            peer_pull(&f.peer);
        }
        bench_run(&f.b);
        one_link_fini(&f);
        test_memory_fini(&of_peer);
    }
}

/* More refusals than we have messages for take none that a link has paid for. */
static void refused_links_use_up_nobody_elses_last_words(UNUSED void **state) {
    struct one_link f;
    struct test_memory of_peer;
    one_link_init_with(&f, NULL);
    test_memory_init(&of_peer);
    f.b.peer_memory = &of_peer.memory;
    peer_init(&f.peer, &f.b, &f.id);
    assert_int_equal(peer_arrive(&f.peer), ERR_OK);
    test_memory_fail_after(&f.memory, 0);
    struct link_facts facts = bench_facts(&f.b, false, &f.b.self.credentials, &f.id);
    for (link_id link = 1000; link < 1000 + 20; link++)
        assert_int_equal(manager_link_opened(one_link_manager(&f), f.b.now, link, &facts), ERR_LIMIT);
    peer_shake_hands(&f.peer); /* LINK_OPEN has to be said */
    assert_int_equal(links_open(&f), 1);
    one_link_fini(&f);
    test_memory_fini(&of_peer);
}

/* --- cells of an open link ------------------------------------------------------------------------------------------- */

static void commands_that_we_do_not_know_are_ignored(UNUSED void **state) {
    struct one_link f;
    one_link_init(&f);
    for (unsigned command = 0; command < 256; command++) {
        bool is_known = command <= CELL_CREATE_FAST ||
                        (command >= CELL_VERSIONS && command <= CELL_CREATED2) ||
                        (command >= CELL_CERTS && command <= CELL_AUTHENTICATE);
        if (!is_known || command == CELL_PADDING || command == CELL_NETINFO)
            peer_send(&f.peer, 5, (uint8_t)command, "", 0);
    }
    assert_int_equal(links_open(&f), 1);
    assert_null(peer_read(&f.peer));
    one_link_fini(&f);
}

static void cells_of_the_handshake_end_an_open_link(UNUSED void **state) {
    static const uint8_t commands[] = {CELL_VERSIONS, CELL_CERTS, CELL_AUTH_CHALLENGE, CELL_AUTHENTICATE};
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct one_link f;
        struct bench_circuit c;
        one_link_init(&f);
        circuit_ask(&c, &f.peer, CIRC); /* dies with the link */
        peer_send(&f.peer, 0, commands[i], "", 0);
        assert_true(is_hung_up(&f, f.peer.link));
        assert_int_equal(links_open(&f), 0);
        bench_jobs(&f.b);
        one_link_fini(&f);
    }
}

static void a_cell_too_long_ends_the_link_behind_what_came_before(UNUSED void **state) {
    struct one_link f;
    uint8_t bytes[CELL_LEN + 7];
    one_link_init(&f);
    struct bytes_out out = bytes_out(bytes, sizeof bytes);
    cell_put(&out, 4, CIRC, CELL_CREATE2, "", 0);
    bytes_put(&out, "\0\0\0\0\200\040\001", 7); /* VPADDING of 8193 bytes */
    uint64_t received = manager_work(one_link_manager(&f))->cells_received;
    peer_say(&f.peer, bytes, sizeof bytes);
    assert_true(is_hung_up(&f, f.peer.link));
    assert_int_equal(manager_work(one_link_manager(&f))->cells_received, received + 1);
    one_link_fini(&f);
}

static void calls_for_links_that_are_gone_do_nothing(UNUSED void **state) {
    struct one_link f;
    struct cell *cell;
    struct grant grant;
    one_link_init(&f);
    link_id link = f.peer.link;
    manager_link_closed(one_link_manager(&f), f.b.now, link);
    bench_run(&f.b);
    assert_int_equal(manager_receive_bytes(one_link_manager(&f), f.b.now, link, (const uint8_t *)"abc", 3),
                     3);
    assert_int_equal(manager_handshake_output(one_link_manager(&f), link).length, 0);
    manager_handshake_written(one_link_manager(&f), link, 0);
    assert_int_equal(manager_take(one_link_manager(&f), f.b.now, link, &cell, 1), 0);
    const struct tcp_facts facts = {.link = link, .cwnd = 10, .mss = 1448};
    assert_int_equal(manager_schedule(one_link_manager(&f), f.b.now, &facts, 1, &grant), 1);
    assert_int_equal(grant.cells, 0);
    assert_false(grant.waits);
    manager_link_failed(one_link_manager(&f), f.b.now, link);
    assert_true(manager_schedule_at(one_link_manager(&f)) == NSEC_NEVER);
    one_link_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_may_come_byte_by_byte),
        cmocka_unit_test(cells_behind_the_handshake_are_taken_in_the_same_read),
        cmocka_unit_test(a_handshake_that_breaks_the_protocol_is_hung_up),
        cmocka_unit_test(a_peer_that_never_shakes_hands_is_hung_up_after_a_minute),
        cmocka_unit_test(a_link_without_circuits_is_hung_up_after_a_while),
        cmocka_unit_test(links_have_a_limit),
        cmocka_unit_test(without_memory_links_are_refused),
        cmocka_unit_test(refused_links_use_up_nobody_elses_last_words),
        cmocka_unit_test(commands_that_we_do_not_know_are_ignored),
        cmocka_unit_test(cells_of_the_handshake_end_an_open_link),
        cmocka_unit_test(a_cell_too_long_ends_the_link_behind_what_came_before),
        cmocka_unit_test(calls_for_links_that_are_gone_do_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
