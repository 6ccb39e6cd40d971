#include "wire/relay_cell.h"

#include "support/fuzz_message.h"

/* A short input is a body whose end is zeros. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t body[CELL_BODY_LEN] = {0}, encoded[CELL_BODY_LEN], padding[CELL_BODY_LEN];
    struct relay_message m, again;
    memcpy(body, data, size < sizeof(body) ? size : sizeof(body));
    memset(padding, 0xab, sizeof(padding));
    if (relay_message_decode(body, &m) != ERR_OK)
        return 0;
    CHECK(m.data.data + m.data.length <= body + sizeof(body));
    relay_message_encode(encoded, &m, padding);
    CHECK(relay_message_decode(encoded, &again) == ERR_OK);
    CHECK(again.command == m.command);
    CHECK(again.stream == m.stream);
    CHECK(fuzz_span_equal(again.data, m.data));
    return 0;
}
