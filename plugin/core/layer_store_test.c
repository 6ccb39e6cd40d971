#include "core/layer_store.h"

#include <string.h>

#include "crypt/ntor.h"
#include "crypt/symbolic.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRCUITS_MAX 40u

struct fixture {
    struct test_memory memory;
    struct symbolic symbolic;
    struct layer_store store;
    struct circuit_keys keys;
};

static void set_up(struct fixture *f, enum layer_kind kind) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    layer_store_init(&f->store, &f->memory.memory, symbolic_provider(&f->symbolic, 1), CIRCUITS_MAX);
    f->keys.forward.kind = f->keys.backward.kind = kind;
    memset(f->keys.forward.cipher, 1, sizeof f->keys.forward.cipher);
    memset(f->keys.backward.cipher, 2, sizeof f->keys.backward.cipher);
    memset(f->keys.kh, 3, sizeof f->keys.kh);
}

static void tear_down(struct fixture *f) {
    layer_store_fini(&f->store);
    test_memory_fini(&f->memory);
}

static void both_directions_and_kh_are_apart(void **state) {
    struct fixture f;
    struct work work = {0};
    enum layer_kind kind = *(enum layer_kind *)*state;
    set_up(&f, kind);
    void *backward, *forward = layer_store_take(&f.store, &f.keys, &backward);
    assert_non_null(forward);
    uint8_t there[CELL_BODY_LEN] = {0}, back[CELL_BODY_LEN] = {0};
    struct crypt_cell one = {.from = there, .to = there}, other = {.from = back, .to = back};
    f.store.crypt->layer_crypt(forward, &one, 1, &work);
    f.store.crypt->layer_crypt(backward, &other, 1, &work);
    assert_memory_not_equal(there, back, sizeof there);
    assert_memory_equal(layer_store_kh(f.store.crypt, kind, forward), f.keys.kh, NTOR_KH_LEN);
    layer_store_put(&f.store, kind, forward, backward);
    tear_down(&f);
}

static void there_are_as_many_as_circuits(UNUSED void **state) {
    struct fixture f;
    void *forward[CIRCUITS_MAX], *backward[CIRCUITS_MAX], *more;
    set_up(&f, LAYER_TOR1);
    for (unsigned i = 0; i < CIRCUITS_MAX; i++)
        assert_non_null(forward[i] = layer_store_take(&f.store, &f.keys, &backward[i]));
    assert_null(layer_store_take(&f.store, &f.keys, &more));
    for (unsigned i = 0; i < CIRCUITS_MAX; i++)
        layer_store_put(&f.store, LAYER_TOR1, forward[i], backward[i]);
    tear_down(&f);
}

static void without_memory_there_are_none(UNUSED void **state) {
    struct fixture f;
    void *backward;
    set_up(&f, LAYER_TOR1);
    test_memory_fail_after(&f.memory, 0);
    assert_null(layer_store_take(&f.store, &f.keys, &backward));
    tear_down(&f);
}

static enum layer_kind tor1 = LAYER_TOR1, cgo = LAYER_CGO;

int main(void) {
    const struct CMUnitTest tests[] = {
        {"both directions and kh are apart, tor1", both_directions_and_kh_are_apart, NULL, NULL, &tor1},
        {"both directions and kh are apart, CGO", both_directions_and_kh_are_apart, NULL, NULL, &cgo},
        cmocka_unit_test(there_are_as_many_as_circuits),
        cmocka_unit_test(without_memory_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
