/* What strangers send in a CREATE2 and a CREATED2: the first byte says which, the rest is the handshake's data. */
#include "crypt/ntor.h"

#include <string.h>

#include "base/check.h"
#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/fuzz.h"

/* A relay and a client whose keys are their secrets 11.. and 22.., so that seeds can be valid. */
static void keypair_of(const struct crypt_provider *crypt, uint8_t fill, struct ntor_keypair *out) {
    static const uint8_t base_point[32] = {9};
    memset(out->secret, fill, sizeof(out->secret));
    CHECK(crypt->x25519(out->secret, base_point, out->public));
}

static void answer(const struct crypt_provider *crypt, struct span onionskin) {
    struct ntor_server_keys server = {.onion_count = 2};
    struct circuit_keys keys;
    uint8_t reply[NTOR_REPLY_LEN];
    for (uint8_t i = 0; i < 20; i++)
        server.rsa_id[i] = (uint8_t)(0xa0 + i);
    keypair_of(crypt, 0x11, &server.onion[0]);
    keypair_of(crypt, 0x12, &server.onion[1]);
    keypair_of(crypt, 0x13, &server.junk);
    enum err e = ntor_server_answer(crypt, &server, onionskin, reply, &keys);
    CHECK((e == ERR_MALFORMED) == (onionskin.length != NTOR_ONIONSKIN_LEN));
    CHECK(e != ERR_OK || memcmp(onionskin.data, server.rsa_id, 20) == 0);
}

static void finish(const struct crypt_provider *crypt, struct span reply) {
    struct ntor_client_state client = {.rsa_id = {0}};
    struct ntor_keypair onion;
    struct circuit_keys keys;
    keypair_of(crypt, 0x11, &onion);
    keypair_of(crypt, 0x22, &client.ephemeral);
    memcpy(client.onion_key, onion.public, 32);
    for (uint8_t i = 0; i < 20; i++)
        client.rsa_id[i] = (uint8_t)(0xa0 + i);
    enum err e = ntor_client_finish(crypt, &client, reply, &keys);
    CHECK((e == ERR_MALFORMED) == (reply.length != NTOR_REPLY_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct symbolic symbolic;
    if (size == 0)
        return 0;
    const struct span rest = {data + 1, size - 1};
    void (*const side)(const struct crypt_provider *, struct span) = data[0] & 1 ? finish : answer;
    side(openssl_provider(), rest);
    side(symbolic_provider(&symbolic, 1), rest);
    return 0;
}
