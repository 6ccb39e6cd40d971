/* document - immutable bytes that several threads send from: counted, freed with the last reference.
 *
 * Thread: any; document_keep and document_drop are the only things that change. */
#ifndef LOOM_NATIVE_DOCUMENT_H
#define LOOM_NATIVE_DOCUMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "wire/http_request.h"

struct document {
    atomic_uint
        references; /* keep: relaxed; drop: acquire and release, so that the last to drop sees all uses */
    uint32_t
        text_length; /* of the text that bytes are when unpacked (small_document.h); 0: bytes are the text */
    size_t length;
    uint8_t bytes[];
};

/* Room for length bytes, to be filled before anybody else sees it; one reference, the caller's. NULL without memory. */
MUST_USE struct document *document_reserve(size_t length);
/* The same with another length, before anybody else sees it; NULL in the place of document is a new one. NULL without
 * memory: document is as it was. */
MUST_USE struct document *document_resize(struct document *document, size_t length);
/* A copy of text. NULL without memory. */
MUST_USE struct document *document_new(struct span text);
struct document *document_keep(struct document *document);
/* NULL is fine. */
void document_drop(struct document *document);
struct span document_span(const struct document *document);
/* How long what it stands for is. */
size_t document_text_length(const struct document *document);

/* The same text in several encodings; NULL where there is none. */
struct packed_document {
    struct document *by_encoding[HTTP_ENCODINGS];
    size_t text_length; /* of the text itself */
};

/* One reference more for each encoding. */
void packed_document_keep(const struct packed_document *document);
void packed_document_drop(struct packed_document *document);
/* Whether it is there in any encoding. */
bool packed_document_is_there(const struct packed_document *document);

#endif
