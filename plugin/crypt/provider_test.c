/* Both providers keep the contract of provider.h: the same scenarios run over each. */
#include "crypt/provider.h"

#include <stdlib.h>

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/relay_cell.h"

#define HOPS    3u
#define RUN_MAX 31u

static struct symbolic symbolic;

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

/* A circuit of three relays: each layer stands once at the origin and once at its relay. */
struct side {
    void *forward[HOPS];
    void *backward[HOPS];
};
struct circuit {
    const struct crypt_provider *crypt;
    struct side origin, relays;
    struct work work;
};

static void *layer_new(const struct crypt_provider *crypt, uint8_t which) {
    struct layer_keys keys = {.kind = LAYER_TOR1};
    memset(keys.cipher, 0x40 + which, sizeof(keys.cipher));
    memset(keys.digest, 0x80 + which, sizeof(keys.digest));
    void *layer = aligned_alloc(16, (crypt->layer_size + 15) / 16 * 16);
    assert_non_null(layer);
    crypt->layer_init(layer, &keys);
    return layer;
}

static void layer_free(const struct crypt_provider *crypt, void *layer) {
    crypt->layer_fini(layer);
    free(layer);
}

static void circuit_open(struct circuit *circuit, const struct crypt_provider *crypt) {
    *circuit = (struct circuit){.crypt = crypt};
    for (uint8_t hop = 0; hop < HOPS; hop++) {
        circuit->origin.forward[hop] = layer_new(crypt, hop);
        circuit->relays.forward[hop] = layer_new(crypt, hop);
        circuit->origin.backward[hop] = layer_new(crypt, (uint8_t)(hop + HOPS));
        circuit->relays.backward[hop] = layer_new(crypt, (uint8_t)(hop + HOPS));
    }
}

static void circuit_close(struct circuit *circuit) {
    for (unsigned hop = 0; hop < HOPS; hop++) {
        layer_free(circuit->crypt, circuit->origin.forward[hop]);
        layer_free(circuit->crypt, circuit->relays.forward[hop]);
        layer_free(circuit->crypt, circuit->origin.backward[hop]);
        layer_free(circuit->crypt, circuit->relays.backward[hop]);
    }
}

static void crypt_one(struct circuit *circuit, void *layer, uint8_t *body) {
    struct crypt_cell cell;
    cell.from = cell.to = body;
    circuit->crypt->layer_crypt(layer, &cell, 1, &circuit->work);
}

static void body_fill(uint8_t *body, uint8_t seed) {
    uint8_t data[100];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(seed + i);
    const struct relay_message message = {RELAY_DATA, seed, span_of(data, sizeof(data))};
    relay_message_encode(body, &message, NULL);
}

/* The sender at hop seals body and puts on the layers from its own to the first. */
static void wrap(struct circuit *circuit, void *const *layers, unsigned hop, uint8_t *body) {
    circuit->crypt->layer_seal(layers[hop], body, &circuit->work);
    for (unsigned i = hop + 1; i-- > 0;)
        crypt_one(circuit, layers[i], body);
}

/* Take layers off until one recognizes body; HOPS when none does. */
static unsigned unwrap(struct circuit *circuit, void *const *layers, uint8_t *body) {
    for (unsigned i = 0; i < HOPS; i++) {
        crypt_one(circuit, layers[i], body);
        if (circuit->crypt->layer_recognize(layers[i], body, &circuit->work))
            return i;
    }
    return HOPS;
}

static void assert_same_tag(struct circuit *circuit, const void *a, const void *b) {
    uint8_t tag_a[SHA1_LEN], tag_b[SHA1_LEN];
    circuit->crypt->layer_tag(a, tag_a);
    circuit->crypt->layer_tag(b, tag_b);
    assert_memory_equal(tag_a, tag_b, SHA1_LEN);
}

enum way { FORWARD, BACKWARD };
struct step {
    enum way way;
    uint8_t hop;
};
static const struct step steps[] = {
    {FORWARD, 0},  {BACKWARD, 0}, {FORWARD, 1},  {BACKWARD, 1}, {FORWARD, 2},  {FORWARD, 2}, {FORWARD, 2},
    {BACKWARD, 2}, {BACKWARD, 1}, {BACKWARD, 2}, {FORWARD, 0},  {BACKWARD, 0}, {FORWARD, 1}, {FORWARD, 2},
};

