#include "network/text_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const char *file;
    struct mistake *mistake;
    struct archive *archive;
    struct text_archive *out;
    uint32_t room;
    uint64_t entries, bytes;
};

/* --- paths --------------------------------------------------------------------------------------------------------- */

/* Leave the last folder of path, which has `used` bytes. False when there is none. */
static bool leave(const char *path, size_t *used) {
    if (*used == 0)
        return false;
    while (*used > 0 && path[--*used] != '/') {
    }
    return true;
}

static bool enter(char path[static TEXT_ARCHIVE_PATH_MAX], size_t *used, const char *word, size_t length) {
    if (*used + length + 2 > TEXT_ARCHIVE_PATH_MAX)
        return false;
    if (*used > 0)
        path[(*used)++] = '/';
    memcpy(path + *used, word, length);
    *used += length;
    return true;
}

/* Go on from path, word by word. */
static bool walk(const char *words, char path[static TEXT_ARCHIVE_PATH_MAX], size_t *used) {
    while (words[0] != '\0') {
        size_t length = strcspn(words, "/");
        bool is_here = length == 0 || (length == 1 && words[0] == '.');
        bool is_up = length == 2 && words[0] == '.' && words[1] == '.';
        if (is_up ? !leave(path, used) : !is_here && !enter(path, used, words, length))
            return false;
        words += length + (words[length] == '/');
    }
    path[*used] = '\0';
    return true;
}

bool text_archive_join(const char *folder, const char *relative, char out[static TEXT_ARCHIVE_PATH_MAX]) {
    size_t used = 0;
    return relative[0] != '/' && walk(folder, out, &used) && walk(relative, out, &used);
}

/* A path that names something in the archive, in its plain form. */
static bool plain_path(const char *path, char out[static TEXT_ARCHIVE_PATH_MAX]) {
    size_t used = 0;
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return false;
    if (path[0] == '/' || strstr(path, "/../") || strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0)
        return false;
    size_t length = strlen(path);
    if (length >= 3 && strcmp(path + length - 3, "/..") == 0)
        return false;
    return walk(path, out, &used);
}

/* --- entries ------------------------------------------------------------------------------------------------------- */

static bool refuse(const struct reading *r, const char *what, const char *path) {
    return mistake_at(r->mistake, r->file, 0, NULL, "expected %s, found \"%.200s\"", what, path);
}

static bool broken(const struct reading *r) {
    const char *why = archive_error_string(r->archive);
    return mistake_at(r->mistake, r->file, 0, NULL, "expected a whole tar archive: %s",
                      why ? why : "it is damaged");
}

static bool check_link(const struct reading *r, const char *path, const char *target, bool is_hard) {
    char folder[TEXT_ARCHIVE_PATH_MAX], joined[TEXT_ARCHIVE_PATH_MAX];
    size_t used = strlen(path);
    memcpy(folder, path, used + 1);
    (void)leave(folder, &used);
    folder[used] = '\0';
    return text_archive_join(is_hard ? "" : folder, target, joined) ||
           refuse(r, "links that stay in the archive", path);
}

/* Room for one more. */
static bool reserve(struct reading *r) {
    if (r->out->count < r->room)
        return true;
    uint32_t more = r->room ? 2 * r->room : 64;
    struct text_file *grown = realloc(r->out->files, more * sizeof(*grown));
    if (!grown)
        return mistake_at(r->mistake, r->file, 0, NULL, "no memory for it");
    r->out->files = grown;
    r->room = more;
    return true;
}

static bool keep(struct reading *r, const char *path, size_t length) {
    r->bytes += length;
    if (r->bytes > TEXT_ARCHIVE_BYTES_MAX)
        return refuse(r, "less in it", path);
    if (!reserve(r))
        return false;
    struct text_file *file = &r->out->files[r->out->count];
    *file = (struct text_file){strdup(path), malloc(length + 1), length};
    r->out->count++;
    if (!file->path || !file->bytes)
        return mistake_at(r->mistake, r->file, 0, NULL, "no memory for it");
    la_ssize_t got = archive_read_data(r->archive, file->bytes, length);
    file->bytes[length] = '\0';
    return (got >= 0 && (size_t)got == length) || broken(r);
}

