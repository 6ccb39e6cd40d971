/* AES in counter mode over long buffers, as the library does it: what published cycles a byte are of. The relay's own runs are
 * of 509 bytes (primitive_layers.c), and a bit-sliced cipher takes more for a byte of those. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/check.h"
#include "native/heap.h"
#include "primitives/primitive.h"

#define LENGTH 16384u

struct rig {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *context;
    uint8_t bytes[LENGTH];
};

static void *begin(const struct primitive *primitive, const char **reason_out) {
    static const uint8_t key[32], iv[16];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, primitive->variant, NULL);
    if (!cipher) {
        *reason_out = "the library has no such cipher";
        return NULL;
    }
    struct rig *rig = heap_new(sizeof *rig);
    rig->cipher = cipher;
    rig->context = EVP_CIPHER_CTX_new();
    CHECK(rig->context && EVP_EncryptInit_ex2(rig->context, cipher, key, iv, NULL) == 1);
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    EVP_CIPHER_CTX_free(rig->context);
    EVP_CIPHER_free(rig->cipher);
    free(rig);
}

static nsec run(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    int written;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++)
        CHECK(EVP_EncryptUpdate(rig->context, rig->bytes, &written, rig->bytes, LENGTH) == 1);
    *units_done_out = units;
    return cpu_now() - from;
}

static const struct primitive all[] = {
    {"cipher", "AES-128-CTR", "bytes", LENGTH, "call", begin, run, end},
};

struct primitive_list primitive_ciphers(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
