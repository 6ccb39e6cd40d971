/* task - a piece of work that a CPU worker does when no circuit waits for it: packing and comparing directory documents.
 *
 * Memory: whoever submits a task hands it over; finish frees it. */
#ifndef LOOM_NATIVE_TASK_H
#define LOOM_NATIVE_TASK_H

#include <stdbool.h>

struct task {
    struct task *next;
    /* On a worker: touches nothing but the task and what is immutable. */
    void (*run)(struct task *task);
    /* On the thread that submitted it, which takes the result; or, with is_done false, when the relay stops: only free. */
    void (*finish)(struct task *task, bool is_done);
};

/* Who takes tasks. False: no more now; the task is still the caller's. */
struct task_queue {
    bool (*submit)(void *context, struct task *task);
    void *context;
};

#endif
