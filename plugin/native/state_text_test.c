#include "native/state_text.h"

#include <stdio.h>

#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/text.h"

#define NOW_S 1800000000u
#define ROOM  8192u

/* As tor 0.4.9 writes it. */
#define TORS                                                              \
    "# Tor state file last generated on 2026-11-21 17:27:02 local time\n" \
    "# Other times below are in UTC\n"                                    \
    "# You *do not* need to edit this file.\n\n"                          \
    "AccountingBytesReadInInterval 123456789\n"                           \
    "AccountingBytesWrittenInInterval 5 MB\n"                             \
    "AccountingExpectedUsage 1024\n"                                      \
    "AccountingIntervalStart 2026-11-17 04:30:00\n"                       \
    "AccountingSecondsActive 4711\n"                                      \
    "BWHistoryReadEnds 2026-11-22 17:26:54\n"                             \
    "LastRotatedOnionKey 2026-11-21 17:26:54\n"                           \
    "LastWritten 2026-11-21 17:27:02\n"                                   \
    "TorVersion Tor 0.4.9.11\n"

#define HEAD "# Tor state file\n"

static const struct accounting_record full = {.start_s = 1795000000,
                                              .read = 1,
                                              .written = UINT64_C(1) << 50,
                                              .seconds_active = 86400,
                                              .expected_a_minute = 77,
                                              .soft_at_s = 1795500000,
                                              .soft_seconds = 3600,
                                              .soft_bytes = 999};

static struct span encode(char room[static ROOM], const struct accounting_record *record,
                          const char *before) {
    struct bytes_out out = bytes_out(room, ROOM - 1);
    state_text_encode(&out, record, span_of(before), NOW_S, "2027-01-15 09:00:00", openssl_provider());
    assert_true(bytes_out_ok(&out));
    assert_true(bytes_written(&out) <= strlen(before) + STATE_OURS_MAX);
    room[bytes_written(&out)] = '\0';
    return (struct span){(const uint8_t *)room, bytes_written(&out)};
}

static bool parse(struct span text, struct accounting_record *out, struct complaint *complaint) {
    complaint->text[0] = '\0';
    return state_text_parse(text, openssl_provider(), out, complaint);
}

static void there_and_back(void **state) {
    (void)state;
    char room[ROOM];
    struct accounting_record back;
    struct complaint complaint;
    assert_true(parse(encode(room, &full, ""), &back, &complaint));
    assert_memory_equal(&back, &full, sizeof back);
    assert_non_null(strstr(room, "AccountingIntervalStart 2026-11-18 11:06:40\n"));
    assert_non_null(strstr(room, "LastWritten 2027-01-15 08:00:00\n"));
    const struct accounting_record empty = {0};
    assert_true(parse(encode(room, &empty, ""), &back, &complaint));
    assert_memory_equal(&back, &empty, sizeof back);
    assert_null(strstr(room, "Accounting"));
}

static void tors_is_continued(void **state) {
    (void)state;
    char room[ROOM];
    struct accounting_record is, again;
    struct complaint complaint;
    assert_true(parse(span_of(TORS), &is, &complaint));
    assert_int_equal(is.read, 123456789);
    assert_int_equal(is.written, 5 << 20);
    assert_int_equal(is.expected_a_minute, 1024);
    assert_int_equal(is.start_s, 1794889800);
    assert_int_equal(is.seconds_active, 4711);
    assert_int_equal(is.soft_at_s, 0);
    /* What is tor's stays, and what is ours or a comment is there once. */
    for (unsigned turn = 0; turn < 2; turn++) {
        char before[ROOM];
        snprintf(before, sizeof before, "%s", turn == 0 ? TORS : room);
        assert_true(parse(encode(room, &is, before), &again, &complaint));
        assert_memory_equal(&is, &again, sizeof is);
        assert_non_null(strstr(room, "\nBWHistoryReadEnds 2026-11-22 17:26:54\n"));
        assert_non_null(strstr(room, "\nTorVersion Tor 0.4.9.11\n"));
        assert_null(strstr(room, "# Tor"));
        const char *first = strstr(room, "LastWritten");
        assert_null(strstr(first + 1, "LastWritten"));
        first = strstr(room, "AccountingSecondsActive");
        assert_null(strstr(first + 1, "AccountingSecondsActive"));
    }
}

/* Nothing of it may be missing, wherever it was cut; nor be something else. */
static void what_is_cut_is_not_believed(void **state) {
    (void)state;
    char ours[ROOM];
    struct accounting_record is;
    struct complaint complaint;
    const struct span text = encode(ours, &full, "EntryGuard in=default\nTorVersion Tor 0.4.9.11\n");
    for (size_t length = 0; length < text.length; length++) {
        assert_false(parse((struct span){text.data, length}, &is, &complaint));
        assert_non_null(strstr(complaint.text, "expected all of what was written"));
    }
    for (size_t i = 0; i < text.length; i++) {
        char kept = ours[i];
        ours[i] ^= 4;
        assert_false(parse(text, &is, &complaint));
        ours[i] = kept;
    }
    const struct span tors = span_of(TORS);
    for (size_t length = 0; length < tors.length; length++) {
        bool is_good = parse((struct span){tors.data, length}, &is, &complaint);
        assert_false(is_good);
    }
    static const char zeros[] = TORS "\0\0\0";
    assert_false(parse((struct span){(const uint8_t *)zeros, sizeof zeros - 1}, &is, &complaint));
}

static void a_wrong_line_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *complaint;
    } table[] = {
        {HEAD "AccountingBytesReadInInterval many\nTorVersion x\n",
         "line 2: AccountingBytesReadInInterval: expected a number of bytes"},
        {HEAD "AccountingBytesReadInInterval -5\nTorVersion x\n", "expected a number of bytes"},
        {HEAD "AccountingBytesReadInInterval\nTorVersion x\n", "expected a number of bytes"},
        {HEAD "AccountingBytesReadInInterval 99999999999999999999\nTorVersion x\n",
         "expected a number of bytes"},
        {HEAD
         "AccountingBytesReadInInterval "
         "1111111111111111111111111111111111111111111111111111111111111111111111111111111111\nTorVersion x\n",
         "expected a number of bytes"},
        {HEAD "TorVersion x\n\nAccountingSecondsActive 5 miles\n",
         "line 4: AccountingSecondsActive: expected seconds"},
        {HEAD "TorVersion x\nAccountingIntervalStart 2026-13-17 04:30:00\n", "expected a date and time"},
        {HEAD "TorVersion x\nAccountingIntervalStart 2026-11-17\n", "expected a date and time"},
        {HEAD "TorVersion x\nAccountingIntervalStart 2026-11-17 04:30:00 x\n", "expected a date and time"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_record is;
        struct complaint complaint;
        assert_false(parse(span_of(table[i].text), &is, &complaint));
        if (!strstr(complaint.text, table[i].complaint))
            fail_msg("%s: %s", table[i].text, complaint.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(tors_is_continued),
        cmocka_unit_test(what_is_cut_is_not_believed),
        cmocka_unit_test(a_wrong_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
