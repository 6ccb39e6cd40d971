/* flag - a bit between threads with which nobody sleeps while there is something for him.
 *
 * A flag is only ever changed by exchanges, so all its changes stand in one order, and each acquires what was released
 * by those before it. The law: of a raise and a lower, the later one sees everything that was written before the
 * earlier. It is used in pairs, each side first writing its own and then looking at the other's:
 *
 *   is_woken        publish, raise (wake when it was down)  |  lower, look for messages
 *   sender_waits    raise, look for room                    |  make room, lower (wake when it was up)
 *   wants_returned  raise, look for cells                   |  publish, lower (wake when it was up)
 *
 * First line. If the lower comes second, it finds the message. If the raise comes second, it finds the flag down and
 * wakes; or it finds it up, because somebody raised it after the lower, and then that one wakes. The other lines. If the
 * raise comes second, it finds what it looks for. If the lower does, it finds the flag up (or lowered by another after
 * the raise, and then that one wakes). */
#ifndef LOOM_CORE_FLAG_H
#define LOOM_CORE_FLAG_H

#include <stdatomic.h>
#include <stdbool.h>

/* Raise; true when it was down. Acquire and release, pairs with flag_lower. */
static inline bool flag_raise(atomic_bool *flag) {
    return !atomic_exchange_explicit(flag, true, memory_order_acq_rel);
}

/* Lower; true when it was up. Acquire and release, pairs with flag_raise. */
static inline bool flag_lower(atomic_bool *flag) {
    return atomic_exchange_explicit(flag, false, memory_order_acq_rel);
}

/* The same for a caller who knows that the other side is on his own thread. Then a flag that is already as wanted stands
 * behind everything that the other side has done, and the exchange, which costs twenty times a load, is not needed. */
static inline bool flag_raise_here(atomic_bool *flag) {
    return !atomic_load_explicit(flag, memory_order_relaxed) && flag_raise(flag);
}
static inline bool flag_lower_here(atomic_bool *flag) {
    return atomic_load_explicit(flag, memory_order_relaxed) && flag_lower(flag);
}

#endif
