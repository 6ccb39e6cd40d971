/* What is particular to symbolic layers; what all layers have in common is in provider_test.c. */
#include "crypt/symbolic_layers.h"

#include "crypt/symbolic.h"
#include "crypt/symbolic_short.h"
#include "support/test.h"
#include "wire/relay_cell.h"

static void test_layers_leave_data_open(void **state) {
    (void)state;
    struct symbolic symbolic;
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    const struct layer_keys keys = {.kind = LAYER_TOR1, .cipher = {1}, .digest = {2}};
    uint8_t body[CELL_BODY_LEN], before[CELL_BODY_LEN];
    uint64_t layer[3];
    struct work work = {0};
    assert_int_equal(crypt->layer_size[LAYER_TOR1], sizeof(layer));
    memset(before, 0x55, sizeof(before));
    crypt->layer_init(layer, LAYER_RELAY_FORWARD, &keys);
    crypt->layer_crypt(layer, &(struct crypt_cell){.from = before, .to = body}, 1, &work);
    assert_memory_not_equal(body, before, SYMBOLIC_LAYER_SPAN);
    assert_memory_equal(body + SYMBOLIC_LAYER_SPAN, before + SYMBOLIC_LAYER_SPAN,
                        CELL_BODY_LEN - SYMBOLIC_LAYER_SPAN);
    crypt->layer_fini(layer);
}

static struct layer_keys cgo_keys(void) {
    struct layer_keys keys = {.kind = LAYER_CGO};
    for (unsigned i = 0; i < CGO_KEYS_LEN; i++)
        keys.cgo[i] = (uint8_t)i;
    return keys;
}

/* So that the engine may carry short bodies: what is behind the header is what it was. */
static void test_cgo_layers_leave_data_open(void **state) {
    (void)state;
    const struct layer_keys keys = cgo_keys();
    uint8_t body[CELL_BODY_LEN], before[CELL_BODY_LEN];
    uint64_t layer[SYMBOLIC_CGO_SIZE / 8];
    struct work work = {0};
    memset(before, 0x55, sizeof(before));
    symbolic_layer_init(layer, LAYER_RELAY_BACKWARD, &keys);
    symbolic_layer_crypt(layer, &(struct crypt_cell){.from = before, .to = body, .command = CELL_RELAY}, 1,
                         &work);
    assert_memory_not_equal(body, before, 8);
    assert_memory_not_equal(body + RELAY_V1_TAG_LEN, before + RELAY_V1_TAG_LEN, 5);
    assert_memory_equal(body + RELAY_V1_HEADER_LEN, before + RELAY_V1_HEADER_LEN,
                        CELL_BODY_LEN - RELAY_V1_HEADER_LEN);
    symbolic_layer_fini(layer);
}

/* Traces are compared between machines and versions: these values may only change together with them. */
static void test_cgo_values_stay(void **state) {
    (void)state;
    const struct layer_keys keys = cgo_keys();
    uint8_t body[CELL_BODY_LEN] = {0}, tag[TAG_LEN_MAX];
    uint64_t layer[SYMBOLIC_CGO_SIZE / 8];
    struct work work = {0};
    symbolic_layer_init(layer, LAYER_RELAY_BACKWARD, &keys);
    for (unsigned i = 0; i < 3; i++)
        symbolic_layer_originate(layer, &(struct crypt_cell){.from = body, .to = body, .command = CELL_RELAY},
                                 &work);
    symbolic_layer_tag(layer, tag);
    assert_int_equal(load_u32(tag), 0x3af0b2e1);
    symbolic_layer_fini(layer);
}

/* What a relay recognizes is whole, but for DATA, whose first bytes are there and counted; short bodies that go on stay so. */
static void test_only_data_stays_short(void **state) {
    (void)state;
    static const struct {
        uint8_t command;
        uint16_t length;
        bool stays_short;
        size_t there;
    } cases[] = {{RELAY_DATA, 498, true, 13},
                 {RELAY_DATA, 5, true, 5},
                 {RELAY_END, 1, false, 1},
                 {RELAY_BEGIN, 20, false, 20}};
    const struct layer_keys keys = {.kind = LAYER_TOR1, .cipher = {1}, .digest = {2}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t origin[3], relay[3];
        uint8_t body[CELL_BODY_LEN] = {cases[i].command}, came[CELL_BODY_LEN], out[CELL_BODY_LEN],
                zeros[CELL_BODY_LEN] = {0};
        struct work work = {0};
        store_u16(body + RELAY_HEADER_LEN - 2, cases[i].length);
        memset(came, 0xee, sizeof came);
        memset(out, 0xee, sizeof out);
        symbolic_layer_init(origin, LAYER_ORIGIN_FORWARD, &keys);
        symbolic_layer_init(relay, LAYER_RELAY_FORWARD, &keys);
        symbolic_layer_originate(origin, &(struct crypt_cell){.from = body, .to = body}, &work);
        memcpy(came, body, SYMBOLIC_SHORT_LEN);
        symbolic_shorten(came);
        struct crypt_cell cell = {.from = came, .to = out};
        symbolic_layer_crypt(relay, &cell, 1, &work);
        assert_true(cell.is_ours);
        assert_true(symbolic_layer_recognize(relay, &cell, &work));
        assert_int_equal(symbolic_is_short(out), cases[i].stays_short);
        assert_int_equal(symbolic_short_data(out + RELAY_HEADER_LEN, cases[i].length), cases[i].there);
        if (!cases[i].stays_short)
            assert_memory_equal(out + RELAY_HEADER_LEN, zeros, CELL_BODY_LEN - RELAY_HEADER_LEN);
        symbolic_layer_crypt(relay, &cell, 1, &work); /* the next one is for somebody else */
        assert_false(cell.is_ours);
        assert_true(symbolic_is_short(out));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_leave_data_open),
        cmocka_unit_test(test_cgo_layers_leave_data_open),
        cmocka_unit_test(test_cgo_values_stay),
        cmocka_unit_test(test_only_data_stays_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
