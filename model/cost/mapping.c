#include "cost/mapping.h"

#include <stdbool.h>

#include "base/check.h"

const char *cost_mapping_name(enum cost_mapping mapping) {
    switch (mapping) {
    case COST_VANILLA: return "vanilla";
    case COST_POC: return "poc";
    case COST_FULL: return "full";
    }
    CHECK(false);
    return "";
}
