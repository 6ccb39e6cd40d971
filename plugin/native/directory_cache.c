#include "native/directory_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "native/config.h"
#include "native/key_files.h"
#include "native/log.h"

#define PATH_BYTES 4096

bool directory_cache_read(const struct config *config, const char *name, size_t bytes_max,
                          struct directory_cache_text *out) {
    char path[PATH_BYTES];
    struct stat st;
    struct complaint complaint;
    *out = (struct directory_cache_text){NULL, {NULL, 0}};
    int n = snprintf(path, sizeof(path), "%s/%s", config->data_directory, name);
    if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &st) != 0 || st.st_size < 0 ||
        (uint64_t)st.st_size > bytes_max)
        return false;
    size_t room = (size_t)st.st_size + 1;
    out->bytes = malloc(room);
    if (!out->bytes)
        return false;
    if (key_file_read(config->data_directory, name, out->bytes, room, &out->span.length, &complaint) !=
        KEY_FILE_READ) {
        log_info("The kept %s is passed over: %s", name, complaint.text);
        directory_cache_text_free(out);
        return false;
    }
    out->span.data = out->bytes;
    return true;
}

void directory_cache_text_free(struct directory_cache_text *text) {
    free(text->bytes);
    *text = (struct directory_cache_text){NULL, {NULL, 0}};
}

static void report(const char *name, bool is_written, const struct complaint *complaint) {
    if (!is_written)
        log_info("%s is not kept: %s", name, complaint->text);
}

void directory_cache_write(const struct config *config, const char *name, struct span text) {
    struct complaint complaint;
    report(name, key_file_write(config->data_directory, name, text, &complaint), &complaint);
}

void directory_cache_write_pieces(const struct config *config, const char *name,
                                  struct span (*next)(void *context), void *context) {
    struct complaint complaint;
    bool is_written = key_file_write_pieces(config->data_directory, name, next, context, &complaint);
    report(name, is_written, &complaint);
}
