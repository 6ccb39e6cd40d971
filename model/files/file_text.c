#include "files/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/whole_io.h"

static bool is_packed(const char *path) {
    size_t length = strlen(path);
    return length > 3 && strcmp(path + length - 3, ".xz") == 0;
}

/* Read up to max + 1 bytes: one more than allowed says that there are too many. */
static bool read_whole(const char *path, FILE *file, size_t max, struct file_text *out,
                       struct mistake *mistake) {
    size_t room = 0;
    size_t n;
    do {
        if (room <= out->length + 1) {
            room = room ? 2 * room : 65536;
            char *grown = realloc(out->bytes, room);
            if (!grown)
                return mistake_at(mistake, path, 0, NULL, "no memory for it");
            out->bytes = grown;
        }
        n = fread(out->bytes + out->length, 1, room - out->length - 1, file);
        out->length += n;
    } while (n > 0 && out->length <= max);
    if (ferror(file))
        return mistake_at(mistake, path, 0, NULL, "%s", strerror(errno));
    if (out->length > max)
        return mistake_at(mistake, path, 0, NULL, "expected at most %zu bytes", max);
    out->bytes[out->length] = '\0';
    return true;
}

static bool read_plain(const char *path, size_t max, struct file_text *out, struct mistake *mistake) {
    FILE *file = fopen(path, "rb");
    if (!file)
        return mistake_at(mistake, path, 0, NULL, "%s", strerror(errno));
    bool ok = read_whole(path, file, max, out, mistake);
    fclose(file);
    if (!ok)
        file_text_fini(out);
    return ok;
}

static const char *unpack_error(lzma_ret result) {
    if (result == LZMA_FORMAT_ERROR)
        return "expected a file packed by xz";
    if (result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR)
        return "too much memory is needed to unpack it";
    return "expected a whole file packed by xz: it is cut off or damaged";
}

/* Give the decoder room until it says that it is done; rooms double, so this ends at max. */
static bool unpack_into(lzma_stream *stream, const char *path, size_t max, struct file_text *out,
                        struct mistake *mistake) {
    size_t room = 65536;
    for (;;) {
        char *grown = realloc(out->bytes, room + 1);
        if (!grown)
            return mistake_at(mistake, path, 0, NULL, "no memory for it");
        out->bytes = grown;
        stream->next_out = (uint8_t *)out->bytes + out->length;
        stream->avail_out = room - out->length;
        lzma_ret result = lzma_code(stream, LZMA_FINISH);
        out->length = room - stream->avail_out;
        if (out->length > max)
            return mistake_at(mistake, path, 0, NULL, "expected at most %zu bytes when unpacked", max);
        if (result == LZMA_STREAM_END)
            break;
        if (result != LZMA_OK || stream->avail_out > 0)
            return mistake_at(mistake, path, 0, NULL, "%s", unpack_error(result));
        room *= 2;
    }
    out->bytes[out->length] = '\0';
    return true;
}

static bool unpack(const char *path, const struct file_text *packed, size_t max, struct file_text *out,
                   struct mistake *mistake) {
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, FILE_TEXT_UNPACK_MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return mistake_at(mistake, path, 0, NULL, "no memory to unpack it");
    stream.next_in = (const uint8_t *)packed->bytes;
    stream.avail_in = packed->length;
    bool ok = unpack_into(&stream, path, max, out, mistake);
    lzma_end(&stream);
    if (!ok)
        file_text_fini(out);
    return ok;
}

bool file_text_read(const char *path, size_t bytes_max, struct file_text *out, struct mistake *mistake) {
    *out = (struct file_text){NULL, 0};
    if (!is_packed(path))
        return read_plain(path, bytes_max, out, mistake);
    struct file_text packed = {NULL, 0};
    if (!read_plain(path, bytes_max, &packed, mistake))
        return false;
    bool ok = unpack(path, &packed, bytes_max, out, mistake);
    file_text_fini(&packed);
    return ok;
}

void file_text_fini(struct file_text *text) {
    free(text->bytes);
    *text = (struct file_text){NULL, 0};
}

bool file_text_save(const char *path, const void *bytes, size_t length, struct mistake *mistake) {
    char temporary[4096];
    int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof(temporary))
        return mistake_at(mistake, path, 0, NULL, "expected a shorter name");
    int fd = mkstemp(temporary);
    if (fd < 0)
        return mistake_at(mistake, path, 0, NULL, "cannot write beside it: %s", strerror(errno));
    bool ok = fchmod(fd, 0644) == 0 && whole_write(fd, bytes, length) && fsync(fd) == 0;
    int error = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        error = errno;
    }
    if (ok)
        return true;
    unlink(temporary);
    return mistake_at(mistake, path, 0, NULL, "%s", strerror(error));
}
