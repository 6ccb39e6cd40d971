#include "native/clock_watch.h"

static int64_t offset(uint64_t wall_s, nsec monotonic) {
    return (int64_t)wall_s - (int64_t)(monotonic / NSEC_PER_S);
}

void clock_watch_init(struct clock_watch *watch, uint64_t wall_s, nsec monotonic) {
    watch->offset_s = offset(wall_s, monotonic);
}

int64_t clock_watch_look(struct clock_watch *watch, uint64_t wall_s, nsec monotonic) {
    int64_t before = watch->offset_s;
    watch->offset_s = offset(wall_s, monotonic);
    int64_t jump = watch->offset_s - before;
    return jump > -CLOCK_JUMP_S && jump < CLOCK_JUMP_S ? 0 : jump;
}
