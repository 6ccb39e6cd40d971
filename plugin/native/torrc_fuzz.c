#include "native/torrc.h"

#include "base/check.h"
#include "native/config.h"
#include "support/fuzz.h"

/* Whatever the text: either a configuration that can be checked, or one line of complaint. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct complaint complaint = {""};
    struct config *config = config_new();
    if (!config)
        return 0;
    if (torrc_load_text("torrc", (const char *)data, size, config, &complaint)) {
        if (!config_check(config, true, &complaint))
            CHECK(complaint.text[0]);
    } else {
        CHECK(complaint.text[0]);
    }
    for (size_t i = 0; complaint.text[i]; i++)
        CHECK(complaint.text[i] != '\n');
    config_free(config);
    return 0;
}
