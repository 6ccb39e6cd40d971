/* Known answers of FIPS 197, and what OpenSSL says, over all ways. */
#include "native/aes128.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "base/rng.h"
#include "support/test.h"

static const enum aes128_way ways[AES128_WAYS] = {AES128_OPENSSL, AES128_X86, AES128_VAES};

static int set_up(void **state) {
    (void)state;
    aes128_setup();
    return 0;
}

static void test_blocks(void **state) {
    (void)state;
    static const struct {
        const char *key, *plain, *cipher;
    } rows[] = {
        /* FIPS 197, appendices B and C.1 */
        {"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
         "3925841d02dc09fbdc118597196a0b32"},
        {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
         "69c4e0d86a7b0430d8cdb78070b4c55a"},
    };
    for (unsigned i = 0; i < COUNT(ways); i++) {
        struct aes128 there, back;
        if (!aes128_has(ways[i]))
            continue;
        aes128_init(&there, AES128_ENCRYPTS, ways[i]);
        aes128_init(&back, AES128_DECRYPTS, ways[i]);
        for (unsigned r = 0; r < COUNT(rows); r++) { /* and keys may change */
            uint8_t key[16], plain[16], cipher[16], out[16];
            test_hex(rows[r].key, key, sizeof(key));
            test_hex(rows[r].plain, plain, sizeof(plain));
            test_hex(rows[r].cipher, cipher, sizeof(cipher));
            aes128_set_key(&there, key);
            aes128_set_key(&back, key);
            aes128_block(&there, plain, out);
            assert_memory_equal(out, cipher, sizeof(out));
            aes128_block(&back, out, out);
            assert_memory_equal(out, plain, sizeof(out));
        }
        aes128_fini(&there);
        aes128_fini(&back);
    }
}

/* The keystream is what the blocks of the counter encrypt to, for each length and in place too. */
static void test_counter(void **state) {
    (void)state;
    uint8_t key[16] = {7}, iv[16] = {1, 2, 3}, in[600], expected[600];
    iv[15] = 0xc0 + 24;
    for (unsigned i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 31);
    for (unsigned way = 0; way < COUNT(ways); way++) {
        struct aes128 aes;
        if (!aes128_has(ways[way]))
            continue;
        aes128_init(&aes, AES128_ENCRYPTS, ways[way]);
        aes128_set_key(&aes, key);
        for (unsigned i = 0; i < sizeof(in); i += 16) {
            uint8_t block[16];
            memcpy(block, iv, sizeof(block));
            block[15] = (uint8_t)(block[15] + i / 16);
            aes128_block(&aes, block, block);
            for (unsigned k = i; k < i + 16 && k < sizeof(in); k++)
                expected[k] = in[k] ^ block[k - i];
        }
        for (size_t length = 0; length <= 40 * 16; length = length < 40 ? length + 1 : length + 71) {
            uint8_t out[601];
            if (length > sizeof(in))
                break;
            memset(out, 0xee, sizeof(out));
            aes128_counter(&aes, iv, in, out, length);
            assert_memory_equal(out, expected, length);
            assert_int_equal(out[length], 0xee);
            memcpy(out, in, length);
            aes128_counter(&aes, iv, out, out, length);
            assert_memory_equal(out, expected, length);
        }
        aes128_fini(&aes);
    }
}

/* --- cells ---------------------------------------------------------------------------------------------------------- */

#define CELLS_MAX 12u

/* length bytes of OpenSSL's keystream from position on, whose counter is of 128 bits. */
static void openssl_stream(const uint8_t *key, uint64_t position, uint8_t *out, size_t length) {
    uint8_t iv[16] = {0}, zeros[16] = {0}, skipped[16];
    int written;
    for (unsigned i = 0; i < 8; i++)
        iv[15 - i] = (uint8_t)(position / 16 >> 8 * i);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, key, iv), 1);
    if (position % 16)
        assert_int_equal(EVP_EncryptUpdate(context, skipped, &written, zeros, (int)(position % 16)), 1);
    memset(out, 0, length);
    assert_int_equal(EVP_EncryptUpdate(context, out, &written, out, (int)length), 1);
    EVP_CIPHER_CTX_free(context);
}

