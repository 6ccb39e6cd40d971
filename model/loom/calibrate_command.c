/* loom calibrate: measures this machine and writes a profile of Loom on it, by tools/loom_testbed. */
#include "loom/commands.h"

int calibrate_command(int argc, char *argv[]) {
    return python_command("loom_testbed.calibrate", argc, argv);
}
