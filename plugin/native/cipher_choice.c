#include "native/cipher_choice.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* OPENSSL_ia32cap(3): the first word has EDX and ECX of CPUID leaf 1. */
#define IA32_PCLMULQDQ (UINT64_C(1) << 33)
#define IA32_AESNI     (UINT64_C(1) << 57)
/* crypto/arm_arch.h of OpenSSL. */
#define ARMV8_AES   (UINT64_C(1) << 2)
#define ARMV8_PMULL (UINT64_C(1) << 5)

static enum cipher_hardware by_bits(const char *number, uint64_t needed) {
    char *end;
    uint64_t capabilities = strtoull(number, &end, 16);
    if (end == number)
        return CIPHER_HARDWARE_UNKNOWN;
    return (capabilities & needed) == needed ? CIPHER_HARDWARE_AES : CIPHER_HARDWARE_NONE;
}

enum cipher_hardware cipher_hardware_of(const char *openssl_settings) {
    static const struct {
        const char *name;
        uint64_t needed;
    } kinds[] = {
        {"OPENSSL_ia32cap=", IA32_AESNI | IA32_PCLMULQDQ},
        {"OPENSSL_armcap=", ARMV8_AES | ARMV8_PMULL},
    };
    for (size_t i = 0; openssl_settings != NULL && i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i].name);
        if (strncmp(openssl_settings, kinds[i].name, length) == 0)
            return by_bits(openssl_settings + length, kinds[i].needed);
    }
    return CIPHER_HARDWARE_UNKNOWN;
}

static struct cipher_choice by_hardware(enum cipher_hardware hardware) {
    switch (hardware) {
    case CIPHER_HARDWARE_UNKNOWN:
        return (struct cipher_choice){CIPHER_ORDER_AES, "it is not known what this CPU has instructions for"};
    case CIPHER_HARDWARE_NONE:
        return (struct cipher_choice){CIPHER_ORDER_CHACHA,
                                      "this CPU has no instructions for AES-GCM that OpenSSL may use"};
    case CIPHER_HARDWARE_AES:
        return (struct cipher_choice){CIPHER_ORDER_AES, "this CPU has instructions for it"};
    }
    CHECK(false);
    return (struct cipher_choice){CIPHER_ORDER_AES, ""};
}

struct cipher_choice cipher_choose(enum cipher_wish wish, enum cipher_hardware hardware) {
    static const char as_configured[] = "LinkCiphers says so";
    switch (wish) {
    case CIPHER_WISH_AUTO: return by_hardware(hardware);
    case CIPHER_WISH_AES: return (struct cipher_choice){CIPHER_ORDER_AES, as_configured};
    case CIPHER_WISH_CHACHA: return (struct cipher_choice){CIPHER_ORDER_CHACHA, as_configured};
    }
    CHECK(false);
    return by_hardware(hardware);
}

struct cipher_choice cipher_choose_here(enum cipher_wish wish) {
    return cipher_choose(wish, cipher_hardware_of(OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS)));
}
