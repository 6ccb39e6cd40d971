#include "native/openssl_keys.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/openssl_provider.h"

#define DAY_S UINT64_C(86400)

EVP_PKEY *rsa_key_generate(unsigned bits) {
    EVP_PKEY *key =
        EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits); /* its exponent is 65537 unless told otherwise */
    CHECK(key);
    return key;
}

size_t rsa_key_public_der(const EVP_PKEY *key, uint8_t out[static RSA_PUBLIC_DER_MAX]) {
    int length = i2d_PublicKey(key, NULL);
    CHECK(length > 0 && length <= (int)RSA_PUBLIC_DER_MAX);
    CHECK(i2d_PublicKey(key, &out) == length);
    return (size_t)length;
}

size_t rsa_key_sign_raw(EVP_PKEY *key, struct span digest, uint8_t out[static RSA_SIGNATURE_MAX]) {
    size_t length = RSA_SIGNATURE_MAX;
    EVP_PKEY_CTX *signing = EVP_PKEY_CTX_new(key, NULL);
    CHECK(signing && EVP_PKEY_sign_init(signing) == 1);
    CHECK(EVP_PKEY_CTX_set_rsa_padding(signing, RSA_PKCS1_PADDING) == 1);
    CHECK(EVP_PKEY_sign(signing, out, &length, digest.data, digest.length) == 1);
    EVP_PKEY_CTX_free(signing);
    return length;
}

/* Move what was written to bio into text, with a NUL. */
static size_t take_text(BIO *bio, char text_out[static RSA_PEM_MAX]) {
    int length = BIO_read(bio, text_out, RSA_PEM_MAX - 1);
    CHECK(length > 0 && BIO_pending(bio) == 0);
    text_out[length] = '\0';
    BIO_free(bio);
    return (size_t)length;
}

size_t rsa_key_private_pem(const EVP_PKEY *key, char out[static RSA_PEM_MAX]) {
    BIO *bio = BIO_new(BIO_s_secmem());
    CHECK(bio && PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    return take_text(bio, out);
}

size_t rsa_key_public_pem(const EVP_PKEY *key, char out[static RSA_PEM_MAX]) {
    uint8_t der[RSA_PUBLIC_DER_MAX];
    size_t length = rsa_key_public_der(key, der);
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(bio && PEM_write_bio(bio, "RSA PUBLIC KEY", "", der, (long)length) > 0);
    return take_text(bio, out);
}

/* Without it OpenSSL would ask at the terminal. */
static int no_passphrase(char *out, int room, int is_write, void *context) {
    (void)is_write, (void)context;
    if (room > 0)
        out[0] = '\0';
    return -1;
}

EVP_PKEY *rsa_key_from_pem(struct span pem) {
    CHECK(pem.length <= INT32_MAX);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    CHECK(bio);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (key && EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

void x509_hostname(const char *ending, char out[static X509_HOSTNAME_MAX]) {
    static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t random[21];
    size_t ending_length = strlen(ending);
    CHECK(ending_length <= 4);
    CHECK(RAND_bytes(random, sizeof(random)) == 1);
    size_t letters = 8 + random[20] % 13; /* 8 to 20, nearly evenly: it only has to look like tor's */
    memcpy(out, "www.", 4);
    for (size_t i = 0; i < letters; i++)
        out[4 + i] = base32[random[i] % 32];
    memcpy(out + 4 + letters, ending, ending_length);
    out[4 + letters + ending_length] = '\0';
}

void x509_window(uint64_t now_s, uint64_t lifetime_s, uint64_t *not_before_out, uint64_t *not_after_out) {
    CHECK(lifetime_s > 2 * DAY_S && now_s > lifetime_s);
    uint64_t random;
    CHECK(RAND_bytes((uint8_t *)&random, sizeof(random)) == 1);
    uint64_t start = now_s - random % (lifetime_s - 2 * DAY_S); /* a day to live, a day for the rounding */
    *not_before_out = start - start % DAY_S;
    *not_after_out = *not_before_out + lifetime_s;
}

static void set_name(X509_NAME *name, const char *common_name) {
    CHECK(name &&
          X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common_name, -1, -1, 0) == 1);
}

/* 64 random bits, as tor. */
static void set_serial(X509 *certificate) {
    BIGNUM *serial = BN_new();
    CHECK(serial && BN_rand(serial, 64, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
    CHECK(BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)));
    BN_free(serial);
}

static void set_fields(X509 *certificate, const struct x509_request *request) {
    CHECK(X509_set_version(certificate, X509_VERSION_3) == 1);
    set_serial(certificate);
    set_name(X509_get_subject_name(certificate), request->subject_name);
    set_name(X509_get_issuer_name(certificate), request->issuer_name);
    CHECK(ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)request->not_before_s));
    CHECK(ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)request->not_after_s));
    CHECK(X509_set_pubkey(certificate, request->subject_key) == 1);
}

size_t x509_make(const struct x509_request *request, uint8_t out[static X509_DER_MAX]) {
    X509 *certificate = X509_new();
    CHECK(certificate);
    set_fields(certificate, request);
    CHECK(X509_sign(certificate, request->issuer_key, EVP_sha256()) > 0);
    int length = i2d_X509(certificate, NULL);
    CHECK(length > 0 && length <= (int)X509_DER_MAX);
    CHECK(i2d_X509(certificate, &out) == length);
    X509_free(certificate);
    return (size_t)length;
}

static void public_of(int type, const uint8_t secret[static 32], uint8_t public_out[static 32]) {
    size_t length = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(type, NULL, secret, 32);
    CHECK(key && EVP_PKEY_get_raw_public_key(key, public_out, &length) == 1);
    EVP_PKEY_free(key);
}

void ed25519_public_of_seed(const uint8_t seed[static 32], uint8_t public_out[static 32]) {
    public_of(EVP_PKEY_ED25519, seed, public_out);
}

void x25519_public_of_secret(const uint8_t secret[static 32], uint8_t public_out[static 32]) {
    public_of(EVP_PKEY_X25519, secret, public_out);
}
