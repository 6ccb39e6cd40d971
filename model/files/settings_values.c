/* Ask a tree of settings for values of a form; see settings.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/settings.h"
#include "files/settings_tree.h"

#define PATH_MAX_BYTES 256u

const struct setting *setting_find(const struct setting *map, const char *key) {
    for (const struct setting *child = map->kind == SETTING_MAP ? map->first : NULL; child;
         child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

static uint32_t index_in_list(const struct setting *setting) {
    uint32_t n = 0;
    for (const struct setting *s = setting->parent->first; s != setting; s = s->next)
        n++;
    return n;
}

/* "prices.aes_bytes", "relays[3].country": the way down from the root; a long one is cut at its end. */
static size_t put_path(const struct setting *setting, char *out, size_t room) {
    if (!setting->parent)
        return 0;
    size_t n = put_path(setting->parent, out, room);
    if (n >= room)
        return n;
    int more = setting->key ? snprintf(out + n, room - n, "%s%s", n ? "." : "", setting->key)
                            : snprintf(out + n, room - n, "[%u]", index_in_list(setting));
    return more < 0 ? n : n + (size_t)more;
}

bool setting_mistake(const struct setting *setting, struct mistake *mistake, const char *format, ...) {
    char path[PATH_MAX_BYTES] = "";
    char message[MISTAKE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    put_path(setting, path, sizeof(path));
    return mistake_at(mistake, setting->settings->file, setting->line, path[0] ? path : NULL, "%s", message);
}

/* NULL, and a mistake, when key is not there or is of another kind. */
static const struct setting *required(const struct setting *map, const char *key, enum setting_kind kind,
                                      const char *expected, struct mistake *mistake) {
    const struct setting *child = setting_find(map, key);
    if (!child) {
        setting_mistake(map, mistake, "expected a key \"%s\" with %s", key, expected);
        return NULL;
    }
    if (child->kind != kind) {
        setting_mistake(child, mistake, "expected %s", expected);
        return NULL;
    }
    return child;
}

bool setting_map(const struct setting *map, const char *key, const struct setting **out,
                 struct mistake *mistake) {
    *out = required(map, key, SETTING_MAP, "keys and values below it", mistake);
    return *out != NULL;
}

bool setting_list(const struct setting *map, const char *key, const struct setting **out,
                  struct mistake *mistake) {
    *out = required(map, key, SETTING_LIST, "a list", mistake);
    return *out != NULL;
}

bool setting_text(const struct setting *map, const char *key, const char **out, struct mistake *mistake) {
    const struct setting *child = required(map, key, SETTING_SCALAR, "text", mistake);
    if (!child)
        return false;
    *out = child->text;
    return child->text[0] ? true : setting_mistake(child, mistake, "expected text, found nothing");
}

static bool parse_u64(const char *text, uint64_t *out) {
    uint64_t value = 0;
    if (!text[0])
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

bool setting_u64(const struct setting *map, const char *key, uint64_t least, uint64_t most, uint64_t *out,
                 struct mistake *mistake) {
    char expected[80];
    snprintf(expected, sizeof(expected), "a whole number from %llu to %llu", (unsigned long long)least,
             (unsigned long long)most);
    const struct setting *child = required(map, key, SETTING_SCALAR, expected, mistake);
    if (!child)
        return false;
    if (parse_u64(child->text, out) && *out >= least && *out <= most)
        return true;
    return setting_mistake(child, mistake, "expected %s, found \"%s\"", expected, child->text);
}

/* "0.25" is 25. */
static bool parse_fraction(const char *text, uint64_t *percent_out) {
    const char *point = strchr(text, '.');
    char digits[4] = "000";
    if (text[0] < '0' || text[0] > '1' || (point ? point != text + 1 : text[1] != '\0'))
        return false;
    digits[0] = text[0];
    for (size_t i = 0; point && point[i + 1]; i++) {
        if (i == 2)
            return false;
        digits[i + 1] = point[i + 1];
    }
    return parse_u64(digits, percent_out) && *percent_out <= 100;
}

bool setting_fraction(const struct setting *map, const char *key, uint64_t *percent_out,
                      struct mistake *mistake) {
    static const char expected[] = "a number from 0 to 1 with at most two digits behind the point";
    const struct setting *child = required(map, key, SETTING_SCALAR, expected, mistake);
    if (!child)
        return false;
    return parse_fraction(child->text, percent_out) ||
           setting_mistake(child, mistake, "expected %s, found \"%s\"", expected, child->text);
}

bool setting_bool(const struct setting *map, const char *key, bool *out, struct mistake *mistake) {
    static const char *const names[] = {"false", "true"};
    size_t which = 0;
    bool ok = setting_choice(map, key, names, 2, &which, mistake);
    *out = which == 1;
    return ok;
}

/* "a, b or c"; cut when there is no room. */
static void put_names(const char *const names[], size_t n, char *out, size_t room) {
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        size_t used = strlen(out);
        snprintf(out + used, room - used, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    }
}

bool setting_choice(const struct setting *map, const char *key, const char *const names[], size_t n,
                    size_t *out, struct mistake *mistake) {
    char expected[MISTAKE_MAX / 2];
    put_names(names, n, expected, sizeof(expected));
    const struct setting *child = required(map, key, SETTING_SCALAR, expected, mistake);
    if (!child)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(child->text, names[i]) == 0) {
            *out = i;
            return true;
        }
    return setting_mistake(child, mistake, "expected %s, found \"%s\"", expected, child->text);
}

bool setting_only(const struct setting *map, const char *const keys[], size_t n, struct mistake *mistake) {
    char expected[MISTAKE_MAX / 2];
    for (const struct setting *child = map->first; child; child = child->next) {
        bool is_known = false;
        for (size_t i = 0; i < n && !is_known; i++)
            is_known = strcmp(child->key, keys[i]) == 0;
        if (is_known)
            continue;
        put_names(keys, n, expected, sizeof(expected));
        return setting_mistake(child, mistake, "no such key: expected %s", expected);
    }
    return true;
}
