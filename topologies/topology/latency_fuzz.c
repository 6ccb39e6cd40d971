#include "topology/latency.h"

#include <stdlib.h>
#include <string.h>

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    int64_t us;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (latency_parse(text, &us) && (us < 0 || us > LATENCY_US_MAX))
        abort();
    free(text);
    return 0;
}
