/* Circuits through one relay: made, extended over the controller, carried between two threads, and ended from each side. */
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRC 0x80000001u /* the peer dialled us: its ids have the high bit */

struct fixture {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity origin_id, next_id;
    struct bench_peer origin, next;
};

/* A relay of two connection threads; links go to them in turn. */
static void set_up_with(struct fixture *f, void (*adjust)(struct relay_config *config)) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->origin_id, f->b.crypt, 2);
    symbolic_identity_make(&f->next_id, f->b.crypt, 3);
    peer_connect(&f->origin, &f->b, &f->origin_id);
    peer_init(&f->next, &f->b, &f->next_id);
}

static void set_up(struct fixture *f) {
    set_up_with(f, NULL);
}

static void tear_down(struct fixture *f) {
    peer_free(&f->origin);
    peer_free(&f->next);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static void expect_destroy(struct bench_peer *p, uint32_t circ_id, uint8_t reason) {
    const struct peer_cell *cell = peer_read(p);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, circ_id);
    assert_int_equal(cell->body[0], reason);
}

/* The dial that an EXTEND led to: the next relay's thread answers it. */
static void next_answers_dial(struct fixture *f) {
    struct fake_request dial = {.id = 0};
    station_id station = 1;
    while (station <= 2 && !fake_take(&f->b.ports[station], FAKE_DIAL, &dial))
        station++;
    assert_int_equal(station, 2); /* the origin's link has the other thread */
    assert_int_equal(dial.to.port, 9001);
    assert_true(address_equal(&dial.to.address, &f->next_id.credentials.advertised[0].address));
    assert_int_equal(peer_answer(&f->next, station, dial.id), ERR_OK);
    peer_shake_hands(&f->next);
    assert_true(link_handshake_is_open(f->next.handshake));
}

static void next_created(struct fixture *f, uint32_t circ_id, size_t length) {
    uint8_t body[CELL_BODY_LEN];
    memset(body, 0xcc, sizeof body);
    store_u16(body, (uint16_t)length);
    peer_send(&f->next, circ_id, CELL_CREATED2, body, sizeof body);
}

/* CREATE2 at the next relay; returns its circuit id. */
static uint32_t next_reads_create(struct fixture *f, uint8_t fill) {
    const struct peer_cell *cell = peer_read(&f->next);
    struct create2_message create;
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_CREATE2);
    assert_int_equal(create2_decode((struct span){cell->body, CELL_BODY_LEN}, &create), ERR_OK);
    assert_int_equal(create.type, HANDSHAKE_NTOR);
    assert_int_equal(create.data.length, NTOR_ONIONSKIN_LEN);
    assert_int_equal(create.data.data[83], fill);
    return cell->circ_id;
}

static void expect_extended(struct bench_circuit *c, size_t length) {
    struct relay_message message;
    struct span data;
    assert_true(circuit_hear(c, &message));
    assert_int_equal(message.command, RELAY_EXTENDED2);
    assert_int_equal(message.stream, 0);
    assert_int_equal(created2_decode(message.data, &data), ERR_OK);
    assert_int_equal(data.length, length);
    assert_int_equal(data.data[0], 0xcc);
}

/* A circuit over both links, on two threads; returns the id on the second. */
static uint32_t open_two_hops(struct fixture *f, struct bench_circuit *c, uint32_t circ_id) {
    bool is_connected = f->next.handshake != NULL;
    circuit_open(c, &f->origin, circ_id);
    circuit_extend(c, &f->next_id, 0x11);
    if (!is_connected)
        next_answers_dial(f);
    uint32_t id = next_reads_create(f, 0x11);
    next_created(f, id, 64);
    expect_extended(c, 64);
    return id;
}

/* --- made ---------------------------------------------------------------------------------------------------------- */

static void a_circuit_is_made_by_create2(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_ask(&c, &f.origin, CIRC);
    assert_null(peer_read(&f.origin)); /* the answer is still being worked out */
    bench_jobs(&f.b);
    assert_true(circuit_created(&c));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1)).halves, 1);
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->circuits_opened, 1);
    tear_down(&f);
}

