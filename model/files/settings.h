/* settings - a YAML file as a tree of settings, each of which knows its line, so that every mistake can be placed.
 *
 * Mappings, lists and scalars; a scalar is text until somebody asks for a number. Not taken, each with an error: anchors
 * and aliases, tags, a second document, the same key twice, a key that nobody reads (setting_only).
 * Memory: the tree owns its strings; file is kept as a copy.
 * Bound: SETTINGS_BYTES_MAX, SETTINGS_DEPTH_MAX, SETTINGS_KEYS_MAX. */
#ifndef LOOM_FILES_SETTINGS_H
#define LOOM_FILES_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "files/mistake.h"

#define SETTINGS_BYTES_MAX (8u << 20)
#define SETTINGS_DEPTH_MAX 24u
#define SETTINGS_KEYS_MAX  1024u /* of one map: finding a key is a walk */

enum setting_kind { SETTING_SCALAR, SETTING_MAP, SETTING_LIST };

struct settings;

struct setting {
    enum setting_kind kind;
    uint32_t line; /* of the key, or of the item of a list */
    char *key;     /* in a map; otherwise NULL */
    char *text;    /* of a scalar; otherwise NULL */
    const struct settings *settings;
    const struct setting *parent; /* NULL at the root */
    struct setting *first;        /* child of a map or list, in the order of the file */
    struct setting *next;         /* sibling */
};

/* Of a file that may be larger, or have more keys in a map, than what people write: time goes with the square of the keys. */
struct settings_bounds {
    size_t bytes_max;
    uint32_t keys_max;
};

/* NULL when it is not YAML that is taken here. */
MUST_USE struct settings *settings_parse_within(const struct settings_bounds *bounds, const char *file,
                                                const char *text, size_t length, struct mistake *mistake);
/* With the bounds of this header. */
MUST_USE struct settings *settings_parse(const char *file, const char *text, size_t length,
                                         struct mistake *mistake);
void settings_free(struct settings *settings);
/* The outermost map. */
const struct setting *settings_root(const struct settings *settings);

/* NULL when map has no such key. */
const struct setting *setting_find(const struct setting *map, const char *key);
/* Say "file:line: path.of.keys: ...". Always false. */
bool setting_mistake(const struct setting *setting, struct mistake *mistake, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Each: the setting key of map must be there and have the form; otherwise say what was expected. */
MUST_USE bool setting_map(const struct setting *map, const char *key, const struct setting **out,
                          struct mistake *mistake);
MUST_USE bool setting_list(const struct setting *map, const char *key, const struct setting **out,
                           struct mistake *mistake);
/* Text with at least one byte; it lives as long as the settings. */
MUST_USE bool setting_text(const struct setting *map, const char *key, const char **out,
                           struct mistake *mistake);
/* A decimal number in [least, most]. */
MUST_USE bool setting_u64(const struct setting *map, const char *key, uint64_t least, uint64_t most,
                          uint64_t *out, struct mistake *mistake);
/* A number from 0 to 1 with at most two digits behind the point, in hundredths. */
MUST_USE bool setting_fraction(const struct setting *map, const char *key, uint64_t *percent_out,
                               struct mistake *mistake);
/* true or false. */
MUST_USE bool setting_bool(const struct setting *map, const char *key, bool *out, struct mistake *mistake);
/* One of n names; out is its index. */
MUST_USE bool setting_choice(const struct setting *map, const char *key, const char *const names[], size_t n,
                             size_t *out, struct mistake *mistake);
/* Map has no keys but these n. */
MUST_USE bool setting_only(const struct setting *map, const char *const keys[], size_t n,
                           struct mistake *mistake);

#endif
