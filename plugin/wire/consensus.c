#include "wire/consensus.h"

#include <string.h>

#include "wire/text.h"

#define OBJECT_MARK "-----BEGIN "

/* One pass counts and one fills, over the same lines. */
struct counts {
    uint32_t relays, params, signatures;
};

static bool is_keyword(struct span line, const char *keyword) {
    return span_is(text_word(&line), keyword);
}

static struct span after_keyword(struct span line) {
    (void)text_word(&line);
    return line;
}

static uint32_t count_words(struct span line) {
    uint32_t n = 0;
    while (text_word(&line).length > 0)
        n++;
    return n;
}

/* After the first line of an object: go behind its last. */
static void skip_object(struct span *rest) {
    struct span line;
    while (text_line(rest, &line) && !span_starts(line, "-----END "))
        continue;
}

static enum err count_lines(struct span text, struct counts *out) {
    struct span line;
    *out = (struct counts){0, 0, 0};
    while (text_line(&text, &line)) {
        if (span_starts(line, OBJECT_MARK))
            skip_object(&text);
        else if (is_keyword(line, "r"))
            out->relays++;
        else if (is_keyword(line, "params"))
            out->params += count_words(line) - 1;
        else if (is_keyword(line, "directory-signature"))
            out->signatures++;
        if (out->relays > CONSENSUS_RELAYS_MAX || out->params > CONSENSUS_PARAMS_MAX ||
            out->signatures > CONSENSUS_SIGNATURES_MAX)
            return ERR_LIMIT;
    }
    return ERR_OK;
}

/* An array of at least one element, so that NULL always means that there is no memory. */
static size_t array_size(uint32_t count, size_t element) {
    return (count ? count : 1) * element;
}

static enum err allocate(struct consensus *c, const struct counts *counts, const struct memory *memory) {
    c->memory = memory;
    c->relay_count = counts->relays;
    c->param_count = counts->params;
    c->signature_count = counts->signatures;
    c->relays = memory_allocate(memory, array_size(counts->relays, sizeof(*c->relays)));
    c->params = memory_allocate(memory, array_size(counts->params, sizeof(*c->params)));
    c->signatures = memory_allocate(memory, array_size(counts->signatures, sizeof(*c->signatures)));
    return c->relays && c->params && c->signatures ? ERR_OK : ERR_LIMIT;
}

void consensus_fini(struct consensus *c) {
    if (!c->memory)
        return;
    memory_release(c->memory, c->relays, array_size(c->relay_count, sizeof(*c->relays)));
    memory_release(c->memory, c->params, array_size(c->param_count, sizeof(*c->params)));
    memory_release(c->memory, c->signatures, array_size(c->signature_count, sizeof(*c->signatures)));
    memset(c, 0, sizeof(*c));
}

/* The fill pass. */
struct filling {
    struct consensus *c;
    struct counts filled;
    struct span rest;
    bool has_times[3];
    bool has_status;
};

static enum err parse_version(struct filling *f, struct span line) {
    (void)text_word(&line);
    struct span version = text_word(&line);
    struct span flavour = text_word(&line);
    if (!span_is(version, "3"))
        return ERR_UNSUPPORTED;
    if (flavour.length == 0 || span_is(flavour, "ns"))
        f->c->flavour = CONSENSUS_NS;
    else if (span_is(flavour, "microdesc"))
        f->c->flavour = CONSENSUS_MICRODESC;
    else
        return ERR_UNSUPPORTED;
    return ERR_OK;
}

static enum err parse_time(struct filling *f, struct span rest, unsigned which, uint64_t *out) {
    struct span date = text_word(&rest);
    f->has_times[which] = true;
    return text_time(date, text_word(&rest), out) ? ERR_OK : ERR_MALFORMED;
}

/* "name=value"; where the equals sign is, or length when there is none. */
static size_t find_equals(struct span word) {
    size_t n = 0;
    while (n < word.length && word.data[n] != '=')
        n++;
    return n;
}

static enum err parse_params(struct filling *f, struct span rest) {
    struct span word;
    while ((word = text_word(&rest)).length > 0) {
        struct consensus_param *param = &f->c->params[f->filled.params++];
        size_t equals = find_equals(word);
        param->name = (struct span){word.data, equals};
        if (equals == 0 || equals == word.length ||
            !text_i32((struct span){word.data + equals + 1, word.length - equals - 1}, &param->value))
            return ERR_MALFORMED;
    }
    return ERR_OK;
}

static enum err parse_nickname(struct span word, char out[static 20]) {
    if (word.length == 0 || word.length > 19)
        return ERR_MALFORMED;
    memcpy(out, word.data, word.length);
    return ERR_OK;
}

