/* Families by key (proposal 321): relays that have the same secret key prove it in their descriptors. */
#include <dirent.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/key_files.h"
#include "native/keys_state.h"
#include "native/log.h"
#include "wire/text.h"

#define FAMILY_ENDING ".secret_family_key"
#define FAMILY_TAG    "== ed25519v1-secret: fmly-id =="

static const char *folder_of(const struct keys_place *place) {
    return place->family_directory ? place->family_directory : place->key_directory;
}

static bool is_family_file(const char *name) {
    size_t length = strlen(name), ending = strlen(FAMILY_ENDING);
    return length > ending && strcmp(name + length - ending, FAMILY_ENDING) == 0;
}

static bool is_wanted(const struct keys_place *place, const uint8_t id[static 32]) {
    for (uint32_t i = 0; i < place->family_id_count; i++)
        if (memcmp(place->family_ids[i], id, 32) == 0)
            return true;
    return place->has_any_family;
}

static bool is_there(const struct keys *keys, const uint8_t id[static 32]) {
    for (uint32_t i = 0; i < keys->family_count; i++)
        if (memcmp(keys->families[i].public, id, 32) == 0)
            return true;
    return false;
}

static bool load_one(struct keys *keys, const char *name, struct complaint *complaint) {
    const char *folder = folder_of(&keys->place);
    struct ed_key key;
    bool is_good = keys_read_ed(folder, name, FAMILY_TAG, &key, complaint) == KEY_FILE_READ;
    if (is_good && !is_wanted(&keys->place, key.public))
        log_notice("%s/%s: the key of a family that no FamilyId names", folder, name);
    else if (is_good && !is_there(keys, key.public)) {
        if (keys->family_count < DESCRIPTOR_FAMILIES_MAX)
            keys->families[keys->family_count++] = key;
        else
            is_good = complain(complaint, "%s: expected keys of at most %u families", folder,
                               DESCRIPTOR_FAMILIES_MAX);
    }
    OPENSSL_cleanse(&key, sizeof key);
    return is_good;
}

static bool load_all(struct keys *keys, struct complaint *complaint) {
    DIR *folder = opendir(folder_of(&keys->place));
    const struct dirent *entry;
    bool is_good = true;
    if (!folder)
        return complain(complaint, "%s: expected a folder with keys of families", folder_of(&keys->place));
    while (is_good && (entry = readdir(folder)) != NULL)
        if (is_family_file(entry->d_name))
            is_good = load_one(keys, entry->d_name, complaint);
    closedir(folder);
    return is_good;
}

/* A folder has no order, but the same keys make the same descriptor. */
static int by_id(const void *a, const void *b) {
    return memcmp(((const struct ed_key *)a)->public, ((const struct ed_key *)b)->public, 32);
}

bool keys_load_families(struct keys *keys, struct complaint *complaint) {
    const struct keys_place *place = &keys->place;
    if (place->family_id_count == 0 && !place->has_any_family)
        return true;
    if (!load_all(keys, complaint))
        return false;
    for (uint32_t i = 0; i < place->family_id_count; i++) {
        char text[48];
        struct bytes_out out = bytes_out(text, sizeof text);
        if (is_there(keys, place->family_ids[i]))
            continue;
        text_put_base64(&out, place->family_ids[i], 32, BASE64_UNPADDED);
        bytes_put_u8(&out, 0);
        return complain(complaint, "FamilyId %s: expected its key in %s, in a file *" FAMILY_ENDING, text,
                        folder_of(place));
    }
    qsort(keys->families, keys->family_count, sizeof keys->families[0], by_id);
    return true;
}
