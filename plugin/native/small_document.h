/* small_document - descriptors that are kept by the thousand, each packed by itself: by zstd, with a dictionary of what they
 * have in common. That takes half of the memory, and a few microseconds when one is sent.
 *
 * Thread: any; each has its own working memory, which stays as long as the thread. */
#ifndef LOOM_NATIVE_SMALL_DOCUMENT_H
#define LOOM_NATIVE_SMALL_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "native/document.h"

#define SMALL_DOCUMENT_MAX (64u << 10) /* longer texts stay as they are; descriptors have 20 kB at most */

/* A document that stands for text; as it is when packing gains nothing. NULL without memory. */
MUST_USE struct document *small_document_new(struct span text);
/* Its text, whatever kind of document it is: document_text_length bytes into out. */
void small_document_read(const struct document *document, uint8_t *out);

#endif
