/* keys_place - where the keys are, and how long they live.
 */
#ifndef LOOM_NATIVE_KEYS_PLACE_H
#define LOOM_NATIVE_KEYS_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define KEYS_LINK_CERT_LIFETIME_S (2u * 86400u)  /* as tor */
#define KEYS_ONION_LIFETIME_S     (28u * 86400u) /* param onion-key-rotation-days */
#define KEYS_FAMILY_CERT_LIFETIME_S \
    (30u * 86400u)                       /* a new one comes with each descriptor, so several times a day */
#define KEYS_ONION_GRACE_S (7u * 86400u) /* param onion-key-grace-period-days */

struct keys_place {
    const char *data_directory; /* made (mode 0700) when missing */
    const char *key_directory;
    const char *nickname;        /* for the fingerprint files */
    uint32_t signing_lifetime_s; /* SigningKeyLifetime */
    /* Families by key (proposal 321): those with these ids, or all whose keys are there. */
    const char *family_directory; /* NULL: key_directory */
    const uint8_t (*family_ids)[32];
    uint32_t family_id_count;
    bool has_any_family;
};

#endif
