#include "files/settings_change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "files/settings_tree.h"

#define KEY_LETTERS  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
#define INDEX_DIGITS 6u /* no list that is read has more items */

/* The way down one word. */
struct change {
    struct settings *settings;
    const char *word;
    const char *rest; /* of the path: what is still to be walked */
    const char *value;
    struct mistake *mistake;
};

static bool refuse(const struct change *change, const char *expected) {
    return mistake_at(change->mistake, change->settings->file, 0, NULL, "--set %s: expected %s", change->word,
                      expected);
}

static struct setting *child_named(const struct setting *map, const char *key, size_t length) {
    for (struct setting *child = map->first; child; child = child->next)
        if (strlen(child->key) == length && memcmp(child->key, key, length) == 0)
            return child;
    return NULL;
}

/* A map without keys, behind the last child of map. */
static struct setting *add_child(struct setting *map, const char *key, size_t length) {
    struct setting *child = calloc(1, sizeof(*child));
    struct setting **end = &map->first;
    if (!child)
        return NULL;
    *child = (struct setting){
        .kind = SETTING_MAP, .key = strndup(key, length), .settings = map->settings, .parent = map};
    if (!child->key) {
        free(child);
        return NULL;
    }
    while (*end)
        end = &(*end)->next;
    *end = child;
    return child;
}

static struct setting *step_by_key(struct change *change, struct setting *at) {
    size_t length = strspn(change->rest, KEY_LETTERS);
    const char *key = change->rest;
    if (length == 0 || at->kind != SETTING_MAP) {
        refuse(change, "PATH=VALUE with a path of keys that the scenario may have");
        return NULL;
    }
    change->rest += length;
    struct setting *child = child_named(at, key, length);
    if (!child && *change->rest == '[') {
        refuse(change, "a list that is there");
        return NULL;
    }
    if (!child)
        child = add_child(at, key, length);
    if (!child)
        refuse(change, "more memory");
    return child;
}

/* rest is at the opening bracket. */
static struct setting *step_by_index(struct change *change, const struct setting *at) {
    size_t digits = strspn(change->rest + 1, "0123456789");
    struct setting *item = at->kind == SETTING_LIST ? at->first : NULL;
    if (digits == 0 || digits > INDEX_DIGITS || change->rest[1 + digits] != ']') {
        refuse(change, "the number of an item in brackets");
        return NULL;
    }
    for (uint64_t left = strtoull(change->rest + 1, NULL, 10); item && left > 0; left--)
        item = item->next;
    if (!item)
        refuse(change, "an item that is there");
    change->rest += digits + 2;
    return item;
}

/* The setting that the path ends at; NULL: refused. */
static struct setting *walk(struct change *change) {
    struct setting *at = step_by_key(change, change->settings->root);
    for (unsigned depth = 1; at && *change->rest != '='; depth++) {
        if (depth == SETTINGS_DEPTH_MAX) {
            refuse(change, "fewer levels");
            return NULL;
        }
        if (*change->rest == '[') {
            at = step_by_index(change, at);
        } else if (*change->rest == '.') {
            change->rest++;
            at = step_by_key(change, at);
        } else {
            refuse(change, "PATH=VALUE");
            return NULL;
        }
    }
    return at;
}

static bool put_value(const struct change *change, struct setting *at) {
    bool is_new = at->kind == SETTING_MAP && !at->first && at->line == 0;
    if (at->kind != SETTING_SCALAR && !is_new)
        return refuse(change, "the path of a single value");
    char *text = strdup(change->value);
    if (!text)
        return refuse(change, "more memory");
    free(at->text);
    at->text = text;
    at->kind = SETTING_SCALAR;
    at->line = 0;
    return true;
}

static bool change_one(struct settings *settings, const char *word, struct mistake *mistake) {
    const char *sign = strchr(word, '=');
    struct change change = {settings, word, word, sign ? sign + 1 : NULL, mistake};
    if (!sign || !sign[1])
        return refuse(&change, "PATH=VALUE");
    struct setting *at = walk(&change);
    return at && put_value(&change, at);
}

bool settings_change(struct settings *settings, const struct settings_changes *changes,
                     struct mistake *mistake) {
    for (uint32_t i = 0; changes && i < changes->n; i++)
        if (!change_one(settings, changes->words[i], mistake))
            return false;
    return true;
}
