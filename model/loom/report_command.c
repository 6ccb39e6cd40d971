/* loom report: one HTML file about the results of run, by loom_analysis. */
#include "loom/commands.h"

int report_command(int argc, char *argv[]) {
    return python_command("loom_analysis.report", argc, argv);
}
