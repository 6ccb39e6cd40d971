#include "core/circuit_half.h"

#include "core/layer_store.h"
#include "crypt/symbolic.h"
#include "support/test.h"
#include "support/test_memory.h"

struct fixture {
    struct test_memory memory;
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct cell_pool pool;
    struct layer_store store;
    struct circuit_keys keys;
    struct circuit_half half;
    struct work work;
    _Alignas(16) uint8_t far[2][256]; /* the origin's layers: forward, backward */
};

static void set_up_as(struct fixture *f, enum layer_kind kind, bool has_keys, uint32_t queue_max) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    f->crypt = symbolic_provider(&f->symbolic, 1);
    cell_pool_init(&f->pool, &f->memory.memory, 0, CELL_BODY_LEN, 1000);
    memset(f->keys.forward.cipher, 1, sizeof f->keys.forward.cipher);
    memset(f->keys.forward.digest, 1, sizeof f->keys.forward.digest);
    memset(f->keys.backward.cipher, 2, sizeof f->keys.backward.cipher);
    memset(f->keys.backward.digest, 2, sizeof f->keys.backward.digest);
    memset(f->keys.kh, 3, sizeof f->keys.kh);
    f->keys.forward.kind = f->keys.backward.kind = kind;
    assert_true(layer_size_max(f->crypt) <= sizeof f->far[0]);
    f->crypt->layer_init(f->far[0], LAYER_ORIGIN_FORWARD, &f->keys.forward);
    f->crypt->layer_init(f->far[1], LAYER_ORIGIN_BACKWARD, &f->keys.backward);
    layer_store_init(&f->store, &f->memory.memory, f->crypt, 10);
    circuit_half_init(&f->half, 77, queue_max);
    assert_false(circuit_half_has_keys(&f->half));
    if (has_keys) {
        assert_int_equal(circuit_half_set_keys(&f->half, &f->store, &f->keys), ERR_OK);
        assert_memory_equal(circuit_half_kh(&f->half, f->crypt), f->keys.kh, NTOR_KH_LEN);
    }
    assert_true(circuit_half_has_keys(&f->half) == has_keys);
}

static void set_up(struct fixture *f, bool has_keys, uint32_t queue_max) {
    set_up_as(f, LAYER_TOR1, has_keys, queue_max);
}

static enum layer_kind tor1 = LAYER_TOR1, cgo = LAYER_CGO;

static void tear_down(struct fixture *f) {
    struct cell *cell;
    while ((cell = cell_run_shift(&f->half.queue)) != NULL)
        cell_pool_put(&f->pool, cell);
    circuit_half_fini(&f->half, &f->store);
    layer_store_fini(&f->store);
    cell_pool_fini(&f->pool);
    test_memory_fini(&f->memory);
}

static struct cell *new_cell(struct fixture *f, uint8_t fill) {
    struct cell *cell = cell_pool_take(&f->pool, CELL_MUST);
    assert_non_null(cell);
    memset(cell->body, fill, CELL_BODY_LEN);
    cell->circ_id = 1;
    return cell;
}

static struct cell_run run_of(struct fixture *f, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++)
        cell_run_append(&run, new_cell(f, (uint8_t)i));
    return run;
}

/* What the origin sends: sealed for us, or for somebody behind us. */
static void origin_sends(struct fixture *f, bool for_us, uint8_t command,
                         uint8_t body[static CELL_BODY_LEN]) {
    struct relay_message message = {.command = RELAY_DATA, .stream = 3};
    struct crypt_cell cell = {.from = body, .to = body, .command = command};
    if (for_us) {
        relay_message_encode(circuit_half_format(&f->half), body, &message, NULL);
        f->crypt->layer_originate(f->far[0], &cell, &f->work);
    } else {
        memset(body, 0xee, CELL_BODY_LEN);
        f->crypt->layer_crypt(f->far[0], &cell, 1, &f->work);
    }
}

