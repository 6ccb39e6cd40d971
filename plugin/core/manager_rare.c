/* What few halves have, or not for long, is not paid for by the others. It is the half's and no manager's: when that moves it goes
 * along. */
#include "base/check.h"
#include "core/manager_state.h"

struct half_rare *manager_half_rare(struct manager *m, struct half *half) {
    if (half->rare)
        return half->rare;
    struct half_rare *rare = memory_allocate(m->memory, sizeof *rare);
    if (!rare)
        return NULL;
    *rare = (struct half_rare){.half = half};
    half->rare = rare;
    return rare;
}

void manager_half_rare_trim(struct manager *m, struct half *half) {
    const struct half_rare *rare = half->rare;
    if (!rare || timer_is_set(&rare->deadline) || rare->padding || rare->onion || rare->leg || rare->set ||
        rare->hoard.since)
        return;
    memory_release(m->memory, half->rare, sizeof *half->rare);
    half->rare = NULL;
}

void *manager_half_rare_part(struct manager *m, struct half *half, size_t size, uint32_t words) {
    if (!control_spares_reserve(&m->spares, words))
        return NULL;
    void *part = manager_half_rare(m, half) ? memory_allocate(m->memory, size) : NULL;
    if (part)
        return part;
    manager_half_rare_trim(m, half);
    control_spares_release(&m->spares, words);
    return NULL;
}

void manager_half_rare_part_free(struct manager *m, struct half *half, void *part, size_t size,
                                 uint32_t words) {
    memory_release(m->memory, part, size);
    manager_half_rare_trim(m, half);
    control_spares_release(&m->spares, words);
}

void manager_half_rare_free(struct manager *m, struct half *half) {
    if (!half->rare)
        return;
    half->rare->hoard = (struct hoard){0};
    manager_half_rare_trim(m, half);
    CHECK(!half->rare);
}
