#include "native/directory_edges.h"

#include <stdio.h>
#include <time.h>

#include "native/archive.h"
#include "native/turn_clock.h"
#include "support/exit_bench.h"
#include "wire/text.h"

#define LONG_BYTES 150000u /* more than an edge's credit, less than a stream's window */

/* The streams of a circuit of the exit bench end in the directory. */
struct fixture {
    struct exit_bench f;
    struct turn_clock clock;
    struct directory_edges edges;
    struct task *held; /* the last task, while is_slow */
    bool is_slow;
};

static void directory_here(struct relay_config *config) {
    config->is_directory = true;
}

static struct archive *make_archive(void) {
    struct archive *archive = archive_copy(NULL);
    struct document *document = document_reserve(LONG_BYTES);
    memset(document->bytes, 'd', LONG_BYTES);
    archive_set_own_descriptor(archive, document);
    const uint64_t now_s = (uint64_t)time(NULL);
    struct archive_consensus consensus = {
        .valid_after_s = now_s, .fresh_until_s = now_s + 60, .valid_until_s = now_s + 120};
    consensus.text.by_encoding[HTTP_IDENTITY] = document_new(span_of("plain"));
    consensus.text.by_encoding[HTTP_LZMA] = document_new(span_of("packed before"));
    archive_set_consensus(archive, CONSENSUS_MICRODESC, &consensus);
    return archive;
}

static bool submit(void *context, struct task *task) {
    struct fixture *x = context;
    if (x->is_slow) {
        x->held = task;
        return true;
    }
    return false; /* too much to do */
}

static void init(struct fixture *x) {
    exit_bench_init_with(&x->f, directory_here, true);
    x->clock = (struct turn_clock){.now = x->f.b.now, .is_fresh = true};
    x->f.edge_station = x->f.origin.station;
    const struct task_queue tasks = {submit, x};
    x->held = NULL;
    x->is_slow = false;
    directory_edges_init(&x->edges, &x->clock, &tasks, NULL, 1);
    directory_edges_bind(&x->edges, exit_edge_manager(&x->f));
    directory_edges_set_archive(&x->edges, make_archive());
}

static void fini(struct fixture *x) {
    directory_edges_fini(&x->edges);
    exit_bench_fini(&x->f);
}

static bool pass_on(struct fixture *x, enum fake_kind kind) {
    struct fake_request r;
    if (!fake_take(&x->f.b.ports[x->f.edge_station], kind, &r))
        return false;
    if (kind == FAKE_EDGE_OPEN)
        directory_edges_open(&x->edges, r.id, &r.begin);
    else if (kind == FAKE_EDGE_WRITE)
        directory_edges_want_write(&x->edges, r.id);
    else if (kind == FAKE_EDGE_CLOSE)
        directory_edges_close(&x->edges, r.id);
    else
        directory_edges_want_read(&x->edges, r.id, kind == FAKE_EDGE_RESUME);
    return true;
}

/* Carry out what the port was asked for, until nothing is left. */
static void pump(struct fixture *x) {
    static const enum fake_kind kinds[] = {FAKE_EDGE_OPEN, FAKE_EDGE_WRITE, FAKE_EDGE_PAUSE, FAKE_EDGE_RESUME,
                                           FAKE_EDGE_CLOSE};
    bool is_something_done = true;
    while (is_something_done) {
        is_something_done = false;
        for (size_t i = 0; i < COUNT(kinds); i++)
            while (pass_on(x, kinds[i]))
                is_something_done = true;
        is_something_done |= directory_edges_carry_out(&x->edges);
        bench_run(&x->f.b);
    }
}

static void ask(struct fixture *x, const char *request) {
    circuit_tell(&x->f.c, RELAY_BEGIN_DIR, STREAM, "", 0);
    pump(x);
    exit_expect(&x->f, RELAY_CONNECTED, STREAM, "", 0);
    circuit_tell(&x->f.c, RELAY_DATA, STREAM, request, strlen(request));
    pump(x);
}

