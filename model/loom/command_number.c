/* Whole numbers among the words of a command. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "loom/commands.h"

bool command_number_begins(const char *text, char **end_out, uint64_t least, uint64_t most, uint64_t *out) {
    errno = 0;
    *out = strtoull(text, end_out, 10);
    return text[0] >= '0' && text[0] <= '9' && errno == 0 && *out >= least && *out <= most;
}

bool command_number(const char *command, const char *option, const char *text, uint64_t least, uint64_t most,
                    uint64_t *out) {
    char *end;
    if (command_number_begins(text, &end, least, most, out) && *end == '\0')
        return true;
    fprintf(stderr, "loom %s: --%s: expected a whole number from %" PRIu64 " to %" PRIu64 ", found \"%s\"\n",
            command, option, least, most, text);
    return false;
}
