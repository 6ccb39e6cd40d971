/* What goes through the pipe is memory of the one program, before and after a fork: no format. News first, then its
 * quantities. */
#include <stdlib.h>
#include <unistd.h>

#include "files/whole_io.h"
#include "loom/run.h"

bool run_pipe_tell(int to, const struct run_news *news) {
    const struct results_summary *summary = &news->summary;
    return whole_write(to, news, sizeof(*news)) &&
           whole_write(to, summary->quantities, summary->count * sizeof(*summary->quantities));
}

bool run_pipe_hear(int from, struct run_news *out) {
    struct results_summary *summary = &out->summary;
    if (!whole_read(from, out, sizeof(*out)))
        return false;
    size_t size = summary->count * sizeof(*summary->quantities);
    summary->quantities = NULL;
    if (size == 0)
        return true;
    summary->quantities = malloc(size);
    if (summary->quantities && whole_read(from, summary->quantities, size))
        return true;
    free(summary->quantities);
    summary->quantities = NULL;
    return false;
}
