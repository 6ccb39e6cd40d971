#include "origin/origin_path.h"

#include "support/origin_bench.h"
#include "support/test.h"

#define CELLS(n) ((size_t)(n)*RELAY_DATA_MAX)

static const uint8_t bytes[CELLS(600)];

static struct origin_path *built(struct origin_bench *b, uint32_t cells_max) {
    origin_bench_init(b, cells_max);
    origin_bench_build(b, 2);
    return &b->circuit->path;
}

/* The least of window, stream window and queue decides; a table of what each leaves. */
static void packages_what_all_bounds_allow(void **state) {
    (void)state;
    static const struct {
        uint16_t circuit, stream;
        uint32_t queue_max;
        size_t length, expected_cells;
    } rows[] = {
        {1000, 500, 128, 1, 1},
        {1000, 500, 128, RELAY_DATA_MAX, 1},
        {1000, 500, 128, RELAY_DATA_MAX + 1, 2},
        {1000, 500, 128, CELLS(300), 128},
        {1000, 500, 600, CELLS(600), 500},
        {70, 500, 128, CELLS(300), 70},
        {1000, 33, 128, CELLS(300), 33},
        {0, 500, 128, 5, 0},
        {1000, 0, 128, 5, 0},
        {1000, 500, 128, 0, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct origin_bench b;
        struct origin_path *path = built(&b, 0);
        struct flow_window stream;
        bool is_starved;
        flow_window_init(&stream, 500, 50);
        stream.package = rows[i].stream;
        origin_path_last(path)->flow.window.package = rows[i].circuit;
        b.origin->config.queue_cells_max = rows[i].queue_max;
        size_t used =
            origin_path_package(path, 0, 1, &stream, (struct span){bytes, rows[i].length}, &is_starved);
        size_t most = rows[i].expected_cells * RELAY_DATA_MAX;
        assert_int_equal(used, rows[i].length < most ? rows[i].length : most);
        assert_int_equal(path->queue.count, rows[i].expected_cells);
        assert_int_equal(stream.package, rows[i].stream - rows[i].expected_cells);
        assert_false(is_starved);
        origin_bench_fini(&b);
    }
}

static void remembers_the_tag_of_each_hundredth_cell(void **state) {
    (void)state;
    struct origin_bench b;
    struct origin_path *path = built(&b, 0);
    struct flow_window stream;
    bool is_starved;
    flow_window_init(&stream, 500, 50);
    b.origin->config.queue_cells_max = 1000;
    for (unsigned cells = 1; cells <= 250; cells++) {
        assert_int_equal(origin_path_package(path, 0, 1, &stream, (struct span){bytes, 1}, &is_starved), 1);
        assert_int_equal(origin_path_last(path)->flow.tags.count, cells / 100);
    }
    origin_path_cut(path, 1); /* they were the second hop's */
    assert_int_equal(origin_path_last(path)->flow.tags.count, 0);
    assert_int_equal(path->hop_count, 1);
    origin_bench_fini(&b);
}

static void empty_pool_starves(void **state) {
    (void)state;
    struct origin_bench b;
    struct origin_path *path = built(&b, 16);
    struct flow_window stream;
    bool is_starved;
    flow_window_init(&stream, 500, 50);
    size_t used = origin_path_package(path, 0, 1, &stream, (struct span){bytes, sizeof(bytes)}, &is_starved);
    assert_true(is_starved);
    assert_in_range(used, RELAY_DATA_MAX, 16 * RELAY_DATA_MAX);
    struct relay_message m = {.command = RELAY_DROP};
    assert_int_equal(origin_path_send(path, 0, CELL_RELAY, &m, CELL_MAY_FAIL), ERR_LIMIT);
    origin_bench_fini(&b);
}

static void pads_with_what_cannot_be_foretold(void **state) {
    (void)state;
    struct origin_bench b;
    struct origin_path *path = built(&b, 0);
    struct relay_message m = {.command = RELAY_DROP};
    static const uint8_t none[CELL_BODY_LEN];
    assert_int_equal(origin_path_send(path, 1, CELL_RELAY, &m, CELL_MUST), ERR_OK);
    /* The symbolic layers hide the beginning only. */
    assert_memory_not_equal(path->queue.first->body + 100, none, 200);
    assert_int_equal(path->queue.first->circ_id, path->circ_id);
    assert_int_equal(path->queue.first->length, CELL_BODY_LEN);
    origin_bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packages_what_all_bounds_allow),
        cmocka_unit_test(remembers_the_tag_of_each_hundredth_cell),
        cmocka_unit_test(empty_pool_starves),
        cmocka_unit_test(pads_with_what_cannot_be_foretold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