static void create_is_refused(UNUSED void **state) {
    static const struct {
        uint32_t circ_id;
        uint8_t command;
        uint16_t type, length;
    } cases[] = {
        {1, CELL_CREATE2, HANDSHAKE_NTOR, 84}, /* the high bit is for whoever dialled */
        {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 83},     {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 85},
        {CIRC, CELL_CREATE2, HANDSHAKE_NTOR, 506},    {CIRC, CELL_CREATE2, HANDSHAKE_NTOR_V3, 84},
        {CIRC, CELL_CREATE2, HANDSHAKE_TAP, 84},      {CIRC, CELL_CREATE, HANDSHAKE_NTOR, 84},
        {CIRC, CELL_CREATE_FAST, HANDSHAKE_NTOR, 84},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        uint8_t body[CELL_BODY_LEN] = {0};
        store_u16(body, cases[i].type);
        store_u16(body + 2, cases[i].length);
        peer_send(&f.origin, cases[i].circ_id, cases[i].command, body, sizeof body);
        expect_destroy(&f.origin, cases[i].circ_id, DESTROY_PROTOCOL);
        assert_int_equal(f.b.ports[1].count, 0); /* no job, and the link lives */
        tear_down(&f);
    }
}

static void circuit_0_is_no_circuit(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    peer_send(&f.origin, 0, CELL_CREATE2, "\0\2\0\124", 4);
    assert_null(peer_read(&f.origin));
    assert_int_equal(f.b.ports[1].count, 0);
    tear_down(&f);
}

static void an_onion_skin_for_another_relay_is_refused(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    f.b.self.ntor.rsa_id[0] ^= 1;
    circuit_ask(&c, &f.origin, CIRC);
    f.b.self.ntor.rsa_id[0] ^= 1;
    bench_jobs(&f.b);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    tear_down(&f);
}

static void an_id_in_use_ends_the_circuit_that_has_it(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_open(&c, &f.origin, CIRC);
    circuit_ask(&c, &f.origin, CIRC);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    circuit_open(&c, &f.origin, CIRC); /* free again */
    tear_down(&f);
}