static bool is_wanted(const char *path, int64_t length) {
    return length <= (int64_t)TEXT_ARCHIVE_FILE_MAX && !strstr(path, "/keys/") &&
           strncmp(path, "keys/", 5) != 0;
}

static bool take_entry(struct reading *r, struct archive_entry *entry) {
    char path[TEXT_ARCHIVE_PATH_MAX];
    const char *name = archive_entry_pathname(entry);
    const char *hard = archive_entry_hardlink(entry);
    const char *soft = archive_entry_symlink(entry);
    if (++r->entries > TEXT_ARCHIVE_ENTRIES_MAX)
        return refuse(r, "fewer files", name ? name : "");
    if (!name || !plain_path(name, path))
        return refuse(r, "paths that stay in the archive", name ? name : "");
    if (hard || soft)
        return check_link(r, path, hard ? hard : soft, hard != NULL);
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return true;
    if (archive_entry_filetype(entry) != AE_IFREG || path[0] == '\0')
        return refuse(r, "files, folders and links alone", path);
    int64_t length = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    if (length < 0)
        return refuse(r, "files with a size", path);
    return !is_wanted(path, length) || keep(r, path, (size_t)length);
}

static bool take_entries(struct reading *r) {
    struct archive_entry *entry;
    for (;;) {
        int result = archive_read_next_header(r->archive, &entry);
        if (result == ARCHIVE_EOF)
            return true;
        if (result != ARCHIVE_OK)
            return broken(r);
        if (!take_entry(r, entry))
            return false;
    }
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b) {
    return strcmp(((const struct text_file *)a)->path, ((const struct text_file *)b)->path);
}

static bool sort(struct reading *r) {
    struct text_archive *out = r->out;
    if (out->count > 0)
        qsort(out->files, out->count, sizeof(out->files[0]), by_path);
    for (uint32_t i = 1; i < out->count; i++)
        if (by_path(&out->files[i - 1], &out->files[i]) == 0)
            return refuse(r, "each file once", out->files[i].path);
    return true;
}

static bool read_archive(struct reading *r, const void *bytes, size_t length) {
    if (archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
        archive_read_support_filter_gzip(r->archive) != ARCHIVE_OK ||
        archive_read_open_memory(r->archive, bytes, length) != ARCHIVE_OK)
        return broken(r);
    return take_entries(r) && sort(r);
}

bool text_archive_parse(const char *file, const void *bytes, size_t length, struct text_archive *out,
                        struct mistake *mistake) {
    struct reading r = {.file = file, .mistake = mistake, .archive = archive_read_new(), .out = out};
    *out = (struct text_archive){NULL, 0};
    bool ok =
        r.archive ? read_archive(&r, bytes, length) : mistake_at(mistake, file, 0, NULL, "no memory for it");
    archive_read_free(r.archive);
    if (!ok)
        text_archive_fini(out);
    return ok;
}

void text_archive_fini(struct text_archive *archive) {
    for (uint32_t i = 0; i < archive->count; i++) {
        free(archive->files[i].path);
        free(archive->files[i].bytes);
    }
    free(archive->files);
    *archive = (struct text_archive){NULL, 0};
}

const struct text_file *text_archive_find(const struct text_archive *archive, const char *path) {
    char copy[TEXT_ARCHIVE_PATH_MAX];
    size_t used = 0;
    if (archive->count == 0 || !walk(path, copy, &used))
        return NULL;
    const struct text_file key = {copy, NULL, 0};
    return bsearch(&key, archive->files, archive->count, sizeof(key), by_path);
}

const struct text_file *text_archive_only(const struct text_archive *archive, const char *name) {
    const struct text_file *found = NULL;
    for (uint32_t i = 0; i < archive->count; i++) {
        const char *slash = strrchr(archive->files[i].path, '/');
        if (strcmp(slash ? slash + 1 : archive->files[i].path, name) != 0)
            continue;
        if (found)
            return NULL;
        found = &archive->files[i];
    }
    return found;
}
