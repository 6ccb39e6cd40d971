#include "sim/sim_measure.h"

const char *sim_outcome_name(enum sim_outcome outcome) {
    switch (outcome) {
#define X(name, text) \
    case SIM_OUTCOME_##name: return text;
        SIM_OUTCOME_LIST(X)
#undef X
    }
    return "unknown";
}
