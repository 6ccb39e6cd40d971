#include "native/directory_packing.h"

#include <stdlib.h>

#include "native/archive.h"
#include "native/compression.h"

struct document *directory_packing_run(const struct directory_packing *packing) {
    struct document *all = document_reserve(packing->length);
    if (!all)
        return NULL;
    struct bytes_out out = bytes_out(all->bytes, all->length);
    for (uint32_t i = 0; i < packing->count; i++)
        bytes_put(&out, packing->parts[i]->bytes, packing->parts[i]->length);
    struct document *packed = compression_pack(packing->how, document_span(all));
    document_drop(all);
    return packed;
}

void directory_packing_fini(struct directory_packing *packing) {
    free(packing->parts);
    archive_drop(packing->archive);
    *packing = (struct directory_packing){.parts = NULL};
}
