/* What a peer may send after the handshake, in pieces: arbitrary bytes, or, from one that has the keys, records of any content, of
 * which some are then damaged.
 *
 *     flags | piece | bytes                                                        flags & 2 == 0: the bytes are the pipe's
 *     flags | piece | records: what | length, of 2 bytes | bytes                   what 0 to 31: content type; else see below
 */
#include "native/tls_traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "support/fuzz.h"

#define STREAM_ROOM ((size_t)256 * 1024)
#define OUT_ROOM    ((size_t)4096)
#define PLAIN_ROOM  (STREAM_ROOM + TLS_RECORD_ROOM)

enum what {
    WHAT_TYPES = 32,
    WHAT_UPDATE = 32, /* go on with the next keys */
    WHAT_DAMAGE,      /* change a byte of the last record: how far before its end, and by what */
    WHAT_RAW,         /* bytes without protection */
};

struct rig {
    struct tls_records forger;
    uint8_t stream[STREAM_ROOM], expected[STREAM_ROOM]; /* what is sent, and the data in it */
    uint8_t plain[PLAIN_ROOM], out[OUT_ROOM];
    size_t stream_length, expected_length;
};

/* Where the content of type 0 ends: its zeros are padding, and the byte before them is the type. */
static size_t end_of_data(struct span bytes) {
    size_t length = bytes.length;
    while (length > 0 && bytes.data[length - 1] == 0)
        length--;
    return length > 0 && bytes.data[length - 1] == TLS_APPLICATION_DATA ? length - 1 : 0;
}

static void forge(struct rig *rig, uint8_t what, struct span bytes) {
    if (what == WHAT_UPDATE)
        tls_records_update(&rig->forger);
    if (what == WHAT_DAMAGE && bytes.length >= 2 && bytes.data[0] < rig->stream_length)
        rig->stream[rig->stream_length - 1 - bytes.data[0]] ^= bytes.data[1];
    size_t length = bytes.length < TLS_RECORD_MAX ? bytes.length : TLS_RECORD_MAX;
    if (rig->stream_length + length + TLS_OVERHEAD > STREAM_ROOM)
        return;
    if (what == WHAT_RAW) {
        memcpy(rig->stream + rig->stream_length, bytes.data, length);
        rig->stream_length += length;
    } else if (what < WHAT_TYPES) {
        rig->stream_length += tls_records_seal(&rig->forger, (enum tls_content)what, bytes.data, length,
                                               rig->stream + rig->stream_length);
    }
    if (what == 0)
        length = end_of_data((struct span){bytes.data, length});
    if (what == TLS_APPLICATION_DATA || what == 0) {
        memcpy(rig->expected + rig->expected_length, bytes.data, length);
        rig->expected_length += length;
    }
}

/* Let the session read it all. Nobody but who has the keys can put a byte into what comes out: the data are those sent, up to
 * where the session ended. */
static void receive(struct rig *rig, struct tls_traffic *traffic, size_t piece) {
    struct tls_pipe pipe = {.out = rig->out, .out_room = OUT_ROOM};
    enum tls_result result = TLS_AGAIN;
    uint64_t records = 0;
    size_t length = 0, got;
    for (size_t at = 0; at < rig->stream_length && result == TLS_AGAIN; at += piece) {
        pipe.in = rig->stream + at;
        pipe.in_length = rig->stream_length - at < piece ? rig->stream_length - at : piece;
        do {
            result =
                tls_traffic_read(traffic, &pipe, rig->plain + length, PLAIN_ROOM - length, &got, &records);
            length += got;
        } while (result == TLS_DONE);
        CHECK(result != TLS_AGAIN || pipe.in_length == 0);
        CHECK(pipe.out_length <= OUT_ROOM);
        pipe.out_length = 0;
    }
    CHECK(length <= rig->expected_length);
    CHECK(memcmp(rig->plain, rig->expected, length) == 0);
    CHECK(records <= length);
    if (result != TLS_AGAIN) {
        CHECK(!tls_traffic_write(traffic, &pipe, rig->plain, 1));
        CHECK(tls_traffic_read(traffic, &pipe, rig->plain, PLAIN_ROOM, &got, &records) == TLS_BROKEN);
        CHECK(got == 0);
    }
    tls_traffic_release_buffers(traffic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const suites[] = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                         "TLS_CHACHA20_POLY1305_SHA256"};
    struct bytes_in in = bytes_in(data, size);
    uint8_t flags = bytes_u8(&in);
    size_t piece = 1 + (size_t)bytes_u8(&in) * 64;
    bool is_client = flags & 1, has_keys = flags & 2;
    const struct tls_suite *suite = tls_suite_find(suites[(flags >> 2) % 3]);
    struct tls_secret client = {.bytes = {1}, .length = suite->secret_length};
    struct tls_secret server = {.bytes = {2}, .length = suite->secret_length};
    struct rig *rig = calloc(1, sizeof *rig);
    struct tls_traffic *traffic = tls_traffic_new(suite, is_client, &client, &server);
    CHECK(rig != NULL && traffic != NULL);
    CHECK(tls_records_init(&rig->forger, suite, is_client ? &server : &client, true, TLS_CRYPTO_OPENSSL));
    while (bytes_ok(&in) && bytes_left(&in) > 0) {
        uint8_t what = has_keys ? bytes_u8(&in) : WHAT_RAW;
        size_t length = has_keys ? bytes_u16(&in) : bytes_left(&in);
        struct span bytes = bytes_span(&in, length < bytes_left(&in) ? length : bytes_left(&in));
        if (bytes_ok(&in))
            forge(rig, what, bytes);
    }
    receive(rig, traffic, piece);
    tls_traffic_free(traffic);
    tls_records_fini(&rig->forger);
    free(rig);
    return 0;
}
