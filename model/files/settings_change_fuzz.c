#include "files/settings_change.h"

#include <stdlib.h>
#include <string.h>

#include "support/fuzz.h"

/* The first line is a word, what follows the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mistake m;
    const uint8_t *end = memchr(data, '\n', size);
    if (!end || memchr(data, '\0', (size_t)(end - data)))
        return 0;
    char *word = calloc((size_t)(end - data) + 1, 1); /* strndup may look behind what has no end */
    if (word)
        memcpy(word, data, (size_t)(end - data));
    const char *const words[] = {word};
    const struct settings_changes changes = {words, 1};
    struct settings *settings =
        word ? settings_parse("fuzz", (const char *)end + 1, size - strlen(word) - 1, &m) : NULL;
    if (settings && settings_change(settings, &changes, &m) && !strchr(word, '='))
        abort();
    settings_free(settings);
    free(word);
    return 0;
}