/* All DATA up to END; how many bytes. */
static size_t hear(struct fixture *x, uint8_t reason, char *out, size_t room) {
    struct relay_message message;
    size_t sum = 0;
    while (circuit_hear(&x->f.c, &message) && message.command == RELAY_DATA) {
        assert_true(sum + message.data.length < room);
        memcpy(out + sum, message.data.data, message.data.length);
        sum += message.data.length;
        pump(x);
    }
    out[sum] = '\0';
    assert_int_equal(message.command, RELAY_END);
    assert_int_equal(message.data.data[0], reason);
    assert_int_equal(x->edges.by_id.count, 0);
    assert_int_equal(x->edges.bytes, 0);
    return sum;
}

static char heard[2 * LONG_BYTES];

static void a_request_is_answered_over_the_circuit(UNUSED void **state) {
    struct fixture x;
    init(&x);
    for (unsigned i = 0; i < 2; i++) {
        ask(&x, "GET /tor/robots.txt HTTP/1.0\r\n\r\n");
        hear(&x, END_DONE, heard, sizeof heard);
        assert_non_null(strstr(heard, "HTTP/1.0 200 OK\r\n"));
        assert_non_null(strstr(heard, "\r\n\r\nUser-agent: *\n"));
    }
    ask(&x, "GET /tor/nothing HTTP/1.0\r\n\r\n");
    hear(&x, END_DONE, heard, sizeof heard);
    assert_non_null(strstr(heard, "HTTP/1.0 404 "));
    assert_int_equal(x.edges.figures.requests, 3);
    assert_int_equal(x.edges.figures.refused, 1);
    fini(&x);
}

static void a_long_answer_flows_as_the_circuit_takes_it(UNUSED void **state) {
    struct fixture x;
    init(&x);
    ask(&x, "GET /tor/server/authority HTTP/1.0\r\n\r\n");
    directory_edges_set_archive(&x.edges, archive_copy(NULL)); /* the answer goes on from the one before */
    size_t length = hear(&x, END_DONE, heard, sizeof heard);
    assert_int_equal(heard + length - (strstr(heard, "\r\n\r\n") + 4), LONG_BYTES);
    fini(&x);
}

static void a_worker_packs_what_has_several_parts(UNUSED void **state) {
    for (unsigned is_left = 0; is_left < 2; is_left++) {
        struct fixture x;
        init(&x);
        x.is_slow = true;
        ask(&x, "GET /tor/server/authority.z HTTP/1.0\r\n\r\n");
        assert_non_null(x.held);
        assert_null(peer_read(&x.f.origin));
        if (is_left) { /* the client has gone meanwhile */
            peer_send(&x.f.origin, CIRC, CELL_DESTROY, "", 0);
            pump(&x);
        }
        x.held->run(x.held);
        x.held->finish(x.held, true);
        pump(&x);
        if (!is_left) {
            size_t length = hear(&x, END_DONE, heard, sizeof heard);
            assert_non_null(strstr(heard, "Content-Encoding: deflate\r\n"));
            assert_true(length < LONG_BYTES / 10);
        }
        fini(&x);
    }
}

static void what_is_packed_already_needs_no_worker(UNUSED void **state) {
    struct fixture x;
    init(&x);
    x.is_slow = true;
    ask(&x,
        "GET /tor/status-vote/current/consensus-microdesc.z HTTP/1.0\r\nAccept-Encoding: x-tor-lzma\r\n\r\n");
    assert_null(x.held);
    hear(&x, END_DONE, heard, sizeof heard);
    assert_non_null(strstr(heard, "Content-Encoding: x-tor-lzma\r\n"));
    assert_string_equal(strstr(heard, "\r\n\r\n") + 4, "packed before");
    fini(&x);
}

