#include "core/dos_params.h"

const struct dos_params dos_params_default = DOS_PARAMS_DEFAULT;

const struct dos_params dos_params_unasked = {
#define X(field, name, initial, least, most) .field = DOS_THE_CONSENSUS_SAYS,
    DOS_PARAMS(X)
#undef X
};

static int32_t clamped(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

struct dos_params dos_params_clamped(const struct dos_params *params) {
    return (struct dos_params){
#define X(field, name, initial, least, most) .field = clamped(params->field, (least), (most)),
        DOS_PARAMS(X)
#undef X
    };
}

struct dos_params dos_params_settled(const struct dos_params *asked, const struct dos_params *consensus) {
    const struct dos_params settled = {
#define X(field, name, initial, least, most) \
    .field = asked->field == DOS_THE_CONSENSUS_SAYS ? consensus->field : asked->field,
        DOS_PARAMS(X)
#undef X
    };
    return dos_params_clamped(&settled);
}
