#include "native/state_text.h"

#include <stdio.h>
#include <string.h>

#include "crypt/provider.h"
#include "native/torrc_values.h"
#include "wire/text.h"

#define OUR_HEAD    "# Loom state file"
#define TOR_HEAD    "# Tor state file"
#define DIGEST_HEAD "# SHA256 "
#define DIGEST_LINE (sizeof DIGEST_HEAD - 1 + 64 + 1)
#define VALUE_MAX   64u /* a number or a time */

enum value_kind { VALUE_BYTES, VALUE_SECONDS, VALUE_TIME };

struct field {
    const char *keyword;
    enum value_kind kind;
    size_t offset;
};

#define FIELD(keyword, kind, member) \
    { keyword, kind, offsetof(struct accounting_record, member) }

/* In tor's order. */
static const struct field fields[] = {
    FIELD("AccountingBytesAtSoftLimit", VALUE_BYTES, soft_bytes),
    FIELD("AccountingBytesReadInInterval", VALUE_BYTES, read),
    FIELD("AccountingBytesWrittenInInterval", VALUE_BYTES, written),
    FIELD("AccountingExpectedUsage", VALUE_BYTES, expected_a_minute),
    FIELD("AccountingIntervalStart", VALUE_TIME, start_s),
    FIELD("AccountingSecondsActive", VALUE_SECONDS, seconds_active),
    FIELD("AccountingSecondsToReachSoftLimit", VALUE_SECONDS, soft_seconds),
    FIELD("AccountingSoftLimitHitAt", VALUE_TIME, soft_at_s),
};

#define FIELDS (sizeof fields / sizeof fields[0])

static uint64_t *value_of(struct accounting_record *record, const struct field *field) {
    return (uint64_t *)(void *)((char *)record + field->offset);
}

static const struct field *field_of(struct span line) {
    struct span keyword = text_word(&line);
    for (size_t i = 0; i < FIELDS; i++)
        if (span_is_nocase(keyword, fields[i].keyword))
            return &fields[i];
    return NULL;
}

/* --- reading ---------------------------------------------------------------------------------------------------------- */

static bool ends_with_digest(struct span text, const struct crypt_provider *crypt) {
    uint8_t stated[SHA256_LEN], digest[SHA256_LEN];
    if (text.length < DIGEST_LINE || text.data[text.length - 1] != '\n')
        return false;
    const struct span body = {text.data, text.length - DIGEST_LINE};
    struct span line = {text.data + body.length, DIGEST_LINE - 1};
    if (!span_starts(line, DIGEST_HEAD))
        return false;
    line.data += sizeof DIGEST_HEAD - 1;
    line.length -= sizeof DIGEST_HEAD - 1;
    crypt->sha256(&body, 1, digest);
    return text_hex_decode(line, stated, sizeof stated) && memcmp(stated, digest, sizeof digest) == 0;
}

static bool has_tor_version(struct span text) {
    struct span line;
    if (text.length == 0 || text.data[text.length - 1] != '\n')
        return false;
    while (text_line(&text, &line))
        if (span_is(text_word(&line), "TorVersion"))
            return true;
    return false;
}

static bool check_whole(struct span text, const struct crypt_provider *crypt, struct complaint *complaint) {
    bool is_ours = span_starts(text, OUR_HEAD) && ends_with_digest(text, crypt);
    bool is_tors = span_starts(text, TOR_HEAD) && has_tor_version(text);
    if ((is_ours || is_tors) && memchr(text.data, 0, text.length) == NULL)
        return true;
    return complain(complaint,
                    "expected all of what was written, but %zu bytes are not that; when it is moved away, "
                    "accounting begins anew with nothing counted",
                    text.length);
}

static bool parse_value(struct span words, enum value_kind kind, uint64_t *out) {
    char value[VALUE_MAX];
    if (kind == VALUE_TIME) {
        struct span date = text_word(&words), time = text_word(&words);
        return text_time(date, time, out) && text_word(&words).length == 0;
    }
    while (words.length > 0 && *words.data == ' ') {
        words.data++;
        words.length--;
    }
    if (words.length >= sizeof value)
        return false;
    memcpy(value, words.data, words.length);
    value[words.length] = '\0';
    return (kind == VALUE_BYTES ? torrc_value_bytes(value, out) : torrc_value_seconds(value, out)) == NULL;
}

bool state_text_parse(struct span text, const struct crypt_provider *crypt, struct accounting_record *out,
                      struct complaint *complaint) {
    static const char *const expected[] = {
        [VALUE_BYTES] = "a number of bytes", [VALUE_SECONDS] = "seconds", [VALUE_TIME] = "a date and time"};
    struct span rest = text, line;
    *out = (struct accounting_record){0};
    if (!check_whole(text, crypt, complaint))
        return false;
    for (unsigned number = 1; text_line(&rest, &line); number++) {
        const struct field *field = field_of(line);
        if (!field)
            continue;
        (void)text_word(&line);
        if (!parse_value(line, field->kind, value_of(out, field)))
            return complain(complaint, "line %u: %s: expected %s", number, field->keyword,
                            expected[field->kind]);
    }
    return true;
}

/* --- writing ---------------------------------------------------------------------------------------------------------- */

static void put_line(struct bytes_out *out, const char *keyword, enum value_kind kind, uint64_t value) {
    text_put(out, keyword);
    text_put(out, " ");
    if (kind == VALUE_TIME)
        text_put_time(out, value);
    else
        text_put_u64(out, value);
    text_put(out, "\n");
}

static bool is_others(struct span line) {
    struct span words = line;
    bool is_text = text_word(&words).length > 0 && line.data[0] != '#';
    words = line;
    return is_text && !field_of(line) && !span_is_nocase(text_word(&words), "LastWritten");
}

void state_text_encode(struct bytes_out *out, const struct accounting_record *record, struct span before,
                       uint64_t now_s, const char *local, const struct crypt_provider *crypt) {
    struct accounting_record copy = *record;
    struct span line;
    uint8_t digest[SHA256_LEN];
    const uint8_t *start = out->next;
    text_put(out, OUR_HEAD " last generated on ");
    text_put(out, local);
    text_put(out, " local time\n# Other times below are in UTC\n# You *do not* need to edit this file.\n\n");
    for (size_t i = 0; i < FIELDS; i++)
        if (*value_of(&copy, &fields[i]) != 0) /* as tor */
            put_line(out, fields[i].keyword, fields[i].kind, *value_of(&copy, &fields[i]));
    while (text_line(&before, &line)) {
        if (!is_others(line))
            continue;
        bytes_put(out, line.data, line.length);
        text_put(out, "\n");
    }
    put_line(out, "LastWritten", VALUE_TIME, now_s);
    const struct span body = {start, (size_t)(out->next - start)};
    crypt->sha256(&body, 1, digest);
    text_put(out, DIGEST_HEAD);
    text_put_hex(out, digest, sizeof digest);
    text_put(out, "\n");
}
