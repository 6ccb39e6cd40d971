#include "wire/consensus.h"

#include "base/check.h"
#include "support/fuzz.h"
#include "support/plain_memory.h"

static void check_inside(struct span part, const uint8_t *data, size_t size) {
    if (part.length > 0)
        CHECK(part.data >= data && part.data + part.length <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct consensus c;
    if (consensus_parse((struct span){data, size}, &plain_memory, &c) != ERR_OK) {
        CHECK(!c.relays && !c.params && !c.signatures);
        return 0;
    }
    CHECK(c.valid_after_s < c.fresh_until_s);
    CHECK(c.signature_count > 0);
    CHECK(c.signed_part.length > 0);
    check_inside(c.signed_part, data, size);
    for (uint32_t i = 0; i < c.relay_count; i++) {
        CHECK(consensus_find(&c, c.relays[i].rsa_id) == &c.relays[i]);
        CHECK(c.relays[i].nickname[sizeof(c.relays[i].nickname) - 1] == '\0');
        check_inside(c.relays[i].protocols, data, size);
    }
    for (uint32_t i = 0; i < c.param_count; i++)
        check_inside(c.params[i].name, data, size);
    for (uint32_t i = 0; i < c.signature_count; i++)
        CHECK(c.signatures[i].length <= CONSENSUS_RSA_SIGNATURE_MAX);
    consensus_fini(&c);
    return 0;
}
