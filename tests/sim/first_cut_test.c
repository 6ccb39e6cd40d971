/* The first seconds of scenarios/first.yaml, all of its hosts: real and symbolic cryptography leave the same trace.
 *
 * One real cell in 65536 looks recognized although it is not, and costs a digest more. So here digests are free; all other
 * work has its price, and all of it is compared. */
#include <inttypes.h>
#include <string.h>

#include "memnet/relay_identity.h"
#include "native/openssl_provider.h"
#include "sim/scenario_plan.h"
#include "sim/scenario_small.h"
#include "sim/shared_heap.h"
#include "sim/sim_identity.h"
#include "sim/sim_world.h"
#include "support/test.h"

#define RELAYS 72u
#define CUT    (3 * NSEC_PER_S)
#define PRIME  UINT64_C(0x100000001b3)

static struct relay_identity identities[RELAYS];

/* What a run left behind. */
struct result {
    uint64_t traces[RELAYS]; /* one number over all that a relay's core told */
    uint64_t lines;
    struct sim_totals totals;
};

static bool real_identity(void *context, uint32_t relay, struct sim_identity *out) {
    (void)context;
    struct endpoint address = sim_relay_endpoint(relay);
    assert_true(relay < RELAYS);
    relay_identity_make(&identities[relay], openssl_provider(), relay, &address);
    out->credentials = identities[relay].credentials;
    out->ntor = identities[relay].ntor;
    return true;
}

static void note(void *context, uint32_t relay, uint32_t station, nsec now, const struct trace_event *event) {
    struct result *result = context;
    const uint64_t words[] = {station,        now,          event->kind,   event->link,
                              event->circ_id, event->count, event->detail, event->command};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        result->traces[relay] = (result->traces[relay] ^ words[i]) * PRIME;
    result->lines++;
}

static void run(const struct sim_config *plan, const struct sim_crypt *crypt, struct result *out) {
    struct shared_heap heap;
    shared_heap_init(&heap);
    struct sim_config config = *plan;
    config.memory = &heap.memory;
    config.crypt = crypt;
    struct sim_world *world = sim_world_new(&config);
    assert_non_null(world);
    memset(out, 0, sizeof *out);
    const struct sim_trace_sink sink = {note, out};
    sim_world_trace(world, &sink);
    assert_int_equal(sim_world_run(world, CUT, 1), ERR_OK);
    sim_world_finish(world);
    out->totals = sim_world_totals(world);
    sim_world_free(world);
    assert_int_equal(atomic_load(&heap.live_bytes), 0);
}

static void compare(const struct scenario_inputs *inputs, uint32_t arm) {
    const struct sim_crypt crypt = {.provider = openssl_provider(), .make_identity = real_identity};
    const struct scenario_arm *arms = inputs->scenario.arms.items;
    struct mistake m = {""};
    struct result symbols, openssl;
    struct plan plan;
    if (!plan_make(inputs, &arms[arm], 1, &plan, &m))
        fail_msg("%s", m.text);
    assert_int_equal(plan.config.relay_count, RELAYS);
    for (uint32_t i = 0; i < RELAYS; i++)
        plan.prices[i].ps.digest_bytes = 0;
    run(&plan.config, NULL, &symbols);
    run(&plan.config, &crypt, &openssl);
    print_message("%s: %" PRIu64 " cells relayed, %" PRIu64 " circuits, %" PRIu64 " trace events\n",
                  arms[arm].name, symbols.totals.cells_relayed, symbols.totals.circuits_built, symbols.lines);
    assert_true(symbols.totals.cells_relayed > 100000);
    assert_memory_equal(&symbols.totals, &openssl.totals, sizeof symbols.totals);
    assert_memory_equal(symbols.traces, openssl.traces, sizeof symbols.traces);
    assert_true(symbols.lines == openssl.lines);
    plan_fini(&plan);
}

static void real_and_symbolic_cryptography_leave_the_same_trace(UNUSED void **state) {
    char path[512];
    struct mistake m = {""};
    struct scenario_inputs inputs;
    source_path("scenarios/first.yaml", path);
    if (!scenario_inputs_read(path, NULL, &inputs, &m))
        fail_msg("%s", m.text);
    for (uint32_t arm = 0; arm < inputs.scenario.arms.n; arm++)
        compare(&inputs, arm);
    scenario_inputs_fini(&inputs);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_and_symbolic_cryptography_leave_the_same_trace)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
