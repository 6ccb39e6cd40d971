#include "core/trace.h"

const char *trace_kind_name(enum trace_kind kind) {
    switch (kind) {
#define X(name, text) \
    case TRACE_##name: return text;
        TRACE_LIST(X)
#undef X
    }
    return "unknown";
}