static void a_stream_that_says_nothing_ends(UNUSED void **state) {
    struct fixture x;
    init(&x);
    ask(&x, "GET /tor/ro");
    assert_int_equal(directory_edges_next_wake(&x.edges), x.clock.now + DIRECTORY_IDLE_NS);
    directory_edges_tick(&x.edges, x.clock.now + DIRECTORY_IDLE_NS - 1);
    assert_int_equal(x.edges.by_id.count, 1);
    directory_edges_tick(&x.edges, x.clock.now + DIRECTORY_IDLE_NS);
    bench_run(&x.f.b);
    hear(&x, END_TIMEOUT, heard, sizeof heard);
    fini(&x);
}

static void the_client_may_leave(UNUSED void **state) {
    struct fixture x;
    init(&x);
    ask(&x, "GET /tor/ro");
    circuit_tell(&x.f.c, RELAY_END, STREAM, "\6", 1);
    pump(&x);
    assert_int_equal(x.edges.by_id.count, 0);
    ask(&x, "GET /tor/server/authority HTTP/1.0\r\n\r\n");
    peer_send(&x.f.origin, CIRC, CELL_DESTROY, "", 0);
    pump(&x);
    assert_int_equal(x.edges.by_id.count, 0);
    assert_int_equal(directory_edges_next_wake(&x.edges), NSEC_NEVER);
    fini(&x);
}

static void strangers_are_passed_over(UNUSED void **state) {
    struct fixture x;
    init(&x);
    directory_edges_want_write(&x.edges, 99);
    directory_edges_want_read(&x.edges, 99, true);
    directory_edges_close(&x.edges, 99);
    assert_false(directory_edges_carry_out(&x.edges));
    ask(&x, "GET / HT"); /* is freed with the rest */
    fini(&x);
}

/* Ids that the manager does not know: it passes over what it is told of them. */
static void among_too_many_the_longest_idle_gives_way(UNUSED void **state) {
    static const struct begin_message to = {.kind = STREAM_DIRECTORY};
    const edge_id first = 1000;
    struct fixture x;
    init(&x);
    for (edge_id id = first; id <= first + DIRECTORY_STREAMS_MAX; id++)
        directory_edges_open(&x.edges, id, &to);
    directory_edges_carry_out(&x.edges);
    assert_int_equal(x.edges.by_id.count, DIRECTORY_STREAMS_MAX);
    assert_null(table_get(&x.edges.by_id, first));
    assert_non_null(table_get(&x.edges.by_id, first + DIRECTORY_STREAMS_MAX));
    fini(&x);
}

static void who_holds_memory_and_does_not_move_gives_way(UNUSED void **state) {
    static const char half_a_request[] = "GET /tor/ro";
    struct fixture x;
    init(&x);
    x.edges.bytes = DIRECTORY_BYTES_MAX - 1000; /* as if others held it: room for one request, not for two */
    ask(&x, half_a_request);
    circuit_tell(&x.f.c, RELAY_BEGIN_DIR, STREAM + 1, "", 0);
    pump(&x);
    exit_expect(&x.f, RELAY_CONNECTED, STREAM + 1, "", 0);
    assert_int_equal(x.edges.by_id.count, 2);
    circuit_tell(&x.f.c, RELAY_DATA, STREAM + 1, half_a_request, strlen(half_a_request));
    pump(&x);
    exit_expect_end(&x.f, STREAM, END_RESOURCELIMIT);
    assert_int_equal(x.edges.by_id.count, 1);
    assert_in_range(x.edges.bytes, DIRECTORY_BYTES_MAX - 999, DIRECTORY_BYTES_MAX);
    fini(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_over_the_circuit),
        cmocka_unit_test(a_long_answer_flows_as_the_circuit_takes_it),
        cmocka_unit_test(a_worker_packs_what_has_several_parts),
        cmocka_unit_test(what_is_packed_already_needs_no_worker),
        cmocka_unit_test(a_stream_that_says_nothing_ends),
        cmocka_unit_test(the_client_may_leave),
        cmocka_unit_test(strangers_are_passed_over),
        cmocka_unit_test(among_too_many_the_longest_idle_gives_way),
        cmocka_unit_test(who_holds_memory_and_does_not_move_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
