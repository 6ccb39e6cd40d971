#include "wire/consensus_diff.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/text.h"

#define ROOM 65536u

static const struct consensus_diff_digests digests = {{0xAB}, {0xCD}};

struct fixture {
    struct test_memory memory;
    uint8_t diff[ROOM], target[ROOM];
    struct span made, applied;
};

static enum err make(struct fixture *f, const char *base, const char *target) {
    struct bytes_out out = bytes_out(f->diff, sizeof f->diff);
    enum err e = consensus_diff_make(span_of(base), span_of(target), &digests, &f->memory.memory, &out);
    f->made = (struct span){f->diff, bytes_written(&out)};
    return e;
}

static enum err apply(struct fixture *f, const char *base, struct span diff) {
    struct bytes_out out = bytes_out(f->target, sizeof f->target);
    enum err e = consensus_diff_apply(span_of(base), diff, &f->memory.memory, &out);
    f->applied = (struct span){f->target, bytes_written(&out)};
    return e;
}

#define DIGESTS                                                              \
    "hash AB00000000000000000000000000000000000000000000000000000000000000 " \
    "CD00000000000000000000000000000000000000000000000000000000000000\n"
#define HEAD      "network-status-diff-version 1\n" DIGESTS
#define SIGNATURE "directory-signature sha256 A B\n-----BEGIN SIGNATURE-----\n"
#define FOOTER    "directory-footer\nbandwidth-weights Wbd=0\n"
/* Identities AAAA..., AQAA..., AgAA...: 0, 1 and 2 in the first byte. */
#define RELAY(name, digit, weight) \
    "r " name " A" digit "AAAAAAAAAAAAAAAAAAAAAAAAA 2026-01-01 1.2.3.4\ns Fast\nw Bandwidth=" weight "\n"

