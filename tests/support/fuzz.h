/* fuzz - the one function that a fuzzer defines; libFuzzer or replay_main.c calls it. */
#ifndef LOOM_SUPPORT_FUZZ_H
#define LOOM_SUPPORT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Parse data, check what must hold of the result, return 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
