/* reload - what a running relay takes from its configuration when it is read again (SIGHUP): log lines, ContactInfo and MyFamily.
 * Everything else is settled when the threads start and stays until a restart.
 *
 * Owner and thread: main, which is the only one to read these three. */
#ifndef LOOM_NATIVE_RELOAD_H
#define LOOM_NATIVE_RELOAD_H

#include <stdbool.h>

#include "base/attributes.h"
#include "native/complaint.h"

struct command_line;
struct config;

/* Read what command_line names again, check all of it, and change config and the log. False with a complaint, and nothing
 * changed, when it would not be accepted at a start either. */
MUST_USE bool reload_config(struct config *config, const struct command_line *command_line,
                            struct complaint *complaint);

#endif
