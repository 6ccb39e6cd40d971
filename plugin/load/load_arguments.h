/* load_arguments - `--name value` arguments, read into a struct by a table.
 *
 * Memory: in place; no pointer into argv is kept. */
#ifndef LOOM_LOAD_LOAD_ARGUMENTS_H
#define LOOM_LOAD_LOAD_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"

enum load_argument_kind {
    LOAD_ARGUMENT_NUMBER,   /* uint32_t */
    LOAD_ARGUMENT_HEX,      /* uint8_t[most] */
    LOAD_ARGUMENT_ENDPOINT, /* struct endpoint */
    LOAD_ARGUMENT_CHOICE,   /* uint32_t: the place of the word in words, from 1 on */
    LOAD_ARGUMENT_TEXT,     /* char[most + 1] */
};

#define LOAD_ARGUMENTS_MAX 32u /* of one table */

struct load_argument {
    const char *name;
    enum load_argument_kind kind;
    size_t offset;        /* of the field */
    uint32_t least, most; /* numbers; for hex, bytes; for text, characters */
    bool is_required;
    const char *const *words; /* of a choice, NULL behind the last */
};

/* Read argv[1] and what follows; options that are not given keep what out has. *wants_help_out: --help was among them, and the
 * rest is not looked at. False with a complaint that names the option and what was expected. */
MUST_USE bool load_arguments_parse(int argc, const char *const *argv, const struct load_argument *arguments,
                                   uint32_t count, void *out, bool *wants_help_out,
                                   struct complaint *complaint);
/* One number from least to most. */
MUST_USE bool load_number_parse(const char *name, const char *text, uint32_t least, uint32_t most,
                                uint32_t *out, struct complaint *complaint);

#endif
