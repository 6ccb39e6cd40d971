#include "sim/sim_identity.h"

#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "crypt/certificates.h"
#include "crypt/symbolic.h"
#include "wire/ed_cert.h"

#define RSA_KEY_LEN   140u
#define TEXT_MAX      2560u /* four short certificates and an X509 of the symbolic provider */
#define EXPIRES_HOURS ((uint32_t)(SIM_UNIX_S / 3600 + 24 * 30))
#define NOT_BEFORE_S  (SIM_UNIX_S - 86400)
#define NOT_AFTER_S   (SIM_UNIX_S + 86400 * 30)

struct endpoint sim_relay_endpoint(uint32_t relay) {
    uint32_t number = relay + 1;
    return (struct endpoint){
        .address = {.family = ADDRESS_IPV4,
                    .bytes = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}},
        .port = SIM_PORT};
}

bool sim_relay_of(const struct endpoint *endpoint, uint32_t *relay_out) {
    const uint8_t *bytes = endpoint->address.bytes;
    uint32_t number = (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    if (endpoint->address.family != ADDRESS_IPV4 || bytes[0] != 10 || number == 0 ||
        endpoint->port != SIM_PORT)
        return false;
    *relay_out = number - 1;
    return true;
}

/* Secrets of one relay, while its certificates are made. */
struct secrets {
    uint8_t rsa_key[RSA_KEY_LEN];
    uint8_t identity_seed[32];
    uint8_t signing_seed[32];
};

/* Certificates are written one behind the other. */
struct maker {
    const struct crypt_provider *crypt;
    const struct secrets *secrets;
    uint8_t *next;
};

static struct span take(struct maker *maker, size_t length) {
    struct span span = {maker->next, length};
    maker->next += length;
    return span;
}

static struct span make_x509(struct maker *maker) {
    struct span key = {maker->secrets->rsa_key, RSA_KEY_LEN};
    return take(maker, symbolic_x509_make(key, NOT_BEFORE_S, NOT_AFTER_S, maker->next));
}

static struct span make_cross(struct maker *maker, const uint8_t ed_id[static 32]) {
    uint8_t digest[SHA256_LEN], signature[SYMBOLIC_RSA_SIGNATURE_LEN];
    struct rsa_ed_cross_cert cert = {.expires_hours = EXPIRES_HOURS,
                                     .signature = {signature, SYMBOLIC_RSA_SIGNATURE_LEN}};
    memcpy(cert.ed_id, ed_id, 32);
    certificates_cross_digest(maker->crypt, ed_id, EXPIRES_HOURS, digest);
    symbolic_rsa_sign_raw((struct span){maker->secrets->rsa_key, RSA_KEY_LEN},
                          (struct span){digest, sizeof digest}, signature);
    struct bytes_out out = bytes_out(maker->next, SYMBOLIC_X509_LEN);
    rsa_ed_cross_cert_encode(&out, &cert);
    CHECK(bytes_out_ok(&out));
    return take(maker, bytes_written(&out));
}

static struct span make_ed(struct maker *maker, uint8_t type, uint8_t key_type, const uint8_t key[static 32],
                           const uint8_t signer_seed[static 32]) {
    struct ed_cert cert = {.type = type,
                           .expires_hours = EXPIRES_HOURS,
                           .key_type = key_type,
                           .has_signer = type == ED_CERT_SIGNING};
    memcpy(cert.key, key, 32);
    symbolic_ed25519_public(signer_seed, cert.signer);
    return take(maker, certificates_make_ed(maker->crypt, &cert, signer_seed, maker->next));
}

static void make_certificates(struct maker *maker, struct link_credentials *own) {
    const struct secrets *secrets = maker->secrets;
    uint8_t signing[32], authenticate[32];
    symbolic_ed25519_public(secrets->signing_seed, signing);
    symbolic_ed25519_public(own->authenticate_seed, authenticate);
    struct span *both = own->as_responder.by_type;
    both[LINK_CERT_RSA_IDENTITY] = make_x509(maker);
    both[LINK_CERT_RSA_ED_CROSS] = make_cross(maker, own->ed_id);
    both[LINK_CERT_ED_SIGNING] =
        make_ed(maker, ED_CERT_SIGNING, ED_CERT_KEY_ED25519, signing, secrets->identity_seed);
    own->as_initiator = own->as_responder;
    both[LINK_CERT_ED_TLS_LINK] = make_ed(maker, ED_CERT_TLS_LINK, ED_CERT_KEY_SHA256_X509,
                                          own->tls_certificate_sha256, secrets->signing_seed);
    own->as_initiator.by_type[LINK_CERT_ED_AUTHENTICATE] =
        make_ed(maker, ED_CERT_AUTHENTICATE, ED_CERT_KEY_ED25519, authenticate, secrets->signing_seed);
}

static void make_keypair(struct rng *rng, struct ntor_keypair *out) {
    rng_fill(rng, out->secret, sizeof out->secret);
    symbolic_x25519_public(out->secret, out->public);
}

static void make_keys(struct sim_identity *identity, struct secrets *secrets,
                      const struct crypt_provider *crypt, struct rng *rng) {
    struct link_credentials *own = &identity->credentials;
    rng_fill(rng, secrets, sizeof *secrets);
    rng_fill(rng, own->authenticate_seed, sizeof own->authenticate_seed);
    rng_fill(rng, own->tls_certificate_sha256, sizeof own->tls_certificate_sha256);
    struct span key = {secrets->rsa_key, RSA_KEY_LEN};
    crypt->sha1(&key, 1, own->rsa_id);
    crypt->sha256(&key, 1, own->rsa_sha256);
    symbolic_ed25519_public(secrets->identity_seed, own->ed_id);
    memcpy(identity->ntor.rsa_id, own->rsa_id, sizeof own->rsa_id);
    memcpy(identity->ntor.ed_id, own->ed_id, sizeof own->ed_id);
    make_keypair(rng, &identity->ntor.onion[0]);
    identity->ntor.onion_count = 1;
    make_keypair(rng, &identity->ntor.junk);
}

static void move_spans(struct certs_message *certs, const uint8_t *from, const uint8_t *to) {
    for (unsigned i = 0; i < LINK_CERT_TYPES; i++)
        if (certs->by_type[i].length > 0)
            certs->by_type[i].data = to + (certs->by_type[i].data - from);
}

bool sim_identity_make(struct sim_identity *identity, const struct memory *memory,
                       const struct crypt_provider *crypt, uint64_t seed, uint32_t relay) {
    *identity = (struct sim_identity){0};
    uint8_t text[TEXT_MAX];
    struct secrets secrets;
    struct rng rng;
    rng_seed(&rng, seed ^ (uint64_t)relay << 32);
    make_keys(identity, &secrets, crypt, &rng);
    identity->credentials.advertised[0] = sim_relay_endpoint(relay);
    struct maker maker = {.crypt = crypt, .secrets = &secrets, .next = text};
    make_certificates(&maker, &identity->credentials);
    identity->text_length = (size_t)(maker.next - text);
    CHECK(identity->text_length <= sizeof text);
    identity->text = memory_allocate(memory, identity->text_length);
    if (!identity->text)
        return false;
    memcpy(identity->text, text, identity->text_length);
    move_spans(&identity->credentials.as_responder, text, identity->text);
    move_spans(&identity->credentials.as_initiator, text, identity->text);
    return true;
}

void sim_identity_fini(struct sim_identity *identity, const struct memory *memory) {
    memory_release(memory, identity->text, identity->text_length);
    identity->text = NULL;
}

void sim_identity_target(const struct sim_identity *identity, uint32_t relay,
                         struct origin_target *target_out) {
    *target_out = (struct origin_target){.has_ed_id = true, .ipv4 = sim_relay_endpoint(relay)};
    memcpy(target_out->rsa_id, identity->credentials.rsa_id, RSA_ID_LEN);
    memcpy(target_out->ed_id, identity->credentials.ed_id, ED_ID_LEN);
    memcpy(target_out->onion_key, identity->ntor.onion[0].public, sizeof target_out->onion_key);
}
