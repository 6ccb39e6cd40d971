#include "wire/address.h"

#include <string.h>

#include "base/check.h"
#include "support/fuzz.h"

/* What is written out must read back as the same endpoint. */
static void check_endpoint(const struct endpoint *e) {
    char text[ENDPOINT_TEXT_MAX];
    struct endpoint again;
    endpoint_format(e, text);
    CHECK(endpoint_parse(text, strlen(text), &again));
    CHECK(address_equal(&again.address, &e->address));
    CHECK(again.port == e->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    struct endpoint endpoint = {.port = 443};
    if (address_parse(text, size, &endpoint.address))
        check_endpoint(&endpoint);
    if (endpoint_parse(text, size, &endpoint))
        check_endpoint(&endpoint);
    return 0;
}
