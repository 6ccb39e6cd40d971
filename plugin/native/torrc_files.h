/* torrc_files - the texts of torrc files, kept while their lines are looked at, and what %include names.
 *
 * Failures leave the reason in errno (EINVAL: NUL bytes in it; EFBIG: too much in all). */
#ifndef LOOM_NATIVE_TORRC_FILES_H
#define LOOM_NATIVE_TORRC_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

struct torrc_file;

struct torrc_files {
    struct torrc_file *first;
    size_t bytes;
};

/* Read a whole file ("-": the standard input) and end it with NUL; *name_out is a copy of path that lives as long. */
MUST_USE char *torrc_files_read(struct torrc_files *files, const char *path, size_t bytes_max,
                                const char **name_out);
/* Keep a copy of a text. */
MUST_USE char *torrc_files_keep(struct torrc_files *files, const char *text, size_t length, size_t bytes_max);
void torrc_files_free(struct torrc_files *files);
MUST_USE bool torrc_file_exists(const char *path);

struct torrc_paths {
    char **names;
    size_t count;
};
/* The files that a path with wildcards stands for, in order; of a folder, those in it that do not begin with a dot. A
 * pattern that matches nothing is no failure, a plain name that does not exist is. */
MUST_USE bool torrc_paths_expand(const char *path, struct torrc_paths *out);
void torrc_paths_free(struct torrc_paths *paths);

#endif