/* n cells from position on, out of place or in place, with bytes around them that must stay. */
static void check_cells(enum aes128_way way, struct rng *rng, uint64_t position, size_t n, bool in_place) {
    static uint8_t in[CELLS_MAX][CELL_BODY_LEN + 2], out[CELLS_MAX][CELL_BODY_LEN + 2];
    static uint8_t stream[CELLS_MAX * CELL_BODY_LEN];
    uint8_t key[AES128_KEY_LEN];
    struct crypt_cell cells[CELLS_MAX];
    union aes128_keys keys;
    rng_fill(rng, key, sizeof key);
    rng_fill(rng, in, sizeof in);
    memset(out, 0xee, sizeof out);
    openssl_stream(key, position, stream, n * CELL_BODY_LEN);
    for (size_t i = 0; i < n; i++) {
        if (in_place)
            memcpy(out[i] + 1, in[i] + 1, CELL_BODY_LEN);
        cells[i] = (struct crypt_cell){.from = in_place ? out[i] + 1 : in[i] + 1, .to = out[i] + 1};
    }
    aes128_cells_init(&keys, way, key);
    aes128_cells(&keys, way, position, cells, n);
    aes128_cells_fini(&keys, way);
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < CELL_BODY_LEN; k++)
            assert_int_equal(out[i][k + 1], in[i][k + 1] ^ stream[i * CELL_BODY_LEN + k]);
        assert_int_equal(out[i][0], 0xee);
        assert_int_equal(out[i][CELL_BODY_LEN + 1], 0xee);
    }
}

/* A circuit's cells from the first on, in runs of any length: each place in a block is where cells begin. */
static void test_circuit(void **state) {
    (void)state;
    for (unsigned way = 0; way < COUNT(ways); way++) {
        uint8_t key[AES128_KEY_LEN] = {9}, bodies[CELLS_MAX][CELL_BODY_LEN];
        static uint8_t stream[200 * CELL_BODY_LEN];
        union aes128_keys keys;
        struct rng rng;
        size_t n;
        if (!aes128_has(ways[way]))
            continue;
        rng_seed(&rng, 1);
        openssl_stream(key, 0, stream, sizeof stream);
        aes128_cells_init(&keys, ways[way], key);
        for (size_t at = 0; at + CELLS_MAX <= 200; at += n) {
            struct crypt_cell cells[CELLS_MAX];
            n = rng_below(&rng, CELLS_MAX + 1);
            memset(bodies, 0, sizeof bodies);
            for (size_t i = 0; i < n; i++)
                cells[i] = (struct crypt_cell){.from = bodies[i], .to = bodies[i]};
            aes128_cells(&keys, ways[way], at * CELL_BODY_LEN, cells, n);
            assert_memory_equal(bodies, stream + at * CELL_BODY_LEN, n * CELL_BODY_LEN);
        }
        aes128_cells_fini(&keys, ways[way]);
    }
}

/* Anywhere in the keystream, also where bytes of the counter carry. OpenSSL's own way only begins at its beginning. */
static void test_positions(void **state) {
    (void)state;
    static const uint64_t blocks[] = {0, 1 << 8, 1 << 16, UINT64_C(1) << 32, UINT64_C(1) << 48};
    for (unsigned way = 1; way < COUNT(ways); way++) {
        struct rng rng;
        if (!aes128_has(ways[way]))
            continue;
        rng_seed(&rng, 2);
        for (unsigned i = 0; i < COUNT(blocks); i++)
            for (unsigned offset = 0; offset < 3 * CELL_BODY_LEN;
                 offset += 1 + (unsigned)rng_below(&rng, 9)) {
                uint64_t position =
                    16 * blocks[i] + (i ? 0 : 2 * CELL_BODY_LEN) - offset % (2 * CELL_BODY_LEN);
                check_cells(ways[way], &rng, position, 1 + rng_below(&rng, CELLS_MAX), offset % 2);
            }
        for (unsigned i = 0; i < 1000; i++)
            check_cells(ways[way], &rng, rng_u64(&rng) >> rng_below(&rng, 64) >> 1,
                        rng_below(&rng, CELLS_MAX + 1), i % 2);
    }
}

static void test_keys_are_wiped(void **state) {
    (void)state;
    static const uint8_t zeros[sizeof(struct aes128)];
    const uint8_t key[AES128_KEY_LEN] = {3};
    for (unsigned way = 0; way < COUNT(ways); way++) {
        union aes128_keys keys;
        struct aes128 aes;
        if (!aes128_has(ways[way]))
            continue;
        aes128_cells_init(&keys, ways[way], key);
        aes128_cells_fini(&keys, ways[way]);
        assert_memory_equal(&keys, zeros, sizeof keys);
        aes128_init(&aes, AES128_DECRYPTS, ways[way]);
        aes128_set_key(&aes, key);
        aes128_fini(&aes);
        assert_memory_equal(&aes, zeros, sizeof aes);
    }
}

static void test_best_is_there(void **state) {
    (void)state;
    assert_true(aes128_has(aes128_best()));
    for (unsigned way = (unsigned)aes128_best() + 1; way < AES128_WAYS; way++)
        assert_false(aes128_has((enum aes128_way)way));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),         cmocka_unit_test(test_counter),
        cmocka_unit_test(test_circuit),        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_keys_are_wiped), cmocka_unit_test(test_best_is_there),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
