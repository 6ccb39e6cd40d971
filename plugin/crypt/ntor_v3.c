#include "crypt/ntor_v3.h"

#include <string.h>

#include "base/check.h"

#define PROTOID "ntor3-curve25519-sha3_256-1"

static const char protoid[] = PROTOID;
static const char t_msgkdf[] = PROTOID ":kdf_phase1";
static const char t_msgmac[] = PROTOID ":msg_mac";
static const char t_key_seed[] = PROTOID ":key_seed";
static const char t_verify[] = PROTOID ":verify";
static const char t_final[] = PROTOID ":kdf_final";
static const char t_auth[] = PROTOID ":auth_final";
static const char server_word[] = "Server";
static const char circuits_word[] = "circuit extend";

const struct span ntor_v3_for_circuits = {(const uint8_t *)circuits_word, sizeof(circuits_word) - 1};

/* The values of proposal 332, by its names. */
struct exchange {
    const uint8_t *xy; /* EXP(X,y) = EXP(Y,x) */
    const uint8_t *xb; /* EXP(X,b) = EXP(B,x) */
    const uint8_t *id;
    const uint8_t *b_public;
    const uint8_t *x_public;
    const uint8_t *y_public;
    const uint8_t *mac;
    struct span verification;
};

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static struct span span_of_text(const char *text) {
    return span_of(text, strlen(text));
}

/* The length before a string in ENCAP. */
struct prefix {
    uint8_t bytes[8];
};

static struct span prefix_of(struct span string, struct prefix *room) {
    store_u32(room->bytes, 0);
    store_u32(room->bytes + 4, (uint32_t)string.length);
    return span_of(room->bytes, sizeof(room->bytes));
}

/* Keys for the client's message, from what is known before the relay answers. */
static void derive_message_keys(const struct crypt_provider *crypt, const struct exchange *x,
                                uint8_t cipher_out[static 32], uint8_t mac_key_out[static 32]) {
    struct prefix tweak, verification;
    const struct span parts[] = {
        prefix_of(span_of_text(t_msgkdf), &tweak),
        span_of_text(t_msgkdf),
        span_of(x->xb, 32),
        span_of(x->id, 32),
        span_of(x->x_public, 32),
        span_of(x->b_public, 32),
        span_of_text(protoid),
        prefix_of(x->verification, &verification),
        x->verification,
    };
    uint8_t both[64];
    crypt->shake256(parts, 9, both, sizeof(both));
    memcpy(cipher_out, both, 32);
    memcpy(mac_key_out, both + 32, 32);
    crypt_wipe(both, sizeof(both));
}

static void message_mac(const struct crypt_provider *crypt, const struct exchange *x,
                        const uint8_t mac_key[static 32], struct span encrypted, uint8_t out[static 32]) {
    struct prefix tweak, key;
    const struct span key_span = span_of(mac_key, 32);
    const struct span parts[] = {
        prefix_of(span_of_text(t_msgmac), &tweak),
        span_of_text(t_msgmac),
        prefix_of(key_span, &key),
        key_span,
        span_of(x->id, 32),
        span_of(x->b_public, 32),
        span_of(x->x_public, 32),
        encrypted,
    };
    crypt->sha3_256(parts, 8, out);
}

/* H of the whole secret input, with a tweak. */
static void hash_secrets(const struct crypt_provider *crypt, const struct exchange *x, const char *tweak,
                         uint8_t out[static 32]) {
    struct prefix tweak_length, verification;
    const struct span parts[] = {
        prefix_of(span_of_text(tweak), &tweak_length),
        span_of_text(tweak),
        span_of(x->xy, 32),
        span_of(x->xb, 32),
        span_of(x->id, 32),
        span_of(x->b_public, 32),
        span_of(x->x_public, 32),
        span_of(x->y_public, 32),
        span_of_text(protoid),
        prefix_of(x->verification, &verification),
        x->verification,
    };
    crypt->sha3_256(parts, 11, out);
}

