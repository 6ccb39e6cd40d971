/* Cells run out at a manager: which circuits of all managers hold the oldest. */
#include <string.h>

#include "core/controller_state.h"

#define INQUIRY_TIMEOUT (50 * NSEC_PER_MS) /* then a manager had no memory to answer */

static size_t inquiry_size(const struct controller *c) {
    return controller_managers(c) * sizeof *c->inquiry.told;
}

bool controller_memory_init(struct controller *c) {
    c->inquiry.told = memory_allocate(c->memory, inquiry_size(c));
    return c->inquiry.told != NULL;
}

void controller_memory_fini(struct controller *c) {
    memory_release(c->memory, c->inquiry.told, inquiry_size(c));
}

/* While one is short of cells all look at what their circuits hold. */
void controller_memory_alarm(struct controller *c, bool is_short) {
    bool was_watched = c->managers_short > 0;
    c->managers_short = (uint16_t)(c->managers_short + (is_short ? 1 : -1));
    bool is_watched = c->managers_short > 0;
    for (station_id i = 0; was_watched != is_watched && i < controller_managers(c); i++) {
        struct control *message = controller_post(c, i, 0, CONTROL_MEMORY_WATCH);
        if (message)
            message->count = is_watched;
    }
}

/* Another may be asking already; who needs cells asks again soon. */
void controller_memory_low(struct controller *c, nsec now, const struct control *message) {
    struct inquiry *inquiry = &c->inquiry;
    if (inquiry->waits && now - inquiry->asked_at < INQUIRY_TIMEOUT)
        return;
    inquiry->home = message->reply_to;
    inquiry->need = message->count;
    inquiry->asked_at = now;
    inquiry->serial++;
    inquiry->waits = 0;
    memset(inquiry->told, 0, inquiry_size(c));
    for (station_id i = 0; i < controller_managers(c); i++) {
        struct control *question = controller_post(c, i, 0, CONTROL_MEMORY_COUNT);
        if (!question)
            continue;
        question->count = inquiry->home;
        question->serial = inquiry->serial;
        inquiry->waits++;
    }
}

/* The oldest go, wherever they are; of the youngest class that has to, no more than what is missing. */
static void pass_verdict(struct controller *c) {
    struct hoard_ages sum = {0};
    for (station_id i = 0; i < controller_managers(c); i++) {
        for (unsigned k = 0; k < HOARD_CLASSES; k++)
            sum.cells[k] += c->inquiry.told[i].cells[k];
    }
    struct hoard_verdict left = hoard_judge(&sum, c->inquiry.need);
    for (station_id i = 0; i < controller_managers(c); i++) {
        uint32_t there = c->inquiry.told[i].cells[left.class];
        uint32_t share = there < left.cells ? there : left.cells;
        struct control *message = controller_post(c, i, 0, CONTROL_MEMORY_FREE);
        if (!message)
            continue;
        message->count = c->inquiry.home;
        message->u.hoard_verdict = (struct hoard_verdict){left.class, share};
        left.cells -= share;
    }
}

void controller_memory_counted(struct controller *c, const struct control *message) {
    struct inquiry *inquiry = &c->inquiry;
    if (message->serial != inquiry->serial || inquiry->waits == 0)
        return;
    inquiry->told[message->reply_to] = message->u.hoards;
    if (--inquiry->waits == 0)
        pass_verdict(c);
}
