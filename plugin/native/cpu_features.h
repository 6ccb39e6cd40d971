/* cpu_features - which instructions for ciphers this CPU has, and its operating system lets us use.
 *
 * False where the compiler knows of no such instructions. Thread: any. */
#ifndef LOOM_NATIVE_CPU_FEATURES_H
#define LOOM_NATIVE_CPU_FEATURES_H

#include <stdbool.h>

/* Rounds of AES, a block at a time. */
bool cpu_has_aes(void);
/* The same, four blocks at a time: VAES with the 512-bit registers of AVX-512. */
bool cpu_has_wide_aes(void);
/* Carry-less multiplication of 64 bits. */
bool cpu_has_carryless(void);
/* The same, four of them at a time: VPCLMULQDQ with 512-bit registers. */
bool cpu_has_wide_carryless(void);

#endif
