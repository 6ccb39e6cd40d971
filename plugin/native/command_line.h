/* command_line - what loom-relay was called with; options as tor takes them, so that tor's tools can call it.
 *
 * Memory: borrows argv. Bound: COMMAND_LINE_OPTIONS_MAX options. */
#ifndef LOOM_NATIVE_COMMAND_LINE_H
#define LOOM_NATIVE_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"

#define COMMAND_LINE_OPTIONS_MAX 256u

struct allocator_in_force;

enum command {
    COMMAND_RUN,
    COMMAND_VERIFY_CONFIG,
    COMMAND_LIST_FINGERPRINT,
    COMMAND_LIST_FINGERPRINT_ED25519,
    COMMAND_LIST_TORRC_OPTIONS,
    COMMAND_VERSION,
    COMMAND_HELP
};

enum command_loudness { COMMAND_NORMAL, COMMAND_HUSH, COMMAND_QUIET };

struct command_line {
    enum command command;
    enum command_loudness loudness;
    const char *torrc;          /* -f, or NULL; "-" is the standard input */
    const char *defaults_torrc; /* --defaults-torrc, or NULL */
    const char *allocator;      /* --allocator, or NULL */
    bool ignore_missing_torrc;
    struct {
        const char *name; /* without dashes, with + or / */
        const char *value;
    } options[COMMAND_LINE_OPTIONS_MAX];
    uint32_t option_count;
};

MUST_USE bool command_line_parse(int argc, char **argv, struct command_line *out,
                                 struct complaint *complaint);
/* Print the version, the help or the options that Loom carries out; for those commands only. */
void command_line_answer(const struct command_line *command_line, const struct allocator_in_force *allocator);

#endif
