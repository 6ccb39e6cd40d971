#include "native/document.h"

#include <stdlib.h>
#include <string.h>

struct document *document_resize(struct document *document, size_t length) {
    struct document *resized = realloc(document, sizeof *document + length);
    if (!resized)
        return NULL;
    if (!document) {
        atomic_init(&resized->references, 1);
        resized->text_length = 0;
    }
    resized->length = length;
    return resized;
}

struct document *document_reserve(size_t length) {
    return document_resize(NULL, length);
}

struct document *document_new(struct span text) {
    struct document *document = document_reserve(text.length);
    if (document && text.length > 0)
        memcpy(document->bytes, text.data, text.length);
    return document;
}

struct document *document_keep(struct document *document) {
    atomic_fetch_add_explicit(&document->references, 1, memory_order_relaxed);
    return document;
}

void document_drop(struct document *document) {
    if (document && atomic_fetch_sub_explicit(&document->references, 1, memory_order_acq_rel) == 1)
        free(document);
}

struct span document_span(const struct document *document) {
    return (struct span){document->bytes, document->length};
}

size_t document_text_length(const struct document *document) {
    return document->text_length > 0 ? document->text_length : document->length;
}

void packed_document_keep(const struct packed_document *document) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++)
        if (document->by_encoding[i])
            (void)document_keep(document->by_encoding[i]);
}

void packed_document_drop(struct packed_document *document) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++) {
        document_drop(document->by_encoding[i]);
        document->by_encoding[i] = NULL;
    }
}

bool packed_document_is_there(const struct packed_document *document) {
    for (unsigned i = 0; i < HTTP_ENCODINGS; i++)
        if (document->by_encoding[i])
            return true;
    return false;
}
