/* whole_file - a file read whole, by tests. */
#ifndef LOOM_SUPPORT_WHOLE_FILE_H
#define LOOM_SUPPORT_WHOLE_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

/* From the heap, with a zero behind it; NULL when there is no such file. */
static inline uint8_t *whole_file_read(const char *path, size_t *length_out) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    uint8_t *bytes = calloc(1, (size_t)length + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    assert_int_equal(fclose(file), 0);
    *length_out = (size_t)length;
    return bytes;
}

#endif
