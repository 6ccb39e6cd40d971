#include "native/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define LEAF_FEATURES  7u
#define ECX_VAES       (1u << 9)
#define ECX_VPCLMULQDQ (1u << 10)

bool cpu_has_aes(void) {
    return __builtin_cpu_supports("aes");
}

/* The compiler's answer for AVX-512 includes that the operating system saves those registers; not every compiler knows VAES
 * by name. */
static bool has_wide(unsigned ecx_bit) {
    unsigned eax, ebx, ecx = 0, edx;
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __get_cpuid_count(LEAF_FEATURES, 0, &eax, &ebx, &ecx, &edx) && (ecx & ecx_bit);
}

bool cpu_has_wide_aes(void) {
    return has_wide(ECX_VAES);
}

bool cpu_has_wide_carryless(void) {
    return has_wide(ECX_VPCLMULQDQ);
}

bool cpu_has_carryless(void) {
    return __builtin_cpu_supports("pclmul");
}

#else

bool cpu_has_aes(void) {
    return false;
}

bool cpu_has_wide_aes(void) {
    return false;
}

bool cpu_has_carryless(void) {
    return false;
}

bool cpu_has_wide_carryless(void) {
    return false;
}

#endif
