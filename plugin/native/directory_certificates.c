#include "native/directory_certificates.h"

#include <string.h>

#include "crypt/provider.h"
#include "native/archive.h"
#include "native/authority_keys.h"
#include "native/config.h"
#include "wire/key_certificate.h"

static bool make_item(const struct config *config, const struct crypt_provider *crypt,
                      const struct key_certificate *c, struct span text, uint64_t now_s,
                      struct archive_item *out) {
    const struct span signing = {c->signing_der, c->signing_der_length};
    bool is_ours = false;
    for (uint32_t i = 0; i < config->authority_count; i++) {
        const struct config_authority *a = &config->authorities[i];
        is_ours = is_ours || (a->has_v3_identity && memcmp(a->v3_identity, c->fingerprint, 20) == 0);
    }
    if (!is_ours || !authority_certificate_is_good(crypt, c, now_s))
        return false;
    *out = (struct archive_item){.document = document_new(text), .published_s = c->published_s};
    memcpy(out->id, c->fingerprint, 20);
    crypt->sha1(&signing, 1, out->id + 20);
    return out->document != NULL;
}

/* The good ones of text. As each costs two RSA verifications, no more are looked at than there is room for. */
static void read_all(const struct config *config, const struct crypt_provider *crypt, struct span text,
                     uint64_t now_s, struct archive_table *out) {
    struct key_certificate c;
    enum err e = ERR_OK;
    for (uint32_t i = 0; i < DIRECTORY_CERTIFICATES_MAX && e != ERR_TRUNCATED; i++) {
        e = key_certificate_parse(&text, &c);
        if (e != ERR_OK)
            continue;
        struct span one = {c.signed_part.data, (size_t)(text.data - c.signed_part.data)};
        if (make_item(config, crypt, &c, one, now_s, &out->items[out->count]))
            out->count++;
    }
}

/* Those that we have and that did not come again; the new ones go first. */
static void keep_others(const struct archive_table *old, struct archive_table *out) {
    uint32_t new_count = out->count;
    for (uint32_t i = 0; old && i < old->count && out->count < DIRECTORY_CERTIFICATES_MAX; i++) {
        bool is_there = false;
        for (uint32_t k = 0; k < new_count && !is_there; k++)
            is_there = memcmp(out->items[k].id, old->items[i].id, sizeof old->items[i].id) == 0;
        if (is_there)
            continue;
        (void)document_keep(old->items[i].document);
        out->items[out->count++] = old->items[i];
    }
}

struct archive_table *directory_certificates_merge(const struct config *config,
                                                   const struct crypt_provider *crypt,
                                                   const struct archive_table *old, struct span text,
                                                   uint64_t now_s) {
    struct archive_table *table = archive_table_new(DIRECTORY_CERTIFICATES_MAX);
    if (!table)
        return NULL;
    table->count = 0;
    read_all(config, crypt, text, now_s, table);
    keep_others(old, table);
    archive_table_sort(table);
    archive_table_drop_repeated(table);
    return table;
}