static void travel(struct circuit *circuit, struct step step, uint8_t seed) {
    bool forward = step.way == FORWARD;
    void *const *senders = forward ? circuit->origin.forward : circuit->relays.backward;
    void *const *receivers = forward ? circuit->relays.forward : circuit->origin.backward;
    uint8_t body[CELL_BODY_LEN], sealed[CELL_BODY_LEN];
    body_fill(body, seed);
    body_fill(sealed, seed);
    wrap(circuit, senders, step.hop, body);
    assert_memory_not_equal(body, sealed, RELAY_HEADER_LEN);
    assert_int_equal(unwrap(circuit, receivers, body), step.hop);
    memcpy(sealed + RELAY_DIGEST_OFFSET, body + RELAY_DIGEST_OFFSET, RELAY_DIGEST_LEN);
    assert_memory_equal(body, sealed, CELL_BODY_LEN);
    assert_same_tag(circuit, senders[step.hop], receivers[step.hop]);
}

static void test_each_hop_recognizes_its_cells(void **state) {
    struct circuit circuit;
    circuit_open(&circuit, *state);
    for (unsigned i = 0; i < COUNT(steps); i++)
        travel(&circuit, steps[i], (uint8_t)i);
    circuit_close(&circuit);
}

static void test_tags_differ_from_cell_to_cell(void **state) {
    struct circuit circuit;
    uint8_t tags[2][SHA1_LEN];
    circuit_open(&circuit, *state);
    for (uint8_t i = 0; i < 2; i++) {
        travel(&circuit, (struct step){FORWARD, 2}, 7);
        circuit.crypt->layer_tag(circuit.relays.forward[2], tags[i]);
    }
    assert_memory_not_equal(tags[0], tags[1], SHA1_LEN);
    circuit_close(&circuit);
}

static void test_work_is_counted(void **state) {
    struct circuit circuit;
    circuit_open(&circuit, *state);
    travel(&circuit, (struct step){FORWARD, 2}, 1);
    assert_int_equal(circuit.work.aes_bytes, 6 * CELL_BODY_LEN);
    assert_int_equal(circuit.work.crypt_runs, 6);
    assert_int_equal(circuit.work.digest_bytes,
                     2 * CELL_BODY_LEN); /* the sender's and the receiver's, no others */
    circuit_close(&circuit);
}

static void test_false_positive_leaves_everything_as_it_was(void **state) {
    struct circuit circuit;
    uint8_t body[CELL_BODY_LEN], before[CELL_BODY_LEN], tag[SHA1_LEN], tag_before[SHA1_LEN];
    circuit_open(&circuit, *state);
    travel(&circuit, (struct step){FORWARD, 2}, 1);
    circuit.crypt->layer_tag(circuit.relays.forward[2], tag_before);

    body_fill(body, 2); /* recognized is zero, and the digest too */
    memcpy(before, body, sizeof(body));
    assert_false(circuit.crypt->layer_recognize(circuit.relays.forward[2], body, &circuit.work));
    assert_memory_equal(body, before, sizeof(body));
    circuit.crypt->layer_tag(circuit.relays.forward[2], tag);
    assert_memory_equal(tag, tag_before, sizeof(tag));

    travel(&circuit, (struct step){FORWARD, 2}, 3);
    circuit_close(&circuit);
}

static void test_unrecognized_costs_no_digest(void **state) {
    struct circuit circuit;
    uint8_t body[CELL_BODY_LEN];
    circuit_open(&circuit, *state);
    body_fill(body, 2);
    body[RELAY_RECOGNIZED_OFFSET + 1] = 1;
    assert_false(circuit.crypt->layer_recognize(circuit.relays.forward[0], body, &circuit.work));
    assert_int_equal(circuit.work.digest_bytes, 0);
    circuit_close(&circuit);
}

/* What goes wrong with cells on their way, and that nobody recognizes them then. */
enum fault { LOST, DOUBLED, HEADER_CHANGED, DIGEST_CHANGED, WRONG_DIRECTION };
static const enum fault faults[] = {LOST, DOUBLED, HEADER_CHANGED, DIGEST_CHANGED, WRONG_DIRECTION};

