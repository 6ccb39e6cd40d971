#include "native/tls_traffic.h"

#include "support/test.h"

#define ROOM              ((size_t)128 * 1024)
#define KEY_UPDATE_RECORD (TLS_OVERHEAD + 5u)

/* Our session, and a peer of which the test has the keys: it may send what it likes. */
struct rig {
    struct tls_traffic *traffic;
    struct tls_pipe pipe;
    struct tls_records forger, reader;
    uint8_t sent[ROOM], out[ROOM], plain[ROOM];
    size_t sent_length;
};

static struct rig rig;

static void begin(bool is_client) {
    const struct tls_suite *suite = tls_suite_find("TLS_AES_128_GCM_SHA256");
    const struct tls_secret client = {.bytes = {1}, .length = 32}, server = {.bytes = {2}, .length = 32};
    rig = (struct rig){.pipe = {.out = rig.out, .out_room = ROOM}};
    rig.traffic = tls_traffic_new(suite, is_client, &client, &server);
    assert_non_null(rig.traffic);
    assert_true(
        tls_records_init(&rig.forger, suite, is_client ? &server : &client, true, TLS_CRYPTO_OPENSSL));
    assert_true(
        tls_records_init(&rig.reader, suite, is_client ? &client : &server, false, TLS_CRYPTO_OPENSSL));
}

static void end(void) {
    tls_traffic_free(rig.traffic);
    tls_records_fini(&rig.forger);
    tls_records_fini(&rig.reader);
}

static void forge(unsigned type, const void *bytes, size_t length) {
    assert_true(rig.sent_length + length + TLS_OVERHEAD <= ROOM);
    rig.sent_length +=
        tls_records_seal(&rig.forger, (enum tls_content)type, bytes, length, rig.sent + rig.sent_length);
}

/* Let the session read what was forged, piece bytes at a time. */
static enum tls_result receive(size_t piece, size_t *length_out) {
    enum tls_result result = TLS_AGAIN;
    uint64_t records = 0;
    size_t got;
    *length_out = 0;
    for (size_t at = 0; at < rig.sent_length && result == TLS_AGAIN; at += piece) {
        rig.pipe.in = rig.sent + at;
        rig.pipe.in_length = rig.sent_length - at < piece ? rig.sent_length - at : piece;
        result = tls_traffic_read(rig.traffic, &rig.pipe, rig.plain + *length_out, ROOM - *length_out, &got,
                                  &records);
        *length_out += got;
    }
    rig.sent_length = 0;
    return result;
}

/* The alert that the session has sent as its only record; -1: nothing, -2: something else. */
static int alert_sent(void) {
    uint8_t content[TLS_INNER_MAX], type;
    size_t length, total = rig.pipe.out_length;
    rig.pipe.out_length = 0;
    if (total == 0)
        return -1;
    if (total < TLS_OVERHEAD || !tls_records_open(&rig.reader, rig.out, total, content, &length, &type) ||
        type != TLS_ALERT || length != 2)
        return -2;
    return content[1];
}

#define TICKET_HEAD "\4\0\0\12"
#define UPDATE      "\30\0\0\1\0"

