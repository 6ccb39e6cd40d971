#include "crypt/ntor.h"

#include <string.h>

#define PROTOID          "ntor-curve25519-sha256-1"
#define KEY_MATERIAL_LEN 92u /* circuit_keys_length(LAYER_TOR1) */

static const char protoid[] = PROTOID;
static const char t_mac[] = PROTOID ":mac";
static const char t_key[] = PROTOID ":key_extract";
static const char t_verify[] = PROTOID ":verify";
static const char m_expand[] = PROTOID ":key_expand";
static const char server_word[] = "Server";

/* The values of tor-spec 5.1.4, by its names. */
struct exchange {
    uint8_t xy[32]; /* EXP(X,y) = EXP(Y,x) */
    uint8_t xb[32]; /* EXP(X,b) = EXP(B,x) */
    const uint8_t *id;
    const uint8_t *b_public;
    const uint8_t *x_public;
    const uint8_t *y_public;
};

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static struct span span_of_text(const char *text) {
    return span_of(text, strlen(text));
}

static void derive_seed_and_auth(const struct crypt_provider *crypt, const struct exchange *x,
                                 uint8_t key_seed_out[static SHA256_LEN],
                                 uint8_t auth_out[static SHA256_LEN]) {
    const struct span secret_input[] = {
        span_of(x->xy, 32),       span_of(x->xb, 32),       span_of(x->id, 20),    span_of(x->b_public, 32),
        span_of(x->x_public, 32), span_of(x->y_public, 32), span_of_text(protoid),
    };
    uint8_t verify[SHA256_LEN];
    crypt->hmac_sha256(span_of_text(t_key), secret_input, 7, key_seed_out);
    crypt->hmac_sha256(span_of_text(t_verify), secret_input, 7, verify);
    const struct span auth_input[] = {
        span_of(verify, sizeof(verify)), span_of(x->id, 20),       span_of(x->b_public, 32),
        span_of(x->y_public, 32),        span_of(x->x_public, 32), span_of_text(protoid),
        span_of_text(server_word),
    };
    crypt->hmac_sha256(span_of_text(t_mac), auth_input, 7, auth_out);
    crypt_wipe(verify, sizeof(verify));
}

/* HKDF-Expand of RFC 5869 with info m_expand (tor-spec 5.2.2). */
static void expand(const struct crypt_provider *crypt, const uint8_t key_seed[static SHA256_LEN],
                   uint8_t *out, size_t length) {
    uint8_t block[SHA256_LEN];
    for (uint8_t counter = 1; length > 0; counter++) {
        const struct span parts[] = {span_of(block, counter == 1 ? 0 : sizeof(block)), span_of_text(m_expand),
                                     span_of(&counter, 1)};
        uint8_t next[SHA256_LEN];
        crypt->hmac_sha256(span_of(key_seed, SHA256_LEN), parts, 3, next);
        memcpy(block, next, sizeof(block));
        size_t taken = length < sizeof(block) ? length : sizeof(block);
        memcpy(out, block, taken);
        out += taken;
        length -= taken;
        crypt_wipe(next, sizeof(next));
    }
    crypt_wipe(block, sizeof(block));
}

static void derive_keys(const struct crypt_provider *crypt, const uint8_t key_seed[static SHA256_LEN],
                        struct circuit_keys *out) {
    uint8_t material[KEY_MATERIAL_LEN];
    expand(crypt, key_seed, material, sizeof(material));
    circuit_keys_cut(LAYER_TOR1, material, out);
    crypt_wipe(material, sizeof(material));
}

void ntor_client_create(const struct crypt_provider *crypt, const uint8_t rsa_id[static 20],
                        const uint8_t onion_key[static 32], struct ntor_client_state *state_out,
                        uint8_t onionskin_out[static NTOR_ONIONSKIN_LEN]) {
    memcpy(state_out->rsa_id, rsa_id, 20);
    memcpy(state_out->onion_key, onion_key, 32);
    crypt->x25519_keypair(crypt->context, state_out->ephemeral.secret, state_out->ephemeral.public);
    struct bytes_out out = bytes_out(onionskin_out, NTOR_ONIONSKIN_LEN);
    bytes_put(&out, rsa_id, 20);
    bytes_put(&out, onion_key, 32);
    bytes_put(&out, state_out->ephemeral.public, 32);
}

