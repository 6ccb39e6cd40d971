#include "base/link_cipher.h"

#include <string.h>

#include "base/check.h"

static const char *const names[LINK_CIPHERS] = {
    [LINK_AES256] = "aes256", [LINK_AES128] = "aes128", [LINK_CHACHA] = "chacha"};

const char *link_cipher_name(enum link_cipher cipher) {
    CHECK((unsigned)cipher < LINK_CIPHERS);
    return names[cipher];
}

bool link_cipher_find(const char *name, enum link_cipher *out) {
    for (unsigned i = 0; i < LINK_CIPHERS; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        *out = (enum link_cipher)i;
        return true;
    }
    return false;
}
