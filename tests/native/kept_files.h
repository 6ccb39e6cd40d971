/* kept_files - files of a folder as they were when all was well: to damage one of them in every way, and to put it back.
 *
 * Memory: from kept_files_take() to kept_files_drop(). */
#ifndef LOOM_TESTS_NATIVE_KEPT_FILES_H
#define LOOM_TESTS_NATIVE_KEPT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEPT_FILES_MAX 16u

/* A file is cut at each length up to here, and at each of its last CUT_TAIL bytes, where formats have their ends. Between them
 * is the middle of a base64 block or of a list of like lines: a cut each CUT_STEP bytes (a prime, so that all columns
 * of a line come up) says as much. */
#define CUT_ALL  512u
#define CUT_TAIL 80u
#define CUT_STEP 53u

struct kept_file {
    const char *name; /* below the folder; borrowed */
    uint8_t *bytes;
    size_t length;
};

struct kept_files {
    const char *folder; /* borrowed */
    struct kept_file each[KEPT_FILES_MAX];
    size_t count;
};

/* All must be there. */
void kept_files_take(struct kept_files *files, const char *folder, const char *const names[], size_t count);
void kept_files_drop(struct kept_files *files);
/* Write the first length bytes of one, or no file at all. */
void kept_file_cut(const struct kept_files *files, size_t i, size_t length);
void kept_file_remove(const struct kept_files *files, size_t i);
void kept_files_put_back(const struct kept_files *files);
/* Do all but one have the bytes that they had? */
bool kept_files_are_untouched(const struct kept_files *files, size_t but);
/* How long the next cut is, from 0 on; whole: there is none. */
size_t cut_next(size_t length, size_t whole);

#endif
