#include "cost/profile.h"

#include <string.h>

#include "files/settings.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Where the three values of one number go. */
struct interval {
    uint64_t value, least, most;
};

/* {unit: 354, least: 314, most: 393, source: derived, from: "facts, section 2b"} */
static bool read_interval(const struct setting *map, const char *key, const char *unit, uint64_t smallest,
                          uint64_t largest, struct interval *out, struct mistake *mistake) {
    static const char *const sources[] = {"measured", "published", "derived", "assumed"};
    const char *const keys[] = {unit, "least", "most", "source", "from"};
    const struct setting *number;
    const char *from;
    size_t source;
    if (!setting_map(map, key, &number, mistake) || !setting_only(number, keys, COUNT_OF(keys), mistake) ||
        !setting_u64(number, unit, smallest, largest, &out->value, mistake) ||
        !setting_u64(number, "least", smallest, largest, &out->least, mistake) ||
        !setting_u64(number, "most", smallest, largest, &out->most, mistake) ||
        !setting_choice(number, "source", sources, COUNT_OF(sources), &source, mistake) ||
        !setting_text(number, "from", &from, mistake))
        return false;
    if (out->least > out->value || out->value > out->most)
        return setting_mistake(number, mistake, "expected least <= %s <= most", unit);
    return true;
}

static bool read_price(const struct setting *prices, const char *key, struct interval *out,
                       struct mistake *mistake) {
    return read_interval(prices, key, "ps", 0, COST_PRICE_PS_MAX, out, mistake);
}

