/* text_archive - the files of a tar archive in memory, by their paths, for reading alone: nothing is unpacked to a disk.
 *
 * Links are never followed. An archive that is made to do harm is refused whole, with what is wrong with it: absolute paths or
 * such as lead out of it, paths twice, links that lead out of it, devices, more than the bounds.
 * Memory: owns its files. Bound: TEXT_ARCHIVE_ENTRIES_MAX, TEXT_ARCHIVE_BYTES_MAX of all files that are kept; files larger than
 * TEXT_ARCHIVE_FILE_MAX, and those in folders named keys, are passed over. */
#ifndef LOOM_NETWORK_TEXT_ARCHIVE_H
#define LOOM_NETWORK_TEXT_ARCHIVE_H

#include <stddef.h>

#include "base/attributes.h"
#include "files/mistake.h"

#define TEXT_ARCHIVE_ENTRIES_MAX 1000000u /* the whole network of tornettools has some 300,000 */
#define TEXT_ARCHIVE_BYTES_MAX   (512u << 20)
#define TEXT_ARCHIVE_FILE_MAX    (16u << 20) /* the largest that is wanted has 8 MB */
#define TEXT_ARCHIVE_PATH_MAX    1024u

struct text_file {
    char *path;  /* without "./" before it */
    char *bytes; /* and a NUL behind them */
    size_t length;
};

struct text_archive {
    struct text_file *files; /* by path, ascending */
    uint32_t count;
};

/* file: its name in mistakes; bytes: of the tar archive, unpacked or packed by gzip. On failure out holds nothing. */
MUST_USE bool text_archive_parse(const char *file, const void *bytes, size_t length, struct text_archive *out,
                                 struct mistake *mistake);
void text_archive_fini(struct text_archive *archive);

/* NULL when there is none. */
const struct text_file *text_archive_find(const struct text_archive *archive, const char *path);
/* The one file of that name in whatever folder; NULL when there is none, or several. */
const struct text_file *text_archive_only(const struct text_archive *archive, const char *name);
/* Path of `relative` as seen from folder ("a/b", "../c" -> "a/c"). False when it leads out, or is too long. */
MUST_USE bool text_archive_join(const char *folder, const char *relative,
                                char out[static TEXT_ARCHIVE_PATH_MAX]);

#endif