static void a_result_for_a_circuit_that_is_gone_is_dropped(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_ask(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_DESTROY, "", 1);
    circuit_ask(&c, &f.origin, CIRC); /* the same place and id, another tenant */
    bench_jobs(&f.b);
    assert_true(circuit_created(&c));
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void cells_before_created_break_the_protocol(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_ask(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_RELAY, "", 1);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    bench_jobs(&f.b);
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void five_circuits(struct relay_config *config) {
    config->circuits_max_per_manager = 5;
}

static void circuits_have_a_limit(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up_with(&f, five_circuits);
    for (uint32_t i = 0; i < 5; i++)
        circuit_open(&c, &f.origin, CIRC + i);
    circuit_ask(&c, &f.origin, CIRC + 5);
    expect_destroy(&f.origin, CIRC + 5, DESTROY_RESOURCELIMIT);
    tear_down(&f);
}

/* --- extended ------------------------------------------------------------------------------------------------------ */

static void a_circuit_is_extended_and_carries_cells_both_ways(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct relay_message message;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    assert_int_equal(id & 0x80000000u, 0x80000000u); /* here we dialled */

    /* Away from the origin our layer comes off; what is inside is not ours to read. */
    uint8_t inner[CELL_BODY_LEN], body[CELL_BODY_LEN];
    memset(inner, 0xee, sizeof inner);
    for (unsigned i = 0; i < 100; i++) {
        struct work work = {0};
        struct crypt_cell cell = {inner, body};
        f.b.crypt->layer_crypt(c.forward, &cell, 1, &work);
        peer_send(&f.origin, CIRC, i < 3 ? CELL_RELAY_EARLY : CELL_RELAY, body, sizeof body);
    }
    for (unsigned i = 0; i < 100; i++) {
        const struct peer_cell *cell = peer_read(&f.next);
        assert_non_null(cell);
        assert_int_equal(cell->command, i < 3 ? CELL_RELAY_EARLY : CELL_RELAY);
        assert_int_equal(cell->circ_id, id);
        assert_memory_equal(cell->body, inner, sizeof inner);
    }
    /* And on the way back it is put on. */
    for (unsigned i = 0; i < 100; i++)
        peer_send(&f.next, id, CELL_RELAY, inner, sizeof inner);
    for (unsigned i = 0; i < 100; i++) {
        const struct peer_cell *cell = peer_read(&f.origin);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_RELAY);
        assert_memory_not_equal(cell->body, inner, sizeof inner);
        assert_false(circuit_peel(&c, cell, &message));
        assert_memory_equal(c.body, inner, sizeof inner);
    }
    assert_int_equal(manager_work(bench_manager(&f.b, 1))->cells_crossed, 100);
    assert_int_equal(manager_work(bench_manager(&f.b, 2))->cells_crossed, 100);
    tear_down(&f);
}

static void a_second_circuit_takes_the_same_link(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c, second;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    assert_int_not_equal(open_two_hops(&f, &second, CIRC + 1), id);
    assert_int_equal(f.b.ports[2].traced[TRACE_LINK_DIAL], 1);
    tear_down(&f);
}

/* CREATED2 may be longer than what fits our message to the other thread, and EXTENDED2 is shorter still. */
static void a_created2_of_any_length_does_no_harm(UNUSED void **state) {
    static const struct {
        size_t length;
        bool is_passed_on;
    } cases[] = {{0, true},    {64, true},   {496, true},  {497, false},
                 {505, false}, {506, false}, {507, false}, {508, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        next_answers_dial(&f);
        uint32_t id = next_reads_create(&f, 1);
        next_created(&f, id, cases[i].length);
        struct relay_message message;
        if (cases[i].is_passed_on) {
            assert_true(circuit_hear(&c, &message));
            assert_int_equal(message.command, RELAY_EXTENDED2);
            assert_int_equal(message.data.length, cases[i].length + 2);
        } else {
            const struct peer_cell *cell = peer_read(&f.origin);
            assert_non_null(cell);
            assert_int_equal(cell->command, CELL_DESTROY);
            cell = peer_read(&f.next);
            assert_non_null(cell);
            assert_int_equal(cell->command, CELL_DESTROY);
        }
        tear_down(&f);
    }
}

enum extend_fault {
    NOT_EARLY,
    OURSELVES,
    BACK_BY_RSA,
    BACK_BY_ED,
    NOBODY,
    NO_ADDRESS,
    CUT,
    LEGACY,
    EXTEND_FAULTS
};

static void extend_wrongly(struct fixture *f, struct bench_circuit *c, enum extend_fault fault) {
    struct extend2_message extend = {.ipv4 = f->next_id.credentials.advertised[0], .has_ed_id = true};
    uint8_t skin[84] = {0}, room[RELAY_DATA_MAX];
    extend.create = (struct create2_message){.type = HANDSHAKE_NTOR, .data = {skin, sizeof skin}};
    memcpy(extend.rsa_id, f->next_id.credentials.rsa_id, 20);
    memcpy(extend.ed_id, f->next_id.credentials.ed_id, 32);
    if (fault == OURSELVES)
        memcpy(extend.rsa_id, f->b.self.credentials.rsa_id, 20);
    if (fault == BACK_BY_RSA)
        memcpy(extend.rsa_id, f->origin_id.credentials.rsa_id, 20);
    if (fault == BACK_BY_ED)
        memcpy(extend.ed_id, f->origin_id.credentials.ed_id, 32);
    if (fault == NOBODY)
        memset(extend.rsa_id, 0, 20);
    if (fault == NO_ADDRESS)
        extend.ipv4.address.family = ADDRESS_NONE;
    struct bytes_out body = bytes_out(room, sizeof room);
    extend2_encode(&body, &extend);
    assert_true(bytes_out_ok(&body));
    size_t length = bytes_written(&body) - (fault == CUT);
    circuit_tell_as(c, fault == NOT_EARLY ? CELL_RELAY : CELL_RELAY_EARLY,
                    fault == LEGACY ? RELAY_EXTEND : RELAY_EXTEND2, 0, room, length);
}

static void extends_that_may_not_be_end_the_circuit(UNUSED void **state) {
    for (enum extend_fault fault = 0; fault < EXTEND_FAULTS; fault++) {
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
        circuit_open(&c, &f.origin, CIRC);
        extend_wrongly(&f, &c, fault);
        expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
        assert_int_equal(f.b.ports[1].count + f.b.ports[2].count, 0); /* nothing was dialled */
        tear_down(&f);
    }
}

static void only_public(struct relay_config *config) {
    config->allow_private_addresses = false;
}

static void private_addresses_are_refused_unless_allowed(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up_with(&f, only_public);
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 1); /* 10.0.0.3 */
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    f.next_id.credentials.advertised[0].address = (struct address){ADDRESS_IPV4, {9, 9, 9, 9}};
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 1);
    assert_int_equal(f.b.ports[2].requests[0].kind, FAKE_DIAL);
    tear_down(&f);
}

