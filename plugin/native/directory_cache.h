/* directory_cache - directory documents of the last run, in the data directory under tor's names. Losing one does no harm:
 * failures are logged at info and otherwise passed over.
 */
#ifndef LOOM_NATIVE_DIRECTORY_CACHE_H
#define LOOM_NATIVE_DIRECTORY_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

#define DIRECTORY_CACHE_CERTIFICATES "cached-certs"
#define DIRECTORY_CACHE_CONSENSUS    "cached-microdesc-consensus"
#define DIRECTORY_CACHE_CONSENSUS_NS "cached-consensus"
#define DIRECTORY_CACHE_MICRODESCS   "cached-microdescs"
#define DIRECTORY_CACHE_DESCRIPTORS  "cached-descriptors"

struct config;

struct directory_cache_text {
    uint8_t *bytes;
    struct span span;
};

/* False when it is not there, or not readable, or longer than bytes_max. */
MUST_USE bool directory_cache_read(const struct config *config, const char *name, size_t bytes_max,
                                   struct directory_cache_text *out);
void directory_cache_text_free(struct directory_cache_text *text);
void directory_cache_write(const struct config *config, const char *name, struct span text);
/* What next gives, piece by piece, until one is empty. */
void directory_cache_write_pieces(const struct config *config, const char *name,
                                  struct span (*next)(void *context), void *context);

#endif
