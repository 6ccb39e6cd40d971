/* What strangers send in a CREATE2 and a CREATED2: the first byte says which, the rest is the handshake's data. */
#include "crypt/ntor.h"

#include <string.h>

#include "base/check.h"
#include "native/openssl_provider.h"
#include "support/fuzz.h"
#include "support/ntor_rig.h"

static void answer(const struct crypt_provider *crypt, struct span onionskin) {
    struct ntor_server_keys server = {.onion_count = 2};
    struct circuit_keys keys;
    uint8_t reply[NTOR_REPLY_LEN];
    for (uint8_t i = 0; i < 20; i++)
        server.rsa_id[i] = (uint8_t)(0xa0 + i);
    ntor_rig_keypair_of(crypt, 0x11, &server.onion[0]);
    ntor_rig_keypair_of(crypt, 0x12, &server.onion[1]);
    ntor_rig_keypair_of(crypt, 0x13, &server.junk);
    enum err e = ntor_server_answer(crypt, &server, onionskin, reply, &keys);
    CHECK((e == ERR_MALFORMED) == (onionskin.length != NTOR_ONIONSKIN_LEN));
    CHECK(e != ERR_OK || memcmp(onionskin.data, server.rsa_id, 20) == 0);
}

static void finish(const struct crypt_provider *crypt, struct span reply) {
    struct ntor_client_state client = {.rsa_id = {0}};
    struct ntor_keypair onion;
    struct circuit_keys keys;
    ntor_rig_keypair_of(crypt, 0x11, &onion);
    ntor_rig_keypair_of(crypt, 0x22, &client.ephemeral);
    memcpy(client.onion_key, onion.public, 32);
    for (uint8_t i = 0; i < 20; i++)
        client.rsa_id[i] = (uint8_t)(0xa0 + i);
    enum err e = ntor_client_finish(crypt, &client, reply, &keys);
    CHECK((e == ERR_MALFORMED) == (reply.length != NTOR_REPLY_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ntor_rig_fuzz(data, size, openssl_provider(), answer, finish);
    return 0;
}
