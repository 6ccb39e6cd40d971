#define _GNU_SOURCE
#include "litmus/coroutine.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdint.h>
#include <ucontext.h>

#include "litmus/orders.h"

#define STACK_BYTES 0x10000u

static alignas(64) uint8_t stacks[THREADS_MAX][STACK_BYTES];
static jmp_buf starts[THREADS_MAX]; /* where each begins */
static jmp_buf places[THREADS_MAX]; /* where each has stopped */
static jmp_buf outside;
static ucontext_t contexts[THREADS_MAX], maker;
static bool is_made[THREADS_MAX], is_begun[THREADS_MAX];
static void (*body_of_all)(unsigned number);
static unsigned current;

/* A coroutine's life: come to the start, tell the maker, and from then on run the body whenever somebody jumps there. */
static void live(int number) {
    if (_setjmp(starts[number]) == 0)
        swapcontext(&contexts[number], &maker);
    body_of_all(current);
}

static void make(unsigned number) {
    getcontext(&contexts[number]);
    contexts[number].uc_stack.ss_sp = stacks[number];
    contexts[number].uc_stack.ss_size = STACK_BYTES;
    makecontext(&contexts[number], (void (*)(void))live, 1, (int)number);
    swapcontext(&maker, &contexts[number]);
    is_made[number] = true;
}

_Noreturn static void enter(unsigned to) {
    current = to;
    if (is_begun[to])
        _longjmp(places[to], 1);
    is_begun[to] = true;
    _longjmp(starts[to], 1);
}

void coroutine_switch(unsigned to) {
    if (_setjmp(places[current]) == 0)
        enter(to);
}

_Noreturn void coroutine_leave(void) {
    _longjmp(outside, 1);
}

void coroutine_run(unsigned first, void (*body)(unsigned number)) {
    body_of_all = body;
    for (unsigned i = 0; i < THREADS_MAX; i++) {
        if (!is_made[i])
            make(i);
        is_begun[i] = false;
    }
    if (_setjmp(outside) == 0)
        enter(first);
}

unsigned coroutine_current(void) {
    return current;
}

bool coroutine_owns(const void *address) {
    const uint8_t *at = address;
    return at >= stacks[current] && at < stacks[current] + STACK_BYTES;
}
