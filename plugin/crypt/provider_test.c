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

/* What a test runs over: a provider, and what the hops of its circuits are. */
struct over {
    const struct crypt_provider *crypt;
    enum layer_kind kinds[HOPS];
};

/* A circuit of three relays: each layer stands once at the origin and once at its relay. */
struct side {
    void *forward[HOPS];
    void *backward[HOPS];
};
struct circuit {
    const struct crypt_provider *crypt;
    const enum layer_kind *kinds;
    struct side origin, relays;
    struct work work;
};

static struct layer_keys keys_of(enum layer_kind kind, uint8_t which) {
    struct layer_keys keys = {.kind = kind};
    if (kind == LAYER_CGO) {
        for (unsigned i = 0; i < CGO_KEYS_LEN; i++)
            keys.cgo[i] = (uint8_t)(0x40 + which + 3 * i);
    } else {
        memset(keys.cipher, 0x40 + which, sizeof(keys.cipher));
        memset(keys.digest, 0x80 + which, sizeof(keys.digest));
    }
    return keys;
}

static void *layer_new(const struct crypt_provider *crypt, enum layer_kind kind, enum layer_role role,
                       uint8_t which) {
    const struct layer_keys keys = keys_of(kind, which);
    void *layer = aligned_alloc(16, (crypt->layer_size[kind] + 15) / 16 * 16);
    assert_non_null(layer);
    crypt->layer_init(layer, role, &keys);
    return layer;
}

static void layer_free(const struct crypt_provider *crypt, void *layer) {
    crypt->layer_fini(layer);
    free(layer);
}

/* A relay's layers are one object. */
static void *pair_new(const struct crypt_provider *crypt, enum layer_kind kind, uint8_t forward, uint8_t back,
                      void **backward_out) {
    const struct layer_keys there = keys_of(kind, forward), here = keys_of(kind, back);
    void *pair = aligned_alloc(16, (crypt->layer_pair_size[kind] + 15) / 16 * 16);
    assert_non_null(pair);
    crypt->layer_pair_init(pair, &there, &here, backward_out);
    assert_in_range((uintptr_t)*backward_out - (uintptr_t)pair, 1, crypt->layer_pair_size[kind]);
    return pair;
}

static void circuit_open(struct circuit *circuit, const struct over *over) {
    const struct crypt_provider *crypt = over->crypt;
    *circuit = (struct circuit){.crypt = crypt, .kinds = over->kinds};
    for (uint8_t hop = 0; hop < HOPS; hop++) {
        enum layer_kind kind = over->kinds[hop];
        uint8_t back = (uint8_t)(hop + HOPS);
        circuit->origin.forward[hop] = layer_new(crypt, kind, LAYER_ORIGIN_FORWARD, hop);
        circuit->origin.backward[hop] = layer_new(crypt, kind, LAYER_ORIGIN_BACKWARD, back);
        circuit->relays.forward[hop] = pair_new(crypt, kind, hop, back, &circuit->relays.backward[hop]);
    }
}

static void circuit_close(struct circuit *circuit) {
    for (unsigned hop = 0; hop < HOPS; hop++) {
        layer_free(circuit->crypt, circuit->origin.forward[hop]);
        layer_free(circuit->crypt, circuit->origin.backward[hop]);
        circuit->crypt->layer_fini(circuit->relays.backward[hop]);
        layer_free(circuit->crypt, circuit->relays.forward[hop]);
    }
}

/* Some message in the format that hop reads. */
static void body_fill(const struct circuit *circuit, unsigned hop, uint8_t *body, uint8_t seed) {
    uint8_t data[100];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(seed + i);
    const struct relay_message message = {RELAY_DATA, (uint16_t)(seed + 1), span_of(data, sizeof(data))};
    relay_message_encode(layer_format(circuit->kinds[hop]), body, &message, NULL);
}

static struct crypt_cell in_place(uint8_t *body) {
    return (struct crypt_cell){.from = body, .to = body, .command = CELL_RELAY};
}

/* The sender at hop seals body, and the layers from there to the first are put on. */
static void wrap(struct circuit *circuit, void *const *layers, unsigned hop, uint8_t *body) {
    struct crypt_cell cell = in_place(body);
    circuit->crypt->layer_originate(layers[hop], &cell, &circuit->work);
    for (unsigned i = hop; i-- > 0;)
        circuit->crypt->layer_crypt(layers[i], &cell, 1, &circuit->work);
}

