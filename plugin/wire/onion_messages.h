/* onion_messages - bodies of relay messages between onion services, their clients and the relays where they meet:
 * ESTABLISH_INTRO to INTRODUCE_ACK, ESTABLISH_RENDEZVOUS to RENDEZVOUS2 (rend-spec-v3 3.1, 3.2, 4.1). Decoded spans borrow
 * the body. Extensions that we do not know are ignored. */
#ifndef LOOM_WIRE_ONION_MESSAGES_H
#define LOOM_WIRE_ONION_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

#define INTRO_AUTH_KEY_LEN 32u
#define INTRO_MAC_LEN      32u
#define INTRO_SIG_LEN      64u
#define REND_COOKIE_LEN    20u
/* What stands behind the part that the MAC and the signature cover: in both cases all before themselves. */
#define INTRO_AFTER_SIGNED (2u + INTRO_SIG_LEN)
#define INTRO_AFTER_MACED  (INTRO_MAC_LEN + INTRO_AFTER_SIGNED)

/* How many INTRODUCE2 a service wants (proposal 305). */
enum intro_limit_kind {
    INTRO_LIMIT_CONSENSUS, /* it does not say, or not in a way that can be read */
    INTRO_LIMIT_NONE,      /* all: a limit of zero, or one that contradicts itself */
    INTRO_LIMIT_SET,
};
#define INTRO_LIMIT_MAX INT32_MAX

struct intro_limit {
    uint8_t kind;         /* enum intro_limit_kind */
    uint32_t rate, burst; /* SET: a second, at once; 0 < rate <= burst <= INTRO_LIMIT_MAX */
};

struct establish_intro_message {
    uint8_t auth_key[INTRO_AUTH_KEY_LEN];
    struct intro_limit limit;
    struct span maced; /* on decode: what the MAC covers */
    uint8_t mac[INTRO_MAC_LEN];
    struct span signed_part; /* on decode: what the signature covers */
    uint8_t signature[INTRO_SIG_LEN];
};
/* ERR_UNSUPPORTED for other keys than Ed25519 (version 2 services). */
MUST_USE enum err establish_intro_decode(struct span body, struct establish_intro_message *out);
void establish_intro_encode(struct bytes_out *out, const struct establish_intro_message *m);
/* INTRO_ESTABLISHED: nothing to say. */
void intro_established_encode(struct bytes_out *out);

struct introduce1_message {
    uint8_t auth_key[INTRO_AUTH_KEY_LEN];
    struct span encrypted; /* for the service; not empty */
};
MUST_USE enum err introduce1_decode(struct span body, struct introduce1_message *out);
void introduce1_encode(struct bytes_out *out, const struct introduce1_message *m);

enum introduce_status {
    INTRODUCE_SUCCESS = 0,
    INTRODUCE_UNKNOWN_ID = 1,
    INTRODUCE_BAD_FORMAT = 2,
    INTRODUCE_CANT_RELAY = 3,
};
MUST_USE enum err introduce_ack_decode(struct span body, uint16_t *status_out);
void introduce_ack_encode(struct bytes_out *out, uint16_t status);

/* ESTABLISH_RENDEZVOUS is a cookie and nothing else. */
MUST_USE enum err establish_rendezvous_decode(struct span body, uint8_t cookie_out[static REND_COOKIE_LEN]);

struct rendezvous1_message {
    uint8_t cookie[REND_COOKIE_LEN];
    struct span handshake; /* the body of RENDEZVOUS2 */
};
MUST_USE enum err rendezvous1_decode(struct span body, struct rendezvous1_message *out);
void rendezvous1_encode(struct bytes_out *out, const struct rendezvous1_message *m);

/* What circuits of services and clients are known by at the relay where they meet. */
enum onion_name_kind { ONION_NAME_INTRO, ONION_NAME_REND };
#define ONION_NAME_LEN INTRO_AUTH_KEY_LEN
struct onion_name {
    uint8_t kind;                  /* enum onion_name_kind */
    uint8_t bytes[ONION_NAME_LEN]; /* the authentication key, or the cookie and zeros */
};
struct onion_name onion_name_intro(const uint8_t auth_key[static INTRO_AUTH_KEY_LEN]);
struct onion_name onion_name_rend(const uint8_t cookie[static REND_COOKIE_LEN]);

#endif
