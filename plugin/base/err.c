#include "base/err.h"

const char *err_text(enum err e) {
    switch (e) {
#define X(name, text) \
    case ERR_##name: return text;
        ERR_LIST(X)
#undef X
    }
    return "unknown error";
}