/* Take layers off until one recognizes the cell; HOPS when none does. */
static unsigned unwrap_cell(struct circuit *circuit, void *const *layers, struct crypt_cell *cell) {
    for (unsigned i = 0; i < HOPS; i++) {
        circuit->crypt->layer_crypt(layers[i], cell, 1, &circuit->work);
        if (cell->is_ours && circuit->crypt->layer_recognize(layers[i], cell, &circuit->work))
            return i; /* only cells that are marked need to be asked */
    }
    return HOPS;
}

static unsigned unwrap(struct circuit *circuit, void *const *layers, uint8_t *body) {
    struct crypt_cell cell = in_place(body);
    return unwrap_cell(circuit, layers, &cell);
}

static void assert_same_tag(struct circuit *circuit, const void *a, const void *b) {
    uint8_t tag_a[TAG_LEN_MAX], tag_b[TAG_LEN_MAX];
    circuit->crypt->layer_tag(a, tag_a);
    circuit->crypt->layer_tag(b, tag_b);
    assert_memory_equal(tag_a, tag_b, TAG_LEN_MAX);
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
    uint8_t body[CELL_BODY_LEN], clear[CELL_BODY_LEN];
    struct relay_message said, heard;
    enum relay_format format = layer_format(circuit->kinds[step.hop]);
    body_fill(circuit, step.hop, body, seed);
    memcpy(clear, body, sizeof(body));
    wrap(circuit, senders, step.hop, body);
    assert_memory_not_equal(body, clear, RELAY_HEADER_LEN);
    assert_int_equal(unwrap(circuit, receivers, body), step.hop);
    assert_int_equal(relay_message_decode(format, clear, &said), ERR_OK);
    assert_int_equal(relay_message_decode(format, body, &heard), ERR_OK);
    assert_int_equal(heard.command, said.command);
    assert_int_equal(heard.stream, said.stream);
    assert_int_equal(heard.data.length, said.data.length);
    size_t from = relay_data_offset(format, said.command);
    assert_memory_equal(body + from, clear + from, CELL_BODY_LEN - from);
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
    uint8_t tags[2][TAG_LEN_MAX];
    circuit_open(&circuit, *state);
    for (uint8_t i = 0; i < 2; i++) {
        travel(&circuit, (struct step){FORWARD, 2}, 7);
        circuit.crypt->layer_tag(circuit.relays.forward[2], tags[i]);
    }
    assert_memory_not_equal(tags[0], tags[1], TAG_LEN_CGO);
    circuit_close(&circuit);
}

/* Cells on their way to the third hop and out of it again: at which kinds of layers. */
static void test_work_is_counted(void **state) {
    struct circuit circuit;
    circuit_open(&circuit, *state);
    uint64_t of_cgo = 0, ends_in_cgo = circuit.kinds[2] == LAYER_CGO;
    for (unsigned hop = 0; hop < HOPS; hop++)
        of_cgo += circuit.kinds[hop] == LAYER_CGO ? 2 : 0;
    travel(&circuit, (struct step){FORWARD, 2}, 1);
    assert_int_equal(circuit.work.aes_bytes, (2 * HOPS - of_cgo) * CELL_BODY_LEN);
    assert_int_equal(circuit.work.cgo_bytes, of_cgo * CELL_BODY_LEN);
    assert_int_equal(circuit.work.crypt_runs, 2 * HOPS);
    /* the sender's and the receiver's, no others */
    assert_int_equal(circuit.work.digest_bytes, ends_in_cgo ? 0 : 2 * CELL_BODY_LEN);
    assert_int_equal(circuit.work.cgo_updates, ends_in_cgo ? 2 : 0);
    circuit_close(&circuit);
}

/* tor1: a cell of others may look as if it were ours in 16 bits. */
static void test_false_positive_leaves_everything_as_it_was(void **state) {
    struct circuit circuit;
    uint8_t body[CELL_BODY_LEN], before[CELL_BODY_LEN], tag[TAG_LEN_MAX], tag_before[TAG_LEN_MAX];
    circuit_open(&circuit, *state);
    travel(&circuit, (struct step){FORWARD, 2}, 1);
    circuit.crypt->layer_tag(circuit.relays.forward[2], tag_before);

    body_fill(&circuit, 2, body, 2); /* recognized is zero, and the digest too */
    memcpy(before, body, sizeof(body));
    const struct crypt_cell cell = in_place(body);
    assert_false(circuit.crypt->layer_recognize(circuit.relays.forward[2], &cell, &circuit.work));
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
    body_fill(&circuit, 0, body, 2);
    body[RELAY_RECOGNIZED_OFFSET + 1] = 1;
    const struct crypt_cell cell = in_place(body);
    assert_false(circuit.crypt->layer_recognize(circuit.relays.forward[0], &cell, &circuit.work));
    assert_int_equal(circuit.work.digest_bytes, 0);
    circuit_close(&circuit);
}

