/* What strangers send in a CREATE2 and a CREATED2 of ntor-v3: the first byte says which, the rest is the handshake's data.
 * What a relay decrypts goes on to the parser of its extensions, as it does in a job. */
#include "crypt/ntor_v3.h"

#include <string.h>

#include "base/check.h"
#include "native/openssl_provider.h"
#include "support/fuzz.h"
#include "support/ntor_rig.h"
#include "wire/handshake_extensions.h"

static void answer(const struct crypt_provider *crypt, struct span onionskin) {
    struct ntor_server_keys server = {.onion_count = 1};
    struct ntor_v3_server_state state;
    struct handshake_request request;
    uint8_t message[NTOR_V3_MESSAGE_MAX], reply[NTOR_V3_REPLY_LEN + 1], stream[92];
    static const uint8_t nothing[] = {0};
    for (uint8_t i = 0; i < 32; i++)
        server.ed_id[i] = (uint8_t)(0xa0 + i);
    ntor_rig_keypair_of(crypt, 0x11, &server.onion[0]);
    ntor_rig_keypair_of(crypt, 0x13, &server.junk);
    enum err e = ntor_v3_server_open(crypt, &server, ntor_v3_for_circuits, onionskin, &state, message);
    bool fits = onionskin.length >= NTOR_V3_ONIONSKIN_LEN &&
                onionskin.length <= NTOR_V3_ONIONSKIN_LEN + NTOR_V3_MESSAGE_MAX;
    CHECK((e == ERR_MALFORMED) == !fits);
    if (e)
        return;
    CHECK(memcmp(onionskin.data, server.ed_id, 32) == 0);
    (void)!handshake_request_decode((struct span){message, onionskin.length - NTOR_V3_ONIONSKIN_LEN},
                                    &request);
    CHECK(ntor_v3_server_answer(crypt, &state, ntor_v3_for_circuits, (struct span){nothing, 1}, reply, stream,
                                sizeof stream) == ERR_OK);
}

static void finish(const struct crypt_provider *crypt, struct span reply) {
    struct ntor_v3_client_state client = {.mac = {1}};
    struct ntor_keypair onion;
    uint8_t message[NTOR_V3_MESSAGE_MAX], stream[92];
    ntor_rig_keypair_of(crypt, 0x11, &onion);
    ntor_rig_keypair_of(crypt, 0x22, &client.ephemeral);
    memcpy(client.onion_key, onion.public, 32);
    CHECK(crypt->x25519(client.ephemeral.secret, onion.public, client.bx));
    for (uint8_t i = 0; i < 32; i++)
        client.ed_id[i] = (uint8_t)(0xa0 + i);
    enum err e =
        ntor_v3_client_finish(crypt, &client, ntor_v3_for_circuits, reply, message, stream, sizeof stream);
    bool fits = reply.length >= NTOR_V3_REPLY_LEN && reply.length <= NTOR_V3_REPLY_LEN + NTOR_V3_MESSAGE_MAX;
    CHECK((e == ERR_MALFORMED) == !fits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ntor_rig_fuzz(data, size, openssl_provider(), answer, finish);
    return 0;
}
