#include "wire/http_request.h"

#include <string.h>

#include "wire/text.h"

static const char *const encoding_names[HTTP_ENCODINGS] = {
    [HTTP_LZMA] = "x-tor-lzma", [HTTP_ZSTD] = "x-zstd",       [HTTP_DEFLATE] = "deflate",
    [HTTP_GZIP] = "gzip",       [HTTP_IDENTITY] = "identity",
};

bool http_encoding_parse(struct span name, enum http_encoding *out) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++)
        if (span_is_nocase(name, encoding_names[i])) {
            *out = (enum http_encoding)i;
            return true;
        }
    return false;
}

const char *http_encoding_name(enum http_encoding encoding) {
    return encoding_names[encoding];
}

/* --- dates ------------------------------------------------------------------------------------------------------ */

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* from 1970-01-01 */

#define MONTHS (sizeof months / sizeof months[0])

bool http_date_parse(struct span text, uint64_t *unix_s_out) {
    uint8_t date[10] = "YYYY-MM-DD";
    size_t month = 0;
    (void)text_word(&text); /* the day of the week follows from the rest */
    struct span day = text_word(&text), name = text_word(&text), year = text_word(&text);
    struct span time = text_word(&text);
    while (month < MONTHS && !span_is_nocase(name, months[month]))
        month++;
    if (month == MONTHS || day.length != 2 || year.length != 4)
        return false;
    memcpy(date, year.data, 4);
    date[5] = (uint8_t)('0' + (month + 1) / 10);
    date[6] = (uint8_t)('0' + (month + 1) % 10);
    memcpy(date + 8, day.data, 2);
    return text_time((struct span){date, sizeof date}, time, unix_s_out);
}

void http_put_date(struct bytes_out *out, uint64_t unix_s) {
    uint8_t room[32];
    struct bytes_out text = bytes_out(room, sizeof room);
    text_put_time(&text, unix_s); /* YYYY-MM-DD HH:MM:SS */
    unsigned month = (unsigned)(room[5] - '0') * 10 + (unsigned)(room[6] - '0');
    text_put(out, weekdays[unix_s / 86400 % 7]);
    text_put(out, ", ");
    bytes_put(out, room + 8, 2);
    text_put(out, " ");
    text_put(out, months[(month - 1) % MONTHS]);
    text_put(out, " ");
    bytes_put(out, room, 4);
    text_put(out, " ");
    bytes_put(out, room + 11, 8);
    text_put(out, " GMT");
}

/* --- the head --------------------------------------------------------------------------------------------------- */

static struct span trim(struct span s) {
    while (s.length > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
        s = (struct span){s.data + 1, s.length - 1};
    while (s.length > 0 &&
           (s.data[s.length - 1] == ' ' || s.data[s.length - 1] == '\t' || s.data[s.length - 1] == '\r'))
        s.length--;
    return s;
}

/* Take what is before the separator, or all, off rest. */
static struct span take_until(struct span *rest, char separator) {
    const uint8_t *at = rest->length ? memchr(rest->data, separator, rest->length) : NULL;
    size_t length = at ? (size_t)(at - rest->data) : rest->length;
    struct span taken = {rest->data, length};
    size_t skip = at ? length + 1 : length;
    *rest = (struct span){rest->length ? rest->data + skip : rest->data, rest->length - skip};
    return taken;
}

/* "deflate, gzip;q=0.5": weights are not looked at, but that 0 refuses. */
static uint8_t parse_encodings(struct span value) {
    uint8_t bits = 0;
    while (value.length > 0) {
        enum http_encoding encoding;
        struct span item = take_until(&value, ',');
        struct span name = trim(take_until(&item, ';'));
        struct span weight = trim(item);
        if (http_encoding_parse(name, &encoding) && !span_is(weight, "q=0"))
            bits |= (uint8_t)(1u << encoding);
    }
    return bits;
}

static enum err parse_header(struct span name, struct span value, struct http_request *out) {
    if (span_is_nocase(name, "Accept-Encoding"))
        out->encodings |= parse_encodings(value);
    else if (span_is_nocase(name, "If-Modified-Since"))
        out->if_modified_since_s =
            http_date_parse(value, &out->if_modified_since_s) ? out->if_modified_since_s : 0;
    else if (span_is_nocase(name, "X-Or-Diff-From-Consensus"))
        out->diff_from = value;
    else if (span_is_nocase(name, "Content-Length"))
        return text_u64(value, UINT32_MAX, &out->content_length) ? ERR_OK : ERR_MALFORMED;
    return ERR_OK;
}

/* GET path HTTP/1.x; of a proxy's form "http://host/path" only the path is of interest. */
static enum err parse_request_line(struct span line, struct http_request *out) {
    struct span method = text_word(&line);
    out->method = span_is(method, "GET") ? HTTP_GET : span_is(method, "POST") ? HTTP_POST : HTTP_OTHER;
    out->path = text_word(&line);
    struct span version = trim(text_word(&line));
    if (span_starts(out->path, "http://")) {
        struct span rest = {out->path.data + 7, out->path.length - 7};
        (void)take_until(&rest, '/');
        if (rest.data == out->path.data + out->path.length)
            return ERR_MALFORMED;
        out->path = (struct span){rest.data - 1, rest.length + 1};
    }
    return out->path.length > 0 && out->path.data[0] == '/' && span_starts(version, "HTTP/1.")
               ? ERR_OK
               : ERR_MALFORMED;
}

enum err http_request_parse(struct span bytes, struct http_request *out) {
    struct span rest = {bytes.data, bytes.length < HTTP_HEAD_MAX ? bytes.length : HTTP_HEAD_MAX};
    struct span line;
    enum err e = ERR_OK;
    *out = (struct http_request){.encodings = 1u << HTTP_IDENTITY};
    for (bool is_first = true;; is_first = false) {
        const uint8_t *end = rest.length ? memchr(rest.data, '\n', rest.length) : NULL;
        if (!end)
            return bytes.length >= HTTP_HEAD_MAX ? ERR_LIMIT : ERR_TRUNCATED;
        line = trim(take_until(&rest, '\n'));
        out->head_length = (size_t)(end + 1 - bytes.data);
        if (is_first) {
            e = parse_request_line(line, out);
        } else if (line.length == 0) {
            return ERR_OK;
        } else {
            struct span name = trim(take_until(&line, ':'));
            e = parse_header(name, trim(line), out);
        }
        if (e != ERR_OK)
            return e;
    }
}
