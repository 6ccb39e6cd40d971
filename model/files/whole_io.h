/* whole_io - all bytes or none: what read and write do in pieces. Thread: any. */
#ifndef LOOM_FILES_WHOLE_IO_H
#define LOOM_FILES_WHOLE_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* False when not all of it could be written; errno says why. */
MUST_USE bool whole_write(int fd, const void *from, size_t size);
/* False when there was not so much, or it could not be read. */
MUST_USE bool whole_read(int fd, void *into, size_t size);

#endif
