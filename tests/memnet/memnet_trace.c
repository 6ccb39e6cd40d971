#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "memnet/memnet_state.h"

#define LINE_MAX_BYTES 256u
#define FNV_OFFSET     UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME      UINT64_C(0x100000001b3)

void memnet_trace_start(struct memnet *net, bool keep_text) {
    net->trace = (struct trace_sink){.is_on = true, .keeps_text = keep_text, .fnv = FNV_OFFSET};
    net->trace.room = 1;
    net->trace.text = memnet_take(1);
}

void memnet_trace_free(struct memnet *net) {
    free(net->trace.text);
}

static void keep(struct trace_sink *sink, const char *line, size_t length) {
    if (sink->length + length + 1 > sink->room) {
        sink->room = 2 * (sink->length + length + 1);
        sink->text = realloc(sink->text, sink->room);
        CHECK(sink->text);
    }
    memcpy(sink->text + sink->length, line, length + 1);
    sink->length += length;
}

void memnet_trace_line(struct memnet *net, const char *node, const char *station, const char *format, ...) {
    struct trace_sink *sink = &net->trace;
    if (!sink->is_on)
        return;
    char line[LINE_MAX_BYTES];
    int head =
        snprintf(line, sizeof(line), "%5llu.%03llu %-3s %-3s ", (unsigned long long)(net->now / NSEC_PER_MS),
                 (unsigned long long)(net->now % NSEC_PER_MS / NSEC_PER_US), node, station);
    va_list arguments;
    va_start(arguments, format);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, arguments);
    va_end(arguments);
    CHECK(body >= 0 && (size_t)head + (size_t)body < sizeof(line) - 1);
    size_t length = (size_t)head + (size_t)body;
    while (length > 0 && line[length - 1] == ' ')
        length--;
    line[length++] = '\n';
    line[length] = '\0';
    for (size_t i = 0; i < length; i++)
        sink->fnv = (sink->fnv ^ (uint8_t)line[i]) * FNV_PRIME;
    sink->lines++;
    if (sink->keeps_text)
        keep(sink, line, length);
}

void memnet_trace_note(struct memnet *net, const char *text) {
    memnet_trace_line(net, "--", "", "%s", text);
}

const char *memnet_trace_text(const struct memnet *net) {
    return net->trace.text;
}

uint64_t memnet_trace_fnv(const struct memnet *net) {
    return net->trace.fnv;
}

uint64_t memnet_trace_lines(const struct memnet *net) {
    return net->trace.lines;
}
