#include "shadow/priced_process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "cost/profile.h"
#include "files/mistake.h"
#include "shadow/profile_file.h"
#include "shadow/virtual_cpu.h"

static struct virtual_cpu *cpu;
static atomic_uint threads; /* numbers that are taken: relaxed, each is unique */
static __thread unsigned number_of_thread = UINT32_MAX;
static pthread_mutex_t sum_lock = PTHREAD_MUTEX_INITIALIZER;
static struct work sum; /* protected by sum_lock, for the report */

static unsigned number(void) {
    if (number_of_thread == UINT32_MAX)
        number_of_thread = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % VIRTUAL_THREADS_MAX;
    return number_of_thread;
}

static _Noreturn void refuse(const char *why) {
    fprintf(stderr, "libloom-price: %s\n", why);
    _exit(EXIT_FAILURE);
}

static uint32_t number_from(const char *name, uint32_t otherwise) {
    const char *text = getenv(name);
    return text == NULL ? otherwise : (uint32_t)strtoul(text, NULL, 10);
}

/* Shadow loads its own libraries into what it runs before ours. */
static bool is_in_shadow(void) {
    const char *loaded = getenv("LD_PRELOAD");
    return loaded != NULL && strstr(loaded, "libshadow_injector.so") != NULL;
}

static bool is_asked_for_outside(void) {
    const char *asked = getenv("LOOM_PRICE_OUTSIDE_SHADOW");
    return asked != NULL && strcmp(asked, "1") == 0;
}

void priced_process_start(void) {
    const struct virtual_cpu_options options = {
        .cores = number_from("LOOM_PRICE_CORES", 0),
        .threads_per_core = number_from("LOOM_PRICE_THREADS_PER_CORE", 0),
        .ahead = NSEC_PER_US * number_from("LOOM_PRICE_AHEAD_US", VIRTUAL_CPU_AHEAD_US)};
    const char *path = getenv("LOOM_PRICE_PROFILE");
    struct cost_profile profile;
    struct mistake mistake;
    if (!is_in_shadow() && !is_asked_for_outside())
        refuse("this is not Shadow, and LOOM_PRICE_OUTSIDE_SHADOW is not 1");
    if (path == NULL)
        refuse("LOOM_PRICE_PROFILE: expected a profile");
    if (!profile_file_read(path, &profile, &mistake))
        refuse(mistake.text);
    cpu = virtual_cpu_new(&profile, &options);
    if (cpu == NULL)
        refuse("expected at most 128 logical cores, and two hyperthreads no slower than one");
    CHECK(number() == 0);
}

bool priced_process_is_main_thread(void) {
    return number() == 0;
}

static void note(const struct work *work) {
    CHECK(pthread_mutex_lock(&sum_lock) == 0);
    work_add(&sum, work);
    CHECK(pthread_mutex_unlock(&sum_lock) == 0);
}

void priced_process_pay(const struct work *work, const struct working_set *set) {
    note(work);
    virtual_cpu_work(cpu, number(), work, set);
}

nsec priced_process_queue(const struct work *work, const struct working_set *set) {
    note(work);
    return virtual_cpu_queue(cpu, number(), work, set);
}

void priced_process_woken(nsec since) {
    virtual_cpu_woken(cpu, number(), since);
}

nsec priced_process_now(void) {
    struct timespec t;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (nsec)t.tv_sec * NSEC_PER_S + (nsec)t.tv_nsec;
}

static void write_report(FILE *out) {
    fprintf(out, "{\"busy_ns\": %llu", (unsigned long long)virtual_cpu_busy(cpu));
#define X(name) fprintf(out, ", \"" #name "\": %llu", (unsigned long long)sum.name);
    WORK_LIST(X)
#undef X
    fprintf(out, "}\n");
}

void priced_process_end(void) {
    const char *path = getenv("LOOM_PRICE_REPORT");
    FILE *out = path == NULL ? NULL : fopen(path, "we");
    if (out == NULL)
        return;
    CHECK(pthread_mutex_lock(&sum_lock) == 0);
    write_report(out);
    CHECK(pthread_mutex_unlock(&sum_lock) == 0);
    fclose(out);
}
