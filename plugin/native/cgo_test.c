/* Known answers of proposal 359 (cgo.vectors says whose), over both ways of calculating. That layers do what provider.h says
 * is in crypt/provider_test.c. */
#include "native/cgo.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#define HEX_MAX (2 * CELL_BODY_LEN)

static const bool ways[] = {false, true};
static unsigned checked[2]; /* vectors, by way */

/* Words of the file, one after the other. */
static FILE *vectors;

static bool next_word(char *word) {
    while (fscanf(vectors, "%1018s", word) == 1) {
        if (word[0] != '#')
            return true;
        while (fgetc(vectors) != '\n')
            ;
    }
    return false;
}

static void take(uint8_t *out, size_t length) {
    char word[HEX_MAX + 1];
    assert_true(next_word(word));
    assert_int_equal(strlen(word), 2 * length);
    assert_int_equal(test_hex(word, out, length), length);
}

struct known_state {
    uint8_t keys[CGO_KEYS_LEN]; /* and nonce */
    uint8_t before[CGO_TAG_LEN];
};

static struct known_state take_state(void) {
    struct known_state s;
    take(s.keys, CGO_CIPHER_KEYS);
    take(s.keys + CGO_CIPHER_KEYS, CGO_TAG_LEN);
    take(s.before, sizeof(s.before));
    return s;
}

static void start(struct cgo *cgo, enum layer_role role, const struct known_state *s, bool is_fast) {
    cgo_init(cgo, role, s->keys, is_fast);
    memcpy(cgo->before, s->before, sizeof(s->before));
}

/* Keys are never seen: what they do to a cell has to be the same. */
static void assert_state(const struct cgo *cgo, const struct known_state *expected) {
    struct cgo other;
    uint8_t in[CELL_BODY_LEN], a[CELL_BODY_LEN], b[CELL_BODY_LEN];
    start(&other, (enum layer_role)cgo->role, expected, cgo->j_hash.is_fast);
    assert_memory_equal(cgo->nonce, other.nonce, CGO_TAG_LEN);
    assert_memory_equal(cgo->before, other.before, CGO_TAG_LEN);
    memset(in, 0x5c, sizeof(in));
    cgo_uiv(cgo, CELL_RELAY, in, a);
    cgo_uiv(&other, CELL_RELAY, in, b);
    assert_memory_equal(a, b, sizeof(a));
    cgo_fini(&other);
}

static void check_uiv(bool encrypts, bool is_fast) {
    struct known_state s = {.keys = {0}};
    struct cgo cgo;
    uint8_t command, in[CELL_BODY_LEN], out[CELL_BODY_LEN], expected[CELL_BODY_LEN];
    take(s.keys, CGO_CIPHER_KEYS);
    take(s.before, sizeof(s.before));
    take(&command, 1);
    take(in, sizeof(in));
    take(expected, sizeof(expected));
    start(&cgo, encrypts ? LAYER_RELAY_BACKWARD : LAYER_ORIGIN_FORWARD, &s, is_fast);
    cgo_uiv(&cgo, command, in, out);
    assert_memory_equal(out, expected, sizeof(out));
    cgo_uiv(&cgo, command, in, in);
    assert_memory_equal(in, expected, sizeof(out));
    cgo_fini(&cgo);
}

static void check_update(bool is_fast) {
    struct known_state s = {.keys = {0}}, expected = {.keys = {0}};
    struct cgo cgo;
    take(s.keys, CGO_CIPHER_KEYS);
    take(s.keys + CGO_CIPHER_KEYS, CGO_TAG_LEN);
    take(expected.keys, CGO_CIPHER_KEYS);
    take(expected.keys + CGO_CIPHER_KEYS, CGO_TAG_LEN);
    for (enum layer_role role = LAYER_RELAY_FORWARD; role <= LAYER_ORIGIN_BACKWARD; role++) {
        start(&cgo, role, &s, is_fast);
        cgo_update(&cgo);
        assert_state(&cgo, &expected);
        cgo_fini(&cgo);
    }
}

static void check_relay(enum layer_role role, bool originates, bool is_fast) {
    struct known_state s = take_state();
    struct cgo cgo;
    struct work work = {0};
    uint8_t command, in[CELL_BODY_LEN], out[CELL_BODY_LEN], expected[CELL_BODY_LEN];
    take(&command, 1);
    take(in, sizeof(in));
    const struct known_state after = take_state();
    take(expected, sizeof(expected));
    start(&cgo, role, &s, is_fast);
    struct crypt_cell cell = {.from = in, .to = out, .command = command};
    if (originates)
        cgo_originate(&cgo, &cell, &work);
    else
        cgo_crypt(&cgo, &cell, 1, &work);
    assert_false(cell.is_ours);
    assert_memory_equal(out, expected, sizeof(out));
    assert_state(&cgo, &after);
    if (originates)
        assert_memory_equal(cgo.tag, expected, CGO_TAG_LEN);
    cgo_fini(&cgo);
}

#define HOPS 3u

