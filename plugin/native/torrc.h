/* torrc - reads the operator's files and command line into a configuration.
 *
 * Ranks: the --defaults-torrc file, the torrc, the command line. A line of a higher rank replaces what lower ranks say
 * about its option, +Option adds to it, /Option only clears it; within a rank, lines of list options add up and
 * the last line of any other option counts.
 * Bound: TORRC_BYTES_MAX bytes and TORRC_LINES_MAX lines in all, TORRC_INCLUDE_DEPTH_MAX files inside each other. */
#ifndef LOOM_NATIVE_TORRC_H
#define LOOM_NATIVE_TORRC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "native/complaint.h"

#define TORRC_BYTES_MAX         (16u << 20)
#define TORRC_LINES_MAX         4096u
#define TORRC_INCLUDE_DEPTH_MAX 31u
#define TORRC_DEFAULT_PATH      "/etc/tor/torrc"

struct command_line;
struct config;

/* Read everything that command_line names into config. The complaint names file, line, option and what was expected. */
MUST_USE bool torrc_load(const struct command_line *command_line, struct config *config,
                         struct complaint *complaint);
/* Read a text as if it were a file called name; %include is refused. */
MUST_USE bool torrc_load_text(const char *name, const char *text, size_t length, struct config *config,
                              struct complaint *complaint);

#endif
