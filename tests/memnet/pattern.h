/* pattern - bytes that follow from a seed and their place, to be filled in and checked anywhere in a stream. */
#ifndef LOOM_MEMNET_PATTERN_H
#define LOOM_MEMNET_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

void pattern_fill(uint64_t seed, uint64_t offset, uint8_t *out, size_t length);
MUST_USE bool pattern_matches(uint64_t seed, uint64_t offset, const uint8_t *bytes, size_t length);

#endif