static void each_content_has_its_answer(void **state) {
    static const struct {
        const char *name;
        bool is_client;
        unsigned type;
        const char *bytes;
        size_t length;
        enum tls_result result;
        int alert;
    } rows[] = {
        {"data", true, 23, "hello", 5, TLS_AGAIN, -1},
        {"no data", true, 23, "", 0, TLS_AGAIN, -1},
        {"nothing but padding", true, 0, "\0\0\0", 3, TLS_BROKEN, 10},
        {"change_cipher_spec inside", true, 20, "\1", 1, TLS_BROKEN, 10},
        {"heartbeat", true, 24, "\1\0\0", 3, TLS_BROKEN, 10},
        {"goodbye", true, 21, "\1\0", 2, TLS_CLOSED, -1},
        {"goodbye, said loudly", true, 21, "\2\0", 2, TLS_CLOSED, -1},
        {"canceled", true, 21, "\1\132", 2, TLS_AGAIN, -1},
        {"fatal alert", true, 21, "\2\50", 2, TLS_BROKEN, -1},
        {"an alert that claims to be a warning", true, 21, "\1\50", 2, TLS_BROKEN, -1},
        {"half an alert", true, 21, "\1", 1, TLS_BROKEN, 50},
        {"two alerts", true, 21, "\1\132\1\0", 4, TLS_BROKEN, 50},
        {"no message", true, 22, "", 0, TLS_BROKEN, 10},
        {"ticket", true, 22, TICKET_HEAD "0123456789", 14, TLS_AGAIN, -1},
        {"two tickets", true, 22, TICKET_HEAD "0123456789" TICKET_HEAD "0123456789", 28, TLS_AGAIN, -1},
        {"ticket of a client", false, 22, TICKET_HEAD "0123456789", 14, TLS_BROKEN, 10},
        {"ticket without content", true, 22, "\4\0\0\0", 4, TLS_BROKEN, 50},
        {"ticket of 16385 bytes", true, 22, "\4\0\100\1", 4, TLS_BROKEN, 50},
        {"part of a ticket", true, 22, TICKET_HEAD "012", 7, TLS_AGAIN, -1},
        {"ticket and update", true, 22, TICKET_HEAD "0123456789" UPDATE, 19, TLS_AGAIN, -1},
        {"client hello", false, 22, "\1\0\0\1\0", 5, TLS_BROKEN, 10},
        {"certificate request", true, 22, "\15\0\0\3\0\0\0", 7, TLS_BROKEN, 10},
        {"finished", true, 22, "\24\0\0\1\0", 5, TLS_BROKEN, 10},
        {"update", false, 22, UPDATE, 5, TLS_AGAIN, -1},
        {"update that asks for something else", false, 22, "\30\0\0\1\2", 5, TLS_BROKEN, 47},
        {"update of no bytes", false, 22, "\30\0\0\0", 4, TLS_BROKEN, 50},
        {"update of two bytes", false, 22, "\30\0\0\2\0\0", 6, TLS_BROKEN, 50},
        {"update with something behind it", false, 22, UPDATE UPDATE, 10, TLS_BROKEN, 10},
    };
    (void)state;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        size_t length;
        begin(rows[i].is_client);
        forge(rows[i].type, rows[i].bytes, rows[i].length);
        enum tls_result result = receive(ROOM, &length);
        int alert = alert_sent();
        if (result != rows[i].result || alert != rows[i].alert)
            fail_msg("%s: result %d, alert %d", rows[i].name, (int)result, alert);
        assert_int_equal(length, rows[i].type == 23 ? rows[i].length : 0);
        if (result != TLS_AGAIN) { /* and it is over */
            forge(23, "late", 4);
            assert_int_equal(receive(ROOM, &length), TLS_BROKEN);
            assert_int_equal(length, 0);
        }
        end();
    }
}

static void each_bad_record_has_its_answer(void **state) {
    static const struct {
        const char *name;
        unsigned place;
        uint8_t change; /* by exclusive or */
        int alert;
    } rows[] = {
        {"as it was", 9, 0, -1},       {"unprotected alert", 0, 23 ^ 21, 10},
        {"another version", 1, 1, 20}, {"longer than any record may be", 3, 0x80, 22},
        {"body", 7, 0x40, 20},         {"tag", TLS_OVERHEAD + 100 - 1, 1, 20},
    };
    (void)state;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        uint8_t data[100] = {0};
        size_t length;
        begin(true);
        forge(23, data, sizeof data);
        rig.sent[rows[i].place] ^= rows[i].change;
        enum tls_result result = receive(ROOM, &length);
        int alert = alert_sent();
        if (result != (rows[i].alert == -1 ? TLS_AGAIN : TLS_BROKEN) || alert != rows[i].alert)
            fail_msg("%s: result %d, alert %d", rows[i].name, (int)result, alert);
        end();
    }
}

/* The longest plaintext is 2^14; with its type, and any padding, one more (RFC 8446, 5.4). */
static void the_length_of_records_is_bounded_both_ways(void **state) {
    static const struct {
        uint16_t body;
        int alert;
    } rows[] = {{16, 50}, {0, 50}, {16401, -1}, {16402, 22}, {16640, 22}, {16641, 22}, {65535, 22}};
    uint8_t data[16384] = {1};
    size_t length;
    (void)state;
    begin(true);
    forge(23, data, sizeof data);
    assert_int_equal(rig.sent_length, TLS_PROTECTED_MAX);
    assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
    assert_int_equal(length, sizeof data);
    end();
    for (unsigned i = 0; i < COUNT(rows); i++) {
        const uint8_t header[5] = {23, 3, 3, (uint8_t)(rows[i].body >> 8), (uint8_t)rows[i].body};
        begin(true);
        memcpy(rig.sent, header, sizeof header); /* the header alone is enough to refuse it */
        rig.sent_length = sizeof header;
        assert_int_equal(receive(1, &length), rows[i].alert == -1 ? TLS_AGAIN : TLS_BROKEN);
        assert_int_equal(alert_sent(), rows[i].alert);
        end();
    }
}

