/* ntor - the ntor circuit handshake, both sides (tor-spec 5.1.4), and its key derivation (5.2.2, RFC 5869).
 *
 * Pure functions over the provider; the server side takes about three X25519 and so belongs on a CPU worker. */
#ifndef LOOM_CRYPT_NTOR_H
#define LOOM_CRYPT_NTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "crypt/circuit_keys.h"
#include "crypt/provider.h"

#define NTOR_ONIONSKIN_LEN 84u
#define NTOR_REPLY_LEN     64u

struct ntor_keypair {
    uint8_t secret[32];
    uint8_t public[32];
};

/* What a relay needs to answer, here and in ntor-v3: its identities and up to two onion keys (tor-spec: keep the old one for
 * a grace period). */
struct ntor_server_keys {
    uint8_t rsa_id[20]; /* its name in ntor */
    uint8_t ed_id[32];  /* its name in ntor-v3 */
    struct ntor_keypair onion[2];
    uint8_t onion_count;      /* 1 or 2; [0] is current */
    struct ntor_keypair junk; /* used when KEYID is unknown, so that the time is the same */
};

struct ntor_client_state {
    uint8_t rsa_id[20];
    uint8_t onion_key[32];
    struct ntor_keypair ephemeral;
};

/* Draw an ephemeral key and write the onion skin for the relay so named. */
void ntor_client_create(const struct crypt_provider *crypt, const uint8_t rsa_id[static 20],
                        const uint8_t onion_key[static 32], struct ntor_client_state *state_out,
                        uint8_t onionskin_out[static NTOR_ONIONSKIN_LEN]);
/* ERR_BAD_SIGNATURE when the relay does not prove that it knows its keys. */
MUST_USE enum err ntor_client_finish(const struct crypt_provider *crypt,
                                     const struct ntor_client_state *state, struct span reply,
                                     struct circuit_keys *keys_out);
/* Fill chosen with the onion key that the client names by key_id, or the junk key, in a time that does not show which. False:
 * it was the junk key. */
MUST_USE bool ntor_choose_onion_key(const struct ntor_server_keys *keys, const uint8_t key_id[static 32],
                                    struct ntor_keypair *chosen);
/* ERR_MALFORMED for a wrong length, ERR_IDENTITY for another relay's or an unknown key, ERR_BAD_SIGNATURE for a zero
 * point. */
MUST_USE enum err ntor_server_answer(const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
                                     struct span onionskin, uint8_t reply_out[static NTOR_REPLY_LEN],
                                     struct circuit_keys *keys_out);

#endif
