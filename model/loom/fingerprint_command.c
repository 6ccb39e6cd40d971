/* loom fingerprint: what an adversary learns in a simulated experiment, by loom_analysis. */
#include "loom/commands.h"

int fingerprint_command(int argc, char *argv[]) {
    return python_command("loom_analysis.fingerprint", argc, argv);
}
