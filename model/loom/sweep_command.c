/* loom sweep: a scenario for many seeds and settings, by loom_sweep, which starts `loom run` for each. */
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "loom/commands.h"

#define PROGRAM "LOOM_PROGRAM" /* in the environment: which program loom_sweep is to start */

int sweep_command(int argc, char *argv[]) {
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n > 0) {
        self[n] = '\0';
        setenv(PROGRAM, self, 1);
    }
    return python_command("loom_sweep.cli", argc, argv);
}
