#include "network/relay_table.h"

#include <stdlib.h>
#include <string.h>

#include "support/fuzz.h"

static char *written(const struct relay_table *table, size_t *length) {
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    if (!out)
        abort();
    relay_table_write(table, out);
    if (fclose(out) != 0)
        abort();
    return text;
}

/* What is taken and written is taken again, and then written as the same bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct relay_table table, again;
    struct mistake m;
    size_t length, length_again;
    if (!relay_table_parse("fuzz", (struct span){data, size}, &table, &m))
        return 0;
    char *text = written(&table, &length);
    if (!relay_table_parse("again", (struct span){(const uint8_t *)text, length}, &again, &m))
        abort();
    char *text_again = written(&again, &length_again);
    if (length != length_again || memcmp(text, text_again, length) != 0)
        abort();
    free(text);
    free(text_again);
    relay_table_fini(&table);
    relay_table_fini(&again);
    return 0;
}