static void records_may_be_cut_anywhere(void **state) {
    static const size_t pieces[] = {1, 2, 4, 5, 6, 26, 27, 28, 1000, ROOM};
    uint8_t data[3000];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    for (unsigned i = 0; i < COUNT(pieces); i++) {
        size_t length;
        begin(true);
        forge(23, data, 5);
        forge(22, TICKET_HEAD "0123456789", 14);
        forge(23, data + 5, 1000);
        forge(23, data + 1005, sizeof data - 1005);
        forge(23, "", 0);
        assert_int_equal(receive(pieces[i], &length), TLS_AGAIN);
        assert_int_equal(length, sizeof data);
        assert_memory_equal(rig.plain, data, sizeof data);
        assert_int_equal(rig.traffic->partial_length, 0);
        end();
    }
}

/* RFC 8446, 5.1: over any records, but nothing else comes between. */
static void messages_may_be_cut_anywhere(void **state) {
    static const char messages[] = TICKET_HEAD "0123456789" UPDATE;
    size_t length;
    (void)state;
    for (size_t cut = 1; cut < sizeof messages - 1; cut++) {
        begin(true);
        forge(22, messages, cut);
        forge(22, messages + cut, sizeof messages - 1 - cut);
        tls_records_update(&rig.forger);
        forge(23, "new", 3);
        assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
        assert_int_equal(length, 3);
        end();
        begin(true);
        forge(22, messages, cut);
        forge(23, "between", 7);
        assert_int_equal(receive(ROOM, &length), cut == 14 ? TLS_AGAIN : TLS_BROKEN);
        assert_int_equal(length, cut == 14 ? 7 : 0);
        end();
    }
}

static void a_requested_update_is_answered_before_more_data(void **state) {
    uint8_t content[TLS_INNER_MAX], type;
    size_t length, total = KEY_UPDATE_RECORD;
    (void)state;
    begin(false);
    forge(22, "\30\0\0\1\1", 5);
    tls_records_update(&rig.forger);
    rig.pipe.out_room = total - 1; /* no room for the answer now: then later */
    assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
    assert_int_equal(rig.pipe.out_length, 0);
    rig.pipe.out_room = ROOM;
    assert_true(tls_traffic_write(rig.traffic, &rig.pipe, (const uint8_t *)"data", 4));
    assert_true(tls_records_open(&rig.reader, rig.out, total, content, &length, &type));
    assert_int_equal(type, TLS_HANDSHAKE);
    assert_memory_equal(content, UPDATE, 5);
    tls_records_update(&rig.reader);
    assert_true(
        tls_records_open(&rig.reader, rig.out + total, rig.pipe.out_length - total, content, &length, &type));
    assert_int_equal(type, TLS_APPLICATION_DATA);
    assert_memory_equal(content, "data", 4);
    end();
}

/* However many were asked for in one burst. */
static void one_answer_is_enough(void **state) {
    size_t length;
    (void)state;
    begin(false);
    for (unsigned i = 0; i < 5; i++) {
        forge(22, "\30\0\0\1\1", 5);
        tls_records_update(&rig.forger);
    }
    assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
    assert_int_equal(rig.pipe.out_length, KEY_UPDATE_RECORD);
    end();
}

/* RFC 8446, 5.5. */
static void keys_are_changed_before_they_are_worn_out(void **state) {
    uint8_t content[TLS_INNER_MAX], type;
    size_t length, at = 0;
    unsigned updates = 0;
    (void)state;
    begin(true);
    rig.traffic->out.sequence = rig.reader.sequence = TLS_RECORDS_A_KEY - 2;
    for (unsigned i = 0; i < 5; i++) {
        uint8_t *place = tls_traffic_place(rig.traffic, &rig.pipe);
        memcpy(place, "record", 6);
        assert_true(tls_traffic_write(rig.traffic, &rig.pipe, place, 6));
    }
    while (at < rig.pipe.out_length) {
        size_t total = TLS_HEADER_LEN + (size_t)rig.out[at + 3] * 256 + rig.out[at + 4];
        assert_true(tls_records_open(&rig.reader, rig.out + at, total, content, &length, &type));
        at += total;
        if (type == TLS_HANDSHAKE) {
            updates++;
            tls_records_update(&rig.reader);
        } else {
            assert_memory_equal(content, "record", 6);
        }
    }
    assert_int_equal(updates, 1);
    assert_int_equal(rig.reader.sequence, 3);
    end();
}