static void check_origin(bool is_fast) {
    struct cgo hops[HOPS];
    struct work work = {0};
    char word[HEX_MAX + 1];
    uint8_t command, body[CELL_BODY_LEN], expected[CELL_BODY_LEN];
    assert_true(next_word(word));
    unsigned to = (unsigned)strtoul(word, NULL, 10);
    assert_in_range(to, 1, HOPS);
    for (unsigned i = 0; i < HOPS; i++) {
        struct known_state s = take_state();
        start(&hops[i], LAYER_ORIGIN_FORWARD, &s, is_fast);
    }
    take(&command, 1);
    take(body, sizeof(body));
    struct crypt_cell cell = {.from = body, .to = body, .command = command};
    cgo_originate(&hops[to - 1], &cell, &work);
    for (unsigned i = to - 1; i-- > 0;)
        cgo_crypt(&hops[i], &cell, 1, &work);
    for (unsigned i = 0; i < HOPS; i++) {
        struct known_state s = take_state();
        assert_state(&hops[i], &s);
        cgo_fini(&hops[i]);
    }
    take(expected, sizeof(expected));
    assert_memory_equal(body, expected, sizeof(body));
}

static void check_vectors(bool is_fast) {
    char path[4096], kind[HEX_MAX + 1];
    snprintf(path, sizeof(path), "%s/tests/support/cgo.vectors", getenv("LOOM_SOURCE_DIR"));
    vectors = fopen(path, "r");
    assert_non_null(vectors);
    for (; next_word(kind); checked[is_fast]++) {
        if (strcmp(kind, "encrypt") == 0 || strcmp(kind, "decrypt") == 0)
            check_uiv(kind[0] == 'e', is_fast);
        else if (strcmp(kind, "update") == 0)
            check_update(is_fast);
        else if (strcmp(kind, "relay-forward") == 0)
            check_relay(LAYER_RELAY_FORWARD, false, is_fast);
        else if (strcmp(kind, "relay-backward") == 0)
            check_relay(LAYER_RELAY_BACKWARD, false, is_fast);
        else if (strcmp(kind, "relay-originate") == 0)
            check_relay(LAYER_RELAY_BACKWARD, true, is_fast);
        else if (strcmp(kind, "origin-originate") == 0)
            check_origin(is_fast);
        else
            fail_msg("cgo.vectors: %s", kind);
    }
    fclose(vectors);
}

static void test_known_answers(void **state) {
    (void)state;
    aes128_setup();
    for (unsigned i = 0; i < COUNT(ways); i++) {
        if (ways[i] && !cgo_can_be_fast())
            continue;
        check_vectors(ways[i]);
        assert_int_equal(checked[ways[i]], 23);
    }
}

/* Long talks of a relay that calculates in one way and an origin that does in the other. */
static void test_both_ways_agree(void **state) {
    (void)state;
    uint8_t keys[CGO_KEYS_LEN];
    if (!cgo_can_be_fast())
        return;
    aes128_setup();
    for (unsigned i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i * 5);
    for (unsigned way = 0; way < 2; way++) {
        struct cgo origin, relay;
        struct work work = {0};
        cgo_init(&origin, LAYER_ORIGIN_FORWARD, keys, ways[way]);
        cgo_init(&relay, LAYER_RELAY_FORWARD, keys, !ways[way]);
        for (unsigned i = 0; i < 100; i++) {
            uint8_t body[CELL_BODY_LEN], heard[CELL_BODY_LEN];
            bool ours = i % 3 != 0;
            memset(body, (int)i, sizeof(body));
            struct crypt_cell cell = {
                .from = body, .to = body, .command = i % 7 ? CELL_RELAY : CELL_RELAY_EARLY};
            if (ours)
                cgo_originate(&origin, &cell, &work);
            else
                cgo_crypt(&origin, &cell, 1, &work);
            cell.to = heard;
            cgo_crypt(&relay, &cell, 1, &work);
            assert_true(cgo_recognize(&relay, &cell) == ours);
            assert_int_equal(heard[CGO_TAG_LEN], i);
            assert_int_equal(heard[CELL_BODY_LEN - 1], i);
            if (ours)
                assert_memory_equal(relay.tag, origin.tag, CGO_TAG_LEN);
        }
        cgo_fini(&origin);
        cgo_fini(&relay);
    }
}

/* Whatever byte of a cell is changed, it is not recognized, and no byte that comes out is as it was meant but by chance. */
static void test_each_byte_counts(void **state) {
    (void)state;
    uint8_t keys[CGO_KEYS_LEN], sealed[CELL_BODY_LEN], heard[CELL_BODY_LEN];
    aes128_setup();
    for (unsigned i = 0; i < sizeof(keys); i++)
        keys[i] = (uint8_t)(i + 1);
    for (unsigned at = 0; at < CELL_BODY_LEN; at++) {
        struct cgo origin, relay;
        struct work work = {0};
        cgo_init(&origin, LAYER_ORIGIN_FORWARD, keys, cgo_can_be_fast());
        cgo_init(&relay, LAYER_RELAY_FORWARD, keys, cgo_can_be_fast());
        memset(sealed, 0x11, sizeof(sealed));
        struct crypt_cell cell = {.from = sealed, .to = sealed, .command = CELL_RELAY};
        cgo_originate(&origin, &cell, &work);
        sealed[at] ^= 0x10;
        cell.to = heard;
        cgo_crypt(&relay, &cell, 1, &work);
        assert_false(cgo_recognize(&relay, &cell));
        unsigned same = 0;
        for (unsigned i = CGO_TAG_LEN; i < CELL_BODY_LEN; i++)
            same += heard[i] == 0x11;
        assert_in_range(same, 0, 20); /* two of 493 on average */
        cgo_fini(&origin);
        cgo_fini(&relay);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_both_ways_agree),
        cmocka_unit_test(test_each_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
