#include "load/load_arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "wire/address.h"

bool load_number_parse(const char *name, const char *text, uint32_t least, uint32_t most, uint32_t *out,
                       struct complaint *complaint) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        return complain(complaint, "--%s %s: expected a number from %u to %u", name, text, least, most);
    *out = (uint32_t)value;
    return true;
}

static int hex_digit(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool parse_hex(const struct load_argument *a, const char *text, uint8_t *out,
                      struct complaint *complaint) {
    bool ok = strlen(text) == 2u * a->most;
    for (uint32_t i = 0; ok && i < a->most; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        ok = high >= 0 && low >= 0;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return ok || complain(complaint, "--%s %s: expected %u hexadecimal digits", a->name, text, 2u * a->most);
}

/* "a, b or c" */
static void list_words(const char *const *words, char *out, size_t room) {
    size_t at = 0;
    for (uint32_t i = 0; words[i] && at < room; i++) {
        const char *before = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        int length = snprintf(out + at, room - at, "%s%s", before, words[i]);
        at += length < 0 ? room : (size_t)length;
    }
}

static bool parse_choice(const struct load_argument *a, const char *text, uint32_t *out,
                         struct complaint *complaint) {
    char expected[COMPLAINT_MAX / 2] = "";
    for (uint32_t i = 0; a->words[i]; i++)
        if (strcmp(text, a->words[i]) == 0) {
            *out = i + 1;
            return true;
        }
    list_words(a->words, expected, sizeof expected);
    return complain(complaint, "--%s %s: expected %s", a->name, text, expected);
}

static bool parse_text(const struct load_argument *a, const char *text, char *out,
                       struct complaint *complaint) {
    size_t length = strlen(text);
    if (length < a->least || length > a->most)
        return complain(complaint, "--%s %s: expected %u to %u characters", a->name, text, a->least, a->most);
    memcpy(out, text, length + 1);
    return true;
}

static bool parse_value(const struct load_argument *a, const char *text, void *out,
                        struct complaint *complaint) {
    void *place = (char *)out + a->offset;
    switch (a->kind) {
    case LOAD_ARGUMENT_NUMBER: return load_number_parse(a->name, text, a->least, a->most, place, complaint);
    case LOAD_ARGUMENT_HEX: return parse_hex(a, text, place, complaint);
    case LOAD_ARGUMENT_CHOICE: return parse_choice(a, text, place, complaint);
    case LOAD_ARGUMENT_TEXT: return parse_text(a, text, place, complaint);
    case LOAD_ARGUMENT_ENDPOINT:
        return endpoint_parse(text, strlen(text), place) ||
               complain(complaint, "--%s %s: expected ADDRESS:PORT", a->name, text);
    }
    return false;
}

static const struct load_argument *argument_named(const struct load_argument *arguments, uint32_t count,
                                                  const char *text) {
    if (strncmp(text, "--", 2) != 0)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(text + 2, arguments[i].name) == 0)
            return &arguments[i];
    return NULL;
}

static bool check_given(const struct load_argument *arguments, uint32_t count, uint32_t given,
                        struct complaint *complaint) {
    for (uint32_t i = 0; i < count; i++)
        if (arguments[i].is_required && !(given & UINT32_C(1) << i))
            return complain(complaint, "--%s is missing", arguments[i].name);
    return true;
}

bool load_arguments_parse(int argc, const char *const *argv, const struct load_argument *arguments,
                          uint32_t count, void *out, bool *wants_help_out, struct complaint *complaint) {
    uint32_t given = 0;
    CHECK(count <= LOAD_ARGUMENTS_MAX);
    *wants_help_out = false;
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0)
            return *wants_help_out = true;
        const struct load_argument *a = argument_named(arguments, count, argv[i]);
        if (!a)
            return complain(complaint, "%s: no such option; --help lists them", argv[i]);
        if (i + 1 == argc)
            return complain(complaint, "%s: a value is missing", argv[i]);
        if (!parse_value(a, argv[i + 1], out, complaint))
            return false;
        given |= UINT32_C(1) << (a - arguments);
    }
    return check_given(arguments, count, given, complaint);
}
