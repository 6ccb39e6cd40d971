/* ntor_v3 - the ntor-v3 circuit handshake, both sides (proposal 332): ntor with an encrypted message each way.
 *
 * Pure functions over the provider. The relay's side has two steps, because its answer depends on the client's message; it
 * takes about three X25519 and so belongs on a CPU worker. Both sides must know the same verification string. */
#ifndef LOOM_CRYPT_NTOR_V3_H
#define LOOM_CRYPT_NTOR_V3_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"

#define NTOR_V3_ONIONSKIN_LEN 128u /* and the client's message */
#define NTOR_V3_REPLY_LEN     64u  /* and the relay's message */
#define NTOR_V3_STREAM_MAX    512u /* bytes of key stream that can be asked for */
#define NTOR_V3_MESSAGE_MAX   441u /* what CREATED2 has room for; CREATE2 has less */

/* The verification string of circuits (proposal 332, A.2). */
extern const struct span ntor_v3_for_circuits;

struct ntor_v3_client_state {
    uint8_t ed_id[32];
    uint8_t onion_key[32];
    struct ntor_keypair ephemeral;
    uint8_t bx[32];  /* EXP(B,x) */
    uint8_t mac[32]; /* of our message */
};

/* Draw an ephemeral key and write the onion skin for the relay so named, NTOR_V3_ONIONSKIN_LEN and message.length bytes.
 * ERR_BAD_SIGNATURE when its onion key is no key (a point of small order); message.length <= NTOR_V3_MESSAGE_MAX. */
MUST_USE enum err ntor_v3_client_create(const struct crypt_provider *crypt, const uint8_t ed_id[static 32],
                                        const uint8_t onion_key[static 32], struct span verification,
                                        struct span message, struct ntor_v3_client_state *state_out,
                                        uint8_t *onionskin_out);
/* The relay's message, reply.length - NTOR_V3_REPLY_LEN bytes, goes to message_out, and length bytes of key stream to
 * stream_out. ERR_MALFORMED for a wrong length, ERR_BAD_SIGNATURE when the relay does not prove that it knows its keys. */
MUST_USE enum err ntor_v3_client_finish(const struct crypt_provider *crypt,
                                        const struct ntor_v3_client_state *state, struct span verification,
                                        struct span reply, uint8_t *message_out, uint8_t *stream_out,
                                        size_t length);

/* Between the relay's two steps. */
struct ntor_v3_server_state {
    uint8_t ed_id[32];
    uint8_t onion_key[32]; /* B */
    uint8_t client[32];    /* X */
    uint8_t xb[32];        /* EXP(X,b) */
    uint8_t mac[32];
};

/* Decrypt the client's message, onionskin.length - NTOR_V3_ONIONSKIN_LEN bytes. ERR_MALFORMED for a wrong length,
 * ERR_IDENTITY for another relay's or an unknown key, ERR_BAD_SIGNATURE for a zero point or a wrong MAC. */
MUST_USE enum err ntor_v3_server_open(const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
                                      struct span verification, struct span onionskin,
                                      struct ntor_v3_server_state *state_out, uint8_t *message_out);
/* Answer with message: NTOR_V3_REPLY_LEN and message.length bytes go to reply_out, length bytes of key stream to stream_out.
 * ERR_BAD_SIGNATURE for a zero point. */
MUST_USE enum err ntor_v3_server_answer(const struct crypt_provider *crypt,
                                        const struct ntor_v3_server_state *state, struct span verification,
                                        struct span message, uint8_t *reply_out, uint8_t *stream_out,
                                        size_t length);

#endif
