#include "files/project_file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool project_file_find(const char *name, int access_mode, char out[static PATH_MAX]) {
    char folder[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    if (n <= 0)
        return false;
    folder[n] = '\0';
    for (char *slash = strrchr(folder, '/'); slash; slash = strrchr(folder, '/')) {
        *slash = '\0';
        int length = snprintf(out, PATH_MAX, "%s/%s", folder, name);
        if (length > 0 && length < PATH_MAX && access(out, access_mode) == 0)
            return true;
    }
    return false;
}
