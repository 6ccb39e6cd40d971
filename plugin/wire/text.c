#include "wire/text.h"

#include <string.h>

#define OBJECT_LINE_LEN 64u

struct span span_of(const char *text) {
    return (struct span){(const uint8_t *)text, strlen(text)};
}

bool span_is(struct span s, const char *text) {
    size_t length = strlen(text);
    return s.length == length && (length == 0 || memcmp(s.data, text, length) == 0);
}

bool span_starts(struct span s, const char *prefix) {
    size_t length = strlen(prefix);
    return s.length >= length && (length == 0 || memcmp(s.data, prefix, length) == 0);
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool span_is_nocase(struct span s, const char *text) {
    if (s.length != strlen(text))
        return false;
    for (size_t i = 0; i < s.length; i++)
        if (lower(s.data[i]) != lower((uint8_t)text[i]))
            return false;
    return true;
}

static void span_skip(struct span *s, size_t length) {
    s->data += length;
    s->length -= length;
}

bool text_line(struct span *rest, struct span *line_out) {
    if (rest->length == 0)
        return false;
    size_t n = 0;
    while (n < rest->length && rest->data[n] != '\n')
        n++;
    *line_out = (struct span){rest->data, n};
    span_skip(rest, n < rest->length ? n + 1 : n);
    return true;
}

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t';
}

struct span text_word(struct span *line) {
    while (line->length > 0 && is_blank(line->data[0]))
        span_skip(line, 1);
    struct span word = {line->data, 0};
    while (word.length < line->length && !is_blank(line->data[word.length]))
        word.length++;
    if (word.length > 0)
        span_skip(line, word.length);
    return word;
}

/* Is line `left label right`? */
static bool is_armour(struct span line, const char *left, const char *label) {
    if (!span_starts(line, left))
        return false;
    span_skip(&line, strlen(left));
    if (!span_starts(line, label))
        return false;
    span_skip(&line, strlen(label));
    return span_is(line, "-----");
}

bool text_object(struct span *rest, const char *label, struct span *body_out) {
    struct span after = *rest;
    struct span line;
    if (!text_line(&after, &line) || !is_armour(line, "-----BEGIN ", label))
        return false;
    const uint8_t *start = after.data;
    while (text_line(&after, &line)) {
        if (is_armour(line, "-----END ", label)) {
            *body_out = (struct span){start, (size_t)(line.data - start)};
            *rest = after;
            return true;
        }
        if (span_starts(line, "-----"))
            return false;
    }
    return false;
}

