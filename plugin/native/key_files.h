/* key_files - files of the data directory: read whole, written so that a kill or a power cut at any moment leaves the old or
 * the new one, never a part.
 *
 * Writing: to NAME.tmp, fsync, rename, fsync of the folder. What a cut left of NAME.tmp is written over the next time. All
 * complaints name the path. */
#ifndef LOOM_NATIVE_KEY_FILES_H
#define LOOM_NATIVE_KEY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "native/complaint.h"

#define KEY_TAG_LEN 32u /* "== ed25519v1-secret: type0 ==", padded with NUL, stands before binary keys */

enum key_file { KEY_FILE_READ, KEY_FILE_MISSING, KEY_FILE_BAD };

/* Read a whole file of at most room bytes. */
MUST_USE enum key_file key_file_read(const char *folder, const char *name, uint8_t *out, size_t room,
                                     size_t *length_out, struct complaint *complaint);
/* Read a file that is tag and then exactly length bytes. */
MUST_USE enum key_file key_file_read_tagged(const char *folder, const char *name, const char *tag,
                                            uint8_t *out, size_t length, struct complaint *complaint);
/* As above, with 1 to room bytes. */
MUST_USE enum key_file key_file_read_tagged_any(const char *folder, const char *name, const char *tag,
                                                uint8_t *out, size_t room, size_t *length_out,
                                                struct complaint *complaint);
MUST_USE bool key_file_write(const char *folder, const char *name, struct span content,
                             struct complaint *complaint);
/* The same of what next gives, piece by piece, until one is empty. */
MUST_USE bool key_file_write_pieces(const char *folder, const char *name, struct span (*next)(void *context),
                                    void *context, struct complaint *complaint);
MUST_USE bool key_file_write_tagged(const char *folder, const char *name, const char *tag,
                                    struct span content, struct complaint *complaint);
/* Seconds since 1970 when the file was last written; 0 when it is not there. */
uint64_t key_file_written_s(const char *folder, const char *name);
/* Is anything there, readable or not? */
MUST_USE bool key_file_is_there(const char *folder, const char *name);
/* Make the folder (mode 0700) when it is missing. It outlives a power cut, as far as we may read the one above it. */
MUST_USE bool key_folder_make(const char *folder, struct complaint *complaint);
/* Take tor's lock on a data directory: flock on its file "lock". The descriptor, or -1 with a complaint. */
MUST_USE int key_folder_lock(const char *folder, struct complaint *complaint);

#endif
