#include "core/congestion_params.h"

const struct congestion_params congestion_params_default = CONGESTION_PARAMS_DEFAULT;

static int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

struct congestion_params congestion_params_clamped(const struct congestion_params *params) {
    struct congestion_params p = {
#define X(field, name, initial, least, most) .field = clamped(params->field, (least), (most)),
        CONGESTION_PARAMS(X)
#undef X
    };
    if (p.cellq_low > p.cellq_high)
        p.cellq_low = p.cellq_high; /* or streams would wait for ever */
    if (p.cwnd_min > p.cwnd_max)
        p.cwnd_min = p.cwnd_max;
    return p;
}