static void a_second_extend_ends_the_circuit(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    circuit_extend(&c, &f.next_id, 2);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    expect_destroy(&f.next, id, DESTROY_DESTROYED);
    tear_down(&f);
}

static void a_dial_that_fails_ends_the_circuit(UNUSED void **state) {
    for (unsigned timed_out = 0; timed_out < 2; timed_out++) {
        struct fixture f;
        struct bench_circuit c;
        struct fake_request request;
        set_up(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &request));
        if (timed_out) {
            assert_true(manager_next_wake(bench_manager(&f.b, 2)) <= f.b.now + 60 * NSEC_PER_S);
            bench_pass(&f.b, 61 * NSEC_PER_S);
            assert_true(fake_take(&f.b.ports[2], FAKE_HANGUP, &request));
            struct link_facts facts = bench_facts(&f.b, true, &f.b.self.credentials, &f.next_id);
            assert_int_equal(manager_link_opened(bench_manager(&f.b, 2), f.b.now, request.id, &facts),
                             ERR_STALE);
        } else {
            manager_link_failed(bench_manager(&f.b, 2), f.b.now, request.id);
        }
        bench_run(&f.b);
        expect_destroy(&f.origin, CIRC, DESTROY_CONNECTFAILED);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1); /* may be tried again */
        uint32_t dials = f.b.ports[1].traced[TRACE_LINK_DIAL] + f.b.ports[2].traced[TRACE_LINK_DIAL];
        assert_int_equal(dials, 2);
        tear_down(&f);
    }
}

static void a_relay_with_another_identity_is_not_extended_to(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct fake_request request;
    set_up(&f);
    struct symbolic_identity wanted = f.next_id;
    wanted.credentials.ed_id[5] ^= 1;
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &wanted, 1);
    assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &request));
    assert_int_equal(peer_answer(&f.next, 2, request.id), ERR_OK);
    peer_shake_hands(&f.next);
    assert_true(fake_take(&f.b.ports[2], FAKE_HANGUP, &request));
    expect_destroy(&f.origin, CIRC, DESTROY_OR_IDENTITY);
    tear_down(&f);
}

/* --- ended --------------------------------------------------------------------------------------------------------- */

static void destroy_goes_on_without_its_reason(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c, second;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC), id_2 = open_two_hops(&f, &second, CIRC + 1);
    peer_send(&f.origin, CIRC, CELL_DESTROY, "\5", 1);
    expect_destroy(&f.next, id, DESTROY_DESTROYED);
    assert_null(peer_read(&f.origin)); /* not back to where it came from */
    peer_send(&f.next, id_2, CELL_DESTROY, "\5", 1);
    expect_destroy(&f.origin, CIRC + 1, DESTROY_DESTROYED);
    assert_null(peer_read(&f.next));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1)).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2)).halves, 0);
    peer_send(&f.next, id, CELL_DESTROY, "", 0); /* for nobody: harmless */
    peer_send(&f.next, id, CELL_RELAY, "", 0);
    assert_null(peer_read(&f.next));
    tear_down(&f);
}

static void a_truncated_circuit_may_be_extended_again(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct relay_message message;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    circuit_tell(&c, RELAY_TRUNCATE, 0, "\3", 1);
    expect_destroy(&f.next, id, DESTROY_REQUESTED);
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    circuit_extend(&c, &f.next_id, 0x22);
    id = next_reads_create(&f, 0x22);
    next_created(&f, id, 10);
    expect_extended(&c, 10);
    tear_down(&f);
}

/* The next hop ends the circuit at the moment in which it is cut off: what comes of that is not for the one that is left. */
static void a_hop_that_was_cut_off_cannot_end_the_circuit(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct relay_message message;
    uint8_t wire[CELL_LEN];
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, id, CELL_DESTROY, "", 0);
    peer_say(&f.next, wire, sizeof wire); /* its thread has not published that yet */
    circuit_tell(&c, RELAY_TRUNCATE, 0, "", 0);
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    assert_null(peer_read(&f.origin));
    assert_null(peer_read(&f.next));
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1)).halves, 1);
    tear_down(&f);
}

