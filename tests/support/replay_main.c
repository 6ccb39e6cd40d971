/* replay_main - give each file of a corpus folder to the fuzzer; a missing or empty folder is a failure. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/fuzz.h"

#define PATH_BYTES     4096
#define FILE_BYTES_MAX (4u << 20) /* libFuzzer's inputs are far smaller */

/* Copy into exact-size memory, so that a sanitizer sees a read past the end. */
static int replay_file(const char *path) {
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &st) != 0 || (size_t)st.st_size > FILE_BYTES_MAX) {
        perror(path);
        return -1;
    }
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size + (size == 0));
    if (data == NULL || fread(data, 1, size, file) != size) {
        perror(path);
        return -1;
    }
    fclose(file);
    int rc = LLVMFuzzerTestOneInput(data, size);
    free(data);
    return rc;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    DIR *dir = opendir(argv[1]);
    if (dir == NULL) {
        perror(argv[1]);
        return 1;
    }
    unsigned files = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[PATH_BYTES];
        if (entry->d_name[0] == '.')
            continue;
        int length = snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (length < 0 || (size_t)length >= sizeof(path) || replay_file(path) != 0) {
            fprintf(stderr, "failed: %s/%s\n", argv[1], entry->d_name);
            closedir(dir);
            return 1;
        }
        files++;
    }
    closedir(dir);
    printf("%u files replayed\n", files);
    if (files == 0)
        fprintf(stderr, "no input in %s\n", argv[1]);
    return files == 0;
}
