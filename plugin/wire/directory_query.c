#include "wire/directory_query.h"

#include <string.h>

#include "wire/text.h"

/* Paths that are whole, and (has_rest) those that go on; the first that fits counts. */
static const struct {
    const char *path;
    bool has_rest;
    enum directory_resource resource;
} resources[] = {
    {"/", false, DIRECTORY_FRONT_PAGE},
    {"/tor/robots.txt", false, DIRECTORY_ROBOTS},
    {"/tor/keys/all", false, DIRECTORY_KEYS_ALL},
    {"/tor/keys/authority", false, DIRECTORY_KEYS_AUTHORITY},
    {"/tor/keys/fp/", true, DIRECTORY_KEYS_FP},
    {"/tor/keys/sk/", true, DIRECTORY_KEYS_SK},
    {"/tor/keys/fp-sk/", true, DIRECTORY_KEYS_FP_SK},
    {"/tor/micro/d/", true, DIRECTORY_MICRODESCRIPTORS},
    {"/tor/server/all", false, DIRECTORY_SERVERS_ALL},
    {"/tor/server/authority", false, DIRECTORY_SERVERS_AUTHORITY},
    {"/tor/server/fp/", true, DIRECTORY_SERVERS_FP},
    {"/tor/server/d/", true, DIRECTORY_SERVERS_D},
    {"/tor/extra/", true, DIRECTORY_EXTRA},
    {"/tor/hs/3/", true, DIRECTORY_HS},
};

#define CONSENSUS_PATH "/tor/status-vote/current/consensus"

static void skip(struct span *s, size_t length) {
    *s = (struct span){s->data + length, s->length - length};
}

static bool take_prefix(struct span *s, const char *prefix) {
    if (!span_starts(*s, prefix))
        return false;
    skip(s, strlen(prefix));
    return true;
}

/* consensus[-F][/diff/HASH][/FP+FP...] */
static void parse_consensus(struct span rest, struct directory_query *out) {
    bool is_ns = take_prefix(&rest, "-ns");
    out->is_microdesc = !is_ns && take_prefix(&rest, "-microdesc");
    if (take_prefix(&rest, "/diff/")) {
        if (rest.length < 64 || !text_hex_decode((struct span){rest.data, 64}, out->base, sizeof out->base))
            return;
        out->has_base = true;
        skip(&rest, 64);
    }
    if (rest.length > 0 && !take_prefix(&rest, "/"))
        return;
    out->resource = DIRECTORY_CONSENSUS;
    out->rest = rest;
}

void directory_query_parse(struct span path, struct directory_query *out) {
    memset(out, 0, sizeof *out);
    if (path.length > 2 && memcmp(path.data + path.length - 2, ".z", 2) == 0) {
        out->is_packed = true;
        path.length -= 2;
    }
    if (take_prefix(&path, CONSENSUS_PATH)) {
        parse_consensus(path, out);
        return;
    }
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (resources[i].has_rest ? span_starts(path, resources[i].path) : span_is(path, resources[i].path)) {
            out->resource = resources[i].resource;
            out->rest = path;
            skip(&out->rest, strlen(resources[i].path));
            return;
        }
    }
}

/* --- identifiers ------------------------------------------------------------------------------------------------ */

static struct span take_item(struct span *rest, char separator) {
    const uint8_t *at = memchr(rest->data, separator, rest->length);
    struct span item = {rest->data, at ? (size_t)(at - rest->data) : rest->length};
    skip(rest, at ? item.length + 1 : item.length);
    return item;
}

static bool hex_id(struct span item, size_t length, struct directory_id *out) {
    out->length = (uint8_t)length;
    return text_hex_decode(item, out->bytes, length);
}

static bool pair_id(struct span item, struct directory_id *out) {
    out->length = 40;
    return item.length == 81 && item.data[40] == '-' &&
           text_hex_decode((struct span){item.data, 40}, out->bytes, 20) &&
           text_hex_decode((struct span){item.data + 41, 40}, out->bytes + 20, 20);
}

static bool read_id(enum directory_resource resource, struct span item, struct directory_id *out) {
    switch (resource) {
    case DIRECTORY_CONSENSUS:
        return item.length >= 2 && item.length <= 40 && item.length % 2 == 0 &&
               hex_id(item, item.length / 2, out);
    case DIRECTORY_KEYS_FP_SK: return pair_id(item, out);
    case DIRECTORY_KEYS_FP:
    case DIRECTORY_KEYS_SK:
    case DIRECTORY_SERVERS_FP:
    case DIRECTORY_SERVERS_D: return hex_id(item, 20, out);
    case DIRECTORY_MICRODESCRIPTORS: out->length = 32; return text_base64_decode_exact(item, out->bytes, 32);
    case DIRECTORY_UNKNOWN:
    case DIRECTORY_FRONT_PAGE:
    case DIRECTORY_ROBOTS:
    case DIRECTORY_KEYS_ALL:
    case DIRECTORY_KEYS_AUTHORITY:
    case DIRECTORY_SERVERS_ALL:
    case DIRECTORY_SERVERS_AUTHORITY:
    case DIRECTORY_EXTRA:
    case DIRECTORY_HS: break;
    }
    return false;
}

bool directory_query_next(struct directory_query *query, struct directory_id *out) {
    char separator = query->resource == DIRECTORY_MICRODESCRIPTORS ? '-' : '+';
    while (query->rest.length > 0)
        if (read_id(query->resource, take_item(&query->rest, separator), out))
            return true;
    return false;
}

bool directory_base_next(struct span *rest, uint8_t out[static 32]) {
    while (rest->length > 0) {
        size_t length = 0;
        while (length < rest->length && rest->data[length] != ' ' && rest->data[length] != ',')
            length++;
        struct span item = {rest->data, length};
        skip(rest, length < rest->length ? length + 1 : length);
        if (text_hex_decode(item, out, 32))
            return true;
    }
    return false;
}