/* What was asked before a TRUNCATE is answered after it, and must not be taken for the answer to what was asked then. */
static void answers_to_an_extend_that_was_truncated_are_void(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct relay_message message;
    set_up(&f);
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 0x11);
    circuit_tell(&c, RELAY_TRUNCATE, 0, "", 0); /* with no reason: tolerated */
    assert_true(circuit_hear(&c, &message));
    assert_int_equal(message.command, RELAY_TRUNCATED);
    circuit_extend(&c, &f.next_id, 0x22);
    next_answers_dial(&f); /* both requests waited for it */
    const struct peer_cell *cell = peer_read(&f.next);
    assert_int_equal(cell->command,
                     CELL_DESTROY); /* overtakes, as it may, the first CREATE2 or comes alone */
    uint32_t id = next_reads_create(&f, 0x22);
    next_created(&f, id, 20);
    expect_extended(&c, 20);
    assert_null(peer_read(&f.next));
    tear_down(&f);
}

static void a_link_takes_its_circuits_with_it(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    (void)open_two_hops(&f, &c, CIRC);
    manager_link_closed(bench_manager(&f.b, 2), f.b.now, f.next.link);
    bench_run(&f.b);
    expect_destroy(&f.origin, CIRC, DESTROY_CHANNEL_CLOSED);

    link_handshake_free(f.next.handshake);
    f.next.handshake = NULL;
    circuit_open(&c, &f.origin, CIRC);
    circuit_extend(&c, &f.next_id, 0x33); /* is dialled anew */
    struct fake_request dial;
    station_id station = fake_take(&f.b.ports[1], FAKE_DIAL, &dial) ? 1 : 2;
    if (station == 2)
        assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&f.next, station, dial.id), ERR_OK);
    peer_shake_hands(&f.next);
    uint32_t id = next_reads_create(&f, 0x33);
    manager_link_closed(bench_manager(&f.b, 1), f.b.now, f.origin.link);
    bench_run(&f.b);
    expect_destroy(&f.next, id, DESTROY_CHANNEL_CLOSED);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 1)).halves, 0);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2)).halves, 0);
    tear_down(&f);
}

static void an_origin_may_leave_while_it_is_extended(UNUSED void **state) {
    for (unsigned when = 0; when < 3; when++) {
        struct fixture f;
        struct bench_circuit c;
        set_up(&f);
        circuit_open(&c, &f.origin, CIRC);
        circuit_extend(&c, &f.next_id, 1);
        if (when == 0)
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        next_answers_dial(&f);
        if (when == 1)
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        uint32_t id = 0;
        if (when == 2) {
            id = next_reads_create(&f, 1);
            peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        }
        const struct peer_cell *cell = peer_read(&f.next);
        assert_non_null(cell);
        assert_int_equal(cell->command, CELL_DESTROY);
        if (id)
            next_created(&f, id, 64);
        assert_null(peer_read(&f.next));
        assert_int_equal(manager_working_set(bench_manager(&f.b, 2)).halves, 0);
        tear_down(&f);
    }
}

/* --- what a peer may not do ---------------------------------------------------------------------------------------- */

static void nobody_behind_us_could_recognize_it(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    circuit_open(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_RELAY, "rubbish", 7);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    tear_down(&f);
}

static void relay_early_is_counted_and_only_goes_away_from_the_origin(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c, second;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC); /* that took one */
    for (unsigned i = 0; i < 7; i++)
        circuit_tell_as(&c, CELL_RELAY_EARLY, RELAY_DROP, 0, "", 0);
    assert_null(peer_read(&f.origin));
    circuit_tell_as(&c, CELL_RELAY_EARLY, RELAY_DROP, 0, "", 0);
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    expect_destroy(&f.next, id, DESTROY_DESTROYED);

    id = open_two_hops(&f, &second, CIRC);
    peer_send(&f.next, id, CELL_RELAY_EARLY, "", 0);
    expect_destroy(&f.next, id, DESTROY_PROTOCOL);
    expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    tear_down(&f);
}

static void created2_at_the_wrong_time_ends_the_circuit(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    next_created(&f, id, 64); /* a second time */
    expect_destroy(&f.next, id, DESTROY_PROTOCOL);
    expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    circuit_open(&c, &f.origin, CIRC);
    peer_send(&f.origin, CIRC, CELL_CREATED2, "", 0); /* from the side of the origin */
    expect_destroy(&f.origin, CIRC, DESTROY_PROTOCOL);
    tear_down(&f);
}

