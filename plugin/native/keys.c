#include "native/keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native/key_files.h"
#include "native/keys_state.h"
#include "native/openssl_keys.h"

#define SIGNING_SLOP_S 86400u /* tor: a signing key is renewed a day before its certificate ends */

void keys_set_onion_periods(struct keys *keys, uint64_t lifetime_s, uint64_t grace_s) {
    keys->onion_lifetime_s = lifetime_s;
    keys->onion_grace_s = grace_s < lifetime_s ? grace_s : lifetime_s;
}

static struct keys *keys_new(const struct keys_place *place, const struct crypt_provider *crypt,
                             struct complaint *complaint) {
    struct keys *keys = calloc(1, sizeof(*keys));
    if (!keys) {
        complain(complaint, "no memory");
        return NULL;
    }
    keys->place = *place;
    keys->crypt = crypt;
    keys->lock = -1;
    keys_set_onion_periods(keys, KEYS_ONION_LIFETIME_S, KEYS_ONION_GRACE_S);
    return keys;
}

struct keys *keys_open(const struct keys_place *place, const struct crypt_provider *crypt, uint64_t now_s,
                       struct complaint *complaint) {
    struct keys *keys = keys_new(place, crypt, complaint);
    if (!keys)
        return NULL;
    bool good = key_folder_make(place->data_directory, complaint);
    if (good)
        keys->lock = key_folder_lock(place->data_directory, complaint);
    good = keys->lock >= 0 && key_folder_make(place->key_directory, complaint) &&
           keys_load_identity(keys, complaint) && keys_load_signing(keys, now_s, complaint) &&
           keys_load_onion(keys, now_s, complaint) && keys_load_families(keys, complaint);
    if (!good) {
        keys_close(keys);
        return NULL;
    }
    crypt->random(crypt->context, keys->authenticate_seed, sizeof(keys->authenticate_seed));
    ed25519_public_of_seed(keys->authenticate_seed, keys->authenticate_public);
    return keys;
}

struct keys *keys_open_identity(const struct keys_place *place, const struct crypt_provider *crypt,
                                struct complaint *complaint) {
    struct keys *keys = keys_new(place, crypt, complaint);
    if (!keys)
        return NULL;
    if (key_folder_make(place->data_directory, complaint) &&
        key_folder_make(place->key_directory, complaint) && keys_load_identity(keys, complaint))
        return keys;
    keys_close(keys);
    return NULL;
}

void keys_close(struct keys *keys) {
    if (!keys)
        return;
    if (keys->lock >= 0)
        close(keys->lock);
    EVP_PKEY_free(keys->rsa);
    EVP_PKEY_free(keys->tap);
    OPENSSL_cleanse(keys, sizeof(*keys));
    free(keys);
}

const uint8_t *keys_rsa_id(const struct keys *keys) {
    return keys->rsa_id;
}

const uint8_t *keys_ed_id(const struct keys *keys) {
    return keys->master.public;
}

struct span keys_rsa_der(const struct keys *keys) {
    return (struct span){keys->rsa_der, keys->rsa_der_length};
}

bool keys_renew(struct keys *keys, uint64_t now_s, unsigned *changes_out, struct complaint *complaint) {
    *changes_out = 0;
    if (now_s + SIGNING_SLOP_S >= keys->signing_expires_s) {
        if (!keys_make_signing(keys, now_s, complaint))
            return false;
        *changes_out |= KEYS_CHANGED_SIGNING;
    }
    if (now_s >= keys->onion_made_s + keys->onion_lifetime_s) {
        if (!keys_rotate_onion(keys, now_s, complaint))
            return false;
        *changes_out |= KEYS_CHANGED_ONION;
    }
    if (keys->onion_count == 2 && now_s >= keys->onion_made_s + keys->onion_grace_s) {
        OPENSSL_cleanse(&keys->onion[1], sizeof(keys->onion[1]));
        keys->onion_count = 1;
        *changes_out |= KEYS_CHANGED_ONION_GRACE;
    }
    return true;
}

void keys_ntor(const struct keys *keys, struct ntor_server_keys *out) {
    memset(out, 0, sizeof(*out));
    memcpy(out->rsa_id, keys->rsa_id, sizeof(out->rsa_id));
    memcpy(out->ed_id, keys_ed_id(keys), sizeof(out->ed_id));
    memcpy(out->onion, keys->onion, keys->onion_count * sizeof(out->onion[0]));
    out->onion_count = keys->onion_count;
    out->junk = keys->junk;
}
