#include "sim/results_hash.h"

#include <openssl/evp.h>
#include <stdio.h>

bool results_hash(const void *bytes, size_t length, char out[static RESULTS_HASH_TEXT]) {
    unsigned char digest[32];
    unsigned int n = 0;
    if (EVP_Digest(bytes, length, digest, &n, EVP_sha256(), NULL) != 1 || n != sizeof(digest))
        return false;
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return true;
}
