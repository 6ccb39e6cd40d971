#include "wire/relay_cell.h"

#include "support/fuzz_message.h"

static void check(enum relay_format format, const uint8_t body[static CELL_BODY_LEN]) {
    uint8_t encoded[CELL_BODY_LEN], padding[CELL_BODY_LEN];
    struct relay_message m, again;
    memset(padding, 0xab, sizeof(padding));
    if (relay_message_decode(format, body, &m) != ERR_OK)
        return;
    CHECK(m.data.data >= body && m.data.data + m.data.length <= body + CELL_BODY_LEN);
    CHECK(m.data.length <= relay_data_max(format, m.command));
    relay_message_encode(format, encoded, &m, padding);
    CHECK(relay_message_decode(format, encoded, &again) == ERR_OK);
    CHECK(again.command == m.command);
    CHECK(again.stream == m.stream);
    CHECK(fuzz_span_equal(again.data, m.data));
}

/* A short input is a body whose end is zeros. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t body[CELL_BODY_LEN] = {0};
    memcpy(body, data, size < sizeof(body) ? size : sizeof(body));
    check(RELAY_V0, body);
    check(RELAY_V1, body);
    return 0;
}
