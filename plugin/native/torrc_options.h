/* torrc_options - what we do about each option that tor knows.
 *
 *   carried out   apply sets the configuration
 *   ignored       named in a notice, nothing else (client options, authority tuning, statistics, ...)
 *   refused       Loom must not pretend: only "off" is accepted
 * Static tables; names are compared without case, as tor does. */
#ifndef LOOM_NATIVE_TORRC_OPTIONS_H
#define LOOM_NATIVE_TORRC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct config;

enum torrc_class { TORRC_CARRIED_OUT, TORRC_IGNORED, TORRC_REFUSED };

struct torrc_option {
    const char *name;
    enum torrc_class class;
    bool is_list; /* lines add up */
    /* NULL when value is good; otherwise what was expected. Strings are copied. TORRC_CARRIED_OUT only. */
    const char *(*apply)(struct config *config, const struct torrc_option *option, const char *value);
    size_t offset;        /* of the member of struct config that a general apply sets */
    uint64_t least, most; /* for numbers */
    const char *expected; /* for numbers out of range, and for refused options: why */
};

/* NULL when tor does not know it either. */
const struct torrc_option *torrc_option_find(const char *name);
/* Options that are carried out, from index 0 on in the order of their names; NULL behind the last. */
const struct torrc_option *torrc_option_carried_out(size_t index);
/* For a refused option: does value ask for nothing? */
MUST_USE bool torrc_option_is_off(const char *value);

#endif