/* What goes wrong with cells on their way, and that nobody recognizes them then. */
enum fault { LOST, DOUBLED, HEADER_CHANGED, TAG_CHANGED, COMMAND_CHANGED, WRONG_DIRECTION };
static const enum fault faults[] = {LOST,        DOUBLED,         HEADER_CHANGED,
                                    TAG_CHANGED, COMMAND_CHANGED, WRONG_DIRECTION};

static unsigned deliver_with(struct circuit *circuit, enum fault fault) {
    uint8_t body[CELL_BODY_LEN], again[CELL_BODY_LEN];
    struct crypt_cell cell = in_place(body);
    bool is_cgo = circuit->kinds[1] == LAYER_CGO;
    body_fill(circuit, 1, body, 1);
    wrap(circuit, circuit->origin.forward, 1, body);
    memcpy(again, body, sizeof(body));
    switch (fault) {
    case LOST:
        body_fill(circuit, 1, body, 2);
        wrap(circuit, circuit->origin.forward, 1, body);
        break;
    case DOUBLED:
        assert_int_equal(unwrap(circuit, circuit->relays.forward, body), 1);
        memcpy(body, again, sizeof(body));
        break;
    case HEADER_CHANGED: body[is_cgo ? RELAY_V1_TAG_LEN : 0] ^= 1; break;
    case TAG_CHANGED: body[is_cgo ? 0 : RELAY_DIGEST_OFFSET] ^= 1; break;
    case COMMAND_CHANGED: /* tor1 does not notice */
        cell.command = CELL_RELAY_EARLY;
        assert_int_equal(unwrap_cell(circuit, circuit->relays.forward, &cell), is_cgo ? HOPS : 1);
        return HOPS;
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

/* A changed cell is lost, and so is everything behind it. */
static void test_cgo_does_not_recover_from_a_change(void **state) {
    struct circuit circuit;
    uint8_t body[CELL_BODY_LEN];
    circuit_open(&circuit, *state);
    for (unsigned i = 0; i < 3; i++) {
        body_fill(&circuit, 1, body, (uint8_t)i);
        wrap(&circuit, circuit.origin.forward, 1, body);
        if (i == 0)
            body[0] ^= 1; /* in transit at the first relay */
        assert_int_equal(unwrap(&circuit, circuit.relays.forward, body), HOPS);
    }
    circuit_close(&circuit);
}

/* Every third cell is for this hop, the others go through it. */
static void test_runs_equal_single_cells(void **state) {
    static const size_t runs[] = {1, 2, 8, RUN_MAX, 3};
    const struct over *over = *state;
    const struct crypt_provider *crypt = over->crypt;
    const enum layer_kind kind = over->kinds[0];
    struct circuit circuit;
    static uint8_t plain[RUN_MAX][CELL_BODY_LEN], from_run[RUN_MAX][CELL_BODY_LEN];
    struct crypt_cell cells[RUN_MAX];
    struct work work = {0};
    circuit_open(&circuit, over);
    void *batched = layer_new(crypt, kind, LAYER_RELAY_FORWARD, 0);
    for (size_t r = 0; r < COUNT(runs); r++) {
        for (size_t i = 0; i < runs[r]; i++) {
            body_fill(&circuit, 0, plain[i], (uint8_t)i);
            struct crypt_cell cell = in_place(plain[i]);
            if (i % 3 == 1)
                crypt->layer_originate(circuit.origin.forward[0], &cell, &work);
            else
                crypt->layer_crypt(circuit.origin.forward[0], &cell, 1, &work);
            cells[i] = (struct crypt_cell){.from = plain[i], .to = from_run[i], .command = CELL_RELAY};
        }
        crypt->layer_prefetch(batched);
        crypt->layer_crypt(batched, cells, runs[r], &work);
        for (size_t i = 0; i < runs[r]; i++) {
            uint8_t body[CELL_BODY_LEN];
            struct crypt_cell cell = in_place(body);
            memcpy(body, plain[i], sizeof(body));
            crypt->layer_crypt(circuit.relays.forward[0], &cell, 1, &work);
            assert_memory_equal(body, from_run[i], sizeof(body));
            assert_true(crypt->layer_recognize(circuit.relays.forward[0], &cell, &work) == (i % 3 == 1));
            assert_true(crypt->layer_recognize(batched, &cells[i], &work) == (i % 3 == 1));
            if (i % 3 == 1)
                assert_same_tag(&circuit, batched, circuit.relays.forward[0]);
        }
    }
    layer_free(crypt, batched);
    circuit_close(&circuit);
}

static void test_hashes_see_one_string(void **state) {
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
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
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
    const struct span part = span_of("seed", 4);
    uint8_t whole[200], first[77];
    crypt->shake256(&part, 1, whole, sizeof(whole));
    crypt->shake256(&part, 1, first, sizeof(first));
    assert_memory_equal(whole, first, sizeof(first));
    assert_memory_not_equal(whole, whole + 100, 100);
}

static void test_aes256_undoes_itself(void **state) {
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
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
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
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

static void test_x25519_exchange_agrees(void **state) {
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
    static const uint8_t zero[32];
    uint8_t a[32], a_public[32], b_public[32], c_public[32], ab[32], ba[32];
    crypt->x25519_keypair(crypt->context, a, a_public);
    assert_true(crypt->x25519_exchange(crypt->context, a_public, b_public, ba));
    assert_true(crypt->x25519(a, b_public, ab));
    assert_memory_equal(ab, ba, 32);
    assert_true(crypt->x25519_exchange(crypt->context, a_public, c_public, ba));
    assert_memory_not_equal(b_public, c_public, 32);
    assert_memory_not_equal(ab, ba, 32);
    assert_false(crypt->x25519_exchange(crypt->context, zero, b_public, ba));
    assert_memory_equal(ba, zero, 32);
}

static void test_random_does_not_repeat(void **state) {
    const struct crypt_provider *crypt = ((const struct over *)*state)->crypt;
    uint8_t a[32], b[32];
    crypt->random(crypt->context, a, sizeof(a));
    crypt->random(crypt->context, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

#define OVER(test, over) \
    { #test " over " #over, test, NULL, NULL, &over }
#define PRIMITIVES_OVER(over)                                                             \
    OVER(test_hashes_see_one_string, over), OVER(test_x25519_agrees, over),               \
        OVER(test_x25519_exchange_agrees, over), OVER(test_random_does_not_repeat, over), \
        OVER(test_shake_is_one_stream, over), OVER(test_aes256_undoes_itself, over)
#define LAYERS_OVER(over)                                                                           \
    OVER(test_each_hop_recognizes_its_cells, over), OVER(test_tags_differ_from_cell_to_cell, over), \
        OVER(test_work_is_counted, over), OVER(test_faults_are_not_recognized, over),               \
        OVER(test_runs_equal_single_cells, over)
#define TOR1_OVER(over)                                                             \
    LAYERS_OVER(over), OVER(test_false_positive_leaves_everything_as_it_was, over), \
        OVER(test_unrecognized_costs_no_digest, over)
#define CGO_OVER(over) LAYERS_OVER(over), OVER(test_cgo_does_not_recover_from_a_change, over)

int main(void) {
    const struct crypt_provider *openssl = openssl_provider();
    symbolic_provider(&symbolic, 7);
    const struct crypt_provider *symbols = &symbolic.provider;
    const enum layer_kind tor1 = LAYER_TOR1, cgo = LAYER_CGO;
    struct over openssl_tor1 = {openssl, {tor1, tor1, tor1}};
    struct over openssl_cgo = {openssl, {cgo, cgo, cgo}};
    struct over openssl_mixed = {openssl, {tor1, cgo, tor1}};
    struct over openssl_usual = {openssl, {tor1, tor1, cgo}};
    struct over symbols_tor1 = {symbols, {tor1, tor1, tor1}};
    struct over symbols_cgo = {symbols, {cgo, cgo, cgo}};
    struct over symbols_mixed = {symbols, {tor1, cgo, tor1}};
    struct over symbols_usual = {symbols, {tor1, tor1, cgo}};
    const struct CMUnitTest tests[] = {
        PRIMITIVES_OVER(openssl_tor1), PRIMITIVES_OVER(symbols_tor1), TOR1_OVER(openssl_tor1),
        CGO_OVER(openssl_cgo),         LAYERS_OVER(openssl_mixed),    LAYERS_OVER(openssl_usual),
        TOR1_OVER(symbols_tor1),       CGO_OVER(symbols_cgo),         LAYERS_OVER(symbols_mixed),
        LAYERS_OVER(symbols_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
