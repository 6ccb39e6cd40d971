/* Known answers of FIPS 197 and NIST SP 800-38A, over both ways. */
#include "native/aes128.h"

#include "support/test.h"

static const bool ways[] = {false, true};

static int set_up(void **state) {
    (void)state;
    aes128_setup();
    return 0;
}

static bool is_there(bool is_fast) {
    return !is_fast || aes128_can_be_fast();
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
        if (!is_there(ways[i]))
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
        if (!is_there(ways[way]))
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_counter),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
