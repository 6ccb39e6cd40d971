/* directory_packing - the parts of an answer on their way through a CPU worker, to come back as one packed document.
 *
 * Thread: passed from the session's thread to a worker and back. Owns its list of parts and a reference of the archive. */
#ifndef LOOM_NATIVE_DIRECTORY_PACKING_H
#define LOOM_NATIVE_DIRECTORY_PACKING_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/http_request.h"

struct archive;
struct document;

struct directory_packing {
    struct archive *archive; /* that the parts are of */
    const struct document **parts;
    uint32_t count;
    size_t length;         /* of them all, small documents unpacked */
    enum http_encoding is; /* the one part; of several: identity */
    enum http_encoding how;
};

/* All parts, packed. NULL without memory. */
MUST_USE struct document *directory_packing_run(const struct directory_packing *packing);
void directory_packing_fini(struct directory_packing *packing);

#endif
