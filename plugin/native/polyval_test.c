/* Known answers of RFC 8452, and that both ways of multiplying give the same. */
#include "native/polyval.h"

#include "support/test.h"

static const bool ways[] = {false, true};

static bool is_there(bool is_fast) {
    return !is_fast || polyval_can_be_fast();
}

/* RFC 8452, appendix A. */
static void test_the_example_of_the_rfc(void **state) {
    (void)state;
    uint8_t h[16], blocks[32], expected[16];
    test_hex("25629347589242761d31f826ba4b757b", h, sizeof(h));
    test_hex("4f4f95668c83dfb6401762bb2d01a262d1a24ddd2721d006bbe45f20d3c9f362", blocks, sizeof(blocks));
    test_hex("f7a3b47b846119fae5b7866cf5e5b77e", expected, sizeof(expected));
    for (unsigned i = 0; i < COUNT(ways); i++) {
        struct polyval_key key;
        uint8_t out[16];
        if (!is_there(ways[i]))
            continue;
        polyval_key_init(&key, h, ways[i]);
        polyval(&key, blocks, 2, out);
        assert_memory_equal(out, expected, sizeof(out));
    }
}

/* RFC 8452, appendix C.1: what is hashed for one and for two blocks of plaintext, with its authentication key. */
static void test_hashes_of_aes_gcm_siv(void **state) {
    (void)state;
    static const struct {
        const char *h, *blocks, *hash;
    } rows[] = {
        {"d9b360279694941ac5dbc6987ada7377",
         "01000000000000000000000000000000"
         "00000000000000004000000000000000",
         "eb93b7740962c5e49d2a90a7dc5cec74"},
        {"d9b360279694941ac5dbc6987ada7377",
         "01000000000000000000000000000000"
         "02000000000000000000000000000000"
         "00000000000000000001000000000000",
         "ce6edc9a50b36d9a98986bbf6a261c3b"},
    };
    for (unsigned r = 0; r < COUNT(rows); r++) {
        uint8_t h[16], blocks[64], expected[16];
        test_hex(rows[r].h, h, sizeof(h));
        size_t n = test_hex(rows[r].blocks, blocks, sizeof(blocks)) / POLYVAL_LEN;
        test_hex(rows[r].hash, expected, sizeof(expected));
        for (unsigned i = 0; i < COUNT(ways); i++) {
            struct polyval_key key;
            uint8_t out[16];
            if (!is_there(ways[i]))
                continue;
            polyval_key_init(&key, h, ways[i]);
            polyval(&key, blocks, n, out);
            assert_memory_equal(out, expected, sizeof(out));
        }
    }
}

/* The next of a row of bytes that look random. */
static uint8_t noise(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return (uint8_t)(*seed >> 24);
}

static void test_both_ways_agree(void **state) {
    (void)state;
    uint32_t seed = 1;
    if (!polyval_can_be_fast())
        return;
    for (unsigned round = 0; round < 200; round++) {
        uint8_t h[16], blocks[40 * POLYVAL_LEN], one[2][16], all[2][16];
        for (unsigned i = 0; i < sizeof(h); i++)
            h[i] = round == 0 ? 0xff : round == 1 ? 0 : noise(&seed);
        for (unsigned i = 0; i < sizeof(blocks); i++)
            blocks[i] = round < 4 ? (uint8_t)(round % 2 ? 0xff : 0x80) : noise(&seed);
        size_t n = 1 + round % 40;
        for (unsigned way = 0; way < 2; way++) {
            struct polyval_key key;
            polyval_key_init(&key, h, ways[way]);
            polyval(&key, blocks, n, all[way]);
            polyval_block(h, ways[way], blocks, one[way]);
        }
        assert_memory_equal(all[0], all[1], 16);
        assert_memory_equal(one[0], one[1], 16);
    }
}

static void test_one_block_is_a_hash_of_one(void **state) {
    (void)state;
    for (unsigned i = 0; i < COUNT(ways); i++) {
        struct polyval_key key;
        uint8_t h[16] = {1, 2, 3}, block[16] = {9, 8, 7}, one[16], all[16];
        if (!is_there(ways[i]))
            continue;
        polyval_key_init(&key, h, ways[i]);
        polyval(&key, block, 1, all);
        polyval_block(h, ways[i], block, one);
        assert_memory_equal(one, all, 16);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_rfc),
        cmocka_unit_test(test_hashes_of_aes_gcm_siv),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_one_block_is_a_hash_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
