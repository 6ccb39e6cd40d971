#include "topology/latency.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    double us;
} units[] = {{"", 1000},
             {"ns", 0.001},
             {"nanosecond", 0.001},
             {"nanoseconds", 0.001},
             {"us", 1},
             {"microsecond", 1},
             {"microseconds", 1},
             {"ms", 1000},
             {"millisecond", 1000},
             {"milliseconds", 1000},
             {"s", 1000000},
             {"sec", 1000000},
             {"second", 1000000},
             {"seconds", 1000000}};

static bool from_us(double us, int64_t *us_out) {
    if (!(us >= 0 && us <= LATENCY_US_MAX)) /* not a number is out, too */
        return false;
    *us_out = llround(us);
    return true;
}

bool latency_from_ms(double ms, int64_t *us_out) {
    return from_us(ms * 1000, us_out);
}

bool latency_parse(const char *text, int64_t *us_out) {
    char number[32];
    char *end;
    size_t length = strspn(text, "0123456789.eE+-"); /* no "inf", no hexadecimal, no blanks before it */
    if (length == 0 || length >= sizeof(number))
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    double value = strtod(number, &end);
    if (end == number || *end != '\0')
        return false;
    const char *unit = text + length + strspn(text + length, " ");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].name) == 0)
            return from_us(value * units[i].us, us_out);
    return false;
}
