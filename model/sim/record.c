#include "sim/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define RECORD_FIELDS_MAX 32u

static void *field_of(const struct record_field *field, void *values) {
    return (char *)values + field->offset;
}

static const void *field_of_const(const struct record_field *field, const void *values) {
    return (const char *)values + field->offset;
}

static bool read_text(const struct record_field *field, const struct setting *map, const char **out,
                      struct mistake *mistake) {
    return setting_text(map, field->key, out, mistake);
}

static bool read_choice(const struct record_field *field, const struct setting *map, uint64_t *out,
                        struct mistake *mistake) {
    size_t which;
    if (!setting_choice(map, field->key, field->names, field->names_n, &which, mistake))
        return false;
    *out = which;
    return true;
}

static bool read_bool(const struct record_field *field, const struct setting *map, uint64_t *out,
                      struct mistake *mistake) {
    bool is_true;
    if (!setting_bool(map, field->key, &is_true, mistake))
        return false;
    *out = is_true;
    return true;
}

static uint32_t count_items(const struct setting *list) {
    uint32_t n = 0;
    for (const struct setting *item = list->first; item; item = item->next)
        n++;
    return n;
}

/* The items read so far are in out, also on failure. */
static bool read_items(const struct record_field *field, const struct setting *list, struct record_list *out,
                       struct mistake *mistake) {
    for (const struct setting *item = list->first; item; item = item->next) {
        if (item->kind != SETTING_MAP)
            return setting_mistake(item, mistake, "expected keys and values");
        if (!record_read(field->record, item, (char *)out->items + out->n * field->record->size, mistake))
            return false;
        out->n++;
    }
    return true;
}

static bool read_list(const struct record_field *field, const struct setting *map, struct record_list *out,
                      struct mistake *mistake) {
    const struct setting *list;
    if (!setting_list(map, field->key, &list, mistake))
        return false;
    uint32_t n = count_items(list);
    if (n < field->least || n > field->most)
        return setting_mistake(list, mistake, "expected %" PRIu64 " to %" PRIu64 " items, found %u",
                               field->least, field->most, n);
    out->items = calloc((size_t)n + 1, field->record->size);
    if (!out->items)
        return setting_mistake(list, mistake, "no memory for it");
    return read_items(field, list, out, mistake);
}

static bool read_map(const struct record_field *field, const struct setting *map, void *out,
                     struct mistake *mistake) {
    const struct setting *child;
    return setting_map(map, field->key, &child, mistake) && record_read(field->record, child, out, mistake);
}

static bool read_field(const struct record_field *field, const struct setting *map, void *out,
                       struct mistake *mistake) {
    switch (field->kind) {
    case RECORD_NUMBER: return setting_u64(map, field->key, field->least, field->most, out, mistake);
    case RECORD_BOOL: return read_bool(field, map, out, mistake);
    case RECORD_FRACTION: return setting_fraction(map, field->key, out, mistake);
    case RECORD_TEXT: return read_text(field, map, out, mistake);
    case RECORD_CHOICE: return read_choice(field, map, out, mistake);
    case RECORD_MAP: return read_map(field, map, out, mistake);
    case RECORD_LIST: return read_list(field, map, out, mistake);
    }
    CHECK(false);
    return false;
}

static bool use_default(const struct record_field *field, void *out, struct mistake *mistake) {
    switch (field->kind) {
    case RECORD_NUMBER:
    case RECORD_BOOL:
    case RECORD_FRACTION:
    case RECORD_CHOICE: *(uint64_t *)out = field->value; return true;
    case RECORD_TEXT: *(const char **)out = field->text; return true;
    case RECORD_MAP: return record_read(field->record, NULL, out, mistake);
    case RECORD_LIST: return true;
    }
    CHECK(false);
    return false;
}

static bool known_keys(const struct record *record, const struct setting *map, struct mistake *mistake) {
    const char *keys[RECORD_FIELDS_MAX];
    CHECK(record->fields_n <= RECORD_FIELDS_MAX);
    for (size_t i = 0; i < record->fields_n; i++)
        keys[i] = record->fields[i].key;
    return setting_only(map, keys, record->fields_n, mistake);
}

bool record_read(const struct record *record, const struct setting *map, void *out, struct mistake *mistake) {
    memset(out, 0, record->size);
    memcpy(out, &map, sizeof(map));
    bool ok = !map || known_keys(record, map, mistake);
    for (size_t i = 0; ok && i < record->fields_n; i++) {
        const struct record_field *field = &record->fields[i];
        bool is_there = map && setting_find(map, field->key);
        CHECK(map || field->is_optional);
        ok = !is_there && field->is_optional ? use_default(field, field_of(field, out), mistake)
                                             : read_field(field, map, field_of(field, out), mistake);
    }
    if (!ok)
        record_fini(record, out);
    return ok;
}

static void list_fini(const struct record *record, struct record_list *list) {
    for (uint32_t i = 0; i < list->n; i++)
        record_fini(record, (char *)list->items + i * record->size);
    free(list->items);
    *list = (struct record_list){NULL, 0};
}

void record_fini(const struct record *record, void *values) {
    for (size_t i = 0; i < record->fields_n; i++) {
        const struct record_field *field = &record->fields[i];
        if (field->kind == RECORD_MAP)
            record_fini(field->record, field_of(field, values));
        if (field->kind == RECORD_LIST)
            list_fini(field->record, field_of(field, values));
    }
}

bool record_mistake(const struct setting *at, const char *key, struct mistake *mistake, const char *format,
                    ...) {
    char text[MISTAKE_MAX];
    const struct setting *child = key ? setting_find(at, key) : NULL;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (child || !key)
        return setting_mistake(child ? child : at, mistake, "%s", text);
    return setting_mistake(at, mistake, "%s: %s", key, text);
}

static json_t *list_json(const struct record *record, const struct record_list *list) {
    json_t *array = json_array();
    for (uint32_t i = 0; array && i < list->n; i++)
        if (json_array_append_new(array, record_json(record, (const char *)list->items + i * record->size)) !=
            0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *field_json(const struct record_field *field, const void *value) {
    const uint64_t *number = value;
    switch (field->kind) {
    case RECORD_NUMBER: return json_integer((json_int_t)*number);
    case RECORD_BOOL: return json_boolean(*number);
    case RECORD_FRACTION:
        return *number == RECORD_NO_FRACTION ? json_null() : json_real((double)*number / 100);
    case RECORD_TEXT:
        return *(const char *const *)value ? json_string(*(const char *const *)value) : json_null();
    case RECORD_CHOICE: return json_string(field->names[*number]);
    case RECORD_MAP: return record_json(field->record, value);
    case RECORD_LIST: return list_json(field->record, value);
    }
    CHECK(false);
    return NULL;
}

json_t *record_json(const struct record *record, const void *values) {
    json_t *object = json_object();
    for (size_t i = 0; object && i < record->fields_n; i++) {
        const struct record_field *field = &record->fields[i];
        if (json_object_set_new(object, field->key, field_json(field, field_of_const(field, values))) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
