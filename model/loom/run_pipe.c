/* What goes through the pipe is memory of the one program, before and after a fork: no format, and pointers to constants
 * (units of quantities) hold on both sides. News first, then its quantities. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "loom/run.h"

static bool write_all(int to, const void *from, size_t size) {
    const char *at = from;
    while (size > 0) {
        ssize_t n = write(to, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool read_all(int from, void *into, size_t size) {
    char *at = into;
    while (size > 0) {
        ssize_t n = read(from, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

bool run_pipe_tell(int to, const struct run_news *news) {
    const struct results_summary *summary = &news->summary;
    return write_all(to, news, sizeof(*news)) &&
           write_all(to, summary->quantities, summary->count * sizeof(*summary->quantities));
}

bool run_pipe_hear(int from, struct run_news *out) {
    struct results_summary *summary = &out->summary;
    if (!read_all(from, out, sizeof(*out)))
        return false;
    size_t size = summary->count * sizeof(*summary->quantities);
    summary->quantities = NULL;
    if (size == 0)
        return true;
    summary->quantities = malloc(size);
    if (summary->quantities && read_all(from, summary->quantities, size))
        return true;
    free(summary->quantities);
    summary->quantities = NULL;
    return false;
}
