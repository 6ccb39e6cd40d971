/* text - the small change of directory documents: lines, words, numbers, hex, base64, times and objects in armour.
 *
 * Memory: borrowed; spans returned point into what they were taken from. ASCII only, no locale. */
#ifndef LOOM_WIRE_TEXT_H
#define LOOM_WIRE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

/* The bytes of a C string, without its NUL. */
struct span span_of(const char *text);
MUST_USE bool span_is(struct span s, const char *text);
MUST_USE bool span_starts(struct span s, const char *prefix);
/* As span_is, but upper and lower case ASCII letters are the same. */
MUST_USE bool span_is_nocase(struct span s, const char *text);

/* Take the next line off rest, without its newline; the last line may lack one. False at the end. */
MUST_USE bool text_line(struct span *rest, struct span *line_out);
/* Take the next word (no spaces or tabs) off line; empty when there is none. */
struct span text_word(struct span *line);
/* Take an object "-----BEGIN label-----" .. "-----END label-----" off the start of rest; body_out is the base64 between.
 * False, with rest unchanged, when there is no whole one. */
MUST_USE bool text_object(struct span *rest, const char *label, struct span *body_out);

/* All of s is a decimal number of at most max. */
MUST_USE bool text_u64(struct span s, uint64_t max, uint64_t *out);
/* The same, with an optional sign. */
MUST_USE bool text_i32(struct span s, int32_t *out);
/* All of s is exactly 2 * length hexadecimal digits. */
MUST_USE bool text_hex_decode(struct span s, uint8_t *out, size_t length);
/* Write 2 * length upper-case digits and a NUL. */
void text_hex_encode(const uint8_t *bytes, size_t length, char *out);
/* Decode base64 with or without padding; newlines between are passed over. False when it does not fit room or is not
 * base64. */
MUST_USE bool text_base64_decode(struct span s, uint8_t *out, size_t room, size_t *length_out);
/* As above, when the length must be known. */
MUST_USE bool text_base64_decode_exact(struct span s, uint8_t *out, size_t length);

enum base64_padding { BASE64_PADDED, BASE64_UNPADDED };
void text_put_base64(struct bytes_out *out, const uint8_t *bytes, size_t length, enum base64_padding padding);
/* Object in armour, lines of 64. */
void text_put_object(struct bytes_out *out, const char *label, const uint8_t *bytes, size_t length);
void text_put(struct bytes_out *out, const char *text);
void text_put_u64(struct bytes_out *out, uint64_t value);
void text_put_hex(struct bytes_out *out, const uint8_t *bytes, size_t length);
/* "YYYY-MM-DD HH:MM:SS" of seconds since 1970. */
void text_put_time(struct bytes_out *out, uint64_t unix_s);
/* The same form back; years 1970 to 9999. */
MUST_USE bool text_time(struct span date, struct span time, uint64_t *unix_s_out);

#endif