static bool read_prices(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    static const char *const names[] = {
#define X(name) #name,
        WORK_LIST(X)
#undef X
    };
    const struct setting *prices;
    struct interval interval;
    if (!setting_map(root, "prices", &prices, mistake) ||
        !setting_only(prices, names, COUNT_OF(names), mistake))
        return false;
#define X(name)                                         \
    if (!read_price(prices, #name, &interval, mistake)) \
        return false;                                   \
    out->value.ps.name = interval.value;                \
    out->least.ps.name = interval.least;                \
    out->most.ps.name = interval.most;
    WORK_LIST(X)
#undef X
    return true;
}

static bool read_cold(const struct setting *root, const char *price, const char *count, struct interval *cold,
                      struct interval *hot, struct mistake *mistake) {
    return read_interval(root, price, "ps", 0, COST_COLD_PS_MAX, cold, mistake) &&
           read_interval(root, count, "count", 0, UINT32_MAX, hot, mistake);
}

static bool read_cold_circuits(const struct setting *root, struct cost_profile *out,
                               struct mistake *mistake) {
    struct interval cold, hot;
    if (!read_cold(root, "circuit_cold", "halves_hot", &cold, &hot, mistake))
        return false;
    out->value.circuit_cold_ps = cold.value;
    out->least.circuit_cold_ps = cold.least;
    out->most.circuit_cold_ps = cold.most;
    /* The more halves stay hot, the lower the price: the ends change places. */
    out->value.halves_hot = (uint32_t)hot.value;
    out->least.halves_hot = (uint32_t)hot.most;
    out->most.halves_hot = (uint32_t)hot.least;
    if (!read_cold(root, "cell_cold", "queues_hot", &cold, &hot, mistake))
        return false;
    out->value.cell_cold_ps = cold.value;
    out->least.cell_cold_ps = cold.least;
    out->most.cell_cold_ps = cold.most;
    out->value.queues_hot = (uint32_t)hot.value;
    out->least.queues_hot = (uint32_t)hot.most;
    out->most.queues_hot = (uint32_t)hot.least;
    return true;
}

static bool read_smt(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    struct interval smt;
    if (!read_interval(root, "smt", "permille", COST_SMT_PERMILLE, COST_SMT_PERMILLE_MAX, &smt, mistake))
        return false;
    out->value.smt_permille = (uint32_t)smt.value;
    out->least.smt_permille = (uint32_t)smt.least;
    out->most.smt_permille = (uint32_t)smt.most;
    return true;
}

/* What a profile may leave out: nothing is known of it then, and nothing charged. */
static bool read_if_there(const struct setting *root, const char *key, const char *unit, uint64_t largest,
                          struct interval *out, struct mistake *mistake) {
    *out = (struct interval){0, 0, 0};
    return !setting_find(root, key) || read_interval(root, key, unit, 0, largest, out, mistake);
}

static bool read_cold_edges(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    struct interval cold;
    if (!read_if_there(root, "edge_cold", "ps", COST_COLD_PS_MAX, &cold, mistake))
        return false;
    out->value.edge_cold_ps = cold.value;
    out->least.edge_cold_ps = cold.least;
    out->most.edge_cold_ps = cold.most;
    return true;
}

static bool read_threads(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    struct interval wake, softirq;
    if (!read_if_there(root, "wake_delay", "ns", COST_WAKE_NS_MAX, &wake, mistake) ||
        !read_if_there(root, "softirq", "permille", 1000, &softirq, mistake))
        return false;
    out->value.wake_delay_ns = (uint32_t)wake.value;
    out->least.wake_delay_ns = (uint32_t)wake.least;
    out->most.wake_delay_ns = (uint32_t)wake.most;
    out->value.softirq_permille = (uint32_t)softirq.value;
    out->least.softirq_permille = (uint32_t)softirq.least;
    out->most.softirq_permille = (uint32_t)softirq.most;
    return true;
}

static bool read_u32(const struct setting *map, const char *key, uint32_t least, uint32_t most, uint32_t *out,
                     struct mistake *mistake) {
    uint64_t value;
    if (!setting_u64(map, key, least, most, &value, mistake))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* Left out: it has. */
static bool read_aes(const struct setting *hardware, bool *out, struct mistake *mistake) {
    *out = true;
    return !setting_find(hardware, "aes") || setting_bool(hardware, "aes", out, mistake);
}

static bool read_machine(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    static const char *const keys[] = {"cores", "threads_per_core", "nic_mbit", "nic_direction",
                                       "aes",   "softirq_queues",   "from"};
    static const char *const directions[] = {"each", "both"};
    const struct setting *hardware;
    const char *from;
    size_t direction;
    if (!setting_map(root, "hardware", &hardware, mistake) ||
        !setting_only(hardware, keys, COUNT_OF(keys), mistake) ||
        !read_u32(hardware, "cores", 1, COST_PROFILE_CORES_MAX, &out->cores, mistake) ||
        !read_u32(hardware, "threads_per_core", 1, 2, &out->threads_per_core, mistake) ||
        !read_u32(hardware, "nic_mbit", 1, 1000000, &out->nic_mbit, mistake) ||
        !setting_choice(hardware, "nic_direction", directions, COUNT_OF(directions), &direction, mistake) ||
        !read_aes(hardware, &out->has_aes, mistake) || !setting_text(hardware, "from", &from, mistake))
        return false;
    out->nic_both_ways = direction == 1;
    out->softirq_queues = 1;
    return !setting_find(hardware, "softirq_queues") ||
           read_u32(hardware, "softirq_queues", 1, COST_PROFILE_CORES_MAX, &out->softirq_queues, mistake);
}

static bool read_name(const struct setting *root, const char *key, char *out, size_t room,
                      struct mistake *mistake) {
    const char *text;
    if (!setting_text(root, key, &text, mistake))
        return false;
    size_t length = strlen(text);
    if (length >= room)
        return setting_mistake(setting_find(root, key), mistake, "expected fewer than %zu bytes", room);
    memcpy(out, text, length + 1);
    return true;
}

static bool read_profile(const struct setting *root, struct cost_profile *out, struct mistake *mistake) {
    static const char *const keys[] = {"profile",    "machine",   "calibrated", "hardware",   "circuit_cold",
                                       "halves_hot", "cell_cold", "edge_cold",  "queues_hot", "smt",
                                       "wake_delay", "softirq",   "prices"};
    bool is_calibrated;
    if (!setting_only(root, keys, COUNT_OF(keys), mistake) ||
        !read_name(root, "profile", out->name, sizeof(out->name), mistake) ||
        !read_name(root, "machine", out->machine, sizeof(out->machine), mistake) ||
        !setting_bool(root, "calibrated", &is_calibrated, mistake) || !read_machine(root, out, mistake) ||
        !read_cold_circuits(root, out, mistake) || !read_smt(root, out, mistake) ||
        !read_cold_edges(root, out, mistake) || !read_threads(root, out, mistake) ||
        !read_prices(root, out, mistake))
        return false;
    out->value.calibrated = out->least.calibrated = out->most.calibrated = is_calibrated;
    return true;
}

bool cost_profile_parse(const char *file, const char *text, size_t length, struct cost_profile *out,
                        struct mistake *mistake) {
    memset(out, 0, sizeof(*out));
    struct settings *settings = settings_parse(file, text, length, mistake);
    if (!settings)
        return false;
    bool ok = read_profile(settings_root(settings), out, mistake);
    settings_free(settings);
    return ok;
}

enum link_cipher cost_profile_cipher(const struct cost_profile *profile) {
    return profile->has_aes ? LINK_AES256 : LINK_CHACHA;
}

const char *cost_profile_note(const struct cost_profile *profile) {
    return profile->value.calibrated ? "calibrated" : "uncalibrated";
}
