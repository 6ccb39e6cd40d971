#include "native/state_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "native/openssl_provider.h"
#include "support/fuzz.h"

/* What can be read says the same when it is written and read again, and any text is read or complained of in a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct accounting_record record, again;
    struct complaint complaint = {""};
    const struct span text = {data, size};
    if (size > STATE_TEXT_MAX)
        return 0;
    if (!state_text_parse(text, openssl_provider(), &record, &complaint)) {
        CHECK(complaint.text[0] && !strchr(complaint.text, '\n'));
        return 0;
    }
    size_t room = size + STATE_OURS_MAX;
    uint8_t *bytes = malloc(room);
    CHECK(bytes);
    for (unsigned turn = 0; turn < 2; turn++) {
        struct bytes_out out = bytes_out(bytes, room);
        state_text_encode(&out, &record, text, 1800000000, "2027-01-15 09:00:00", openssl_provider());
        CHECK(bytes_out_ok(&out));
        CHECK(state_text_parse((struct span){bytes, bytes_written(&out)}, openssl_provider(), &again,
                               &complaint));
        CHECK(memcmp(&record, &again, sizeof record) == 0);
    }
    free(bytes);
    return 0;
}
