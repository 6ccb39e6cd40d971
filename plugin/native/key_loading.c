#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "native/key_files.h"
#include "native/keys_state.h"
#include "native/log.h"
#include "wire/text.h"

#define RSA_FILE            "secret_id_key"
#define MASTER_FILE         "ed25519_master_id_secret_key"
#define MASTER_PUBLIC_FILE  "ed25519_master_id_public_key"
#define SIGNING_FILE        "ed25519_signing_secret_key"
#define SIGNING_CERT_FILE   "ed25519_signing_cert"
#define TAP_FILE            "secret_onion_key"
#define ONION_FILE          "secret_onion_key_ntor"
#define ONION_OLD_FILE      "secret_onion_key_ntor.old"
#define FINGERPRINT_FILE    "fingerprint"
#define FINGERPRINT_ED_FILE "fingerprint-ed25519"

#define MASTER_TAG        "== ed25519v1-secret: type0 =="
#define MASTER_PUBLIC_TAG "== ed25519v1-public: type0 =="
#define SIGNING_TAG       "== ed25519v1-secret: type4 =="
#define SIGNING_CERT_TAG  "== ed25519v1-cert: type4 =="
#define ONION_TAG         "== c25519v1: onion =="

/* What is made after an identity key, by us and by tor, so that it tells that there was one. `tor --keygen` makes Ed25519
 * keys alone: they do not tell of an RSA key. */
static const char *const made_after_rsa[] = {TAP_FILE, ONION_FILE, ONION_OLD_FILE, NULL};
static const char *const made_after_master[] = {MASTER_PUBLIC_FILE, SIGNING_FILE, SIGNING_CERT_FILE, NULL};

/* May a new identity key be made? Not where a run before this one had one: that would be another relay. */
static bool may_make(const struct keys *keys, const char *name, const char *const made_after[],
                     const char *fingerprint, const char *hint, struct complaint *complaint) {
    const char *folder = keys->place.data_directory, *trace = NULL;
    if (key_file_is_there(folder, fingerprint))
        trace = fingerprint;
    for (; !trace && *made_after; made_after++) {
        if (key_file_is_there(keys->place.key_directory, *made_after)) {
            folder = keys->place.key_directory;
            trace = *made_after;
        }
    }
    return !trace ||
           complain(complaint,
                    "%s/%s: expected the identity key of this relay, which has run before (%s/%s is "
                    "there), but it is missing%s",
                    keys->place.key_directory, name, folder, trace, hint);
}

/* A key in PEM that is there, or a new one that is then there. */
static EVP_PKEY *load_rsa(struct keys *keys, const char *name, struct complaint *complaint) {
    const char *folder = keys->place.key_directory;
    char pem[RSA_PEM_MAX];
    size_t length = 0;
    EVP_PKEY *key = NULL;
    enum key_file result = key_file_read(folder, name, (uint8_t *)pem, sizeof(pem), &length, complaint);
    if (result == KEY_FILE_BAD)
        return NULL;
    if (result == KEY_FILE_READ) {
        key = rsa_key_from_pem((struct span){(const uint8_t *)pem, length});
        if (!key || EVP_PKEY_get_bits(key) != (int)RSA_IDENTITY_BITS) {
            complain(complaint, "%s/%s: expected an RSA private key of %u bits in PEM", folder, name,
                     RSA_IDENTITY_BITS);
            EVP_PKEY_free(key);
            key = NULL;
        }
    } else {
        key = rsa_key_generate(RSA_IDENTITY_BITS);
        length = rsa_key_private_pem(key, pem);
        if (!key_file_write(folder, name, (struct span){(const uint8_t *)pem, length}, complaint)) {
            EVP_PKEY_free(key);
            key = NULL;
        }
    }
    OPENSSL_cleanse(pem, sizeof(pem));
    return key;
}

/* A new Ed25519 secret in tor's expanded form (RFC 8032, 5.1.5). */
static void ed_key_generate(const struct crypt_provider *crypt, struct ed_key *out) {
    uint8_t seed[32];
    crypt->random(crypt->context, seed, sizeof(seed));
    SHA512(seed, sizeof(seed), out->secret);
    out->secret[0] &= 248;
    out->secret[31] &= 63;
    out->secret[31] |= 64;
    ed25519_public_of_seed(seed, out->public);
    OPENSSL_cleanse(seed, sizeof(seed));
}