static unsigned deliver_with(struct circuit *circuit, enum fault fault) {
    uint8_t body[CELL_BODY_LEN], again[CELL_BODY_LEN];
    body_fill(body, 1);
    wrap(circuit, circuit->origin.forward, 1, body);
    memcpy(again, body, sizeof(body));
    switch (fault) {
    case LOST:
        body_fill(body, 2);
        wrap(circuit, circuit->origin.forward, 1, body);
        break;
    case DOUBLED:
        assert_int_equal(unwrap(circuit, circuit->relays.forward, body), 1);
        memcpy(body, again, sizeof(body));
        break;
    case HEADER_CHANGED: body[0] ^= 1; break;
    case DIGEST_CHANGED: body[RELAY_DIGEST_OFFSET] ^= 1; break;
    case WRONG_DIRECTION: return unwrap(circuit, circuit->origin.backward, body);
    }
    return unwrap(circuit, circuit->relays.forward, body);
}

static void test_faults_are_not_recognized(void **state) {
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct circuit circuit;
        circuit_open(&circuit, *state);
        assert_int_equal(deliver_with(&circuit, faults[i]), HOPS);
        circuit_close(&circuit);
    }
}

static void test_runs_equal_single_cells(void **state) {
    static const size_t runs[] = {1, 2, 8, RUN_MAX, 3};
    const struct crypt_provider *crypt = *state;
    static uint8_t plain[RUN_MAX][CELL_BODY_LEN], from_run[RUN_MAX][CELL_BODY_LEN];
    struct crypt_cell cells[RUN_MAX];
    struct work work = {0};
    void *batched = layer_new(crypt, 1), *single = layer_new(crypt, 1);
    for (size_t i = 0; i < RUN_MAX; i++) {
        body_fill(plain[i], (uint8_t)i);
        cells[i] = (struct crypt_cell){plain[i], from_run[i]};
    }
    for (size_t r = 0; r < COUNT(runs); r++) {
        crypt->layer_prefetch(batched);
        crypt->layer_crypt(batched, cells, runs[r], &work);
        for (size_t i = 0; i < runs[r]; i++) {
            uint8_t body[CELL_BODY_LEN];
            memcpy(body, plain[i], sizeof(body));
            crypt->layer_crypt(single, &(struct crypt_cell){body, body}, 1, &work);
            assert_memory_equal(body, from_run[i], sizeof(body));
        }
    }
    layer_free(crypt, batched);
    layer_free(crypt, single);
}

static void test_hashes_see_one_string(void **state) {
    const struct crypt_provider *crypt = *state;
    static const char text[] =
        "a string that is cut in several ways, longer than one block of any hash we have";
    uint8_t whole[SHA256_LEN], cut[SHA256_LEN], transcript[512];
    const struct span all = span_of(text, sizeof(text));
    assert_in_range(crypt->transcript_size, 1, sizeof(transcript));
    for (size_t at = 0; at <= sizeof(text); at += 5) {
        const struct span parts[] = {span_of(text, at), span_of(text + at, sizeof(text) - at)};
        crypt->sha256(&all, 1, whole);
        crypt->sha256(parts, 2, cut);
        assert_memory_equal(whole, cut, SHA256_LEN);
        crypt->transcript_init(transcript);
        crypt->transcript_add(transcript, parts[0]);
        crypt->transcript_digest(transcript, cut);
        crypt->transcript_add(transcript, parts[1]); /* the look in between changed nothing */
        crypt->transcript_digest(transcript, cut);
        assert_memory_equal(whole, cut, SHA256_LEN);
        crypt->sha1(&all, 1, whole);
        crypt->sha1(parts, 2, cut);
        assert_memory_equal(whole, cut, SHA1_LEN);
        crypt->hmac_sha256(all, &all, 1, whole);
        crypt->hmac_sha256(all, parts, 2, cut);
        assert_memory_equal(whole, cut, SHA256_LEN);
    }
    for (size_t at = 0; at <= sizeof(text); at += 5) {
        const struct span parts[] = {span_of(text, at), span_of(text + at, sizeof(text) - at)};
        crypt->sha3_256(&all, 1, whole);
        crypt->sha3_256(parts, 2, cut);
        assert_memory_equal(whole, cut, SHA3_256_LEN);
        crypt->shake256(&all, 1, whole, sizeof(whole));
        crypt->shake256(parts, 2, cut, sizeof(cut));
        assert_memory_equal(whole, cut, sizeof(whole));
    }
    crypt->hmac_sha256(all, &all, 1, whole);
    crypt->hmac_sha256(span_of("k", 1), &all, 1, cut);
    assert_memory_not_equal(whole, cut, SHA256_LEN);
}

