/* loom compare: two results of run side by side, by loom_analysis. */
#include "loom/commands.h"

int compare_command(int argc, char *argv[]) {
    return python_command("loom_analysis.compare", argc, argv);
}
