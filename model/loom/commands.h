/* commands - the subcommands of the program loom, one unit each. */
#ifndef LOOM_LOOM_COMMANDS_H
#define LOOM_LOOM_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/* Exit statuses that all commands share. */
enum command_status { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

/* Each takes its own name as argv[0], says what is wrong on standard error, and returns an exit status. */
int bench_command(int argc, char *argv[]);
/* `bench balance`: argv[0] is "balance". */
int bench_balance_command(int argc, char *argv[]);
int predict_command(int argc, char *argv[]);
int calibrate_command(int argc, char *argv[]);
int compare_command(int argc, char *argv[]);
int fingerprint_command(int argc, char *argv[]);
int report_command(int argc, char *argv[]);
int run_command(int argc, char *argv[]);
int stage_command(int argc, char *argv[]);
int sweep_command(int argc, char *argv[]);
int verify_command(int argc, char *argv[]);

/* The decimal number that text begins with; end_out is what follows it. False when there is none from least to most. */
MUST_USE bool command_number_begins(const char *text, char **end_out, uint64_t least, uint64_t most,
                                    uint64_t *out);
/* The value of --option, a number and nothing else. False: command has said what is wrong on standard error. */
MUST_USE bool command_number(const char *command, const char *option, const char *text, uint64_t least,
                             uint64_t most, uint64_t *out);

/* For a command that is a module of Python: become the module, in the environment that tools/ makes, with argv behind argv[0].
 * Returns only when that fails. */
int python_command(const char *module, int argc, char *argv[]);

#endif
