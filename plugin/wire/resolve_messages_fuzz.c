#include "wire/resolve_messages.h"

#include <string.h>

#include "support/fuzz_message.h"

/* Answers beside a failure are not said again. */
static bool answer_equal(const struct name_answer *before, const struct name_answer *after) {
    if (before->status != NAME_FOUND)
        return after->status == before->status;
    if (before->count != after->count || strcmp(before->host, after->host) != 0)
        return false;
    for (uint8_t i = 0; i < before->count; i++)
        if (!address_equal(&before->addresses[i], &after->addresses[i]))
            return false;
    return true;
}

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct name_query query;
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    if (data[0] % 2)
        FUZZ_ROUND_TRIP(struct name_answer, resolved_decode, resolved_encode, answer_equal, body);
    else if (resolve_decode(body, &query) == ERR_OK)
        CHECK(query.host[0] || query.address.family != ADDRESS_NONE);
    return 0;
}
