#include "network/decimal.h"

#define EXPONENT_MAX 10000

typedef unsigned __int128 wide;

struct reading {
    struct span rest;
    struct decimal number;
    unsigned kept; /* digits, from the first that is not 0 */
};

static bool next_digit(struct reading *r, unsigned *digit_out) {
    if (r->rest.length == 0 || r->rest.data[0] < '0' || r->rest.data[0] > '9')
        return false;
    *digit_out = r->rest.data[0] - (unsigned)'0';
    r->rest = (struct span){r->rest.data + 1, r->rest.length - 1};
    return true;
}

static bool next_is(struct reading *r, char a, char b) {
    if (r->rest.length == 0 || (r->rest.data[0] != a && r->rest.data[0] != b))
        return false;
    r->rest = (struct span){r->rest.data + 1, r->rest.length - 1};
    return true;
}

/* Take digits before or behind the point; returns how many there were. */
static size_t take_digits(struct reading *r, bool is_behind) {
    unsigned digit;
    size_t n = 0;
    for (; next_digit(r, &digit); n++) {
        bool is_kept = r->kept < DECIMAL_DIGITS;
        if (is_kept) {
            r->number.digits = 10 * r->number.digits + digit;
            r->kept += r->number.digits > 0;
        }
        r->number.exponent += !is_kept - is_behind;
    }
    return n;
}

static bool take_exponent(struct reading *r) {
    bool is_below = next_is(r, '-', '-');
    int32_t value = 0;
    unsigned digit;
    if (!is_below)
        (void)next_is(r, '+', '+');
    if (r->rest.length == 0)
        return false;
    while (next_digit(r, &digit)) {
        value = 10 * value + (int32_t)digit;
        if (value > EXPONENT_MAX / 2)
            return false;
    }
    r->number.exponent += is_below ? -value : value;
    return true;
}

bool decimal_parse(struct span text, struct decimal *out) {
    struct reading r = {.rest = text};
    *out = (struct decimal){0, 0};
    if (text.length > EXPONENT_MAX / 2)
        return false;
    size_t n = take_digits(&r, false);
    if (next_is(&r, '.', '.'))
        n += take_digits(&r, true);
    if (n == 0 || (next_is(&r, 'e', 'E') && !take_exponent(&r)) || r.rest.length > 0)
        return false;
    if (r.number.digits > 0)
        *out = r.number;
    return true;
}

/* value x 10^power as far as it fits; false beyond. */
static bool raise(wide value, int32_t power, wide *out) {
    for (; power > 0 && value > 0; power--) {
        if (value > (wide)-1 / 10)
            return false;
        value *= 10;
    }
    *out = value;
    return true;
}

static bool take(wide value, uint64_t most, uint64_t *out) {
    *out = value <= most ? (uint64_t)value : most;
    return value <= most;
}

bool decimal_scale(struct decimal number, uint64_t factor, uint64_t most, uint64_t *out) {
    wide value = (wide)number.digits * factor;
    wide divisor;
    *out = 0;
    if (number.exponent >= 0)
        return raise(value, number.exponent, &value) && take(value, most, out);
    if (!raise(1, -number.exponent, &divisor))
        return true; /* next to nothing */
    return take(value / divisor + (value % divisor >= divisor - value % divisor), most, out);
}

bool decimal_divide(uint64_t factor, struct decimal number, uint64_t most, uint64_t *out) {
    wide value = factor;
    wide divisor = number.digits;
    *out = 0;
    if (number.digits == 0)
        return false;
    if (number.exponent < 0)
        return raise(value, -number.exponent, &value) && take(value / divisor, most, out);
    return !raise(divisor, number.exponent, &divisor) || take(value / divisor, most, out);
}
