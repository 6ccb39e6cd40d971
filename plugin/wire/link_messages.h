/* link_messages - bodies of the cells of the link handshake (tor-spec 4): VERSIONS, CERTS, AUTH_CHALLENGE,
 * AUTHENTICATE, NETINFO, PADDING_NEGOTIATE. Decoded spans borrow the body. */
#ifndef LOOM_WIRE_LINK_MESSAGES_H
#define LOOM_WIRE_LINK_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/address.h"

#define LINK_VERSIONS_MAX 32u

struct versions_message {
    uint16_t versions[LINK_VERSIONS_MAX]; /* further ones are ignored */
    uint8_t count;
};
MUST_USE enum err versions_decode(struct span body, struct versions_message *out);
void versions_encode(struct bytes_out *out, const struct versions_message *m);
/* Highest version in both lists, or 0. */
uint16_t versions_highest_common(const struct versions_message *a, const struct versions_message *b);

/* CERTS: certificates by type; absent ones have length 0. A type that comes twice is ERR_PROTOCOL, types above 7 are
 * ignored (tor-spec 4.2). */
enum link_cert_type {
    LINK_CERT_RSA_TLS_LINK = 1,
    LINK_CERT_RSA_IDENTITY = 2, /* self-signed X509, RSA-1024 */
    LINK_CERT_RSA_AUTHENTICATE = 3,
    LINK_CERT_ED_SIGNING = 4,      /* identity -> signing */
    LINK_CERT_ED_TLS_LINK = 5,     /* signing -> SHA256 of the TLS certificate */
    LINK_CERT_ED_AUTHENTICATE = 6, /* signing -> link authentication key */
    LINK_CERT_RSA_ED_CROSS = 7,
};
#define LINK_CERT_TYPES 8u
struct certs_message {
    struct span by_type[LINK_CERT_TYPES];
};
MUST_USE enum err certs_decode(struct span body, struct certs_message *out);
void certs_encode(struct bytes_out *out, const struct certs_message *m);

#define AUTH_METHOD_ED25519_SHA256_RFC5705 3u
struct auth_challenge_message {
    uint8_t challenge[32];
    bool offers_method_3;
};
MUST_USE enum err auth_challenge_decode(struct span body, struct auth_challenge_message *out);
void auth_challenge_encode(struct bytes_out *out, const struct auth_challenge_message *m);

/* AUTHENTICATE of method 3 (tor-spec 4.4.2); signed is the part that the signature covers (type "AUTH0003" .. RAND,
 * AUTHENTICATE_SIGNED_LEN bytes). */
#define AUTHENTICATE_SIGNED_LEN 288u
#define AUTHENTICATE_BODY_LEN   352u
struct authenticate_message {
    uint8_t initiator_rsa[32]; /* CID: SHA256 of the RSA identity key */
    uint8_t responder_rsa[32]; /* SID */
    uint8_t initiator_ed[32];
    uint8_t responder_ed[32];
    uint8_t responder_log[32];   /* SLOG */
    uint8_t initiator_log[32];   /* CLOG */
    uint8_t tls_certificate[32]; /* SCERT */
    uint8_t tls_secrets[32];
    uint8_t random[24];
    uint8_t signature[64];
};
MUST_USE enum err authenticate_decode(struct span body, struct authenticate_message *out);
void authenticate_encode(struct bytes_out *out, const struct authenticate_message *m);
/* Only the AUTHENTICATE_SIGNED_LEN bytes that are signed. */
void authenticate_encode_signed(struct bytes_out *out, const struct authenticate_message *m);

#define NETINFO_ADDRESSES_MAX 8u
struct netinfo_message {
    uint32_t time;        /* seconds since 1970; 0 from clients */
    struct address other; /* how we see the peer; family NONE when of unknown type */
    struct address mine[NETINFO_ADDRESSES_MAX];
    uint8_t mine_count; /* further and unknown ones are skipped */
};
MUST_USE enum err netinfo_decode(struct span body, struct netinfo_message *out);
/* other of family NONE is written as 0.0.0.0: tor closes a link that sends another type there. */
void netinfo_encode(struct bytes_out *out, const struct netinfo_message *m);

struct padding_negotiate_message {
    bool start;
    uint16_t timeout_low_ms, timeout_high_ms;
};
MUST_USE enum err padding_negotiate_decode(struct span body, struct padding_negotiate_message *out);
void padding_negotiate_encode(struct bytes_out *out, const struct padding_negotiate_message *m);

#endif