static enum tls_result send_updates(unsigned n) {
    enum tls_result result = TLS_AGAIN;
    size_t length;
    for (unsigned i = 0; i < n && result == TLS_AGAIN; i++) {
        forge(22, UPDATE, 5);
        tls_records_update(&rig.forger);
        result = receive(ROOM, &length);
        forge(23, "x", 1);
        if (result == TLS_AGAIN)
            result = receive(ROOM, &length);
    }
    return result;
}

static void a_flood_of_updates_ends_the_session(void **state) {
    size_t length;
    (void)state;
    begin(false);
    assert_int_equal(send_updates(TLS_UPDATES_FREE), TLS_AGAIN);
    for (unsigned i = 0; i < TLS_UPDATE_EVERY; i++) {
        forge(23, "x", 1);
        assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
    }
    assert_int_equal(send_updates(1), TLS_AGAIN);
    assert_int_equal(send_updates(1), TLS_BROKEN);
    assert_int_equal(alert_sent(), 10);
    end();
}

static void a_flood_of_nothing_ends_the_session(void **state) {
    static const struct {
        unsigned type;
        const char *bytes;
        size_t length;
    } rows[] = {{23, "", 0}, {22, TICKET_HEAD "0123456789", 14}, {21, "\1\132", 2}};
    (void)state;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        size_t length;
        begin(true);
        for (unsigned k = 0; k < 2 * TLS_QUIET_MAX; k++) { /* data ends a silence */
            if (k % TLS_QUIET_MAX == 0)
                forge(23, "x", 1);
            forge(rows[i].type, rows[i].bytes, rows[i].length);
        }
        assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
        forge(rows[i].type, rows[i].bytes, rows[i].length);
        assert_int_equal(receive(ROOM, &length), TLS_BROKEN);
        end();
    }
}

static void stops_at_a_full_output_and_goes_on(void **state) {
    static uint8_t data[TLS_RECORD_MAX];
    uint64_t records = 0;
    size_t got;
    (void)state;
    begin(true);
    for (unsigned i = 0; i < 3; i++)
        forge(23, data, sizeof data);
    rig.pipe.in = rig.sent;
    rig.pipe.in_length = rig.sent_length;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(tls_traffic_read(rig.traffic, &rig.pipe, rig.plain, TLS_RECORD_ROOM, &got, &records),
                         i < 2 ? TLS_DONE : TLS_AGAIN);
        assert_int_equal(got, sizeof data);
        assert_int_equal(records, i + 1);
    }
    end();
}

static void a_full_pipe_is_said(void **state) {
    (void)state;
    begin(true);
    rig.pipe.out_room = TLS_OVERHEAD + 3;
    assert_false(tls_traffic_write(rig.traffic, &rig.pipe, (const uint8_t *)"four", 4));
    assert_int_equal(rig.pipe.out_length, 0);
    assert_true(tls_traffic_write(rig.traffic, &rig.pipe, (const uint8_t *)"fou", 3));
    tls_traffic_goodbye(rig.traffic, &rig.pipe); /* without room nothing is said */
    assert_int_equal(rig.pipe.out_length, TLS_OVERHEAD + 3);
    end();
}

static void buffers_come_back_when_a_record_is_whole(void **state) {
    size_t length;
    (void)state;
    begin(true);
    forge(23, "hello", 5);
    rig.sent_length--;
    assert_int_equal(receive(ROOM, &length), TLS_AGAIN);
    tls_traffic_release_buffers(rig.traffic);
    assert_non_null(rig.traffic->partial);
    rig.pipe.in = rig.sent + TLS_OVERHEAD + 4;
    rig.pipe.in_length = 1;
    uint64_t records = 0;
    assert_int_equal(tls_traffic_read(rig.traffic, &rig.pipe, rig.plain, ROOM, &length, &records), TLS_AGAIN);
    assert_int_equal(length, 5);
    tls_traffic_release_buffers(rig.traffic);
    assert_null(rig.traffic->partial);
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_content_has_its_answer),
        cmocka_unit_test(each_bad_record_has_its_answer),
        cmocka_unit_test(the_length_of_records_is_bounded_both_ways),
        cmocka_unit_test(records_may_be_cut_anywhere),
        cmocka_unit_test(messages_may_be_cut_anywhere),
        cmocka_unit_test(a_requested_update_is_answered_before_more_data),
        cmocka_unit_test(one_answer_is_enough),
        cmocka_unit_test(keys_are_changed_before_they_are_worn_out),
        cmocka_unit_test(a_flood_of_updates_ends_the_session),
        cmocka_unit_test(a_flood_of_nothing_ends_the_session),
        cmocka_unit_test(stops_at_a_full_output_and_goes_on),
        cmocka_unit_test(a_full_pipe_is_said),
        cmocka_unit_test(buffers_come_back_when_a_record_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