static void ten_cells(struct relay_config *config) {
    config->mailbox_cells_max = 10;
}

/* A mailbox to the other thread that is full stops reading; when it is collected, reading goes on. */
static void a_full_mailbox_pauses_reading(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    struct fake_request request;
    uint8_t wire[CELL_LEN];
    set_up_with(&f, ten_cells);
    (void)open_two_hops(&f, &c, CIRC);
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    for (unsigned i = 0; i < 10; i++) {
        assert_false(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
        peer_say(&f.origin, wire, sizeof wire); /* the other thread gets no turn */
        manager_flush(bench_manager(&f.b, 1), f.b.now);
    }
    assert_true(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
    assert_int_equal(request.id, f.origin.link);
    peer_say(&f.origin, wire, sizeof wire); /* what was read already is taken all the same */
    assert_false(fake_take(&f.b.ports[1], FAKE_PAUSE, &request));
    assert_false(fake_take(&f.b.ports[1], FAKE_RESUME, &request));
    bench_run(&f.b);
    assert_true(fake_take(&f.b.ports[1], FAKE_RESUME, &request));
    assert_int_equal(request.id, f.origin.link);
    assert_int_equal(peer_pull(&f.next), 11);
    tear_down(&f);
}

/* Cells for a peer that does not read are kept up to the consensus' bound. */
static void a_queue_that_grows_too_long_ends_the_circuit(UNUSED void **state) {
    struct fixture f;
    struct bench_circuit c;
    set_up(&f);
    struct consensus_params params = consensus_params_default;
    params.circ_max_cell_queue_size = 50;
    struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
    assert_non_null(view);
    manager_set_consensus(bench_manager(&f.b, 1), f.b.now, view);
    manager_set_consensus(bench_manager(&f.b, 2), f.b.now, view);
    consensus_view_drop(view);
    uint32_t id = open_two_hops(&f, &c, CIRC);
    for (unsigned i = 0; i < 50; i++)
        peer_send(&f.origin, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    assert_int_equal(manager_working_set(bench_manager(&f.b, 2)).halves, 1);
    peer_send(&f.origin, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    expect_destroy(&f.next, id, DESTROY_RESOURCELIMIT); /* and the cells are gone */
    assert_null(peer_read(&f.next));
    expect_destroy(&f.origin, CIRC, DESTROY_DESTROYED);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circuit_is_made_by_create2),
        cmocka_unit_test(create_is_refused),
        cmocka_unit_test(circuit_0_is_no_circuit),
        cmocka_unit_test(an_onion_skin_for_another_relay_is_refused),
        cmocka_unit_test(an_id_in_use_ends_the_circuit_that_has_it),
        cmocka_unit_test(a_result_for_a_circuit_that_is_gone_is_dropped),
        cmocka_unit_test(cells_before_created_break_the_protocol),
        cmocka_unit_test(circuits_have_a_limit),
        cmocka_unit_test(a_circuit_is_extended_and_carries_cells_both_ways),
        cmocka_unit_test(a_second_circuit_takes_the_same_link),
        cmocka_unit_test(a_created2_of_any_length_does_no_harm),
        cmocka_unit_test(extends_that_may_not_be_end_the_circuit),
        cmocka_unit_test(private_addresses_are_refused_unless_allowed),
        cmocka_unit_test(a_second_extend_ends_the_circuit),
        cmocka_unit_test(a_dial_that_fails_ends_the_circuit),
        cmocka_unit_test(a_relay_with_another_identity_is_not_extended_to),
        cmocka_unit_test(destroy_goes_on_without_its_reason),
        cmocka_unit_test(a_truncated_circuit_may_be_extended_again),
        cmocka_unit_test(a_hop_that_was_cut_off_cannot_end_the_circuit),
        cmocka_unit_test(answers_to_an_extend_that_was_truncated_are_void),
        cmocka_unit_test(a_link_takes_its_circuits_with_it),
        cmocka_unit_test(an_origin_may_leave_while_it_is_extended),
        cmocka_unit_test(nobody_behind_us_could_recognize_it),
        cmocka_unit_test(relay_early_is_counted_and_only_goes_away_from_the_origin),
        cmocka_unit_test(created2_at_the_wrong_time_ends_the_circuit),
        cmocka_unit_test(a_full_mailbox_pauses_reading),
        cmocka_unit_test(a_queue_that_grows_too_long_ends_the_circuit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