static void test_shake_is_one_stream(void **state) {
    const struct crypt_provider *crypt = *state;
    const struct span part = span_of("seed", 4);
    uint8_t whole[200], first[77];
    crypt->shake256(&part, 1, whole, sizeof(whole));
    crypt->shake256(&part, 1, first, sizeof(first));
    assert_memory_equal(whole, first, sizeof(first));
    assert_memory_not_equal(whole, whole + 100, 100);
}

static void test_aes256_undoes_itself(void **state) {
    const struct crypt_provider *crypt = *state;
    uint8_t key[AES256_KEY_LEN] = {1}, plain[61], bytes[61];
    memset(plain, 0x5a, sizeof(plain));
    memcpy(bytes, plain, sizeof(bytes));
    crypt->aes256_ctr(key, bytes, sizeof(bytes));
    assert_memory_not_equal(bytes, plain, sizeof(bytes));
    assert_memory_not_equal(bytes, bytes + 16, 16);
    crypt->aes256_ctr(key, bytes, sizeof(bytes));
    assert_memory_equal(bytes, plain, sizeof(bytes));
    key[31] ^= 1;
    crypt->aes256_ctr(key, bytes, sizeof(bytes));
    crypt->aes256_ctr((const uint8_t[AES256_KEY_LEN]){1}, bytes, sizeof(bytes));
    assert_memory_not_equal(bytes, plain, sizeof(bytes));
}

static void test_x25519_agrees(void **state) {
    const struct crypt_provider *crypt = *state;
    static const uint8_t zero[32];
    uint8_t a[32], a_public[32], b[32], b_public[32], ab[32], ba[32];
    crypt->x25519_keypair(crypt->context, a, a_public);
    crypt->x25519_keypair(crypt->context, b, b_public);
    assert_memory_not_equal(a_public, b_public, 32);
    assert_true(crypt->x25519(a, b_public, ab));
    assert_true(crypt->x25519(b, a_public, ba));
    assert_memory_equal(ab, ba, 32);
    assert_false(crypt->x25519(a, zero, ab));
    assert_memory_equal(ab, zero, 32);
}

static void test_random_does_not_repeat(void **state) {
    const struct crypt_provider *crypt = *state;
    uint8_t a[32], b[32];
    crypt->random(crypt->context, a, sizeof(a));
    crypt->random(crypt->context, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

#define OVER(test, provider) \
    { #test " over " #provider, test, NULL, NULL, provider }
#define ALL_OVER(provider)                                                                                  \
    OVER(test_each_hop_recognizes_its_cells, provider), OVER(test_tags_differ_from_cell_to_cell, provider), \
        OVER(test_work_is_counted, provider),                                                               \
        OVER(test_false_positive_leaves_everything_as_it_was, provider),                                    \
        OVER(test_unrecognized_costs_no_digest, provider), OVER(test_faults_are_not_recognized, provider),  \
        OVER(test_runs_equal_single_cells, provider), OVER(test_hashes_see_one_string, provider),           \
        OVER(test_shake_is_one_stream, provider), OVER(test_aes256_undoes_itself, provider),                \
        OVER(test_x25519_agrees, provider), OVER(test_random_does_not_repeat, provider)

int main(void) {
    struct crypt_provider openssl_functions = *openssl_provider();
    struct crypt_provider *openssl = &openssl_functions;
    symbolic_provider(&symbolic, 7);
    struct crypt_provider *symbols = &symbolic.provider;
    const struct CMUnitTest tests[] = {ALL_OVER(openssl), ALL_OVER(symbols)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
