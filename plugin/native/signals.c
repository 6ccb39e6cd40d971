#include "native/signals.h"

#include <pthread.h>
#include <stddef.h>

#include "base/check.h"

static sigset_t held(void) {
    sigset_t set;
    CHECK(sigemptyset(&set) == 0);
    CHECK(sigaddset(&set, SIGHUP) == 0 && sigaddset(&set, SIGUSR1) == 0 && sigaddset(&set, SIGUSR2) == 0);
    return set;
}

void signals_hold(void) {
    const sigset_t set = held();
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
}

void signals_release(void) {
    const sigset_t set = held();
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0);
}

void signals_hide(sigset_t *before_out) {
    sigset_t all;
    CHECK(sigfillset(&all) == 0);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, before_out) == 0);
}

void signals_show(const sigset_t *before) {
    CHECK(pthread_sigmask(SIG_SETMASK, before, NULL) == 0);
}
