#include "core/circuit_edge.h"

#include "support/test.h"
#include "support/test_memory.h"

#define HALF     object_id_make(1, OBJECT_HALF, 2, 3)
#define ROOM_MAX ((EDGE_CREDIT - 1) * RELAY_DATA_MAX + PADDED_MAX)
/* V0; V1 has ten bytes less */
#define PADDED_MAX (RELAY_DATA_MAX - 4u - CHUNK_PADDING)
#define V1_LESS    10u

struct fixture {
    struct test_memory memory;
    struct cell_pool pool;
    struct circuit_edge edge;
};

static void set_up(struct fixture *f, uint32_t cells_max) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    cell_pool_init(&f->pool, &f->memory.memory, 0, CELL_BODY_LEN, cells_max);
    circuit_edge_init(&f->edge, HALF, 9, 1234, EDGE_CREDIT, RELAY_V0);
}

static void put_back(struct fixture *f, struct cell_run *run) {
    struct cell *cell;
    while ((cell = cell_run_shift(run)) != NULL)
        cell_pool_put(&f->pool, cell);
}

static void tear_down(struct fixture *f) {
    put_back(f, &f->edge.out);
    cell_pool_fini(&f->pool);
    test_memory_fini(&f->memory);
}

static void bytes_are_cut_into_chunks(UNUSED void **state) {
    static const struct {
        size_t length;
        uint32_t chunks;
        uint16_t last;
    } cases[] = {{0, 0, 0},
                 {1, 1, 1},
                 {RELAY_DATA_MAX - 1, 1, RELAY_DATA_MAX - 1},
                 {RELAY_DATA_MAX, 1, RELAY_DATA_MAX},
                 {RELAY_DATA_MAX + 1, 2, 1},
                 {ROOM_MAX, EDGE_CREDIT, PADDED_MAX}};
    static uint8_t bytes[ROOM_MAX];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct cell_run run = {0};
        set_up(&f, 1000);
        assert_int_equal(circuit_edge_room(&f.edge), sizeof bytes);
        for (size_t at = 0; at < cases[i].length;) {
            struct cell *chunk = cell_pool_take(&f.pool, CELL_MAY_FAIL);
            assert_non_null(chunk);
            at += circuit_edge_cut(&f.edge, bytes + at, cases[i].length - at, chunk);
            cell_run_append(&run, chunk);
        }
        assert_int_equal(run.count, cases[i].chunks);
        assert_int_equal(f.edge.credit, EDGE_CREDIT - cases[i].chunks);
        size_t spent = cases[i].chunks * RELAY_DATA_MAX;
        assert_int_equal(circuit_edge_room(&f.edge), f.edge.credit ? sizeof bytes - spent : 0);
        size_t at = 0;
        for (const struct cell *chunk = run.first; chunk; chunk = chunk->next) {
            assert_int_equal(chunk->kind, CELL_KIND_CHUNK);
            assert_int_equal(chunk->circ_id, 9);
            assert_int_equal(chunk->serial, 1234);
            assert_true(chunk->to == HALF);
            assert_memory_equal(chunk->body + RELAY_HEADER_LEN, bytes + at, chunk->length);
            at += chunk->length;
            assert_int_equal(chunk->length, chunk->next ? RELAY_DATA_MAX : cases[i].last);
        }
        assert_int_equal(at, cases[i].length);
        put_back(&f, &run);
        tear_down(&f);
    }
}

static void chunks_of_v1_leave_room_for_its_header(UNUSED void **state) {
    static uint8_t bytes[RELAY_DATA_MAX];
    struct fixture f;
    set_up(&f, 100);
    circuit_edge_init(&f.edge, HALF, 9, 1234, EDGE_CREDIT, RELAY_V1);
    assert_int_equal(circuit_edge_room(&f.edge), ROOM_MAX - EDGE_CREDIT * V1_LESS);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    struct cell *chunk = cell_pool_take(&f.pool, CELL_MUST);
    assert_int_equal(circuit_edge_cut(&f.edge, bytes, sizeof bytes, chunk), RELAY_V1_STREAM_DATA_MAX);
    assert_int_equal(chunk->length, RELAY_V1_STREAM_DATA_MAX);
    assert_int_equal(chunk->data_at, RELAY_V1_HEADER_LEN);
    assert_memory_equal(chunk->body + RELAY_V1_HEADER_LEN, bytes, chunk->length);
    cell_pool_put(&f.pool, chunk);
    tear_down(&f);
}

