#include "native/directory_packing.h"

#include <stdlib.h>

#include "base/check.h"
#include "native/archive.h"
#include "native/compression.h"
#include "native/small_document.h"

static struct document *join(const struct directory_packing *packing) {
    struct document *all = document_reserve(packing->length);
    size_t at = 0;
    for (uint32_t i = 0; all && i < packing->count; i++) {
        small_document_read(packing->parts[i], all->bytes + at);
        at += document_text_length(packing->parts[i]);
    }
    CHECK(!all || at == all->length);
    return all;
}

struct document *directory_packing_run(const struct directory_packing *packing) {
    struct document *all =
        packing->is == HTTP_IDENTITY
            ? join(packing)
            : compression_unpack(packing->is, document_span(packing->parts[0]), CONSENSUS_BYTES_MAX);
    if (!all || packing->how == HTTP_IDENTITY)
        return all;
    struct document *packed = compression_pack(packing->how, document_span(all));
    document_drop(all);
    return packed;
}

void directory_packing_fini(struct directory_packing *packing) {
    free(packing->parts);
    archive_drop(packing->archive);
    *packing = (struct directory_packing){.parts = NULL};
}
