#include "sim/results_hash.h"

#include <openssl/evp.h>
#include <stdio.h>

#define BLOCK 65536u

static bool finish(EVP_MD_CTX *context, char out[static RESULTS_HASH_TEXT]) {
    unsigned char digest[32];
    unsigned int n = 0;
    if (EVP_DigestFinal_ex(context, digest, &n) != 1 || n != sizeof(digest))
        return false;
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    return true;
}

bool results_hash(const void *bytes, size_t length, char out[static RESULTS_HASH_TEXT]) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(context, bytes, length) == 1 && finish(context, out);
    EVP_MD_CTX_free(context);
    return ok;
}

static bool hash_stream(FILE *file, EVP_MD_CTX *context, char out[static RESULTS_HASH_TEXT]) {
    unsigned char block[BLOCK];
    size_t n;
    if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        return false;
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        if (EVP_DigestUpdate(context, block, n) != 1)
            return false;
    return !ferror(file) && finish(context, out);
}

bool results_hash_file(const char *path, char out[static RESULTS_HASH_TEXT]) {
    FILE *file = fopen(path, "re");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = file && context && hash_stream(file, context, out);
    EVP_MD_CTX_free(context);
    if (file)
        fclose(file);
    return ok;
}