bool text_u64(struct span s, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    if (s.length == 0)
        return false;
    for (size_t i = 0; i < s.length; i++) {
        uint8_t digit = (uint8_t)(s.data[i] - '0');
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return value <= max;
}

bool text_i32(struct span s, int32_t *out) {
    bool negative = s.length > 0 && s.data[0] == '-';
    uint64_t magnitude;
    if (negative || (s.length > 0 && s.data[0] == '+'))
        span_skip(&s, 1);
    if (!text_u64(s, (uint64_t)INT32_MAX + negative, &magnitude))
        return false;
    *out = negative ? (int32_t) - (int64_t)magnitude : (int32_t)magnitude;
    return true;
}

static int nibble(uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_hex_decode(struct span s, uint8_t *out, size_t length) {
    if (s.length != 2 * length)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = nibble(s.data[2 * i]);
        int low = nibble(s.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char hex_digits[] = "0123456789ABCDEF";

void text_hex_encode(const uint8_t *bytes, size_t length, char *out) {
    for (size_t i = 0; i < length; i++) {
        out[2 * i] = hex_digits[bytes[i] >> 4];
        out[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    out[2 * length] = '\0';
}

static int base64_value(uint8_t c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool text_base64_decode(struct span s, uint8_t *out, size_t room, size_t *length_out) {
    uint32_t bits = 0;
    unsigned digits = 0;
    unsigned pads = 0;
    size_t n = 0;
    for (size_t i = 0; i < s.length; i++) {
        uint8_t c = s.data[i];
        if (c == '\n' || c == '\r')
            continue;
        if (c == '=') {
            pads++;
            continue;
        }
        int value = base64_value(c);
        if (value < 0 || pads > 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        digits++;
        if (digits % 4 == 1)
            continue;
        if (n == room)
            return false;
        /* The second, third and fourth digit complete a byte that ends 4, 2 and 0 bits before the last one. */
        out[n++] = (uint8_t)(bits >> (2 * (3 - (digits + 3) % 4)));
    }
    *length_out = n;
    return digits % 4 != 1 && (pads == 0 || (digits + pads) % 4 == 0) && pads <= 2;
}

bool text_base64_decode_exact(struct span s, uint8_t *out, size_t length) {
    size_t decoded;
    return text_base64_decode(s, out, length, &decoded) && decoded == length;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_put_base64(struct bytes_out *out, const uint8_t *bytes, size_t length,
                     enum base64_padding padding) {
    for (size_t i = 0; i < length; i += 3) {
        size_t n = length - i < 3 ? length - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        if (n > 1)
            bits |= (uint32_t)bytes[i + 1] << 8;
        if (n > 2)
            bits |= bytes[i + 2];
        for (size_t k = 0; k < 4; k++) {
            if (k <= n)
                bytes_put_u8(out, (uint8_t)base64_digits[bits >> (18 - 6 * k) & 63]);
            else if (padding == BASE64_PADDED)
                bytes_put_u8(out, '=');
        }
    }
}

void text_put_object(struct bytes_out *out, const char *label, const uint8_t *bytes, size_t length) {
    const size_t bytes_per_line = OBJECT_LINE_LEN / 4 * 3;
    text_put(out, "-----BEGIN ");
    text_put(out, label);
    text_put(out, "-----\n");
    for (size_t i = 0; i < length; i += bytes_per_line) {
        size_t n = length - i < bytes_per_line ? length - i : bytes_per_line;
        text_put_base64(out, bytes + i, n, BASE64_PADDED);
        bytes_put_u8(out, '\n');
    }
    text_put(out, "-----END ");
    text_put(out, label);
    text_put(out, "-----\n");
}

void text_put(struct bytes_out *out, const char *text) {
    bytes_put(out, text, strlen(text));
}

void text_put_u64(struct bytes_out *out, uint64_t value) {
    char digits[20];
    size_t n = sizeof(digits);
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    bytes_put(out, digits + n, sizeof(digits) - n);
}

void text_put_hex(struct bytes_out *out, const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        bytes_put_u8(out, (uint8_t)hex_digits[bytes[i] >> 4]);
        bytes_put_u8(out, (uint8_t)hex_digits[bytes[i] & 15]);
    }
}

/* Days from 1970-01-01, in the proleptic Gregorian calendar, by years that begin in March. */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day) {
    uint64_t y = month <= 2 ? year - 1 : year;
    uint64_t m = (month + 9) % 12;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

static void put_padded(struct bytes_out *out, uint64_t value, unsigned width) {
    for (uint64_t unit = width == 4 ? 1000 : 10; unit > 0; unit /= 10)
        bytes_put_u8(out, (uint8_t)('0' + value / unit % 10));
}

void text_put_time(struct bytes_out *out, uint64_t unix_s) {
    const struct {
        char before;
        uint64_t unit, modulus;
    } fields[] = {{' ', 3600, 24}, {':', 60, 60}, {':', 1, 60}};
    uint64_t days = unix_s / 86400 + 719468;
    uint64_t era = days / 146097;
    uint64_t day_of_era = days % 146097;
    uint64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t m = (5 * day_of_year + 2) / 153;
    uint64_t month = m < 10 ? m + 3 : m - 9;
    put_padded(out, year_of_era + era * 400 + (month <= 2), 4);
    bytes_put_u8(out, '-');
    put_padded(out, month, 2);
    bytes_put_u8(out, '-');
    put_padded(out, day_of_year - (153 * m + 2) / 5 + 1, 2);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        bytes_put_u8(out, (uint8_t)fields[i].before);
        put_padded(out, unix_s / fields[i].unit % fields[i].modulus, 2);
    }
}

/* Take width digits and, unless it is NUL, the separator behind them. */
static uint64_t take_number(struct bytes_in *in, unsigned width, char separator) {
    uint64_t value = 0;
    const uint8_t *digits = bytes_take(in, width);
    if (!digits || !text_u64((struct span){digits, width}, UINT64_MAX, &value))
        in->failed = true;
    if (separator && bytes_u8(in) != (uint8_t)separator)
        in->failed = true;
    return value;
}

static uint64_t days_in_month(uint64_t year, uint64_t month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

bool text_time(struct span date, struct span time, uint64_t *unix_s_out) {
    struct bytes_in d = bytes_in(date.data, date.length);
    struct bytes_in t = bytes_in(time.data, time.length);
    uint64_t year = take_number(&d, 4, '-');
    uint64_t month = take_number(&d, 2, '-');
    uint64_t day = take_number(&d, 2, '\0');
    uint64_t hour = take_number(&t, 2, ':');
    uint64_t minute = take_number(&t, 2, ':');
    uint64_t second = take_number(&t, 2, '\0');
    if (!bytes_done(&d) || !bytes_done(&t) || year < 1970 || month < 1 || month > 12 || day < 1)
        return false;
    if (day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60)
        return false;
    *unix_s_out = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}
