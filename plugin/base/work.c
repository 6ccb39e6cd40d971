#include "base/work.h"

void work_add(struct work *sum, const struct work *part) {
#define X(name) sum->name += part->name;
    WORK_LIST(X)
#undef X
}

void work_since(struct work *delta_out, const struct work *now, const struct work *before) {
#define X(name) delta_out->name = now->name - before->name;
    WORK_LIST(X)
#undef X
}
