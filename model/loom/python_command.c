/* Commands that are modules of Python. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/project_file.h"
#include "loom/commands.h"

#define INTERPRETER "tools/lib/python"

int python_command(const char *module, int argc, char *argv[]) {
    char interpreter[PATH_MAX];
    if (!project_file_find(INTERPRETER, X_OK, interpreter)) {
        fprintf(stderr, "loom %s: no tools/lib/python above this program: run it from where it was built\n",
                argv[0]);
        return COMMAND_FAILED;
    }
    const char **words = calloc((size_t)argc + 3, sizeof(*words)); /* argv[0] goes, three and a NULL come */
    if (!words) {
        fprintf(stderr, "loom %s: no memory for it\n", argv[0]);
        return COMMAND_FAILED;
    }
    words[0] = interpreter;
    words[1] = "-m";
    words[2] = module;
    for (int i = 1; i < argc; i++)
        words[i + 2] = argv[i];
    execv(interpreter, (char *const *)(void *)words); /* it changes none of them */
    fprintf(stderr, "loom %s: %s: %s\n", argv[0], interpreter, strerror(errno));
    free(words);
    return COMMAND_FAILED;
}