/* Fill in the public key; false when the secret is none. */
static bool ed_key_complete(struct ed_key *key) {
    uint8_t signature[64];
    uint8_t sign_bit;
    static const uint8_t zeros[16];
    bool is_clamped = (key->secret[0] & 7) == 0 && (key->secret[31] & 0xc0) == 0x40;
    /* Half a prefix of zeros comes from a disk, not from SHA-512. Signatures made with it would give the scalar away. */
    bool has_prefix = memcmp(key->secret + ED_EXPANDED_LEN - sizeof zeros, zeros, sizeof zeros) != 0;
    return is_clamped && has_prefix &&
           ed25519_sign_with_x25519_secret(key->secret, span_of("loom"), signature, key->public, &sign_bit);
}

enum key_file keys_read_ed(const char *folder, const char *name, const char *tag, struct ed_key *out,
                           struct complaint *complaint) {
    enum key_file result =
        key_file_read_tagged(folder, name, tag, out->secret, sizeof(out->secret), complaint);
    if (result == KEY_FILE_READ && !ed_key_complete(out)) {
        complain(complaint, "%s/%s: expected an expanded Ed25519 secret key", folder, name);
        return KEY_FILE_BAD;
    }
    return result;
}

static bool load_master(struct keys *keys, struct complaint *complaint) {
    const char *folder = keys->place.key_directory;
    uint8_t public[32];
    enum key_file has_public = key_file_read_tagged(folder, MASTER_PUBLIC_FILE, MASTER_PUBLIC_TAG, public,
                                                    sizeof(public), complaint);
    if (has_public == KEY_FILE_BAD)
        return false;
    switch (keys_read_ed(folder, MASTER_FILE, MASTER_TAG, &keys->master, complaint)) {
    case KEY_FILE_BAD: return false;
    case KEY_FILE_READ: break;
    case KEY_FILE_MISSING:
        if (!may_make(keys, MASTER_FILE, made_after_master, FINGERPRINT_ED_FILE,
                      " (Loom does not run with an offline master key)", complaint))
            return false;
        ed_key_generate(keys->crypt, &keys->master);
        if (!key_file_write_tagged(folder, MASTER_FILE, MASTER_TAG,
                                   (struct span){keys->master.secret, sizeof(keys->master.secret)},
                                   complaint))
            return false;
        break;
    }
    if (has_public == KEY_FILE_READ)
        return memcmp(public, keys->master.public, sizeof(public)) == 0 ||
               complain(complaint, "%s/%s: expected the public key of %s, got another's", folder,
                        MASTER_PUBLIC_FILE, MASTER_FILE);
    return key_file_write_tagged(folder, MASTER_PUBLIC_FILE, MASTER_PUBLIC_TAG,
                                 (struct span){keys->master.public, sizeof(keys->master.public)}, complaint);
}

/* "nickname ID\n", as tor writes it; rewritten only when it differs. */
static bool write_fingerprint(const struct keys *keys, const char *name, const char *id,
                              struct complaint *complaint) {
    char line[128];
    uint8_t before[sizeof(line)];
    size_t before_length = 0;
    struct complaint ignored;
    struct bytes_out out = bytes_out(line, sizeof(line));
    text_put(&out, keys->place.nickname);
    text_put(&out, " ");
    text_put(&out, id);
    text_put(&out, "\n");
    struct span content = {(const uint8_t *)line, bytes_written(&out)};
    if (key_file_read(keys->place.data_directory, name, before, sizeof(before), &before_length, &ignored) ==
            KEY_FILE_READ &&
        before_length == content.length && memcmp(before, line, content.length) == 0)
        return true;
    return key_file_write(keys->place.data_directory, name, content, complaint);
}

static bool write_fingerprints(const struct keys *keys, struct complaint *complaint) {
    char rsa[41];
    char ed[64] = "";
    struct bytes_out out = bytes_out(ed, sizeof(ed) - 1);
    text_hex_encode(keys->rsa_id, sizeof(keys->rsa_id), rsa);
    text_put_base64(&out, keys->master.public, sizeof(keys->master.public), BASE64_UNPADDED);
    return write_fingerprint(keys, FINGERPRINT_FILE, rsa, complaint) &&
           write_fingerprint(keys, FINGERPRINT_ED_FILE, ed, complaint);
}