/* AUTH, by which the relay shows that it knows its keys and has seen our message as we sent it. */
static void authenticate(const struct crypt_provider *crypt, const struct exchange *x, struct span encrypted,
                         uint8_t out[static 32]) {
    uint8_t verify[32];
    hash_secrets(crypt, x, t_verify, verify);
    struct prefix tweak, message;
    const struct span parts[] = {
        prefix_of(span_of_text(t_auth), &tweak),
        span_of_text(t_auth),
        span_of(verify, 32),
        span_of(x->id, 32),
        span_of(x->b_public, 32),
        span_of(x->y_public, 32),
        span_of(x->x_public, 32),
        span_of(x->mac, 32),
        prefix_of(encrypted, &message),
        encrypted,
        span_of_text(protoid),
        span_of_text(server_word),
    };
    crypt->sha3_256(parts, 12, out);
    crypt_wipe(verify, sizeof(verify));
}

/* The key of the relay's message and the key stream behind it. */
static void derive_stream(const struct crypt_provider *crypt, const struct exchange *x,
                          uint8_t cipher_out[static 32], uint8_t *stream_out, size_t length) {
    CHECK(length <= NTOR_V3_STREAM_MAX);
    uint8_t seed[32], raw[32 + NTOR_V3_STREAM_MAX];
    struct prefix tweak;
    hash_secrets(crypt, x, t_key_seed, seed);
    const struct span parts[] = {prefix_of(span_of_text(t_final), &tweak), span_of_text(t_final),
                                 span_of(seed, 32)};
    crypt->shake256(parts, 3, raw, 32 + length);
    memcpy(cipher_out, raw, 32);
    memcpy(stream_out, raw + 32, length);
    crypt_wipe(seed, sizeof(seed));
    crypt_wipe(raw, sizeof(raw));
}

/* --- the client ------------------------------------------------------------------------------------------------- */

enum err ntor_v3_client_create(const struct crypt_provider *crypt, const uint8_t ed_id[static 32],
                               const uint8_t onion_key[static 32], struct span verification,
                               struct span message, struct ntor_v3_client_state *state_out,
                               uint8_t *onionskin_out) {
    CHECK(message.length <= NTOR_V3_MESSAGE_MAX);
    struct ntor_v3_client_state *state = state_out;
    memcpy(state->ed_id, ed_id, 32);
    memcpy(state->onion_key, onion_key, 32);
    crypt->x25519_keypair(crypt->context, state->ephemeral.secret, state->ephemeral.public);
    if (!crypt->x25519(state->ephemeral.secret, onion_key, state->bx))
        return ERR_BAD_SIGNATURE;
    const struct exchange x = {.xb = state->bx,
                               .id = state->ed_id,
                               .b_public = state->onion_key,
                               .x_public = state->ephemeral.public,
                               .verification = verification};
    uint8_t cipher[32], mac_key[32];
    derive_message_keys(crypt, &x, cipher, mac_key);

    struct bytes_out out = bytes_out(onionskin_out, NTOR_V3_ONIONSKIN_LEN + message.length);
    bytes_put(&out, ed_id, 32);
    bytes_put(&out, onion_key, 32);
    bytes_put(&out, state->ephemeral.public, 32);
    uint8_t *encrypted = bytes_reserve(&out, message.length);
    if (message.length)
        memcpy(encrypted, message.data, message.length);
    crypt->aes256_ctr(cipher, encrypted, message.length);
    message_mac(crypt, &x, mac_key, span_of(encrypted, message.length), state->mac);
    bytes_put(&out, state->mac, 32);
    crypt_wipe(cipher, sizeof(cipher));
    crypt_wipe(mac_key, sizeof(mac_key));
    return ERR_OK;
}

enum err ntor_v3_client_finish(const struct crypt_provider *crypt, const struct ntor_v3_client_state *state,
                               struct span verification, struct span reply, uint8_t *message_out,
                               uint8_t *stream_out, size_t length) {
    if (reply.length < NTOR_V3_REPLY_LEN || reply.length > NTOR_V3_REPLY_LEN + NTOR_V3_MESSAGE_MAX)
        return ERR_MALFORMED;
    const struct span encrypted = {reply.data + NTOR_V3_REPLY_LEN, reply.length - NTOR_V3_REPLY_LEN};
    uint8_t yx[32], auth[32], cipher[32];
    const struct exchange x = {
        .xy = yx,
        .xb = state->bx,
        .id = state->ed_id,
        .b_public = state->onion_key,
        .x_public = state->ephemeral.public,
        .y_public = reply.data,
        .mac = state->mac,
        .verification = verification,
    };
    bool good = crypt->x25519(state->ephemeral.secret, x.y_public, yx);
    authenticate(crypt, &x, encrypted, auth);
    good &= bytes_equal_const_time(auth, reply.data + 32, sizeof(auth));
    if (good) {
        derive_stream(crypt, &x, cipher, stream_out, length);
        if (encrypted.length)
            memcpy(message_out, encrypted.data, encrypted.length);
        crypt->aes256_ctr(cipher, message_out, encrypted.length);
        crypt_wipe(cipher, sizeof(cipher));
    }
    crypt_wipe(yx, sizeof(yx));
    return good ? ERR_OK : ERR_BAD_SIGNATURE;
}