static void a_half_with_keys_peels_and_recognizes(void **state) {
    static const bool for_us[] = {false, true, true, false, false, true};
    struct fixture f;
    uint8_t bodies[COUNT(for_us)][CELL_BODY_LEN], tag[20], expected[20];
    struct cell_view views[COUNT(for_us)];
    struct cell *cells[COUNT(for_us)];
    set_up_as(&f, *(const enum layer_kind *)*state, true, 10);
    for (size_t i = 0; i < COUNT(for_us); i++) {
        uint8_t command = i < 2 ? CELL_RELAY_EARLY : CELL_RELAY;
        origin_sends(&f, for_us[i], command, bodies[i]);
        views[i] =
            (struct cell_view){.circ_id = 77, .command = command, .length = CELL_BODY_LEN, .body = bodies[i]};
        cells[i] = new_cell(&f, 0);
        cells[i]->kind = CELL_KIND_CHUNK;
    }
    f.work.crypt_runs = 0;
    circuit_half_receive(&f.half, f.crypt, views, cells, COUNT(for_us), &f.work);
    assert_int_equal(f.work.crypt_runs, 1); /* one call for the burst */
    for (size_t i = 0; i < COUNT(for_us); i++) {
        assert_true(circuit_half_recognizes(&f.half, f.crypt, cells[i], &f.work) == for_us[i]);
        assert_int_equal(cells[i]->kind, CELL_KIND_CELL);
        assert_int_equal(cells[i]->command, views[i].command);
        assert_int_equal(cells[i]->length, CELL_BODY_LEN);
        struct relay_message message;
        if (!for_us[i]) {
            assert_int_equal(cells[i]->body[0], 0xee);
        } else {
            assert_int_equal(relay_message_decode(circuit_half_format(&f.half), cells[i]->body, &message),
                             ERR_OK);
            assert_int_equal(message.command, RELAY_DATA);
            assert_int_equal(message.stream, 3);
        }
        cell_pool_put(&f.pool, cells[i]);
    }
    circuit_half_received_tag(&f.half, f.crypt, tag);
    f.crypt->layer_tag(f.far[0], expected);
    assert_memory_equal(tag, expected, sizeof tag);
    tear_down(&f);
}

static void a_half_without_keys_only_moves_cells(UNUSED void **state) {
    struct fixture f;
    uint8_t body[CELL_BODY_LEN];
    set_up(&f, false, 10);
    memset(body, 0xab, sizeof body);
    struct cell_view view = {.command = CELL_RELAY, .length = CELL_BODY_LEN, .body = body};
    struct cell *cell = new_cell(&f, 0);
    circuit_half_receive(&f.half, f.crypt, &view, &cell, 1, &f.work);
    assert_memory_equal(cell->body, body, sizeof body);
    assert_int_equal(f.work.copy_bytes, CELL_BODY_LEN);
    struct cell_run run = {0};
    cell_run_append(&run, cell);
    assert_int_equal(circuit_half_deliver(&f.half, f.crypt, &run, &f.work), ERR_OK);
    assert_memory_equal(f.half.queue.first->body, body, sizeof body);
    assert_int_equal(f.work.crypt_runs, 0);
    tear_down(&f);
}

/* Runs longer than one call of the cipher come out as the origin peels them, one by one. */
static void runs_are_wrapped_in_order(void **state) {
    static const uint32_t counts[] = {1, 63, 64, 65, 200};
    for (size_t c = 0; c < COUNT(counts); c++) {
        struct fixture f;
        set_up_as(&f, *(const enum layer_kind *)*state, true, 1000);
        struct cell_run run = run_of(&f, counts[c]);
        assert_int_equal(circuit_half_deliver(&f.half, f.crypt, &run, &f.work), ERR_OK);
        assert_true(cell_run_is_empty(&run));
        assert_int_equal(f.half.queue.count, counts[c]);
        assert_int_equal(f.work.crypt_runs, (counts[c] + HALF_RUN_MAX - 1) / HALF_RUN_MAX);
        uint8_t i = 0;
        for (struct cell *cell = f.half.queue.first; cell; cell = cell->next, i++) {
            struct crypt_cell peeled = {.from = cell->body, .to = cell->body, .command = CELL_RELAY};
            assert_int_equal(cell->circ_id, 77);
            f.crypt->layer_crypt(f.far[1], &peeled, 1, &f.work);
            assert_int_equal(cell->body[0], i);
            assert_int_equal(cell->body[CELL_BODY_LEN - 1], i);
        }
        tear_down(&f);
    }
}

