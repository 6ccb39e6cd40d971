#include "primitives/yardstick.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/rng.h"
#include "native/heap.h"
#include "primitives/primitive.h"

#define LINE_BYTES    64u
#define LINES         262144u /* 16 MiB: more than any core's own cache, less than what cores share on a server */
#define MEMORY_STEPS  5000u
#define INTEGER_STEPS 140000u
#define AES_BYTES     16384u
#define AES_STEPS     100u

struct line {
    uint32_t next;
    uint8_t rest[LINE_BYTES - sizeof(uint32_t)];
};

struct yardstick {
    struct line *lines; /* one cycle through all of them in random order */
    EVP_CIPHER_CTX *aes;
    uint32_t at;
    volatile uint64_t sink; /* so that nothing is left out as unused */
    uint8_t bytes[AES_BYTES];
};

/* Sattolo's shuffle gives a permutation that is a single cycle. */
static void link_lines(struct line *lines) {
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t i = 0; i < LINES; i++)
        lines[i].next = i;
    for (uint32_t i = LINES - 1; i > 0; i--) {
        uint32_t other = (uint32_t)rng_below(&rng, i), next = lines[i].next;
        lines[i].next = lines[other].next;
        lines[other].next = next;
    }
}

struct yardstick *yardstick_new(void) {
    static const uint8_t key[16], iv[16];
    struct yardstick *y = heap_new(sizeof *y);
    y->lines = aligned_alloc(LINE_BYTES, (size_t)LINES * sizeof *y->lines);
    y->aes = EVP_CIPHER_CTX_new();
    CHECK(y->lines && y->aes);
    CHECK(EVP_EncryptInit_ex(y->aes, EVP_aes_128_ctr(), NULL, key, iv) == 1);
    link_lines(y->lines);
    return y;
}

void yardstick_free(struct yardstick *yardstick) {
    if (!yardstick)
        return;
    EVP_CIPHER_CTX_free(yardstick->aes);
    free(yardstick->lines);
    free(yardstick);
}

/* A chain of multiplications, shifts and a branch that cannot be foreseen. */
static void integers(struct yardstick *y) {
    uint64_t x = 88172645463325252u, odd = 0;
    for (uint32_t i = 0; i < INTEGER_STEPS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x *= UINT64_C(0x9e3779b97f4a7c15);
        if ((x >> 61) == 3)
            odd += x;
    }
    y->sink = x + odd;
}

static void aes(struct yardstick *y) {
    int written;
    for (uint32_t i = 0; i < AES_STEPS; i++)
        CHECK(EVP_EncryptUpdate(y->aes, y->bytes, &written, y->bytes, AES_BYTES) == 1);
}

static void memory(struct yardstick *y) {
    uint32_t at = y->at;
    for (uint32_t i = 0; i < MEMORY_STEPS; i++)
        at = y->lines[at].next;
    y->at = at;
}

void yardstick_read(struct yardstick *yardstick, struct yardstick_reading *out) {
    static void (*const parts[YARDSTICK_PARTS])(struct yardstick *) = {integers, aes, memory};
    nsec before = cpu_now();
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++) {
        parts[i](yardstick);
        nsec after = cpu_now();
        out->part[i] = after - before;
        before = after;
    }
}

nsec yardstick_total(const struct yardstick_reading *reading) {
    nsec sum = 0;
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++)
        sum += reading->part[i];
    return sum;
}

const char *yardstick_part_name(enum yardstick_part part) {
    switch (part) {
    case YARDSTICK_INTEGER: return "integer";
    case YARDSTICK_AES: return "aes";
    case YARDSTICK_MEMORY: return "memory";
    case YARDSTICK_PARTS: break;
    }
    CHECK(false);
    return "";
}
