/* loom report: hands over to loom_analysis, in the Python environment that tools/ made. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/project_file.h"
#include "loom/commands.h"

#define INTERPRETER "tools/lib/python"

int report_command(int argc, char *argv[]) {
    char interpreter[PATH_MAX];
    static char module_option[] = "-m", module[] = "loom_analysis.report";
    if (!project_file_find(INTERPRETER, X_OK, interpreter)) {
        fputs("loom report: no tools/lib/python above this program: run it from where it was built\n",
              stderr);
        return COMMAND_FAILED;
    }
    char **words = calloc((size_t)argc + 3, sizeof(*words)); /* argv[0] goes, three words and a NULL come */
    if (!words) {
        fputs("loom report: no memory for it\n", stderr);
        return COMMAND_FAILED;
    }
    words[0] = interpreter;
    words[1] = module_option;
    words[2] = module;
    for (int i = 1; i < argc; i++)
        words[i + 2] = argv[i];
    execv(interpreter, words);
    fprintf(stderr, "loom report: %s: %s\n", interpreter, strerror(errno));
    free(words);
    return COMMAND_FAILED;
}