static void a_message_of_our_own_is_recognized_by_the_origin(void **state) {
    struct fixture f;
    uint8_t tag[20], expected[20];
    set_up_as(&f, *(const enum layer_kind *)*state, true, 10);
    enum relay_format format = circuit_half_format(&f.half);
    for (unsigned i = 0; i < 3; i++) {
        struct cell *cell = new_cell(&f, 0);
        struct relay_message message = {.command = RELAY_DATA, .stream = 9};
        relay_message_encode(format, cell->body, &message, NULL);
        assert_int_equal(circuit_half_originate(&f.half, f.crypt, cell, i == 1 ? NULL : tag, &f.work),
                         ERR_OK);
        cell = f.half.queue.last;
        assert_int_equal(cell->command, CELL_RELAY);
        assert_int_equal(cell->circ_id, 77);
        struct crypt_cell peeled = {.from = cell->body, .to = cell->body, .command = CELL_RELAY};
        f.crypt->layer_crypt(f.far[1], &peeled, 1, &f.work);
        assert_true(f.crypt->layer_recognize(f.far[1], &peeled, &f.work));
        assert_int_equal(relay_message_decode(format, cell->body, &message), ERR_OK);
        assert_int_equal(message.stream, 9);
        f.crypt->layer_tag(f.far[1], expected);
        if (i != 1)
            assert_memory_equal(tag, expected, sizeof tag);
    }
    tear_down(&f);
}

static void a_full_queue_says_so_and_keeps_the_run(UNUSED void **state) {
    struct fixture f;
    set_up(&f, true, 5);
    struct cell_run run = run_of(&f, 3);
    assert_int_equal(circuit_half_deliver(&f.half, f.crypt, &run, &f.work), ERR_OK);
    run = run_of(&f, 2);
    assert_int_equal(circuit_half_deliver(&f.half, f.crypt, &run, &f.work), ERR_OK);
    assert_int_equal(circuit_half_originate(&f.half, f.crypt, new_cell(&f, 0), NULL, &f.work), ERR_LIMIT);
    assert_int_equal(f.half.queue.count, 6);
    run = run_of(&f, 1);
    assert_int_equal(circuit_half_deliver(&f.half, f.crypt, &run, &f.work), ERR_LIMIT);
    assert_int_equal(f.half.queue.count, 7);
    tear_down(&f);
}

static void plain_cells_go_as_they_are(UNUSED void **state) {
    struct fixture f;
    set_up(&f, true, 5);
    circuit_half_queue_plain(&f.half, new_cell(&f, 0x31));
    assert_int_equal(f.half.queue.first->circ_id, 77);
    assert_int_equal(f.half.queue.first->body[0], 0x31);
    assert_int_equal(f.work.crypt_runs, 0);
    tear_down(&f);
}

static void without_memory_there_are_no_keys(UNUSED void **state) {
    struct fixture f;
    set_up(&f, false, 5);
    test_memory_fail_after(&f.memory, 0);
    assert_int_equal(circuit_half_set_keys(&f.half, &f.store, &f.keys), ERR_LIMIT);
    assert_false(circuit_half_has_keys(&f.half));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        {"peels and recognizes, tor1", a_half_with_keys_peels_and_recognizes, NULL, NULL, &tor1},
        {"peels and recognizes, CGO", a_half_with_keys_peels_and_recognizes, NULL, NULL, &cgo},
        cmocka_unit_test(a_half_without_keys_only_moves_cells),
        {"runs are wrapped in order, tor1", runs_are_wrapped_in_order, NULL, NULL, &tor1},
        {"runs are wrapped in order, CGO", runs_are_wrapped_in_order, NULL, NULL, &cgo},
        {"our own is recognized, tor1", a_message_of_our_own_is_recognized_by_the_origin, NULL, NULL, &tor1},
        {"our own is recognized, CGO", a_message_of_our_own_is_recognized_by_the_origin, NULL, NULL, &cgo},
        cmocka_unit_test(a_full_queue_says_so_and_keeps_the_run),
        cmocka_unit_test(plain_cells_go_as_they_are),
        cmocka_unit_test(without_memory_there_are_no_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
