/* link_facts - what the runtime's TLS knows about a link, and the credentials that we show on it. */
#ifndef LOOM_CORE_LINK_FACTS_H
#define LOOM_CORE_LINK_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/address.h"
#include "wire/link_messages.h"

/* How we prove who we are. Immutable; the runtime keeps it (and the spans in it) alive while a link uses it. */
struct link_credentials {
    uint8_t rsa_id[20];
    uint8_t rsa_sha256[32]; /* SHA256 of the RSA identity key: CID or SID */
    uint8_t ed_id[32];
    uint8_t authenticate_seed[32];      /* secret of the key certified by type 6 */
    struct certs_message as_responder;  /* types 2, 4, 5, 7 */
    struct certs_message as_initiator;  /* types 2, 4, 6, 7 */
    uint8_t tls_certificate_sha256[32]; /* of the certificate that our TLS server side shows */
    struct endpoint advertised[2];      /* IPv4, IPv6; NONE when absent */
};

struct link_facts {
    bool is_initiator;    /* we dialled */
    struct endpoint peer; /* address that the socket is connected to */
    const struct link_credentials
        *credentials;                    /* NULL: anonymous initiator (a client), shows no certificates */
    uint8_t peer_certificate_sha256[32]; /* initiator: of the responder's TLS certificate */
    /* RFC 5705 exporter with label "EXPORTER FOR TOR TLS CLIENT BINDING AUTH0003": a pure query of the TLS session. */
    void (*export_secret)(void *context, const uint8_t cid[static 32], uint8_t out[static 32]);
    void *export_context; /* valid until the link is open or closed */
};

#endif
