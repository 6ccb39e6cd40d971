/* openssl_keys - keys and X509 certificates that a relay makes for itself; see crypt/provider.h for their use.
 *
 * An RSA key is an EVP_PKEY: free it with EVP_PKEY_free(). Functions without a failure to report CHECK that OpenSSL
 * had memory and randomness. Thread: any; a key may be used by several at once. */
#ifndef LOOM_NATIVE_OPENSSL_KEYS_H
#define LOOM_NATIVE_OPENSSL_KEYS_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define RSA_PUBLIC_DER_MAX 600u /* 4096 bits; 140 for 1024 */
#define RSA_SIGNATURE_MAX  512u
#define RSA_PEM_MAX        4096u /* private, 4096 bits; NUL included */
#define X509_DER_MAX       2048u
#define X509_HOSTNAME_MAX  32u   /* "www.", at most 20 letters and digits, ".net" or ".com", NUL */
#define RSA_IDENTITY_BITS  1024u /* tor-spec 1.1: identity and (dead) onion key */
#define RSA_TLS_BITS       2048u

/* A fresh key with exponent 65537. */
EVP_PKEY *rsa_key_generate(unsigned bits);
/* PKCS#1 RSAPublicKey: what fingerprints are hashes of. Returns the length. */
size_t rsa_key_public_der(const EVP_PKEY *key, uint8_t out[static RSA_PUBLIC_DER_MAX]);
/* PKCS#1 v1.5 over the raw digest, without DigestInfo. Returns the length of the signature. */
size_t rsa_key_sign_raw(EVP_PKEY *key, struct span digest, uint8_t out[static RSA_SIGNATURE_MAX]);
/* "-----BEGIN RSA PRIVATE KEY-----" as tor keeps it in keys/secret_id_key. Returns the length without the NUL. */
size_t rsa_key_private_pem(const EVP_PKEY *key, char out[static RSA_PEM_MAX]);
/* "-----BEGIN RSA PUBLIC KEY-----" as in descriptors. Returns the length without the NUL. */
size_t rsa_key_public_pem(const EVP_PKEY *key, char out[static RSA_PEM_MAX]);
/* The RSA private key in PEM text, traditional or PKCS#8, without passphrase; NULL when there is none. */
MUST_USE EVP_PKEY *rsa_key_from_pem(struct span pem);

struct x509_request {
    EVP_PKEY *subject_key;
    EVP_PKEY *issuer_key;                   /* signs with SHA-256; equal to subject_key: self-signed */
    const char *subject_name, *issuer_name; /* common names */
    uint64_t not_before_s, not_after_s;
};
/* Make a certificate as tor does: version 3, random serial, one CN each. Returns the length of its DER. */
size_t x509_make(const struct x509_request *request, uint8_t out[static X509_DER_MAX]);
/* A name as tor draws it: "www.", 8 to 20 characters of base32, and ending (".net" or ".com"). */
void x509_hostname(const char *ending, char out[static X509_HOSTNAME_MAX]);
/* A window of lifetime_s around now as tor draws it: starts at a past midnight and has at least a day left.
 * lifetime_s is more than two days: a year for the identity certificate, 2 to 363 days for the TLS one. */
void x509_window(uint64_t now_s, uint64_t lifetime_s, uint64_t *not_before_out, uint64_t *not_after_out);

/* The public keys of a seed and of a curve25519 secret. */
void ed25519_public_of_seed(const uint8_t seed[static 32], uint8_t public_out[static 32]);
void x25519_public_of_secret(const uint8_t secret[static 32], uint8_t public_out[static 32]);

/* The Ed25519 form of a curve25519 public key whose x has the given sign (dir-spec, "Converting a curve25519 public key
 * to an ed25519 public key"). */
void ed25519_public_of_x25519(const uint8_t x_public[static 32], uint8_t sign_bit,
                              uint8_t ed_public_out[static 32]);
/* Sign message with a curve25519 secret used as an Ed25519 scalar, for ntor-onion-key-crosscert, and say which public
 * key verifies it. The first half of an expanded Ed25519 secret, as in tor's key files, is such a scalar too. For rare
 * use: it takes about a millisecond. False only if OpenSSL's curve arithmetic contradicts itself. */
MUST_USE bool ed25519_sign_with_x25519_secret(const uint8_t x_secret[static 32], struct span message,
                                              uint8_t signature_out[static 64],
                                              uint8_t ed_public_out[static 32], uint8_t *sign_bit_out);

#endif
