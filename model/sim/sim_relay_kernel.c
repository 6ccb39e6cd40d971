/* What the threads of a relay pay for, and what of it the kernel does beside them: the part of its sockets' work that belongs
 * to softirqs (prices->softirq_permille) falls to the cores that the network's interrupts go to, a link always to the same
 * one. There it goes before whatever waits; what runs is not interrupted. A thread that has left it too much sleeps until
 * no more than BACKLOG_MAX is left, as TCP would make it: a core that is full of softirqs bounds what comes and goes. */
#include "base/check.h"
#include "cost/price.h"
#include "sim/sim_relay_state.h"

uint16_t sim_kernel_threads(const struct sim_cpu *cpu) {
    const uint32_t logical = (uint32_t)cpu->cores * cpu->threads_per_core;
    if (!cpu->prices || cpu->prices->softirq_permille == 0)
        return 0;
    if (cpu->softirq_queues == 0)
        return 1;
    return (uint16_t)(cpu->softirq_queues < logical ? cpu->softirq_queues : logical);
}

#define BACKLOG_MAX \
    NSEC_PER_MS /* of work that waits for a kernel thread: what a NIC's ring of some hundred segments is */

static bool is_kernel(const struct sim_relay *relay, uint16_t thread) {
    return thread >= relay->thread_count - relay->kernel_thread_count;
}

void sim_relay_place_threads(struct sim_relay *relay) {
    const uint16_t logical = relay->threads.cores.logical;
    for (uint16_t i = 0; relay->cpu->placement == SIM_PINNED && i < relay->worker_first; i++)
        sim_threads_pin(&relay->threads, i, i % logical);
    for (uint16_t i = 0; i < relay->kernel_thread_count; i++) {
        uint16_t thread = (uint16_t)(relay->thread_count - relay->kernel_thread_count + i);
        sim_threads_pin(&relay->threads, thread, i);
        sim_threads_make_kernel(&relay->threads, thread);
    }
}

/* Leave so much to a kernel thread. */
static void owe(struct sim_relay *relay, nsec now, uint16_t queue, uint64_t ps) {
    const struct sim_input input = {.kind = SIM_IN_KERNEL};
    if (ps == 0)
        return;
    bool is_posted = relay->kernel_owed_ps[queue] > 0;
    relay->kernel_owed_ps[queue] += ps;
    if (!is_posted &&
        !sim_threads_post(&relay->threads, now,
                          (uint16_t)(relay->thread_count - relay->kernel_thread_count + queue), &input))
        return; /* the run stops */
}

nsec sim_relay_charge(struct sim_relay *relay, nsec now, uint16_t thread, uint64_t object,
                      const struct work *delta, const struct working_set *set) {
    const struct cost_table *prices = relay->cpu->prices;
    if (relay->kernel_thread_count == 0)
        return cost_price(prices, delta, set);
    const uint64_t sockets = cost_socket_ps(prices, delta);
    const uint64_t beside =
        sockets / 1000 * prices->softirq_permille + sockets % 1000 * prices->softirq_permille / 1000;
    const uint16_t queue = (uint16_t)(object % relay->kernel_thread_count);
    const nsec price = cost_duration(cost_work_ps(prices, delta, set) - beside);
    owe(relay, now, queue, beside);
    const nsec backlog =
        relay->kernel_owed_ps[queue] / COST_PS_PER_NS; /* less of it when the thread has done its part */
    if (backlog > price + BACKLOG_MAX)
        sim_threads_hold(&relay->threads, thread, backlog - price - BACKLOG_MAX);
    return price;
}

nsec sim_kernel_step(struct sim_relay *relay, uint16_t thread) {
    CHECK(is_kernel(relay, thread));
    uint64_t *owed = &relay->kernel_owed_ps[thread - (relay->thread_count - relay->kernel_thread_count)];
    nsec price = cost_duration(*owed);
    *owed = 0;
    return price;
}
