/* Holders of a core/consensus_view.h on several threads: each reads it, hands one more reference out and drops both. */
#include "base/attributes.h"
#include "core/consensus_view.h"
#include "litmus/programs.h"

struct view_state {
    struct consensus_view *view;
};

static void set_up(void *context, const struct memory *memory, UNUSED const void *plan) {
    struct view_state *s = context;
    static const struct consensus_params params;
    s->view = consensus_view_new(memory, &params, NULL, 0);
    litmus_expect(s->view != NULL, "memory");
    (void)consensus_view_keep(s->view);
}

static void run(void *context, UNUSED unsigned thread) {
    struct view_state *s = context;
    struct consensus_view *again = consensus_view_keep(s->view);
    litmus_expect(s->view->relay_count == 0, "the view is as it was made");
    consensus_view_drop(s->view);
    litmus_expect(again->relay_count == 0, "the view is there as long as somebody keeps it");
    consensus_view_drop(again);
}

static unsigned finish(void *context) {
    const struct view_state *s = context;
    litmus_expect(s->view->references == 0, "the last one has freed it");
    return 0;
}

const struct litmus_program view_programs[VIEW_PROGRAMS] = {
    {.name = "references",
     .threads = 2,
     .state_size = sizeof(struct view_state),
     .set_up = set_up,
     .run = run,
     .finish = finish},
};
