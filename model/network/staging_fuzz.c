#include "network/staging.h"

#include <stdlib.h>
#include <string.h>

#include "support/fuzz.h"

/* Each relay that is taken is found again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct staging s;
    struct mistake m;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (staging_parse("fuzz", text, size, &s, &m)) {
        for (uint32_t i = 0; i < s.count; i++)
            if (!staging_find(&s, s.relays[i].rsa_id))
                abort();
        staging_fini(&s);
    }
    free(text);
    return 0;
}
