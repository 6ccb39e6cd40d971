#include "network/text_archive.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* Each file is found by its path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct text_archive archive;
    struct mistake m;
    if (!text_archive_parse("fuzz", data, size, &archive, &m))
        return 0;
    for (uint32_t i = 0; i < archive.count; i++)
        if (text_archive_find(&archive, archive.files[i].path) != &archive.files[i])
            abort();
    text_archive_fini(&archive);
    return 0;
}
