#include "shadow/virtual_cpu.h"

#include <pthread.h>
#include <time.h>

#include "cost/profile.h"
#include "support/test.h"

#define CELL_NS  20000u
#define AHEAD_NS UINT64_C(500000)

/* A cell that is received takes 20 us, and all else nothing. */
static struct cost_profile one_price(void) {
    return (struct cost_profile){
        .value = {.ps = {.cells_received = CELL_NS * COST_PS_PER_NS}, .smt_permille = 1600},
        .cores = 1,
        .threads_per_core = 1};
}

static struct virtual_cpu *new_cpu_ahead(uint32_t cores, nsec ahead) {
    const struct cost_profile profile = one_price();
    const struct virtual_cpu_options options = {.cores = cores, .ahead = ahead};
    struct virtual_cpu *cpu = virtual_cpu_new(&profile, &options);
    assert_non_null(cpu);
    return cpu;
}

static struct virtual_cpu *new_cpu(uint32_t cores) {
    return new_cpu_ahead(cores, 0);
}

static nsec now_read(void) {
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
    return (nsec)t.tv_sec * NSEC_PER_S + (nsec)t.tv_nsec;
}

static void receive(struct virtual_cpu *cpu, uint32_t thread, uint64_t cells) {
    const struct work work = {.cells_received = cells, .aes_bytes = 509 * cells};
    virtual_cpu_work(cpu, thread, &work, &(struct working_set){0});
}

static nsec queue(struct virtual_cpu *cpu, uint32_t thread, uint64_t cells) {
    const struct work work = {.cells_received = cells};
    return virtual_cpu_queue(cpu, thread, &work, &(struct working_set){0});
}

static void work_takes_its_price(void **state) {
    struct virtual_cpu *cpu = new_cpu(1);
    (void)state;
    nsec began = now_read();
    receive(cpu, 0, 100);
    assert_true(now_read() - began >= 100 * (nsec)CELL_NS);
    assert_int_equal(virtual_cpu_busy(cpu), 100 * CELL_NS);
    virtual_cpu_free(cpu);
}

static void what_is_below_the_floor_is_carried_over(void **state) {
    struct virtual_cpu *cpu = new_cpu(1);
    (void)state;
    virtual_cpu_take(cpu, 3, VIRTUAL_CPU_FLOOR_NS * COST_PS_PER_NS - 1);
    assert_int_equal(virtual_cpu_busy(cpu), 0);
    virtual_cpu_take(cpu, 2, 1); /* another thread's */
    assert_int_equal(virtual_cpu_busy(cpu), 0);
    virtual_cpu_take(cpu, 3, 1);
    assert_int_equal(virtual_cpu_busy(cpu), VIRTUAL_CPU_FLOOR_NS);
    virtual_cpu_free(cpu);
}

struct worker {
    struct virtual_cpu *cpu;
    uint32_t number;
    nsec done;
};

static void *receive_much(void *argument) {
    struct worker *worker = argument;
    for (unsigned i = 0; i < 10; i++)
        receive(worker->cpu, worker->number, 20);
    worker->done = queue(worker->cpu, worker->number, 0);
    return NULL;
}

/* However threads come by, a core does one thing at a time. */
static void threads_share_a_core(void **state) {
    struct virtual_cpu *cpu = new_cpu(1);
    struct worker workers[3];
    pthread_t threads[3];
    (void)state;
    nsec began = now_read();
    for (uint32_t i = 0; i < 3; i++) {
        workers[i] = (struct worker){.cpu = cpu, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, receive_much, &workers[i]), 0);
    }
    nsec done = 0;
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        done = nsec_max(done, workers[i].done);
    }
    assert_true(done - began >= 600 * (nsec)CELL_NS);
    assert_int_equal(virtual_cpu_busy(cpu), 600 * CELL_NS);
    virtual_cpu_free(cpu);
}

