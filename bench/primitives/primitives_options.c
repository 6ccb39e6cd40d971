#include "primitives/primitives_options.h"

#include <string.h>

#include "load/load_arguments.h"

#define MILLISECONDS_MAX 3600000u
#define BATCH_US_MAX     1000000u
#define UNITS_MAX        (1u << 24)

const char *primitives_options_help(void) {
    return "loom-primitives - what the pieces of a relay's work cost on this machine, as JSON\n"
           "\n"
           "  --milliseconds N  how long all together (40000)\n"
           "  --batch-us N      how long one batch of a primitive, about (1500)\n"
           "  --only NAME       only what --list names and begins so\n"
           "  --units N         no times: run about so many units of each, once, and say how many; for those who count\n"
           "                    what that takes, in instructions\n"
           "  --quiet           no progress on the standard error\n"
           "  --list            name the primitives\n"
           "  --yardstick       no primitives: how fast this core is, a line a reading: the time, and nanoseconds\n"
           "                    of integers, AES and memory\n"
           "  --every-ms N      between two readings of the yardstick (50)\n";
}

/* The number behind an option. */
static bool number(int argc, const char *const *argv, int *at, uint32_t least, uint32_t most, uint32_t *out,
                   struct complaint *complaint) {
    const char *name = argv[*at] + 2;
    if (++*at == argc)
        return complain(complaint, "--%s: a value is missing", name);
    return load_number_parse(name, argv[*at], least, most, out, complaint);
}

static bool option(int argc, const char *const *argv, int *at, struct primitives_options *out,
                   struct complaint *complaint) {
    const char *word = argv[*at];
    if (strcmp(word, "--milliseconds") == 0)
        return number(argc, argv, at, 1, MILLISECONDS_MAX, &out->milliseconds, complaint);
    if (strcmp(word, "--batch-us") == 0)
        return number(argc, argv, at, 1, BATCH_US_MAX, &out->batch_us, complaint);
    if (strcmp(word, "--units") == 0)
        return number(argc, argv, at, 1, UNITS_MAX, &out->units, complaint);
    if (strcmp(word, "--every-ms") == 0)
        return number(argc, argv, at, 0, MILLISECONDS_MAX, &out->every_ms, complaint);
    if (strcmp(word, "--only") == 0) {
        if (++*at == argc)
            return complain(complaint, "--only: a value is missing");
        out->only = argv[*at];
        return true;
    }
    if (strcmp(word, "--yardstick") == 0)
        return out->is_yardstick = true;
    if (strcmp(word, "--quiet") == 0)
        return out->is_quiet = true;
    if (strcmp(word, "--list") == 0)
        return out->wants_list = true;
    if (strcmp(word, "--help") == 0)
        return out->wants_help = true;
    return complain(complaint, "%s: no such option; --help lists them", word);
}

bool primitives_options_parse(int argc, const char *const *argv, struct primitives_options *out,
                              struct complaint *complaint) {
    *out = (struct primitives_options){.milliseconds = 40000, .batch_us = 1500, .every_ms = 50};
    for (int i = 1; i < argc; i++)
        if (!option(argc, argv, &i, out, complaint))
            return false;
    return true;
}
