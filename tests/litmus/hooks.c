/* The interface of the thread sanitizer, by which the compiler tells of each access of the program under check. Only what
 * gcc calls for the programs here; a missing one does not link. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "litmus/arena.h"
#include "litmus/coroutine.h"
#include "litmus/explorer_state.h"
#include "litmus/races.h"
#include "litmus/verdict.h"

#define CALLER __builtin_extract_return_addr(__builtin_return_address(0))

/* --- plain accesses ---------------------------------------------------------------------------------------------- */

static void plain(const void *address, uint32_t size, enum access access) {
    if (!explorer_runs() || coroutine_owns(address))
        return;
    if (arena_has(address))
        races_access(&orders, coroutine_current(), arena_offset(address), size, access);
    else if (access == ACCESS_WRITE)
        give_up("a thread writes to what is not its own and not in the arena");
}

#define PLAIN(size)                                \
    void __tsan_read##size(const void *address);   \
    void __tsan_write##size(const void *address);  \
    void __tsan_read##size(const void *address) {  \
        plain(address, size, ACCESS_READ);         \
    }                                              \
    void __tsan_write##size(const void *address) { \
        plain(address, size, ACCESS_WRITE);        \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(const void *address, size_t size);
void __tsan_write_range(const void *address, size_t size);
void __tsan_init(void);
void __tsan_func_entry(const void *caller);
void __tsan_func_exit(void);

void __tsan_read_range(const void *address, size_t size) {
    plain(address, (uint32_t)size, ACCESS_READ);
}

void __tsan_write_range(const void *address, size_t size) {
    plain(address, (uint32_t)size, ACCESS_WRITE);
}

void __tsan_init(void) {
}

void __tsan_func_entry(UNUSED const void *caller) {
}

void __tsan_func_exit(void) {
}

/* --- atomic accesses --------------------------------------------------------------------------------------------- */

static uint64_t load(const void *pc, const volatile void *object, uint32_t size, int asked) {
    uintptr_t address = (uintptr_t)object;
    uint64_t value = 0;
    if (!explorer_runs()) {
        memcpy(&value, (const void *)address, size);
        return value;
    }
    memory_order order = sites_order(pc, SITE_LOAD, (memory_order)asked);
    explorer_before_step(address, false);
    struct step step = orders_load(&orders, coroutine_current(), address, size, order);
    explorer_after_step(pc, SITE_LOAD, address, order, step, 0);
    return step.value;
}

static void store(const void *pc, volatile void *object, uint32_t size, uint64_t value, int asked) {
    uintptr_t address = (uintptr_t)object;
    if (!explorer_runs()) {
        memcpy((void *)address, &value, size);
        return;
    }
    memory_order order = sites_order(pc, SITE_STORE, (memory_order)asked);
    explorer_before_step(address, true);
    orders_store(&orders, coroutine_current(), address, size, value, order);
    explorer_after_step(pc, SITE_STORE, address, order, (struct step){0}, value);
}

static uint64_t replace(UNUSED uint64_t old, uint64_t operand) {
    return operand;
}

static uint64_t add(uint64_t old, uint64_t operand) {
    return (uint32_t)(old + operand);
}

static uint64_t exchange(const void *pc, volatile void *object, uint32_t size,
                         uint64_t (*change)(uint64_t old, uint64_t operand), uint64_t operand, int asked) {
    uintptr_t address = (uintptr_t)object;
    if (!explorer_runs()) {
        uint64_t old = load(pc, object, size, asked);
        store(pc, object, size, change(old, operand), asked);
        return old;
    }
    memory_order order = sites_order(pc, SITE_EXCHANGE, (memory_order)asked);
    explorer_before_step(address, true);
    struct step step = orders_exchange(&orders, coroutine_current(), address, size, change, operand, order);
    explorer_after_step(pc, SITE_EXCHANGE, address, order, step, change(step.value, operand));
    return step.value;
}

#define ATOMIC(bits, type)                                                              \
    type __tsan_atomic##bits##_load(const volatile type *object, int order);            \
    void __tsan_atomic##bits##_store(volatile type *object, type value, int order);     \
    type __tsan_atomic##bits##_exchange(volatile type *object, type value, int order);  \
    type __tsan_atomic##bits##_load(const volatile type *object, int order) {           \
        return (type)load(CALLER, object, sizeof(type), order);                         \
    }                                                                                   \
    void __tsan_atomic##bits##_store(volatile type *object, type value, int order) {    \
        store(CALLER, object, sizeof(type), value, order);                              \
    }                                                                                   \
    type __tsan_atomic##bits##_exchange(volatile type *object, type value, int order) { \
        return (type)exchange(CALLER, object, sizeof(type), replace, value, order);     \
    }
ATOMIC(8, uint8_t)
ATOMIC(32, uint32_t)

uint32_t __tsan_atomic32_fetch_add(volatile uint32_t *object, uint32_t value, int order);
uint32_t __tsan_atomic32_fetch_sub(volatile uint32_t *object, uint32_t value, int order);
void __tsan_atomic_thread_fence(int order);

uint32_t __tsan_atomic32_fetch_add(volatile uint32_t *object, uint32_t value, int order) {
    return (uint32_t)exchange(CALLER, object, sizeof value, add, value, order);
}

uint32_t __tsan_atomic32_fetch_sub(volatile uint32_t *object, uint32_t value, int order) {
    return (uint32_t)exchange(CALLER, object, sizeof value, add, -value, order);
}

void __tsan_atomic_thread_fence(int asked) {
    const void *pc = CALLER;
    memory_order order = sites_order(pc, SITE_FENCE, (memory_order)asked);
    explorer_before_fence();
    orders_fence(&orders, coroutine_current(), order);
    explorer_after_step(pc, SITE_FENCE, 0, order, (struct step){0}, 0);
}
