#include "sim/sim_message.h"

#include <string.h>

#include "crypt/symbolic_short.h"
#include "support/test.h"
#include "support/test_memory.h"

/* A host to take objects from. */
struct bench {
    struct test_memory memory;
    struct engine *engine;
    struct host *host;
};

static void set_up(struct bench *bench) {
    test_memory_init(&bench->memory);
    bench->engine = engine_new(&(struct engine_config){.memory = &bench->memory.memory,
                                                       .hosts = 1,
                                                       .partitions = 1,
                                                       .lookahead_within = 1,
                                                       .lookahead_across = 1,
                                                       .object_size = SIM_OBJECT_SIZE});
    assert_non_null(bench->engine);
    bench->host = engine_host(bench->engine, 0);
}

static void tear_down(struct bench *bench) {
    engine_free(bench->engine);
    test_memory_fini(&bench->memory);
}

static void test_content_of_any_length_comes_back(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, SIM_CONTENT_MAX, SIM_CONTENT_MAX + 1, 5000};
    struct bench bench;
    uint8_t given[5000], got[5000];
    set_up(&bench);
    for (size_t i = 0; i < sizeof given; i++)
        given[i] = (uint8_t)(i * 7 + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct sim_message *m =
            sim_message_new(bench.host, SIM_LINK_BYTES, 5000, (struct span){given, lengths[i]});
        assert_int_equal(m->tcp.length, 5000 + SIM_RECORD_OVERHEAD);
        assert_int_equal(sim_message_content(m, got, sizeof got), lengths[i]);
        assert_memory_equal(given, got, lengths[i]);
        assert_int_equal(sim_message_content(m, got, 10), lengths[i] < 10 ? lengths[i] : 10);
        sim_message_free(bench.host, m);
    }
    struct sim_message *raw = sim_message_new(bench.host, SIM_RAW, 77, (struct span){given, 3});
    assert_int_equal(raw->tcp.length, 77); /* no TLS behind an exit */
    sim_message_free(bench.host, raw);
    tear_down(&bench);
}

/* --- bursts -------------------------------------------------------------------------------------------------------- */

#define CELLS_MAX 100u

static struct cell *new_cell(uint32_t number, size_t kept) {
    struct cell *cell = calloc(1, sizeof(*cell) + CELL_BODY_LEN);
    cell->circ_id = 0x80000000u + number;
    cell->command = (uint8_t)(number % 3 ? CELL_RELAY : CELL_CREATE2);
    cell->length = CELL_BODY_LEN;
    for (size_t i = 0; i < kept; i++)
        cell->body[i] = (uint8_t)(number + i * 3 + 1) ? (uint8_t)(number + i * 3 + 1) : 1;
    return cell;
}

/* How much of cell number i is not zeros: mostly a header, sometimes everything. */
static size_t kept_of(uint32_t number) {
    return number % 7 == 0 ? CELL_BODY_LEN : number % 5 == 0 ? 200 : number % 11 == 0 ? 0 : 11;
}

static void expect_cells(const struct sim_train *train, struct cell *const *cells, uint32_t count) {
    struct cell_view views[SIM_CELLS_MAX];
    uint8_t bodies[SIM_CELLS_MAX][CELL_BODY_LEN + 3];
    uint32_t seen = 0;
    for (const struct tcp_message *m = &train->first->tcp; m; m = m->next) {
        struct sim_reader reader;
        sim_reader_init(&reader, (const struct sim_message *)(const void *)m);
        uint32_t n;
        memset(bodies, 0xee, sizeof bodies);
        while ((n = sim_reader_cells(&reader, views, bodies, SIM_CELLS_MAX)) > 0)
            for (uint32_t i = 0; i < n; i++, seen++) {
                assert_true(seen < count);
                assert_int_equal(views[i].circ_id, cells[seen]->circ_id);
                assert_int_equal(views[i].command, cells[seen]->command);
                symbolic_lengthen(bodies[i]);
                assert_memory_equal(views[i].body, cells[seen]->body, CELL_BODY_LEN);
            }
    }
    assert_int_equal(seen, count);
}

/* Cut count cells into records; returns how many records, and checks what they add up to. */
static uint32_t cut(struct bench *bench, uint32_t count, uint32_t record_max, uint32_t at_once) {
    struct cell *cells[CELLS_MAX];
    struct sim_train train = {0};
    struct sim_burst burst;
    uint32_t records = 0;
    uint64_t plain = 0;
    for (uint32_t i = 0; i < count; i++)
        cells[i] = new_cell(i, kept_of(i));
    sim_burst_begin(&burst, bench->host, &train, record_max);
    for (uint32_t i = 0; i < count; i += at_once)
        assert_true(sim_burst_add(&burst, cells + i, count - i < at_once ? count - i : at_once));
    assert_int_equal(sim_burst_end(&burst), (uint64_t)count * CELL_LEN);
    expect_cells(&train, cells, count);
    struct sim_message *m;
    while ((m = sim_train_shift(&train))) {
        assert_true(m->plain <= record_max);
        assert_int_equal(m->tcp.length, m->plain + SIM_RECORD_OVERHEAD);
        plain += m->plain;
        records++;
        sim_message_free(bench->host, m);
    }
    assert_int_equal(plain, (uint64_t)count * CELL_LEN);
    assert_int_equal(train.wire, 0);
    for (uint32_t i = 0; i < count; i++)
        free(cells[i]);
    return records;
}

/* A cell travels in the record in which it ends; records are full but the last. */
static void test_bursts_are_cut_into_records(void **state) {
    (void)state;
    struct bench bench;
    set_up(&bench);
    assert_int_equal(cut(&bench, 1, 4096, 1), 1);
    assert_int_equal(cut(&bench, 7, 4096, 7), 1);
    assert_int_equal(cut(&bench, 8, 4096, 3), 2); /* 4112 bytes */
    assert_int_equal(cut(&bench, 32, 4096, 31), 5);
    assert_int_equal(cut(&bench, 31, 31 * CELL_LEN, 31), 1);
    assert_int_equal(cut(&bench, 32, 31 * CELL_LEN, 5), 2);
    assert_int_equal(cut(&bench, 100, 31 * CELL_LEN, 31), 4);
    assert_int_equal(cut(&bench, 10, CELL_LEN, 10), 10);
    tear_down(&bench);
}

/* Thirty-one cells of data take five objects, not sixteen kilobytes. */
static void test_data_are_short(void **state) {
    (void)state;
    struct bench bench;
    set_up(&bench);
    struct cell *cells[31];
    struct sim_train train = {0};
    struct sim_burst burst;
    for (uint32_t i = 0; i < 31; i++)
        cells[i] = new_cell(i, 11);
    sim_burst_begin(&burst, bench.host, &train, 31 * CELL_LEN);
    assert_true(sim_burst_add(&burst, cells, 31));
    sim_burst_end(&burst);
    unsigned objects = 0;
    for (const struct sim_message *part = train.first; part; part = part->more)
        objects++;
    assert_in_range(objects, 4, 5);
    sim_train_free(bench.host, &train);
    for (uint32_t i = 0; i < 31; i++)
        free(cells[i]);
    tear_down(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_of_any_length_comes_back),
        cmocka_unit_test(test_bursts_are_cut_into_records),
        cmocka_unit_test(test_data_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
