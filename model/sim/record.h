/* record - a struct that a map of settings fills, described once: a table of fields gives the reader, the defaults, the
 * JSON of what was read, and the JSON schema of what may be written. So the four cannot disagree.
 *
 * A record's struct begins with `const struct setting *at`, its map (NULL when all of it is defaults): whoever finds a
 * mistake that no table can say has a place for it. Numbers, choices, booleans and fractions (in hundredths) are uint64_t in the struct, text is a
 * `const char *` that lives as long as the settings, a map is its record in place, a list is a struct record_list.
 * Memory: a record owns its lists (record_fini). Bound: items_most of each list. */
#ifndef LOOM_SIM_RECORD_H
#define LOOM_SIM_RECORD_H

#include <jansson.h>

#include "files/settings.h"

#define RECORD_NO_FRACTION UINT64_MAX

enum record_kind {
    RECORD_NUMBER,
    RECORD_BOOL,
    RECORD_FRACTION,
    RECORD_TEXT,
    RECORD_CHOICE,
    RECORD_MAP,
    RECORD_LIST
};

struct record_list {
    void *items; /* one record after the other */
    uint32_t n;
};

struct record_field {
    const char *key;
    const char *about; /* for the schema; also the unit, where the key has none */
    enum record_kind kind;
    bool is_optional;
    size_t offset;
    uint64_t least, most;     /* of a number; how many items of a list */
    uint64_t value;           /* when left out: of a number, a fraction, a choice, a boolean */
    const char *text;         /* when left out; NULL: none */
    const char *const *names; /* of a choice */
    size_t names_n;
    const struct record *record; /* of a map or an item */
};

struct record {
    const struct record_field *fields;
    size_t fields_n;
    size_t size;
};

/* Fill out from map; NULL: with defaults. On failure out holds nothing. */
MUST_USE bool record_read(const struct record *record, const struct setting *map, void *out,
                          struct mistake *mistake);
void record_fini(const struct record *record, void *values);
/* Say "file:line: path.key: ..."; at the map itself when it lacks the key. Always false. */
bool record_mistake(const struct setting *at, const char *key, struct mistake *mistake, const char *format,
                    ...) PRINTF_LIKE(4, 5);

/* All values, in the order of the table, defaults too. NULL without memory. */
MUST_USE json_t *record_json(const struct record *record, const void *values);
/* JSON schema (2020-12) of the map. NULL without memory. */
MUST_USE json_t *record_schema(const struct record *record);

#endif
