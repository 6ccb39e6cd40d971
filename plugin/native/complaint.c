#include "native/complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

bool complain(struct complaint *complaint, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint->text, sizeof(complaint->text), format, arguments);
    va_end(arguments);
    make_printable(complaint->text);
    return false;
}

void complaint_prefix(struct complaint *complaint, const char *format, ...) {
    char line[COMPLAINT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    size_t n = strlen(line);
    snprintf(line + n, sizeof(line) - n, "%s", complaint->text);
    make_printable(line);
    memcpy(complaint->text, line, sizeof(line));
}
