/* What is particular to symbolic layers; what all layers have in common is in provider_test.c. */
#include "crypt/symbolic_layers.h"

#include "crypt/symbolic.h"
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_leave_data_open),
        cmocka_unit_test(test_cgo_layers_leave_data_open),
        cmocka_unit_test(test_cgo_values_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