/* --- the relay -------------------------------------------------------------------------------------------------- */

enum err ntor_v3_server_open(const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
                             struct span verification, struct span onionskin,
                             struct ntor_v3_server_state *state_out, uint8_t *message_out) {
    if (onionskin.length < NTOR_V3_ONIONSKIN_LEN ||
        onionskin.length > NTOR_V3_ONIONSKIN_LEN + NTOR_V3_MESSAGE_MAX)
        return ERR_MALFORMED;
    struct bytes_in in = bytes_in(onionskin.data, onionskin.length);
    const uint8_t *id = bytes_take(&in, 32);
    const uint8_t *key_id = bytes_take(&in, 32);
    const uint8_t *client = bytes_take(&in, 32);
    const struct span encrypted = bytes_span(&in, onionskin.length - NTOR_V3_ONIONSKIN_LEN);
    const uint8_t *mac = bytes_take(&in, 32);
    CHECK(bytes_done(&in));

    struct ntor_v3_server_state *state = state_out;
    struct ntor_keypair onion;
    bool ours = ntor_choose_onion_key(keys, key_id, &onion);
    ours &= bytes_equal_const_time(keys->ed_id, id, sizeof(keys->ed_id));
    memcpy(state->ed_id, keys->ed_id, 32);
    memcpy(state->onion_key, onion.public, 32);
    memcpy(state->client, client, 32);
    bool good = crypt->x25519(onion.secret, client, state->xb);
    crypt_wipe(&onion, sizeof(onion));

    const struct exchange x = {.xb = state->xb,
                               .id = state->ed_id,
                               .b_public = state->onion_key,
                               .x_public = state->client,
                               .verification = verification};
    uint8_t cipher[32], mac_key[32];
    derive_message_keys(crypt, &x, cipher, mac_key);
    message_mac(crypt, &x, mac_key, encrypted, state->mac);
    good &= bytes_equal_const_time(state->mac, mac, sizeof(state->mac));
    if (ours && good) {
        if (encrypted.length)
            memcpy(message_out, encrypted.data, encrypted.length);
        crypt->aes256_ctr(cipher, message_out, encrypted.length);
    }
    crypt_wipe(cipher, sizeof(cipher));
    crypt_wipe(mac_key, sizeof(mac_key));
    if (ours && good)
        return ERR_OK;
    crypt_wipe(state, sizeof(*state));
    return ours ? ERR_BAD_SIGNATURE : ERR_IDENTITY;
}

enum err ntor_v3_server_answer(const struct crypt_provider *crypt, const struct ntor_v3_server_state *state,
                               struct span verification, struct span message, uint8_t *reply_out,
                               uint8_t *stream_out, size_t length) {
    CHECK(message.length <= NTOR_V3_MESSAGE_MAX);
    uint8_t xy[32], y_public[32], cipher[32];
    bool good = crypt->x25519_exchange(crypt->context, state->client, y_public, xy);
    const struct exchange x = {
        .xy = xy,
        .xb = state->xb,
        .id = state->ed_id,
        .b_public = state->onion_key,
        .x_public = state->client,
        .y_public = y_public,
        .mac = state->mac,
        .verification = verification,
    };
    derive_stream(crypt, &x, cipher, stream_out, length);
    uint8_t *encrypted = reply_out + NTOR_V3_REPLY_LEN;
    if (message.length)
        memcpy(encrypted, message.data, message.length);
    crypt->aes256_ctr(cipher, encrypted, message.length);
    memcpy(reply_out, y_public, 32);
    authenticate(crypt, &x, span_of(encrypted, message.length), reply_out + 32);
    crypt_wipe(xy, sizeof(xy));
    crypt_wipe(cipher, sizeof(cipher));
    if (good)
        return ERR_OK;
    crypt_wipe(stream_out, length);
    memset(reply_out, 0, NTOR_V3_REPLY_LEN + message.length);
    return ERR_BAD_SIGNATURE;
}