enum err ntor_client_finish(const struct crypt_provider *crypt, const struct ntor_client_state *state,
                            struct span reply, struct circuit_keys *keys_out) {
    if (reply.length != NTOR_REPLY_LEN)
        return ERR_MALFORMED;
    struct exchange x = {.id = state->rsa_id,
                         .b_public = state->onion_key,
                         .x_public = state->ephemeral.public,
                         .y_public = reply.data};
    bool good = crypt->x25519(state->ephemeral.secret, x.y_public, x.xy);
    good &= crypt->x25519(state->ephemeral.secret, x.b_public, x.xb);
    uint8_t key_seed[SHA256_LEN], auth[SHA256_LEN];
    derive_seed_and_auth(crypt, &x, key_seed, auth);
    good &= bytes_equal_const_time(auth, reply.data + 32, sizeof(auth));
    if (good)
        derive_keys(crypt, key_seed, keys_out);
    crypt_wipe(&x, sizeof(x));
    crypt_wipe(key_seed, sizeof(key_seed));
    return good ? ERR_OK : ERR_BAD_SIGNATURE;
}

/* Copy key over chosen when yes, in a time that does not show which. */
static void choose(struct ntor_keypair *chosen, const struct ntor_keypair *key, bool yes) {
    const uint8_t *from = (const uint8_t *)key;
    uint8_t *to = (uint8_t *)chosen;
    const uint8_t mask = (uint8_t) - (int)yes;
    for (size_t i = 0; i < sizeof(*chosen); i++)
        to[i] = (uint8_t)((to[i] & ~mask) | (from[i] & mask));
}

bool ntor_choose_onion_key(const struct ntor_server_keys *keys, const uint8_t key_id[static 32],
                           struct ntor_keypair *chosen) {
    bool known = false;
    *chosen = keys->junk;
    for (unsigned i = 0; i < keys->onion_count; i++) {
        bool match = bytes_equal_const_time(keys->onion[i].public, key_id, 32);
        choose(chosen, &keys->onion[i], match);
        known |= match;
    }
    return known;
}

enum err ntor_server_answer(const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
                            struct span onionskin, uint8_t reply_out[static NTOR_REPLY_LEN],
                            struct circuit_keys *keys_out) {
    if (onionskin.length != NTOR_ONIONSKIN_LEN)
        return ERR_MALFORMED;
    struct bytes_in in = bytes_in(onionskin.data, onionskin.length);
    const uint8_t *id = bytes_take(&in, 20);
    const uint8_t *key_id = bytes_take(&in, 32);
    const uint8_t *x_public = bytes_take(&in, 32);
    struct ntor_keypair onion;
    uint8_t y_public[32];
    bool ours = ntor_choose_onion_key(keys, key_id, &onion);
    ours &= bytes_equal_const_time(keys->rsa_id, id, sizeof(keys->rsa_id));
    struct exchange x = {
        .id = keys->rsa_id, .b_public = onion.public, .x_public = x_public, .y_public = y_public};
    bool good = crypt->x25519_exchange(crypt->context, x_public, y_public, x.xy);
    good &= crypt->x25519(onion.secret, x_public, x.xb);
    uint8_t key_seed[SHA256_LEN], auth[SHA256_LEN];
    derive_seed_and_auth(crypt, &x, key_seed, auth);
    derive_keys(crypt, key_seed, keys_out);
    memcpy(reply_out, y_public, 32);
    memcpy(reply_out + 32, auth, sizeof(auth));
    crypt_wipe(&x, sizeof(x));
    crypt_wipe(&onion, sizeof(onion));
    crypt_wipe(key_seed, sizeof(key_seed));
    if (ours && good)
        return ERR_OK;
    crypt_wipe(keys_out, sizeof(*keys_out));
    memset(reply_out, 0, NTOR_REPLY_LEN);
    return ours ? ERR_BAD_SIGNATURE : ERR_IDENTITY;
}
