#include "wire/exit_policy.h"

#include <string.h>

#include "base/check.h"
#include "support/fuzz.h"
#include "wire/exit_policy_summary.h"

#define LINE_MAX 8192u

/* The first rule, written as descriptors have it, is read as the same rule. */
static void write_and_read(const struct exit_policy_rule *rule) {
    static struct exit_policy again;
    char line[EXIT_POLICY_LINE_MAX];
    again.count = 0;
    if (!exit_policy_rule_format(rule, line))
        return;
    CHECK(exit_policy_parse(&again, line) == EXIT_POLICY_OK);
    CHECK(again.count == 1);
    CHECK(again.rules[0].accept == rule->accept);
    CHECK(again.rules[0].prefix_bits == rule->prefix_bits);
    CHECK(again.rules[0].port_last == rule->port_last);
}

/* data is a line of a configuration. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct exit_policy policy;
    static char line[LINE_MAX];
    char summary[EXIT_POLICY_SUMMARY_MAX + 1];
    const struct address addresses[] = {{ADDRESS_IPV4, {8, 8, 8, 8}}, {ADDRESS_IPV6, {0x20, 1}}};
    if (size >= sizeof(line))
        return 0;
    memcpy(line, data, size);
    line[size] = '\0';
    policy.count = 0;
    if (exit_policy_parse(&policy, line) != EXIT_POLICY_OK) {
        CHECK(policy.count == 0);
        return 0;
    }
    for (uint32_t i = 0; i < policy.count; i++)
        write_and_read(&policy.rules[i]);
    uint32_t count = policy.count;
    bool allowed[2];
    for (unsigned i = 0; i < 2; i++) {
        allowed[i] = exit_policy_allows(&policy, &addresses[i], 80);
        CHECK(!allowed[i] || exit_policy_allows_any(&policy, addresses[i].family));
        exit_policy_summary(&policy, addresses[i].family, summary);
        CHECK(strlen(summary) <= EXIT_POLICY_SUMMARY_MAX);
    }
    exit_policy_trim(&policy);
    CHECK(policy.count <= count);
    for (unsigned i = 0; i < 2; i++)
        CHECK(allowed[i] == exit_policy_allows(&policy, &addresses[i], 80));
    return 0;
}
