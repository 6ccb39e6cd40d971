/* decimal - numbers as other programs write them, "3.13e-07", taken exactly and turned into integers without a float.
 *
 * Pure. */
#ifndef LOOM_NETWORK_DECIMAL_H
#define LOOM_NETWORK_DECIMAL_H

#include "base/attributes.h"
#include "base/bytes.h"

#define DECIMAL_DIGITS 18u /* that are kept; those that follow are cut off */

/* digits x 10^exponent */
struct decimal {
    uint64_t digits;
    int32_t exponent; /* within 10000 of 0 */
};

/* All of text is a number that is not negative: digits with at most one point among them, and an exponent perhaps. */
MUST_USE bool decimal_parse(struct span text, struct decimal *out);
/* number x factor, rounded to the nearest. False when it is more than most. */
MUST_USE bool decimal_scale(struct decimal number, uint64_t factor, uint64_t most, uint64_t *out);
/* factor / number, rounded down. False when it is more than most, or number is 0. */
MUST_USE bool decimal_divide(uint64_t factor, struct decimal number, uint64_t most, uint64_t *out);

#endif