bool keys_load_identity(struct keys *keys, struct complaint *complaint) {
    bool has_rsa = key_file_is_there(keys->place.key_directory, RSA_FILE);
    if (!has_rsa && !may_make(keys, RSA_FILE, made_after_rsa, FINGERPRINT_FILE, "", complaint))
        return false;
    keys->rsa = load_rsa(keys, RSA_FILE, complaint);
    if (!keys->rsa)
        return false;
    keys->rsa_der_length = rsa_key_public_der(keys->rsa, keys->rsa_der);
    struct span der = {keys->rsa_der, keys->rsa_der_length};
    keys->crypt->sha1(&der, 1, keys->rsa_id);
    keys->crypt->sha256(&der, 1, keys->rsa_sha256);
    return load_master(keys, complaint) && write_fingerprints(keys, complaint);
}

/* Certify signing and write the certificate; into keys only when that went well. */
static bool write_signing_cert(struct keys *keys, const struct ed_key *signing, uint64_t now_s,
                               struct complaint *complaint) {
    struct ed_cert cert = {.type = ED_CERT_SIGNING,
                           .expires_hours = cert_hours(now_s + keys->place.signing_lifetime_s),
                           .key_type = ED_CERT_KEY_ED25519,
                           .has_signer = true};
    uint8_t bytes[ED_CERT_LEN_MAX];
    memcpy(cert.key, signing->public, sizeof(cert.key));
    memcpy(cert.signer, keys->master.public, sizeof(cert.signer));
    size_t length = ed_key_certify(&keys->master, &cert, bytes);
    if (length == 0)
        return complain(complaint, "%s/%s: the master key does not sign", keys->place.key_directory,
                        MASTER_FILE);
    if (!key_file_write_tagged(keys->place.key_directory, SIGNING_CERT_FILE, SIGNING_CERT_TAG,
                               (struct span){bytes, length}, complaint))
        return false;
    keys->signing = *signing;
    memcpy(keys->signing_cert, bytes, length);
    keys->signing_cert_length = length;
    keys->signing_expires_s = (uint64_t)cert.expires_hours * 3600;
    return true;
}

bool keys_make_signing(struct keys *keys, uint64_t now_s, struct complaint *complaint) {
    struct ed_key fresh;
    ed_key_generate(keys->crypt, &fresh);
    bool good = key_file_write_tagged(keys->place.key_directory, SIGNING_FILE, SIGNING_TAG,
                                      (struct span){fresh.secret, sizeof(fresh.secret)}, complaint) &&
                write_signing_cert(keys, &fresh, now_s, complaint);
    OPENSSL_cleanse(&fresh, sizeof(fresh));
    return good;
}

/* Is cert the master's word for the signing key? After a kill between the two writes it is that for the key before. */
static bool cert_fits(const struct keys *keys, const struct ed_cert *cert) {
    return cert->type == ED_CERT_SIGNING && memcmp(cert->key, keys->signing.public, sizeof(cert->key)) == 0 &&
           cert->has_signer && memcmp(cert->signer, keys->master.public, sizeof(cert->signer)) == 0 &&
           keys->crypt->ed25519_verify(keys->master.public, cert->signed_part, cert->signature);
}

bool keys_load_signing(struct keys *keys, uint64_t now_s, struct complaint *complaint) {
    const char *folder = keys->place.key_directory;
    uint8_t bytes[ED_CERT_LEN_MAX];
    size_t length = 0;
    struct ed_cert cert;
    struct ed_key signing;
    enum key_file has_key = keys_read_ed(folder, SIGNING_FILE, SIGNING_TAG, &signing, complaint);
    if (has_key == KEY_FILE_BAD)
        return false;
    enum key_file has_cert = key_file_read_tagged_any(folder, SIGNING_CERT_FILE, SIGNING_CERT_TAG, bytes,
                                                      sizeof(bytes), &length, complaint);
    if (has_cert == KEY_FILE_BAD)
        return false;
    if (has_cert == KEY_FILE_READ && ed_cert_decode((struct span){bytes, length}, &cert) != ERR_OK)
        return complain(complaint, "%s/%s: expected an Ed25519 certificate", folder, SIGNING_CERT_FILE);
    if (has_key == KEY_FILE_MISSING)
        return keys_make_signing(keys, now_s, complaint);
    keys->signing = signing;
    if (has_cert == KEY_FILE_MISSING || !cert_fits(keys, &cert)) {
        log_notice("Making a new certificate for the signing key: the one in %s/%s %s", folder,
                   SIGNING_CERT_FILE, has_cert == KEY_FILE_MISSING ? "is missing" : "is for another key");
        return write_signing_cert(keys, &signing, now_s, complaint);
    }
    memcpy(keys->signing_cert, bytes, length);
    keys->signing_cert_length = length;
    keys->signing_expires_s = (uint64_t)cert.expires_hours * 3600;
    return keys->signing_expires_s > now_s || keys_make_signing(keys, now_s, complaint);
}

