#include "native/document.h"

#include "support/test.h"
#include "wire/text.h"

static void the_last_reference_frees_it(UNUSED void **state) {
    struct document *document = document_new(span_of("text"));
    assert_true(span_is(document_span(document), "text"));
    assert_ptr_equal(document_keep(document), document);
    document_drop(document);
    assert_true(span_is(document_span(document), "text"));
    document_drop(document);
    document_drop(NULL);
    document = document_new((struct span){NULL, 0});
    assert_int_equal(document->length, 0);
    document_drop(document);
}

static void it_gets_another_length_and_keeps_its_bytes(UNUSED void **state) {
    struct document *document = document_resize(NULL, 4);
    memcpy(document->bytes, "text", 4);
    document = document_resize(document, 100000);
    assert_int_equal(document->length, 100000);
    document = document_resize(document, 3);
    assert_true(span_is(document_span(document), "tex"));
    assert_int_equal(document_text_length(document), 3);
    document_drop(document);
}

static void encodings_are_kept_together(UNUSED void **state) {
    struct packed_document packed = {{NULL}, 0};
    packed.by_encoding[HTTP_IDENTITY] = document_new(span_of("text"));
    struct packed_document other = packed;
    packed_document_keep(&packed);
    packed_document_drop(&packed);
    assert_null(packed.by_encoding[HTTP_IDENTITY]);
    assert_true(span_is(document_span(other.by_encoding[HTTP_IDENTITY]), "text"));
    packed_document_drop(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_reference_frees_it),
        cmocka_unit_test(it_gets_another_length_and_keeps_its_bytes),
        cmocka_unit_test(encodings_are_kept_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
