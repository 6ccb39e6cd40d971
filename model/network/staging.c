#include "network/staging.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/text.h"

#define RATE_MAX INT64_C(1000000000000) /* bytes/s */

struct reading {
    const char *file;
    const char *text;
    size_t length;
    struct mistake *mistake;
    const char *fingerprint; /* of the relay that is read */
};

static uint32_t lines_before(const char *from, const char *to) {
    uint32_t n = 0;
    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

uint32_t staging_line_of(const char *text, size_t length, const char *fingerprint) {
    char quoted[64];
    int n = snprintf(quoted, sizeof(quoted), "\"%.40s\"", fingerprint);
    const char *place = n > 0 ? memmem(text, length, quoted, (size_t)n) : NULL;
    return place ? lines_before(text, place) + 1 : 0;
}

static bool mistake_of(const struct reading *r, const char *key, const char *expected) {
    char path[128];
    snprintf(path, sizeof(path), "relays.%.40s%s%s", r->fingerprint, key ? "." : "", key ? key : "");
    return mistake_at(r->mistake, r->file, staging_line_of(r->text, r->length, r->fingerprint), path, "%s",
                      expected);
}

static bool read_rate(const struct reading *r, const json_t *relay, const char *key, uint64_t *out) {
    const json_t *value = json_object_get(relay, key);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number > RATE_MAX)
        return mistake_of(r, key, "expected a whole number from 0 to 1000000000000");
    *out = (uint64_t)number;
    return true;
}

static bool read_relay(const struct reading *r, const json_t *relay, struct staged_relay *out) {
    const char *country = json_string_value(json_object_get(relay, "country_code"));
    if (!text_hex_decode(span_of(r->fingerprint), out->rsa_id, sizeof(out->rsa_id)))
        return mistake_of(r, NULL, "expected a fingerprint of 40 hexadecimal digits");
    if (!json_is_object(relay))
        return mistake_of(r, NULL, "expected an object");
    if (!country || !country_parse(span_of(country), &out->country))
        return mistake_of(r, "country_code", "expected two capital letters");
    return read_rate(r, relay, "bandwidth_capacity", &out->capacity) &&
           read_rate(r, relay, "bandwidth_rate", &out->rate) &&
           read_rate(r, relay, "bandwidth_burst", &out->burst);
}

static int by_id(const void *a, const void *b) {
    return memcmp(((const struct staged_relay *)a)->rsa_id, ((const struct staged_relay *)b)->rsa_id, 20);
}

static bool read_relays(struct reading *r, json_t *relays, struct staging *out) {
    json_t *relay;
    json_object_foreach(relays, r->fingerprint, relay) {
        if (!read_relay(r, relay, &out->relays[out->count]))
            return false;
        out->count++;
    }
    qsort(out->relays, out->count, sizeof(out->relays[0]), by_id);
    return true;
}

static bool read_root(struct reading *r, const json_t *root, struct staging *out) {
    json_t *relays = json_object_get(root, "relays");
    size_t count = json_object_size(relays);
    if (count == 0 || count > STAGING_RELAYS_MAX)
        return mistake_at(r->mistake, r->file, 1, "relays", "expected an object of 1 to %u relays",
                          STAGING_RELAYS_MAX);
    out->relays = calloc(count, sizeof(*out->relays));
    if (!out->relays)
        return mistake_at(r->mistake, r->file, 0, NULL, "no memory for it");
    return read_relays(r, relays, out);
}

bool staging_parse(const char *file, const char *text, size_t length, struct staging *out,
                   struct mistake *mistake) {
    struct reading r = {file, text, length, mistake, NULL};
    json_error_t error;
    *out = (struct staging){0, NULL};
    if (length > STAGING_BYTES_MAX)
        return mistake_at(mistake, file, 0, NULL, "expected at most %u bytes", STAGING_BYTES_MAX);
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return mistake_at(mistake, file, error.line > 0 ? (uint32_t)error.line : 0, NULL, "expected JSON: %s",
                          error.text);
    bool ok = read_root(&r, root, out);
    json_decref(root);
    if (!ok)
        staging_fini(out);
    return ok;
}

void staging_fini(struct staging *staging) {
    free(staging->relays);
    *staging = (struct staging){0, NULL};
}

const struct staged_relay *staging_find(const struct staging *staging, const uint8_t rsa_id[static 20]) {
    struct staged_relay key = {{0}, 0, 0, 0, {{0}}};
    memcpy(key.rsa_id, rsa_id, sizeof(key.rsa_id));
    return staging->count ? bsearch(&key, staging->relays, staging->count, sizeof(key), by_id) : NULL;
}