/* Half of what sockets cost is the kernel's, which runs on the second core, too; both take it in. */
static void the_kernel_does_its_part_beside(void **state) {
    struct cost_profile profile = one_price();
    const struct work work = {.reads = 100};
    (void)state;
    profile.value.ps.reads = CELL_NS * COST_PS_PER_NS;
    profile.value.softirq_permille = 500;
    struct virtual_cpu *cpu = virtual_cpu_new(&profile, &(struct virtual_cpu_options){.cores = 2});
    assert_non_null(cpu);
    nsec began = now_read();
    virtual_cpu_work(cpu, 0, &work, &(struct working_set){0});
    assert_true(now_read() - began >= 50 * (nsec)CELL_NS);
    assert_int_equal(virtual_cpu_busy(cpu), 100 * CELL_NS);
    virtual_cpu_free(cpu);
}

/* Cells that take less than a thread may be ahead by. */
#define FEW (AHEAD_NS / CELL_NS / 2)

/* However small its pieces are, a thread is never ahead of its work by more than that. */
static void a_thread_is_little_ahead(void **state) {
    struct virtual_cpu *cpu = new_cpu_ahead(1, AHEAD_NS);
    (void)state;
    nsec began = now_read();
    for (unsigned i = 0; i < 100; i++) {
        receive(cpu, 0, 1);
        assert_true(now_read() + AHEAD_NS >= began + (i + 1) * (nsec)CELL_NS);
    }
    virtual_cpu_free(cpu);
}

/* Who shows nothing looks for more meanwhile; what is to be seen waits for all that was to be done before. */
static void what_is_queued_is_done_before_anything_is_seen(void **state) {
    struct virtual_cpu *cpu = new_cpu(1);
    (void)state;
    nsec done = queue(cpu, 0, 4);
    assert_int_equal(virtual_cpu_busy(cpu), 4 * CELL_NS);
    virtual_cpu_take(cpu, 0, 1);
    assert_true(now_read() >= done);
    virtual_cpu_free(cpu);
}

/* A core has what is left before its thread waits, and goes on with it behind what it had. */
static void who_waits_leaves_its_work_to_a_core(void **state) {
    struct virtual_cpu *cpu = new_cpu_ahead(4, AHEAD_NS);
    (void)state;
    nsec began = now_read();
    receive(cpu, 0, FEW);
    assert_int_equal(virtual_cpu_busy(cpu), 0);
    nsec first = queue(cpu, 0, FEW);
    assert_true(first >= began + 2 * FEW * (nsec)CELL_NS);
    assert_int_equal(virtual_cpu_busy(cpu), 2 * FEW * CELL_NS);
    nsec second = queue(cpu, 0, FEW);
    assert_true(second >= first + FEW * (nsec)CELL_NS);
    assert_int_equal(virtual_cpu_busy(cpu), 3 * FEW * CELL_NS);
    virtual_cpu_free(cpu);
}

static void who_slept_is_late(void **state) {
    struct cost_profile profile = one_price();
    (void)state;
    profile.value.wake_delay_ns = 3 * 1000 * 1000;
    struct virtual_cpu *cpu = virtual_cpu_new(&profile, &(struct virtual_cpu_options){0});
    assert_non_null(cpu);
    nsec began = now_read();
    virtual_cpu_woken(cpu, 0, began - 1);
    virtual_cpu_take(cpu, 0, 1);
    assert_true(now_read() - began >= 3 * NSEC_PER_MS);
    virtual_cpu_free(cpu);
}

static void impossible_machines_are_refused(void **state) {
    struct cost_profile profile = one_price();
    (void)state;
    assert_null(virtual_cpu_new(&profile, &(struct virtual_cpu_options){.cores = 129}));
    assert_null(virtual_cpu_new(&profile, &(struct virtual_cpu_options){.cores = 65, .threads_per_core = 2}));
    assert_null(virtual_cpu_new(&profile, &(struct virtual_cpu_options){.threads_per_core = 3}));
    profile.value.smt_permille = 2001;
    assert_null(virtual_cpu_new(&profile, &(struct virtual_cpu_options){0}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_takes_its_price),
        cmocka_unit_test(what_is_below_the_floor_is_carried_over),
        cmocka_unit_test(threads_share_a_core),
        cmocka_unit_test(the_kernel_does_its_part_beside),
        cmocka_unit_test(a_thread_is_little_ahead),
        cmocka_unit_test(what_is_queued_is_done_before_anything_is_seen),
        cmocka_unit_test(who_waits_leaves_its_work_to_a_core),
        cmocka_unit_test(who_slept_is_late),
        cmocka_unit_test(impossible_machines_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
