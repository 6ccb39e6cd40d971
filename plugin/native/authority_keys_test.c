#include "native/authority_keys.h"

#include <stdlib.h>

#include "support/fake_authority.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/consensus.h"

#define VOTERS 3u
#define NOW_S  UINT64_C(1800000000)
#define YEAR_S UINT64_C(31536000)

static struct fake_authority authorities[VOTERS];
static struct config *config;
static char text[65536];

static int set_up(void **state) {
    (void)state;
    config = config_new();
    for (uint32_t i = 0; i < VOTERS; i++) {
        fake_authority_init(&authorities[i]);
        fake_authority_configure(&authorities[i], config, 80);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (uint32_t i = 0; i < VOTERS; i++)
        fake_authority_fini(&authorities[i]);
    config_free(config);
    return 0;
}

/* Certificates of the first count authorities. */
static struct span certificates(uint32_t count, uint64_t expires_s) {
    struct bytes_out out = bytes_out(text, sizeof(text));
    for (uint32_t i = 0; i < count; i++)
        fake_put_certificate(&out, &authorities[i], authorities[i].signing, NOW_S - 1000, expires_s);
    assert_true(bytes_out_ok(&out));
    return (struct span){(const uint8_t *)text, bytes_written(&out)};
}

static uint32_t add(struct authority_keys *keys, struct span span) {
    return authority_keys_add(keys, openssl_provider(), config, span, NOW_S);
}

static void good_certificates_are_added_once(void **state) {
    (void)state;
    struct authority_keys *keys = calloc(1, sizeof(*keys));
    assert_int_equal(add(keys, certificates(VOTERS, NOW_S + YEAR_S)), VOTERS);
    assert_int_equal(add(keys, certificates(VOTERS, NOW_S + YEAR_S)), 0);
    assert_int_equal(keys->count, VOTERS);
    free(keys);
}

static void bad_certificates_are_not(void **state) {
    (void)state;
    struct authority_keys *keys = calloc(1, sizeof(*keys));
    struct fake_authority stranger;
    /* Expired. */
    assert_int_equal(add(keys, certificates(1, NOW_S)), 0);
    /* Changed after it was signed. */
    struct span span = certificates(1, NOW_S + YEAR_S);
    char *published = strstr(text, "dir-key-published 2");
    assert_non_null(published);
    published[strlen("dir-key-published 202")]--;
    assert_int_equal(add(keys, span), 0);
    /* The signing key does not vouch for the identity. */
    struct bytes_out out = bytes_out(text, sizeof(text));
    fake_put_certificate(&out, &authorities[0], authorities[1].signing, NOW_S - 1, NOW_S + YEAR_S);
    assert_int_equal(add(keys, (struct span){(const uint8_t *)text, bytes_written(&out)}), 0);
    /* Good, but of nobody that we know. */
    fake_authority_init(&stranger);
    out = bytes_out(text, sizeof(text));
    fake_put_certificate(&out, &stranger, stranger.signing, NOW_S - 1, NOW_S + YEAR_S);
    assert_int_equal(add(keys, (struct span){(const uint8_t *)text, bytes_written(&out)}), 0);
    fake_authority_fini(&stranger);
    free(keys);
}

enum signer { NONE, SHA1, SHA256, TWICE };

static void more_than_half_must_sign(void **state) {
    (void)state;
    static const struct {
        enum signer signers[VOTERS];
        uint32_t certified;
        uint32_t good, unknown;
        bool is_good;
    } cases[] = {
        {{SHA256, SHA256, SHA256}, 3, 3, 0, true},  {{SHA1, SHA256, NONE}, 3, 2, 0, true},
        {{SHA256, NONE, NONE}, 3, 1, 0, false},     {{TWICE, NONE, NONE}, 3, 1, 0, false},
        {{SHA256, SHA256, SHA256}, 1, 1, 2, false}, {{SHA256, SHA256, SHA256}, 0, 0, 3, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct test_memory memory;
        struct consensus c;
        struct authority_keys *keys = calloc(1, sizeof(*keys));
        add(keys, certificates(cases[i].certified, NOW_S + YEAR_S));
        struct bytes_out out = bytes_out(text, sizeof(text));
        fake_put_consensus(&out, NOW_S, 3600);
        size_t whole = bytes_written(&out);
        for (uint32_t k = 0; k < VOTERS; k++) {
            if (cases[i].signers[k] != NONE)
                fake_put_consensus_signature(&out, whole, &authorities[k], cases[i].signers[k] != SHA1);
            if (cases[i].signers[k] == TWICE)
                fake_put_consensus_signature(&out, whole, &authorities[k], false);
        }
        test_memory_init(&memory);
        assert_int_equal(
            consensus_parse((struct span){(const uint8_t *)text, bytes_written(&out)}, &memory.memory, &c),
            ERR_OK);
        struct authority_verdict verdict = authority_keys_judge(keys, openssl_provider(), config, &c, NOW_S);
        assert_int_equal(verdict.voters, VOTERS);
        assert_int_equal(verdict.good, cases[i].good);
        assert_int_equal(verdict.unknown_keys, cases[i].unknown);
        assert_int_equal(authority_verdict_is_good(&verdict), cases[i].is_good);
        /* A single changed letter, and nobody has signed it. */
        char *relay = strstr(text, "r one ");
        assert_non_null(relay);
        relay[2] = 'O';
        verdict = authority_keys_judge(keys, openssl_provider(), config, &c, NOW_S);
        assert_int_equal(verdict.good, 0);
        consensus_fini(&c);
        test_memory_fini(&memory);
        free(keys);
    }
}

static unsigned digests_made;

static void counted_sha1(const struct span *parts, size_t count, uint8_t out[static SHA1_LEN]) {
    digests_made++;
    openssl_provider()->sha1(parts, count, out);
}

static void counted_sha256(const struct span *parts, size_t count, uint8_t out[static SHA256_LEN]) {
    digests_made++;
    openssl_provider()->sha256(parts, count, out);
}

/* Whoever sends a consensus can put as many signatures behind it as there may be, of keys that everybody knows. */
static void bad_signatures_cost_no_digest_each(void **state) {
    static struct consensus_signature signatures[CONSENSUS_SIGNATURES_MAX];
    struct authority_keys *keys = calloc(1, sizeof(*keys));
    struct crypt_provider crypt = *openssl_provider();
    const struct consensus consensus = {.signed_part = span_of("what is signed"),
                                        .signatures = signatures,
                                        .signature_count = CONSENSUS_SIGNATURES_MAX};
    (void)state;
    add(keys, certificates(VOTERS, NOW_S + YEAR_S));
    for (uint32_t i = 0; i < CONSENSUS_SIGNATURES_MAX; i++) {
        memcpy(signatures[i].identity, authorities[0].identity_id, 20);
        memcpy(signatures[i].signing_key, authorities[0].signing_id, 20);
        signatures[i].digest = i % 2 ? CONSENSUS_SHA256 : CONSENSUS_SHA1;
        signatures[i].length = 128;
    }
    crypt.sha1 = counted_sha1;
    crypt.sha256 = counted_sha256;
    struct authority_verdict verdict = authority_keys_judge(keys, &crypt, config, &consensus, NOW_S);
    assert_int_equal(verdict.good, 0);
    assert_in_range(digests_made, 1, 2);
    free(keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_certificates_are_added_once),
        cmocka_unit_test(bad_certificates_are_not),
        cmocka_unit_test(more_than_half_must_sign),
        cmocka_unit_test(bad_signatures_cost_no_digest_each),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
