/* shapes - the classical small programs by which memory models are told apart: the checker's own unit test. */
#ifndef LOOM_LITMUS_SHAPES_H
#define LOOM_LITMUS_SHAPES_H

#include "base/attributes.h"
#include "litmus/litmus.h"

#define SHAPES 26u

struct shape_case {
    struct litmus_program program;
    uint64_t outcomes; /* exactly these */
    bool fails;
};

extern const struct shape_case shapes[SHAPES];

#endif