/* dir-spec 3.4.1: r nickname identity [digest] date time address orport dirport; the digest only in flavour ns. */
static enum err parse_r(struct filling *f, struct span rest) {
    struct consensus_relay *relay = &f->c->relays[f->filled.relays++];
    uint64_t port;
    if (parse_nickname(text_word(&rest), relay->nickname) != ERR_OK ||
        !text_base64_decode_exact(text_word(&rest), relay->rsa_id, sizeof(relay->rsa_id)))
        return ERR_MALFORMED;
    if (f->c->flavour == CONSENSUS_NS && !text_base64_decode_exact(text_word(&rest), relay->digest, 20))
        return ERR_MALFORMED;
    (void)text_word(&rest);
    (void)text_word(&rest);
    struct span address = text_word(&rest);
    if (!address_parse((const char *)address.data, address.length, &relay->ipv4.address) ||
        relay->ipv4.address.family != ADDRESS_IPV4 || !text_u64(text_word(&rest), UINT16_MAX, &port))
        return ERR_MALFORMED;
    relay->ipv4.port = (uint16_t)port;
    if (f->filled.relays > 1 && memcmp(relay[-1].rsa_id, relay->rsa_id, sizeof(relay->rsa_id)) >= 0)
        return ERR_MALFORMED;
    return ERR_OK;
}

static void parse_flags(struct consensus_relay *relay, struct span rest) {
    static const char *const names[] = {"Authority", "BadExit",    "Exit",          "Fast",    "Guard",
                                        "HSDir",     "MiddleOnly", "NoEdConsensus", "Running", "Stable",
                                        "StaleDesc", "Sybil",      "V2Dir",         "Valid"};
    struct span word;
    while ((word = text_word(&rest)).length > 0)
        for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (span_is(word, names[i]))
                relay->flags |= (uint16_t)(1u << i);
}

static enum err parse_weight(struct consensus_relay *relay, struct span rest) {
    struct span word;
    uint64_t value = 0;
    while ((word = text_word(&rest)).length > 0) {
        size_t equals = find_equals(word);
        if (!span_is((struct span){word.data, equals}, "Bandwidth") || equals == word.length)
            continue;
        if (!text_u64((struct span){word.data + equals + 1, word.length - equals - 1}, UINT32_MAX, &value))
            return ERR_MALFORMED;
        relay->bandwidth = (uint32_t)value;
    }
    return ERR_OK;
}

static void parse_a(struct consensus_relay *relay, struct span rest) {
    struct span word = text_word(&rest);
    struct endpoint endpoint;
    if (relay->ipv6.address.family == ADDRESS_NONE &&
        endpoint_parse((const char *)word.data, word.length, &endpoint) &&
        endpoint.address.family == ADDRESS_IPV6)
        relay->ipv6 = endpoint;
}

static struct span trimmed(struct span s) {
    while (s.length > 0 && s.data[0] == ' ')
        s = (struct span){s.data + 1, s.length - 1};
    return s;
}

/* Lines that belong to the relay of the last "r". */
static enum err parse_relay_line(struct filling *f, struct span keyword, struct span rest) {
    struct consensus_relay *relay = &f->c->relays[f->filled.relays - 1];
    if (span_is(keyword, "s"))
        parse_flags(relay, rest);
    else if (span_is(keyword, "w"))
        return parse_weight(relay, rest);
    else if (span_is(keyword, "a"))
        parse_a(relay, rest);
    else if (span_is(keyword, "pr"))
        relay->protocols = trimmed(rest);
    else if (span_is(keyword, "m") && f->c->flavour == CONSENSUS_MICRODESC &&
             !text_base64_decode_exact(text_word(&rest), relay->digest, sizeof(relay->digest)))
        return ERR_MALFORMED;
    return ERR_OK;
}

/* directory-signature [algorithm] identity signing-key-digest, and an object. */
static enum err parse_signature(struct filling *f, struct span line) {
    struct consensus_signature *s = &f->c->signatures[f->filled.signatures++];
    if (f->filled.signatures == 1) {
        const uint8_t *end = line.data + strlen("directory-signature ");
        if (line.length < strlen("directory-signature "))
            return ERR_MALFORMED;
        f->c->signed_part.length = (size_t)(end - f->c->signed_part.data);
    }
    struct span rest = after_keyword(line);
    uint32_t words = count_words(rest);
    s->digest = CONSENSUS_SHA1;
    if (words == 3) {
        struct span algorithm = text_word(&rest);
        s->digest = span_is(algorithm, "sha256") ? CONSENSUS_SHA256
                    : span_is(algorithm, "sha1") ? CONSENSUS_SHA1
                                                 : CONSENSUS_DIGEST_UNKNOWN;
    }
    struct span body;
    size_t length;
    if ((words != 2 && words != 3) || !text_hex_decode(text_word(&rest), s->identity, sizeof(s->identity)) ||
        !text_hex_decode(text_word(&rest), s->signing_key, sizeof(s->signing_key)) ||
        !text_object(&f->rest, "SIGNATURE", &body) ||
        !text_base64_decode(body, s->signature, sizeof(s->signature), &length))
        return ERR_MALFORMED;
    s->length = (uint16_t)length;
    return ERR_OK;
}

