#include "files/mistake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/printable.h"

bool mistake_at(struct mistake *mistake, const char *file, uint32_t line, const char *key, const char *format,
                ...) {
    char place[16] = "";
    char message[MISTAKE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (line > 0)
        snprintf(place, sizeof(place), ":%u", line);
    if (snprintf(mistake->text, sizeof(mistake->text), "%s%s: %s%s%s", file, place, key ? key : "",
                 key ? ": " : "", message) < 0)
        mistake->text[0] = '\0';
    make_printable(mistake->text);
    return false;
}
