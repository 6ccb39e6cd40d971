/* commands - the subcommands of the program loom, one unit each. */
#ifndef LOOM_LOOM_COMMANDS_H
#define LOOM_LOOM_COMMANDS_H

/* Exit statuses that all commands share. */
enum command_status { COMMAND_OK = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

/* Each takes its own name as argv[0], says what is wrong on standard error, and returns an exit status. */
int bench_command(int argc, char *argv[]);
/* `bench balance`: argv[0] is "balance". */
int bench_balance_command(int argc, char *argv[]);
int predict_command(int argc, char *argv[]);
int calibrate_command(int argc, char *argv[]);
int compare_command(int argc, char *argv[]);
int report_command(int argc, char *argv[]);
int run_command(int argc, char *argv[]);
int stage_command(int argc, char *argv[]);

/* For a command that is a module of Python: become the module, in the environment that tools/ makes, with argv behind argv[0].
 * Returns only when that fails. */
int python_command(const char *module, int argc, char *argv[]);

#endif
