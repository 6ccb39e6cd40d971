#include "native/directory_answer.h"

#include <stdlib.h>
#include <string.h>

#include "native/archive.h"
#include "native/onion_store.h"
#include "wire/directory_query.h"
#include "wire/text.h"

#define KEYS_CACHE_S      3600u
#define MICRODESC_CACHE_S (48u * 3600u) /* a digest's document never changes */
#define SERVERS_CACHE_S   1200u
#define ROBOTS_CACHE_S    86400u
#define LIVE_MARGIN_S     86400u /* clients use a consensus for a day more (dir-spec 5.1) */
#define PACK_LENGTH_LEAST 1024u  /* below it packing gains nothing that is worth a job */
#define PACK_LENGTH_MAX \
    (1u << 20) /* and above it, it costs a worker too long: what tor asks for at once is shorter */

static const char robots[] = "User-agent: *\nDisallow: /\n";
static const char front_page[] =
    "This is a relay of the Tor network that runs Loom, and a cache of its directory.\n";

void directory_answer_refuse(struct directory_answer *out, uint16_t status, const char *reason) {
    directory_answer_fini(out);
    *out = (struct directory_answer){
        .status = status, .reason = reason, .encoding = HTTP_IDENTITY, .pack_as = HTTP_IDENTITY};
}

void directory_answer_fini(struct directory_answer *answer) {
    free(answer->parts);
    answer->parts = NULL;
    document_drop(answer->own);
    answer->own = NULL;
    answer->count = answer->room = 0;
    answer->length = 0;
}

static bool add(struct directory_answer *a, const struct document *document) {
    if (a->count == a->room) {
        uint32_t room = a->room ? a->room * 2 : 8;
        const struct document **parts = realloc(a->parts, room * sizeof *parts);
        if (!parts)
            return false;
        a->parts = parts;
        a->room = room;
    }
    a->parts[a->count++] = document;
    a->length += document_text_length(document);
    return true;
}

/* --- the consensus ---------------------------------------------------------------------------------------------- */

/* More than half of the authorities that the client trusts have signed; by the beginnings of their identities. */
static bool is_signed_enough(const struct archive_consensus *c, struct directory_query *query) {
    struct directory_id id;
    uint32_t asked = 0, found = 0;
    while (directory_query_next(query, &id)) {
        bool has_signed = false;
        asked++;
        for (uint32_t i = 0; i < c->signer_count && !has_signed; i++)
            has_signed = memcmp(c->signers[i], id.bytes, id.length) == 0;
        found += has_signed;
    }
    return asked == 0 || found > asked / 2;
}

static const struct packed_document *find_diff(const struct archive_consensus *c,
                                               const uint8_t base[static 32]) {
    for (uint32_t i = 0; i < c->diff_count; i++)
        if (memcmp(c->diffs[i].base, base, 32) == 0)
            return &c->diffs[i].text;
    return NULL;
}

/* The whole, or a diff from one that the client has. NULL: it has this one. */
static const struct packed_document *choose_text(const struct archive_consensus *c,
                                                 const struct directory_query *query, struct span bases) {
    uint8_t base[32];
    const struct packed_document *diff = query->has_base ? find_diff(c, query->base) : NULL;
    if (query->has_base && memcmp(query->base, c->signed_digest, 32) == 0)
        return NULL;
    while (directory_base_next(&bases, base)) {
        if (memcmp(base, c->signed_digest, 32) == 0)
            return NULL;
        if (!diff)
            diff = find_diff(c, base);
    }
    return diff ? diff : &c->text;
}

static enum http_encoding best_of(uint8_t encodings) {
    static const enum http_encoding quick[] = {HTTP_ZSTD, HTTP_DEFLATE, HTTP_GZIP};
    for (size_t i = 0; i < sizeof quick / sizeof quick[0]; i++)
        if (encodings & 1u << quick[i])
            return quick[i];
    return HTTP_IDENTITY;
}