/* Secret and public half behind each other. */
static enum key_file read_onion(const char *folder, const char *name, struct ntor_keypair *out,
                                struct complaint *complaint) {
    uint8_t halves[64];
    uint8_t public[32];
    enum key_file result = key_file_read_tagged(folder, name, ONION_TAG, halves, sizeof(halves), complaint);
    if (result == KEY_FILE_READ) {
        memcpy(out->secret, halves, 32);
        memcpy(out->public, halves + 32, 32);
        x25519_public_of_secret(out->secret, public);
        if (memcmp(public, out->public, sizeof(public)) != 0) {
            complain(complaint, "%s/%s: expected the public key that belongs to the secret one", folder,
                     name);
            result = KEY_FILE_BAD;
        }
    }
    OPENSSL_cleanse(halves, sizeof(halves));
    return result;
}

static bool write_onion(const struct keys *keys, const char *name, const struct ntor_keypair *pair,
                        struct complaint *complaint) {
    uint8_t halves[64];
    memcpy(halves, pair->secret, 32);
    memcpy(halves + 32, pair->public, 32);
    bool good = key_file_write_tagged(keys->place.key_directory, name, ONION_TAG,
                                      (struct span){halves, sizeof(halves)}, complaint);
    OPENSSL_cleanse(halves, sizeof(halves));
    return good;
}

/* X25519 ignores these bits, but tor uses the stored secret as an Ed25519 scalar as it stands, and would abort. */
static void clamp(uint8_t secret[static 32]) {
    secret[0] &= 248;
    secret[31] &= 127;
    secret[31] |= 64;
}

static bool make_onion(struct keys *keys, uint64_t now_s, struct complaint *complaint) {
    struct ntor_keypair fresh;
    keys->crypt->x25519_keypair(keys->crypt->context, fresh.secret, fresh.public);
    clamp(fresh.secret);
    bool good = write_onion(keys, ONION_FILE, &fresh, complaint);
    if (good) {
        keys->onion[0] = fresh;
        keys->onion_made_s = now_s;
        if (keys->onion_count == 0)
            keys->onion_count = 1;
    }
    OPENSSL_cleanse(&fresh, sizeof(fresh));
    return good;
}

/* First the old key goes to its second name, then the new one takes the first: killed between, both are the same. */
bool keys_rotate_onion(struct keys *keys, uint64_t now_s, struct complaint *complaint) {
    struct ntor_keypair before = keys->onion[0];
    bool good = write_onion(keys, ONION_OLD_FILE, &before, complaint) && make_onion(keys, now_s, complaint);
    if (good) {
        keys->onion[1] = before;
        keys->onion_count = 2;
    }
    OPENSSL_cleanse(&before, sizeof(before));
    return good;
}

bool keys_load_onion(struct keys *keys, uint64_t now_s, struct complaint *complaint) {
    const char *folder = keys->place.key_directory;
    keys->tap = load_rsa(keys, TAP_FILE, complaint);
    if (!keys->tap)
        return false;
    keys->crypt->x25519_keypair(keys->crypt->context, keys->junk.secret, keys->junk.public);
    switch (read_onion(folder, ONION_FILE, &keys->onion[0], complaint)) {
    case KEY_FILE_BAD: return false;
    case KEY_FILE_MISSING: return make_onion(keys, now_s, complaint);
    case KEY_FILE_READ: break;
    }
    keys->onion_made_s = key_file_written_s(folder, ONION_FILE);
    if (keys->onion_made_s > now_s)
        keys->onion_made_s = now_s; /* a clock that was wrong must not keep a key for years */
    keys->onion_count = 1;
    switch (read_onion(folder, ONION_OLD_FILE, &keys->onion[1], complaint)) {
    case KEY_FILE_BAD: return false;
    case KEY_FILE_MISSING: return true;
    case KEY_FILE_READ: break;
    }
    bool is_same = memcmp(keys->onion[0].public, keys->onion[1].public, 32) == 0;
    if (!is_same && now_s < keys->onion_made_s + keys->onion_grace_s)
        keys->onion_count = 2;
    return true;
}
