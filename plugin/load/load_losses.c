#include "load/load_losses.h"

#include <stdarg.h>
#include <stdio.h>

void load_losses_add(struct load_losses *losses, const char *format, ...) {
    if (losses->count++ > 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(losses->first, sizeof losses->first, format, arguments);
    va_end(arguments);
}
