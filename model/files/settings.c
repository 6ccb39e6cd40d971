#include "files/settings.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "files/settings_tree.h"

/* The way down to where the parser stands. */
struct building {
    struct settings *settings;
    struct mistake *mistake;
    uint32_t keys_max;
    yaml_parser_t parser;
    yaml_event_t event;
    struct setting *open[SETTINGS_DEPTH_MAX];
    struct setting *last[SETTINGS_DEPTH_MAX]; /* child of each */
    uint32_t keys[SETTINGS_DEPTH_MAX];        /* read of each */
    uint32_t depth;
    char *key; /* read, and waits for its value */
    uint32_t key_line;
};

static uint32_t event_line(const struct building *b) {
    return (uint32_t)b->event.start_mark.line + 1;
}

static bool refuse(struct building *b, const char *expected) {
    return mistake_at(b->mistake, b->settings->file, event_line(b), b->key, "%s", expected);
}

static bool out_of_memory(struct building *b) {
    return refuse(b, "no memory for it");
}

static struct setting *parent_of(const struct building *b) {
    return b->depth ? b->open[b->depth - 1] : NULL;
}

static void setting_free(struct setting *setting) {
    while (setting) {
        struct setting *next = setting->next;
        setting_free(setting->first);
        free(setting->key);
        free(setting->text);
        free(setting);
        setting = next;
    }
}

/* Put a new setting under the one that is open, with the key that was read before it. */
static bool attach(struct building *b, enum setting_kind kind, char *text) {
    struct setting *parent = parent_of(b);
    struct setting *setting = calloc(1, sizeof(*setting));
    if (!setting) {
        free(text);
        return out_of_memory(b);
    }
    *setting = (struct setting){.kind = kind,
                                .line = b->key ? b->key_line : event_line(b),
                                .key = b->key,
                                .text = text,
                                .settings = b->settings,
                                .parent = parent};
    b->key = NULL;
    if (!parent)
        b->settings->root = setting;
    else if (b->last[b->depth - 1])
        b->last[b->depth - 1]->next = setting;
    else
        parent->first = setting;
    if (parent)
        b->last[b->depth - 1] = setting;
    if (kind == SETTING_SCALAR)
        return true;
    if (b->depth == SETTINGS_DEPTH_MAX)
        return refuse(b, "expected fewer levels");
    b->last[b->depth] = NULL;
    b->keys[b->depth] = 0;
    b->open[b->depth++] = setting;
    return true;
}

/* In a map, keys and values take turns. */
static bool wants_key(const struct building *b) {
    const struct setting *parent = parent_of(b);
    return parent && parent->kind == SETTING_MAP && !b->key;
}

static bool take_key(struct building *b, char *text) {
    b->key = text;
    b->key_line = event_line(b);
    if (++b->keys[b->depth - 1] > b->keys_max)
        return refuse(b, "expected fewer keys in one map");
    if (setting_find(parent_of(b), text))
        return refuse(b, "expected each key once");
    return true;
}

static bool on_scalar(struct building *b) {
    const char *value = (const char *)b->event.data.scalar.value;
    size_t length = b->event.data.scalar.length;
    if (b->event.data.scalar.anchor || b->event.data.scalar.tag)
        return refuse(b, "expected no anchor and no tag");
    if (memchr(value, '\0', length))
        return refuse(b, "expected text without NUL");
    if (!parent_of(b))
        return refuse(b, "expected keys and values at the outermost level");
    char *text = strdup(value);
    if (!text)
        return out_of_memory(b);
    return wants_key(b) ? take_key(b, text) : attach(b, SETTING_SCALAR, text);
}

static bool on_start(struct building *b, enum setting_kind kind, bool is_plain) {
    if (!is_plain)
        return refuse(b, "expected no anchor and no tag");
    if (wants_key(b))
        return refuse(b, "expected a key");
    if (!parent_of(b) && kind != SETTING_MAP)
        return refuse(b, "expected keys and values at the outermost level");
    return attach(b, kind, NULL);
}

static bool on_event(struct building *b) {
    const yaml_event_t *e = &b->event;
    switch (e->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: return true;
    case YAML_DOCUMENT_START_EVENT: return b->settings->root ? refuse(b, "expected one document") : true;
    case YAML_ALIAS_EVENT: return refuse(b, "expected no alias");
    case YAML_SCALAR_EVENT: return on_scalar(b);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(b, SETTING_LIST, !e->data.sequence_start.anchor && !e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_start(b, SETTING_MAP, !e->data.mapping_start.anchor && !e->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: b->depth--; return true;
    }
    return true;
}

/* libyaml's own words, at the place of the problem. */
static bool syntax_mistake(struct building *b) {
    const yaml_parser_t *p = &b->parser;
    const char *what = p->problem ? p->problem : "what is wrong is not known";
    size_t line = p->error == YAML_READER_ERROR ? 0 : p->problem_mark.line + 1;
    return mistake_at(b->mistake, b->settings->file, (uint32_t)line, NULL, "expected YAML: %s", what);
}

static bool build(struct building *b) {
    bool ok = true;
    bool done = false;
    while (ok && !done) {
        if (!yaml_parser_parse(&b->parser, &b->event))
            return syntax_mistake(b);
        done = b->event.type == YAML_STREAM_END_EVENT;
        ok = on_event(b);
        yaml_event_delete(&b->event);
    }
    if (ok && !b->settings->root)
        return mistake_at(b->mistake, b->settings->file, 1, NULL, "expected keys and values, found nothing");
    return ok;
}

static struct settings *settings_new(const char *file) {
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings)
        settings->file = strdup(file);
    if (settings && settings->file)
        return settings;
    settings_free(settings);
    return NULL;
}

struct settings *settings_parse(const char *file, const char *text, size_t length, struct mistake *mistake) {
    const struct settings_bounds bounds = {SETTINGS_BYTES_MAX, SETTINGS_KEYS_MAX};
    return settings_parse_within(&bounds, file, text, length, mistake);
}

struct settings *settings_parse_within(const struct settings_bounds *bounds, const char *file,
                                       const char *text, size_t length, struct mistake *mistake) {
    struct building b = {.settings = settings_new(file), .mistake = mistake, .keys_max = bounds->keys_max};
    bool ok = false;
    if (length > bounds->bytes_max)
        mistake_at(mistake, file, 0, NULL, "expected at most %zu bytes", bounds->bytes_max);
    else if (!b.settings || !yaml_parser_initialize(&b.parser))
        mistake_at(mistake, file, 0, NULL, "no memory for it");
    else {
        yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, length);
        yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
        ok = build(&b);
        yaml_parser_delete(&b.parser);
        free(b.key);
    }
    if (ok)
        return b.settings;
    settings_free(b.settings);
    return NULL;
}

void settings_free(struct settings *settings) {
    if (!settings)
        return;
    setting_free(settings->root);
    free(settings->file);
    free(settings);
}

const struct setting *settings_root(const struct settings *settings) {
    return settings->root;
}