static void each_kind_of_change_has_its_command(UNUSED void **state) {
    static const struct {
        const char *base, *target, *script;
    } cases[] = {
        {"v 3\nafter 1\n" SIGNATURE, "v 3\nafter 2\n" SIGNATURE,
         "3,$d\n2c\nafter 2\ndirectory-signature sha256 A B\n-----BEGIN SIGNATURE-----\n.\n"},
        {"v 3\n" RELAY("a", "A", "1") RELAY("b", "Q", "2") RELAY("c", "g", "3") FOOTER SIGNATURE,
         "v 3\n" RELAY("a", "A", "1") RELAY("c", "g", "4") FOOTER, "13,$d\n10c\nw Bandwidth=4\n.\n5,7d\n"},
        {"v 3\n" RELAY("a", "A", "1") RELAY("c", "g", "3") FOOTER,
         "v 3\n" RELAY("a", "A", "1") RELAY("b", "Q", "2") RELAY("c", "g", "3") FOOTER,
         "4a\n" RELAY("b", "Q", "2") ".\n"},
        {"v 3\n" RELAY("a", "A", "1"), "v 3\n" FOOTER, "2,4c\n" FOOTER ".\n"},
        {"v 3\nx\n", "v 3\nx\n", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        char expected[4096];
        test_memory_init(&f.memory);
        assert_int_equal(make(&f, cases[i].base, cases[i].target), ERR_OK);
        snprintf(expected, sizeof expected, HEAD "%s", cases[i].script);
        assert_int_equal(f.made.length, strlen(expected));
        assert_memory_equal(f.made.data, expected, f.made.length);
        assert_int_equal(apply(&f, cases[i].base, f.made), ERR_OK);
        assert_int_equal(f.applied.length, strlen(cases[i].target));
        assert_memory_equal(f.applied.data, cases[i].target, f.applied.length);
        test_memory_fini(&f.memory);
    }
}

static void the_bases_signatures_do_not_matter(UNUSED void **state) {
    struct fixture f;
    test_memory_init(&f.memory);
    assert_int_equal(make(&f, "v 3\n" FOOTER SIGNATURE, "v 3\n" FOOTER SIGNATURE "x\n"), ERR_OK);
    assert_int_equal(apply(&f, "v 3\n" FOOTER "directory-signature other\n", f.made), ERR_OK);
    assert_true(span_is(f.applied, "v 3\n" FOOTER SIGNATURE "x\n"));
    test_memory_fini(&f.memory);
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t room, const char *format, ...) {
    va_list arguments;
    size_t length = strlen(text);
    va_start(arguments, format);
    vsnprintf(text + length, room - length, format, arguments);
    va_end(arguments);
}

/* Any two texts, sorted or not: what was made leads to the target. */
static void random_texts_come_back(UNUSED void **state) {
    static const char *const lines[] = {"v 3\n",
                                        RELAY("a", "A", "1"),
                                        RELAY("b", "Q", "2"),
                                        RELAY("c", "g", "3"),
                                        FOOTER,
                                        SIGNATURE,
                                        "s Fast\n",
                                        "r broken\n",
                                        "\n",
                                        "..\n"};
    struct rng rng;
    rng_seed(&rng, 1);
    for (unsigned round = 0; round < 500; round++) {
        struct fixture f;
        char texts[2][4096] = {"", ""};
        test_memory_init(&f.memory);
        for (unsigned i = 0; i < 2; i++)
            for (uint64_t n = 1 + rng_below(&rng, 20); n > 0; n--)
                append(texts[i], sizeof texts[i], "%s", lines[rng_below(&rng, COUNT(lines))]);
        assert_int_equal(make(&f, texts[0], texts[1]), ERR_OK);
        assert_int_equal(apply(&f, texts[0], f.made), ERR_OK);
        assert_int_equal(f.applied.length, strlen(texts[1]));
        assert_memory_equal(f.applied.data, texts[1], f.applied.length);
        test_memory_fini(&f.memory);
    }
}

static void parts_too_long_to_compare_are_replaced(UNUSED void **state) {
    struct fixture f;
    char base[2048] = "v 3\n", target[2048] = "v 3\n";
    test_memory_init(&f.memory);
    for (unsigned i = 0; i < 100; i++) {
        append(base, sizeof base, "b%u\n", i);
        append(target, sizeof target, "t%u\n", i);
    }
    assert_int_equal(make(&f, base, target), ERR_OK);
    assert_int_equal(apply(&f, base, f.made), ERR_OK);
    assert_true(span_is(f.applied, target));
    test_memory_fini(&f.memory);
}

static void what_is_no_diff_of_the_base_is_refused(UNUSED void **state) {
    static const char *const scripts[] = {
        "x\n",
        "1\n",
        "1x\n",
        "d\n",
        "4d\n",
        "0d\n",
        "1,4d\n",
        "2,1d\n",
        "2,2d\n",
        "1,$c\na\n.\n",
        "1,2a\na\n.\n",
        "1a\n.\n",
        "1a\na\n",
        "1c\n",
        "1d\n2d\n",
        "1,3d\n1d\n",
        "99999999999999999999d\n",
        "3d\n3d\n",
        "\n",
    };
    static const char *const heads[] = {"", "network-status-diff-version 2\n" DIGESTS,
                                        "network-status-diff-version 1\nhash AB CD\n",
                                        "network-status-diff-version 1\n"};
    for (size_t i = 0; i < COUNT(scripts) + COUNT(heads); i++) {
        struct fixture f;
        char diff[512];
        test_memory_init(&f.memory);
        if (i < COUNT(scripts))
            snprintf(diff, sizeof diff, HEAD "%s", scripts[i]);
        else
            snprintf(diff, sizeof diff, "%s1d\n", heads[i - COUNT(scripts)]);
        assert_int_equal(apply(&f, "a\nb\nc\n", span_of(diff)), ERR_MALFORMED);
        test_memory_fini(&f.memory);
    }
}

static void limits_are_kept(UNUSED void **state) {
    struct fixture f;
    uint8_t small[100];
    struct bytes_out out = bytes_out(small, sizeof small);
    test_memory_init(&f.memory);
    assert_int_equal(make(&f, "a\n", ".\n"), ERR_UNSUPPORTED);
    assert_int_equal(make(&f, "a\n", "a"), ERR_UNSUPPORTED);
    assert_int_equal(consensus_diff_make(span_of("a\n"), span_of("b\n"), &digests, &f.memory.memory, &out),
                     ERR_LIMIT);
    assert_int_equal(make(&f, "a\n", "b\n"), ERR_OK);
    out = bytes_out(small, 1);
    assert_int_equal(consensus_diff_apply(span_of("a\n"), f.made, &f.memory.memory, &out), ERR_LIMIT);
    struct consensus_diff_digests read;
    assert_true(consensus_diff_read_digests(f.made, &read));
    assert_memory_equal(&read, &digests, sizeof read);
    test_memory_fini(&f.memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_change_has_its_command),
        cmocka_unit_test(the_bases_signatures_do_not_matter),
        cmocka_unit_test(random_texts_come_back),
        cmocka_unit_test(parts_too_long_to_compare_are_replaced),
        cmocka_unit_test(what_is_no_diff_of_the_base_is_refused),
        cmocka_unit_test(limits_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