static enum err parse_head_line(struct filling *f, struct span keyword, struct span rest) {
    struct consensus *c = f->c;
    if (span_is(keyword, "valid-after"))
        return parse_time(f, rest, 0, &c->valid_after_s);
    if (span_is(keyword, "fresh-until"))
        return parse_time(f, rest, 1, &c->fresh_until_s);
    if (span_is(keyword, "valid-until"))
        return parse_time(f, rest, 2, &c->valid_until_s);
    if (span_is(keyword, "vote-status")) {
        f->has_status = span_is(text_word(&rest), "consensus");
        return f->has_status ? ERR_OK : ERR_UNSUPPORTED;
    }
    return span_is(keyword, "params") ? parse_params(f, rest) : ERR_OK;
}

static enum err parse_line(struct filling *f, struct span line) {
    struct span rest = line;
    struct span keyword = text_word(&rest);
    if (span_starts(line, OBJECT_MARK)) {
        skip_object(&f->rest);
        return ERR_OK;
    }
    if (span_is(keyword, "directory-signature"))
        return parse_signature(f, line);
    if (f->filled.signatures > 0)
        return ERR_OK;
    if (span_is(keyword, "r"))
        return parse_r(f, rest);
    if (f->filled.relays > 0)
        return parse_relay_line(f, keyword, rest);
    return parse_head_line(f, keyword, rest);
}

static enum err fill(struct filling *f) {
    struct span line;
    enum err e;
    if (!text_line(&f->rest, &line) || !is_keyword(line, "network-status-version"))
        return ERR_MALFORMED;
    if ((e = parse_version(f, line)) != ERR_OK)
        return e;
    while (text_line(&f->rest, &line))
        if ((e = parse_line(f, line)) != ERR_OK)
            return e;
    return ERR_OK;
}

static enum err check(const struct filling *f) {
    const struct consensus *c = f->c;
    if (!f->has_status || !f->has_times[0] || !f->has_times[1] || !f->has_times[2] ||
        f->filled.signatures == 0)
        return ERR_TRUNCATED;
    /* Relays behind the signatures, parameters among relays: what was counted is not where it belongs. */
    if (f->filled.relays != c->relay_count || f->filled.params != c->param_count)
        return ERR_MALFORMED;
    return c->valid_after_s < c->fresh_until_s && c->fresh_until_s <= c->valid_until_s ? ERR_OK
                                                                                       : ERR_MALFORMED;
}

/* The number of the line that ends at `to`, with or without its newline. */
static uint32_t line_number(const uint8_t *from, const uint8_t *to) {
    uint32_t n = to > from && to[-1] != '\n';
    while (from < to)
        n += *from++ == '\n';
    return n;
}

enum err consensus_parse(struct span text, const struct memory *memory, struct consensus *out) {
    uint32_t line;
    return consensus_parse_at(text, memory, out, &line);
}

enum err consensus_parse_at(struct span text, const struct memory *memory, struct consensus *out,
                            uint32_t *line_out) {
    struct counts counts;
    memset(out, 0, sizeof(*out));
    *line_out = 0;
    if (text.length > CONSENSUS_BYTES_MAX)
        return ERR_LIMIT;
    enum err e = count_lines(text, &counts);
    if (e != ERR_OK)
        return e;
    struct filling f = {.c = out, .rest = text};
    out->signed_part.data = text.data;
    e = allocate(out, &counts, memory);
    if (e == ERR_OK)
        e = fill(&f);
    if (e == ERR_OK)
        e = check(&f);
    if (e == ERR_OK)
        return ERR_OK;
    *line_out = line_number(text.data, f.rest.data);
    consensus_fini(out);
    return e;
}

const struct consensus_relay *consensus_find(const struct consensus *c, const uint8_t rsa_id[static 20]) {
    uint32_t low = 0;
    uint32_t high = c->relay_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = memcmp(c->relays[middle].rsa_id, rsa_id, 20);
        if (order == 0)
            return &c->relays[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int32_t consensus_param(const struct consensus *c, const char *name, int32_t otherwise, int32_t least,
                        int32_t most) {
    int32_t value = otherwise;
    for (uint32_t i = 0; i < c->param_count; i++)
        if (span_is(c->params[i].name, name))
            value = c->params[i].value;
    return value < least ? least : value > most ? most : value;
}
