/* loom verify: the code of the security analysis against answers that are known, by loom_analysis. */
#include "loom/commands.h"

int verify_command(int argc, char *argv[]) {
    return python_command("loom_analysis.verify", argc, argv);
}
