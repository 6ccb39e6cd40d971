#include "native/compression.h"

#include <stdlib.h>
#include <string.h>

#include "native/document.h"
#include "support/test.h"
#include "wire/text.h"

#define LENGTH 300000u

static struct span long_text(void) {
    static uint8_t text[LENGTH];
    for (size_t i = 0; i < LENGTH; i++)
        text[i] = (uint8_t)("relay of the network\n"[i % 21] ^ (i % 97 == 0));
    return (struct span){text, LENGTH};
}

static void what_is_packed_comes_back(UNUSED void **state) {
    const struct span texts[] = {long_text(), span_of("a"), {(const uint8_t *)"", 0}};
    for (unsigned how = 0; how < HTTP_ENCODINGS; how++)
        for (size_t i = 0; i < COUNT(texts); i++) {
            struct document *packed = compression_pack(how, texts[i]);
            assert_non_null(packed);
            if (i == 0 && how != HTTP_IDENTITY)
                assert_true(packed->length < LENGTH / 20);
            struct document *back = compression_unpack(how, document_span(packed), LENGTH);
            assert_non_null(back);
            assert_int_equal(back->length, texts[i].length);
            assert_memory_equal(back->bytes, texts[i].data, texts[i].length);
            document_drop(packed);
            document_drop(back);
        }
}

/* The "alone" format says its dictionary in bytes 1 to 4, little-endian: a reader takes so much memory. */
static void a_dictionary_is_no_longer_than_its_text_needs(UNUSED void **state) {
    const struct span texts[] = {span_of("a"), long_text()};
    const uint32_t sizes[] = {65536, 524288};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct document *packed = compression_pack(HTTP_LZMA, texts[i]);
        const uint8_t *said = packed->bytes + 1;
        assert_int_equal(said[0] | said[1] << 8 | said[2] << 16 | (uint32_t)said[3] << 24, sizes[i]);
        document_drop(packed);
    }
}

/* tor (lib/compress) takes a body for LZMA when it begins so. */
static void tor_takes_lzma_of_every_length_for_lzma(UNUSED void **state) {
    static const uint8_t head[] = {0x5D, 0, 0};
    struct span text = long_text();
    for (text.length = 0; text.length < LENGTH; text.length = text.length * 2 + 1) {
        struct document *packed = compression_pack(HTTP_LZMA, text);
        assert_true(packed->length > sizeof head);
        assert_memory_equal(packed->bytes, head, sizeof head);
        document_drop(packed);
    }
}

static void no_more_comes_out_than_is_allowed(UNUSED void **state) {
    for (unsigned how = 0; how < HTTP_ENCODINGS; how++) {
        struct document *packed = compression_pack(how, long_text());
        assert_null(compression_unpack(how, document_span(packed), LENGTH - 1));
        document_drop(packed);
    }
}

static void what_is_damaged_is_refused(UNUSED void **state) {
    for (unsigned how = 0; how < HTTP_IDENTITY; how++) {
        struct document *packed = compression_pack(how, long_text());
        struct span text = document_span(packed);
        struct document *longer = document_reserve(text.length + 1);
        memcpy(longer->bytes, text.data, text.length);
        longer->bytes[text.length] = 'x';
        assert_null(compression_unpack(how, (struct span){text.data, text.length / 2}, LENGTH));
        assert_null(compression_unpack(how, document_span(longer), LENGTH));
        assert_null(
            compression_unpack(how, span_of("no such thing, but long enough to be something"), LENGTH));
        assert_null(compression_unpack(how, (struct span){text.data, 0}, LENGTH));
        document_drop(packed);
        document_drop(longer);
    }
}

/* A window that would take half a gigabyte here. */
static void a_decoder_has_little_memory(UNUSED void **state) {
    static const uint8_t zstd[] = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x98, 0x01, 0x00, 0x00};
    static const uint8_t lzma[] = {0x5D, 0,    0,    0,    0x20, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,    0};
    assert_null(compression_unpack(HTTP_ZSTD, (struct span){zstd, sizeof zstd}, LENGTH));
    assert_null(compression_unpack(HTTP_LZMA, (struct span){lzma, sizeof lzma}, LENGTH));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(a_dictionary_is_no_longer_than_its_text_needs),
        cmocka_unit_test(tor_takes_lzma_of_every_length_for_lzma),
        cmocka_unit_test(no_more_comes_out_than_is_allowed),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_decoder_has_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
