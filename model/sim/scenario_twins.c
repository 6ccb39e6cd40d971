#include "sim/scenario_twins.h"

#include <string.h>

uint64_t scenario_arm_threads(const struct scenario_arm *arm) {
    return arm->architecture == COST_VANILLA ? 0 : arm->threads;
}

enum cost_mapping scenario_arm_mapping(const struct scenario_arm *arm) {
    return scenario_arm_threads(arm) == 0 ? COST_VANILLA : (enum cost_mapping)arm->architecture;
}

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool scenario_arms_are_twins(const struct scenario_arm *a, const struct scenario_arm *b) {
    return same_text(a->relays, b->relays) && a->percent == b->percent && a->order == b->order &&
           scenario_arm_threads(a) == scenario_arm_threads(b) &&
           scenario_arm_mapping(a) == scenario_arm_mapping(b) && a->balancing == b->balancing &&
           a->prices == b->prices && a->behaviour == b->behaviour && a->goes_on == b->goes_on &&
           a->has_probes == b->has_probes;
}
