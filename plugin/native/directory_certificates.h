/* directory_certificates - the key certificates of our authorities that a directory cache keeps. Pure. */
#ifndef LOOM_NATIVE_DIRECTORY_CERTIFICATES_H
#define LOOM_NATIVE_DIRECTORY_CERTIFICATES_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct archive_table;
struct config;
struct crypt_provider;

#define DIRECTORY_CERTIFICATES_MAX 128u /* nine authorities with some each */

/* The table that follows old (NULL: none): the good ones of text, and those of old that did not come again. NULL without memory. */
MUST_USE struct archive_table *directory_certificates_merge(const struct config *config,
                                                            const struct crypt_provider *crypt,
                                                            const struct archive_table *old, struct span text,
                                                            uint64_t now_s);

#endif
