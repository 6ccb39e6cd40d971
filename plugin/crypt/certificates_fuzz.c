/* A CERTS body from a peer, checked as initiator's and as responder's: with real keys, with symbolic ones, and with
 * signatures that always verify, so that inputs get past them. */
#include "crypt/certificates.h"

#include <string.h>

#include "base/check.h"
#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/fuzz.h"

#define NOW_S UINT64_C(1800000000) /* the seeds were made for it */

static bool verify_anything(const uint8_t public[static 32], struct span message,
                            const uint8_t signature[static 64]) {
    (void)public, (void)message, (void)signature;
    return true;
}

static bool verify_any_rsa(struct span rsa_key, struct span digest, struct span signature) {
    CHECK(rsa_key.length > 0 && rsa_key.length <= RSA_IDENTITY_DER_MAX);
    CHECK(digest.length == SHA256_LEN);
    (void)signature;
    return true;
}

static void check_both_sides(const struct crypt_provider *crypt, const struct certs_message *certs) {
    static const struct peer_identity nobody;
    static const uint8_t tls_digest[32] = {0x77};
    struct peer_identity responder = {0}, initiator = {0};
    if (certificates_check_responder(crypt, certs, tls_digest, NOW_S, &responder) == ERR_OK)
        CHECK(!responder.has_authenticate_key);
    else
        CHECK(memcmp(&responder, &nobody, sizeof(nobody)) == 0);
    if (certificates_check_initiator(crypt, certs, NOW_S, &initiator) == ERR_OK)
        CHECK(initiator.has_authenticate_key);
    else
        CHECK(memcmp(&initiator, &nobody, sizeof(nobody)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct certs_message certs;
    struct symbolic symbolic;
    if (certs_decode((struct span){data, size}, &certs) != ERR_OK)
        return 0;
    struct crypt_provider trusting = *openssl_provider();
    trusting.ed25519_verify = verify_anything;
    trusting.rsa_verify_raw = verify_any_rsa;
    check_both_sides(openssl_provider(), &certs);
    check_both_sides(&trusting, &certs);
    check_both_sides(symbolic_provider(&symbolic, 1), &certs);
    return 0;
}