/* What is kept in no encoding that the client takes has to be unpacked, or packed anew; few ask so. */
static bool add_packed(struct directory_answer *out, const struct packed_document *text, uint8_t encodings) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++)
        if (encodings & 1u << i && text->by_encoding[i]) {
            out->encoding = (enum http_encoding)i;
            return add(out, text->by_encoding[i]);
        }
    if (!text->by_encoding[HTTP_DEFLATE] || !add(out, text->by_encoding[HTTP_DEFLATE]))
        return false;
    out->encoding = HTTP_DEFLATE;
    out->pack_as = best_of(encodings);
    out->must_pack = out->pack_as != HTTP_IDENTITY;
    if (out->must_pack)
        return true;
    out->encoding = HTTP_IDENTITY;
    out->must_inflate = true;
    out->length = text->text_length;
    return true;
}

static void answer_consensus(const struct archive *archive, struct directory_query *query,
                             const struct directory_question *question, uint64_t now_s,
                             struct directory_answer *out) {
    const struct archive_consensus *c =
        &archive->consensuses[query->is_microdesc ? CONSENSUS_MICRODESC : CONSENSUS_NS];
    const struct packed_document *text = choose_text(c, query, question->head.diff_from);
    if (!packed_document_is_there(&c->text))
        directory_answer_refuse(out, 404, "Not found");
    else if (!text)
        directory_answer_refuse(out, 304, "Not modified");
    else if (query->has_base && text == &c->text)
        directory_answer_refuse(out, 404, "No such diff available");
    else if (c->valid_after_s > now_s + LIVE_MARGIN_S || c->valid_until_s + LIVE_MARGIN_S < now_s)
        directory_answer_refuse(out, 404, "Consensus is too old or too new");
    else if (!is_signed_enough(c, query))
        directory_answer_refuse(out, 404,
                                "Consensus not signed by sufficient number of requested authorities");
    else if (question->head.if_modified_since_s >= c->valid_after_s)
        directory_answer_refuse(out, 304, "Not modified");
    else if (!add_packed(out, text, question->head.encodings))
        directory_answer_refuse(out, 503, "Directory busy, try again later");
    else
        out->cache_s = c->fresh_until_s > now_s ? c->fresh_until_s - now_s : 0;
    out->is_diff = out->status == 200 && text != &c->text;
    out->varies = true;
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

/* All parts that the identifiers name, in their order. */
static void add_named(const struct archive_table *table, struct directory_query *query,
                      struct directory_answer *out) {
    struct directory_id id;
    while (directory_query_next(query, &id)) {
        const struct archive_item *item = archive_table_find(table, id.bytes, id.length);
        if (item && !add(out, item->document))
            return;
    }
}

static void add_all(const struct archive_table *table, struct directory_answer *out) {
    for (uint32_t i = 0; table && i < table->count; i++)
        if (!add(out, table->items[i].document))
            return;
}

/* The newest certificate of an identity (offset 0), or the one of a signing key (offset 20). */
static void add_certificates(const struct archive_table *table, struct directory_query *query, size_t offset,
                             struct directory_answer *out) {
    struct directory_id id;
    while (directory_query_next(query, &id)) {
        const struct archive_item *best = NULL;
        for (uint32_t i = 0; table && i < table->count; i++) {
            const struct archive_item *item = &table->items[i];
            if (memcmp(item->id + offset, id.bytes, 20) == 0 &&
                (!best || item->published_s > best->published_s))
                best = item;
        }
        if (best && !add(out, best->document))
            return;
    }
}

/* Nothing of what was asked for is newer than what the client has. */
static bool are_certificates_old(const struct archive_table *table, const struct directory_answer *out,
                                 uint64_t since_s) {
    for (uint32_t i = 0; table && i < table->count; i++)
        for (uint32_t k = 0; k < out->count; k++)
            if (out->parts[k] == table->items[i].document && table->items[i].published_s >= since_s)
                return false;
    return true;
}

/* What came together, if anything did; packed by who can. */
static void finish_parts(struct directory_answer *out, uint8_t encodings, uint64_t cache_s) {
    if (out->count == 0) {
        directory_answer_refuse(out, 404, "Not found");
        return;
    }
    out->cache_s = cache_s;
    if (out->length >= PACK_LENGTH_LEAST && out->length <= PACK_LENGTH_MAX)
        out->pack_as = best_of(encodings);
}

static void answer_certificates(const struct archive *archive, struct directory_query *query,
                                const struct directory_question *question, struct directory_answer *out) {
    const struct archive_table *table = archive->tables[ARCHIVE_CERTIFICATES];
    uint64_t since_s = question->head.if_modified_since_s;
    if (query->resource == DIRECTORY_KEYS_ALL)
        add_all(table, out);
    else if (query->resource == DIRECTORY_KEYS_FP_SK)
        add_named(table, query, out);
    else
        add_certificates(table, query, query->resource == DIRECTORY_KEYS_SK ? 20 : 0, out);
    if (out->count > 0 && since_s > 0 && are_certificates_old(table, out, since_s))
        directory_answer_refuse(out, 304, "Not modified");
    else
        finish_parts(out, question->head.encodings, KEYS_CACHE_S);
}

static void answer_own_descriptor(const struct archive *archive, const struct directory_question *question,
                                  struct directory_answer *out) {
    if (archive->own_descriptor && !add(out, archive->own_descriptor))
        return;
    finish_parts(out, question->head.encodings, SERVERS_CACHE_S);
}

/* --- texts ------------------------------------------------------------------------------------------------------- */

/* The texts that never change have no archive: documents of this program's own. */
static void answer_text(struct directory_answer *out, const char *text, const char *type) {
    out->reason = "OK";
    out->type = type;
    out->cache_s = ROBOTS_CACHE_S;
    out->text = span_of(text);
    out->length = out->text.length;
}

/* --- onion services --------------------------------------------------------------------------------------------- */

/* rend-spec-v3 2.2.6: nobody may ask whose address we see. */
static bool may_ask_onions(const struct directory_question *question, struct directory_answer *out) {
    if (question->onions && question->is_anonymous)
        return true;
    if (question->onions)
        directory_answer_refuse(out, 503, "Rejecting single hop HS v3 descriptor request");
    else
        directory_answer_refuse(out, 404, "Not found");
    return false;
}

static void answer_onion(const struct directory_query *query, const struct directory_question *question,
                         uint64_t now_s, struct directory_answer *out) {
    uint8_t key[ONION_KEY_LEN];
    if (!may_ask_onions(question, out))
        return;
    if (onion_key_parse(query->rest, key))
        out->own = onion_store_find(question->onions, now_s, key);
    if (!out->own)
        directory_answer_refuse(out, 404, "Not found");
    else if (!add(out, out->own))
        directory_answer_refuse(out, 503, "Directory busy, try again later");
}

static void take_onion(const struct directory_query *query, const struct directory_question *question,
                       uint64_t now_s, struct directory_answer *out) {
    if (!may_ask_onions(question, out))
        return;
    if (!span_is(query->rest, "publish") || onion_store_publish(question->onions, now_s, question->body))
        directory_answer_refuse(out, 400, "Invalid HS descriptor. Rejected.");
    else
        answer_text(out, "", "text/plain");
}

/* --- the router ------------------------------------------------------------------------------------------------- */

static void answer_get(const struct archive *archive, struct directory_query *query,
                       const struct directory_question *question, uint64_t now_s,
                       struct directory_answer *out) {
    uint8_t encodings = question->head.encodings;
    switch (query->resource) {
    case DIRECTORY_FRONT_PAGE: answer_text(out, front_page, "text/plain"); return;
    case DIRECTORY_ROBOTS: answer_text(out, robots, "text/plain"); return;
    case DIRECTORY_CONSENSUS: answer_consensus(archive, query, question, now_s, out); return;
    case DIRECTORY_KEYS_ALL:
    case DIRECTORY_KEYS_FP:
    case DIRECTORY_KEYS_SK:
    case DIRECTORY_KEYS_FP_SK: answer_certificates(archive, query, question, out); return;
    case DIRECTORY_MICRODESCRIPTORS:
        add_named(archive->tables[ARCHIVE_MICRODESCRIPTORS], query, out);
        finish_parts(out, encodings, MICRODESC_CACHE_S);
        return;
    case DIRECTORY_SERVERS_ALL:
        add_all(archive->tables[ARCHIVE_SERVERS], out);
        finish_parts(out, encodings, SERVERS_CACHE_S);
        return;
    case DIRECTORY_SERVERS_D:
        add_named(archive->tables[ARCHIVE_SERVERS], query, out);
        finish_parts(out, encodings, MICRODESC_CACHE_S);
        return;
    case DIRECTORY_SERVERS_FP:
        add_named(archive->tables[ARCHIVE_SERVERS_BY_IDENTITY], query, out);
        finish_parts(out, encodings, SERVERS_CACHE_S);
        return;
    case DIRECTORY_SERVERS_AUTHORITY: answer_own_descriptor(archive, question, out); return;
    case DIRECTORY_KEYS_AUTHORITY: /* we are none */
    case DIRECTORY_EXTRA:          /* our descriptor does not say caches-extra-info */
    case DIRECTORY_HS: answer_onion(query, question, now_s, out); return;
    case DIRECTORY_UNKNOWN: break;
    }
    directory_answer_refuse(out, 404, "Not found");
}

void directory_answer_make(const struct archive *archive, const struct directory_question *question,
                           uint64_t now_s, struct directory_answer *out) {
    struct directory_query query;
    struct directory_question asked = *question;
    *out = (struct directory_answer){.status = 200,
                                     .reason = "OK",
                                     .type = "text/plain",
                                     .encoding = HTTP_IDENTITY,
                                     .pack_as = HTTP_IDENTITY};
    directory_query_parse(question->head.path, &query);
    if (query.is_packed)
        asked.head.encodings |= 1u << HTTP_DEFLATE;
    switch (question->head.method) {
    case HTTP_GET: answer_get(archive, &query, &asked, now_s, out); return;
    case HTTP_POST:
        if (query.resource == DIRECTORY_HS) {
            take_onion(&query, &asked, now_s, out);
            return;
        }
        directory_answer_refuse(out, 400, "Bad request");
        return;
    case HTTP_OTHER: directory_answer_refuse(out, 400, "Bad request"); return;
    }
}

/* --- the head --------------------------------------------------------------------------------------------------- */

static void put_line(struct bytes_out *out, const char *name, const char *value) {
    text_put(out, name);
    text_put(out, ": ");
    text_put(out, value);
    text_put(out, "\r\n");
}

static void put_date(struct bytes_out *out, const char *name, uint64_t unix_s) {
    text_put(out, name);
    text_put(out, ": ");
    http_put_date(out, unix_s);
    text_put(out, "\r\n");
}

/* Without the port, and brackets. Not for who is near us, or behind the same address translation: it would learn nothing
 * true (as tor). */
static void put_address(struct bytes_out *out, const struct address *from) {
    char text[ENDPOINT_TEXT_MAX];
    if (from->family == ADDRESS_NONE || address_is_internal(from))
        return;
    endpoint_format(&(struct endpoint){.address = *from}, text);
    *strrchr(text, from->family == ADDRESS_IPV6 ? ']' : ':') = '\0';
    put_line(out, "X-Your-Address-Is", text + (from->family == ADDRESS_IPV6));
}

void directory_answer_put_head(const struct directory_answer *answer, const struct address *from,
                               uint64_t now_s, struct bytes_out *out) {
    text_put(out, "HTTP/1.0 ");
    text_put_u64(out, answer->status);
    text_put(out, " ");
    text_put(out, answer->reason);
    text_put(out, "\r\n");
    put_date(out, "Date", now_s);
    if (answer->status == 200) {
        put_line(out, "Content-Type",
                 answer->encoding == HTTP_IDENTITY ? answer->type : "application/octet-stream");
        put_address(out, from);
        put_line(out, "Content-Encoding", http_encoding_name(answer->encoding));
        text_put(out, "Content-Length: ");
        text_put_u64(out, answer->length);
        text_put(out, "\r\n");
        if (answer->cache_s > 0)
            put_date(out, "Expires", now_s + answer->cache_s);
        else
            put_line(out, "Pragma", "no-cache");
        if (answer->varies)
            put_line(out, "Vary", "X-Or-Diff-From-Consensus");
    }
    text_put(out, "\r\n");
}
