#include "native/authority_keys.h"

#include <string.h>

#include "crypt/provider.h"
#include "native/config.h"
#include "wire/consensus.h"

static bool is_voter(const struct config *config, const uint8_t identity[static 20]) {
    for (uint32_t i = 0; i < config->authority_count; i++)
        if (config->authorities[i].has_v3_identity &&
            memcmp(config->authorities[i].v3_identity, identity, 20) == 0)
            return true;
    return false;
}

/* The identity is what it says, it certifies the whole, and the signing key certifies the identity. */
bool authority_certificate_is_good(const struct crypt_provider *crypt, const struct key_certificate *c,
                                   uint64_t now_s) {
    uint8_t identity[SHA1_LEN];
    uint8_t whole[SHA1_LEN];
    const struct span identity_der = {c->identity_der, c->identity_der_length};
    const struct span signing_der = {c->signing_der, c->signing_der_length};
    crypt->sha1(&identity_der, 1, identity);
    crypt->sha1(&c->signed_part, 1, whole);
    return c->expires_s > now_s && memcmp(identity, c->fingerprint, SHA1_LEN) == 0 &&
           crypt->rsa_verify_raw(identity_der, (struct span){whole, SHA1_LEN},
                                 (struct span){c->certification, c->certification_length}) &&
           crypt->rsa_verify_raw(signing_der, (struct span){identity, SHA1_LEN},
                                 (struct span){c->crosscert, c->crosscert_length});
}

static const struct authority_key *find(const struct authority_keys *keys, const uint8_t identity[static 20],
                                        const uint8_t digest[static 20]) {
    for (uint32_t i = 0; i < keys->count; i++)
        if (memcmp(keys->keys[i].identity, identity, 20) == 0 &&
            memcmp(keys->keys[i].digest, digest, 20) == 0)
            return &keys->keys[i];
    return NULL;
}

/* A free place, or that of the key which was published first. */
static struct authority_key *take_place(struct authority_keys *keys) {
    if (keys->count < AUTHORITY_KEYS_MAX)
        return &keys->keys[keys->count++];
    struct authority_key *oldest = &keys->keys[0];
    for (uint32_t i = 1; i < keys->count; i++)
        if (keys->keys[i].published_s < oldest->published_s)
            oldest = &keys->keys[i];
    return oldest;
}

static bool add(struct authority_keys *keys, const struct crypt_provider *crypt, const struct config *config,
                const struct key_certificate *c, uint64_t now_s) {
    uint8_t digest[SHA1_LEN];
    const struct span signing_der = {c->signing_der, c->signing_der_length};
    crypt->sha1(&signing_der, 1, digest);
    if (!is_voter(config, c->fingerprint) || find(keys, c->fingerprint, digest) ||
        !authority_certificate_is_good(crypt, c, now_s))
        return false;
    struct authority_key *key = take_place(keys);
    memcpy(key->identity, c->fingerprint, sizeof(key->identity));
    memcpy(key->digest, digest, sizeof(key->digest));
    memcpy(key->der, c->signing_der, c->signing_der_length);
    key->der_length = c->signing_der_length;
    key->published_s = c->published_s;
    key->expires_s = c->expires_s;
    return true;
}

uint32_t authority_keys_add(struct authority_keys *keys, const struct crypt_provider *crypt,
                            const struct config *config, struct span text, uint64_t now_s) {
    struct key_certificate c;
    enum err e;
    uint32_t added = 0;
    /* Each good one costs two RSA verifications, so an answer with millions of them must end early. */
    for (uint32_t i = 0; i < AUTHORITY_KEYS_MAX && (e = key_certificate_parse(&text, &c)) != ERR_TRUNCATED;
         i++)
        if (e == ERR_OK && add(keys, crypt, config, &c, now_s))
            added++;
    return added;
}

/* What is signed, made once: with a digest for each signature, bad ones would cost seconds of the main thread. */
struct signed_digests {
    uint8_t sha1[SHA1_LEN], sha256[SHA256_LEN];
};

static bool signature_is_good(const struct crypt_provider *crypt, const struct authority_key *key,
                              const struct signed_digests *digests, const struct consensus_signature *s) {
    struct span digest = {NULL, 0};
    switch (s->digest) {
    case CONSENSUS_SHA1: digest = (struct span){digests->sha1, sizeof digests->sha1}; break;
    case CONSENSUS_SHA256: digest = (struct span){digests->sha256, sizeof digests->sha256}; break;
    case CONSENSUS_DIGEST_UNKNOWN: return false;
    }
    return crypt->rsa_verify_raw((struct span){key->der, key->der_length}, digest,
                                 (struct span){s->signature, s->length});
}

enum signature_state { SIGNATURE_NONE, SIGNATURE_UNKNOWN_KEY, SIGNATURE_GOOD };

/* The best that any signature of this authority says. */
static enum signature_state judge_one(const struct authority_keys *keys, const struct crypt_provider *crypt,
                                      const struct consensus *consensus, const struct signed_digests *digests,
                                      const uint8_t identity[static 20], uint64_t now_s) {
    enum signature_state best = SIGNATURE_NONE;
    for (uint32_t i = 0; i < consensus->signature_count; i++) {
        const struct consensus_signature *s = &consensus->signatures[i];
        if (memcmp(s->identity, identity, 20) != 0)
            continue;
        const struct authority_key *key = find(keys, identity, s->signing_key);
        if (!key || key->expires_s <= now_s)
            best = SIGNATURE_UNKNOWN_KEY;
        else if (signature_is_good(crypt, key, digests, s))
            return SIGNATURE_GOOD;
    }
    return best;
}

/* An identity that stands in two lines has one vote. */
static bool is_repeated(const struct config *config, uint32_t i) {
    for (uint32_t k = 0; k < i; k++)
        if (config->authorities[k].has_v3_identity &&
            memcmp(config->authorities[k].v3_identity, config->authorities[i].v3_identity, 20) == 0)
            return true;
    return false;
}

struct authority_verdict authority_keys_judge(const struct authority_keys *keys,
                                              const struct crypt_provider *crypt, const struct config *config,
                                              const struct consensus *consensus, uint64_t now_s) {
    struct authority_verdict verdict = {0, 0, 0};
    struct signed_digests digests;
    crypt->sha1(&consensus->signed_part, 1, digests.sha1);
    crypt->sha256(&consensus->signed_part, 1, digests.sha256);
    for (uint32_t i = 0; i < config->authority_count; i++) {
        const struct config_authority *a = &config->authorities[i];
        if (!a->has_v3_identity || is_repeated(config, i))
            continue;
        verdict.voters++;
        switch (judge_one(keys, crypt, consensus, &digests, a->v3_identity, now_s)) {
        case SIGNATURE_GOOD: verdict.good++; break;
        case SIGNATURE_UNKNOWN_KEY: verdict.unknown_keys++; break;
        case SIGNATURE_NONE: break;
        }
    }
    return verdict;
}

bool authority_verdict_is_good(const struct authority_verdict *verdict) {
    return verdict->good > verdict->voters / 2;
}
