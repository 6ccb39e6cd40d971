/* torrc_option - one option that tor or Loom knows, and what we do about it.
 *
 *   carried out   apply sets the configuration
 *   ignored       named in a notice, nothing else (client options, authority tuning, statistics, ...)
 *   refused       Loom must not pretend: only "off" is accepted */
#ifndef LOOM_NATIVE_TORRC_OPTION_H
#define LOOM_NATIVE_TORRC_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
