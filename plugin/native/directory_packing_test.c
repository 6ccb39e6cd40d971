#include "native/directory_packing.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "native/archive.h"
#include "native/compression.h"
#include "support/test.h"
#include "wire/text.h"

static void all_parts_come_back_as_one(UNUSED void **state) {
    struct document *first = document_new(span_of("first ")), *second = document_new(span_of("second"));
    struct directory_packing packing = {.archive = archive_copy(NULL),
                                        .parts = malloc(2 * sizeof *packing.parts),
                                        .count = 2,
                                        .is = HTTP_IDENTITY,
                                        .how = HTTP_DEFLATE};
    packing.parts[0] = first;
    packing.parts[1] = second;
    packing.length = first->length + second->length;
    struct document *packed = directory_packing_run(&packing);
    struct document *text = compression_unpack(HTTP_DEFLATE, document_span(packed), 100);
    assert_true(span_is(document_span(text), "first second"));
    directory_packing_fini(&packing);
    document_drop(first);
    document_drop(second);
    document_drop(packed);
    document_drop(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_parts_come_back_as_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
