#include "network/generated_torrc.h"

#include <stdlib.h>
#include <string.h>

#include "network/tgen_actions.h"
#include "support/fuzz.h"

/* One file, which may include itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[] = "h/torrc";
    char *bytes = malloc(size + 1);
    struct generated_torrc torrc;
    struct mistake m;
    if (!bytes)
        return 0;
    if (size > 0)
        memcpy(bytes, data, size);
    bytes[size] = '\0';
    struct text_file file = {path, bytes, size};
    const struct text_archive archive = {&file, 1};
    if (generated_torrc_read("fuzz", &archive, "h", &torrc, &m) && torrc.circuit_age_max > TGEN_TIME_MAX)
        abort();
    free(bytes);
    return 0;
}
