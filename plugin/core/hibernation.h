/* hibernation - how far a relay has withdrawn, because it may not move more bytes in this accounting interval (tor's
 * AccountingMax). Who counts and decides is the runtime; controller and managers carry it out. */
#ifndef LOOM_CORE_HIBERNATION_H
#define LOOM_CORE_HIBERNATION_H

enum hibernation {
    HIBERNATION_NONE, /* awake */
    HIBERNATION_SOFT, /* nothing new: no connections, circuits or streams; a link without circuits closes; what is there goes on */
    HIBERNATION_DORMANT, /* nothing at all: all links close */
};

#endif