static void check_split(enum relay_format format, uint16_t length) {
    struct fixture f;
    uint8_t bytes[RELAY_DATA_MAX];
    const size_t padded_max = format == RELAY_V1 ? PADDED_MAX - V1_LESS : PADDED_MAX;
    set_up(&f, 100);
    circuit_edge_init(&f.edge, HALF, 9, 1234, EDGE_CREDIT, format);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 251);
    struct cell *chunk = cell_pool_take(&f.pool, CELL_MUST), *front = cell_pool_take(&f.pool, CELL_MUST);
    assert_int_equal(circuit_edge_cut(&f.edge, bytes, length, chunk), length);
    assert_true(chunk_has_room(chunk) == (length <= padded_max));
    if (!chunk_has_room(chunk)) {
        circuit_edge_split(chunk, front);
        assert_int_equal(front->length, padded_max);
        assert_int_equal(front->circ_id, chunk->circ_id);
        assert_int_equal(front->serial, chunk->serial);
        assert_int_equal(front->kind, CELL_KIND_CHUNK);
        assert_int_equal(front->data_at, chunk->data_at);
        assert_true(front->to == chunk->to);
        assert_memory_equal(chunk_bytes(front), bytes, padded_max);
        assert_int_equal(chunk->length, length - padded_max);
        assert_memory_equal(chunk_bytes(chunk), bytes + padded_max, chunk->length);
    }
    cell_pool_put(&f.pool, chunk);
    cell_pool_put(&f.pool, front);
    tear_down(&f);
}

static void a_chunk_without_room_for_padding_is_split(UNUSED void **state) {
    for (uint16_t length = PADDED_MAX - V1_LESS; length <= RELAY_DATA_MAX; length++) {
        check_split(RELAY_V0, length);
        if (length <= RELAY_V1_STREAM_DATA_MAX)
            check_split(RELAY_V1, length);
    }
}

static void queue(struct fixture *f, uint8_t fill, uint16_t length) {
    struct cell *chunk = cell_pool_take(&f->pool, CELL_MUST);
    assert_non_null(chunk);
    chunk->kind = CELL_KIND_CHUNK;
    chunk->length = length;
    memset(chunk->body, 0, CELL_BODY_LEN);
    chunk->data_at = chunk_offset(RELAY_V0);
    memset(chunk_bytes(chunk), fill, length);
    cell_run_append(&f->edge.out, chunk);
}

/* However the destination takes it, the next span begins where the last write ended. */
static void writes_may_end_anywhere(UNUSED void **state) {
    static const uint16_t lengths[] = {3, 1, 5, 2};
    for (size_t step = 1; step <= 11; step++) {
        struct fixture f;
        struct cell_run done = {0};
        struct span spans[8];
        char got[12] = "";
        size_t at = 0;
        set_up(&f, 100);
        for (unsigned i = 0; i < COUNT(lengths); i++)
            queue(&f, (uint8_t)('a' + i), lengths[i]);
        assert_int_equal(circuit_edge_spans(&f.edge, spans, COUNT(spans)), COUNT(lengths));
        while (circuit_edge_spans(&f.edge, spans, COUNT(spans))) {
            size_t length = step < sizeof got - 1 - at ? step : sizeof got - 1 - at, taken = 0;
            for (unsigned i = 0; taken < length; i++) {
                size_t n = spans[i].length < length - taken ? spans[i].length : length - taken;
                memcpy(got + at + taken, spans[i].data, n);
                taken += n;
            }
            circuit_edge_written(&f.edge, length, &done);
            at += length;
        }
        assert_string_equal(got, "aaabcccccdd");
        assert_int_equal(done.count, COUNT(lengths));
        put_back(&f, &done);
        tear_down(&f);
    }
}

static void spans_and_writes_may_be_few(UNUSED void **state) {
    struct fixture f;
    struct cell_run done = {0};
    struct span spans[2];
    set_up(&f, 100);
    assert_int_equal(circuit_edge_spans(&f.edge, spans, 2), 0);
    circuit_edge_written(&f.edge, 0, &done);
    for (uint8_t i = 0; i < 3; i++)
        queue(&f, i, 4);
    assert_int_equal(circuit_edge_spans(&f.edge, spans, 2), 2);
    circuit_edge_written(&f.edge, 0, &done);
    assert_int_equal(done.count, 0);
    circuit_edge_written(&f.edge, 4, &done);
    assert_int_equal(done.count, 1); /* done with when its last byte is written */
    circuit_edge_written(&f.edge, 3, &done);
    assert_int_equal(done.count, 1);
    assert_int_equal(circuit_edge_spans(&f.edge, spans, 2), 2);
    assert_int_equal(spans[0].length, 1);
    assert_int_equal(spans[1].length, 4);
    put_back(&f, &done);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_cut_into_chunks),
        cmocka_unit_test(chunks_of_v1_leave_room_for_its_header),
        cmocka_unit_test(a_chunk_without_room_for_padding_is_split),
        cmocka_unit_test(writes_may_end_anywhere),
        cmocka_unit_test(spans_and_writes_may_be_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
