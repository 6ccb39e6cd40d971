#include "native/cpu_features.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define LEAF_FEATURES 7u
#define ECX_VAES      (1u << 9)

bool cpu_has_aes(void) {
    return __builtin_cpu_supports("aes");
}

/* The compiler's answer for AVX-512 includes that the operating system saves those registers; not every compiler knows VAES
 * by name. */
bool cpu_has_wide_aes(void) {
    unsigned eax, ebx, ecx = 0, edx;
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __get_cpuid_count(LEAF_FEATURES, 0, &eax, &ebx, &ecx, &edx) && (ecx & ECX_VAES);
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

#endif
