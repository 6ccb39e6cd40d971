#include "network/tgen_model.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* What is taken can be walked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tgen_model model;
    struct mistake m;
    struct markov_walk walk;
    nsec delay;
    if (!tgen_model_parse("fuzz", (const char *)data, size, &model, &m))
        return 0;
    markov_walk_begin(&walk, &model.model, size);
    for (unsigned i = 0; i < 100 && markov_walk_next(&walk, &delay) != MARKOV_END; i++)
        if (delay > MARKOV_DELAY_MAX)
            abort();
    tgen_model_fini(&model);
    return 0;
}
