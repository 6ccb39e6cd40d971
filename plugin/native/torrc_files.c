#include "native/torrc_files.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATHS_MAX   1024u
#define CHUNK_BYTES 65536u

struct torrc_file {
    struct torrc_file *next;
    char *name;
    char *text;
};

bool torrc_file_exists(const char *path) {
    struct stat st;
    return strcmp(path, "-") == 0 || stat(path, &st) == 0 || errno != ENOENT;
}

static void file_free(struct torrc_file *file) {
    free(file->name);
    free(file->text);
    free(file);
}

void torrc_files_free(struct torrc_files *files) {
    while (files->first) {
        struct torrc_file *file = files->first;
        files->first = file->next;
        file_free(file);
    }
}

/* Takes over text, which has room for one more byte. */
static char *keep(struct torrc_files *files, const char *name, char *text, size_t length) {
    struct torrc_file *file = calloc(1, sizeof(*file));
    char *copy = strdup(name);
    if (!file || !copy || memchr(text, '\0', length)) {
        errno = file && copy ? EINVAL : ENOMEM;
        free(file);
        free(copy);
        free(text);
        return NULL;
    }
    text[length] = '\0';
    *file = (struct torrc_file){files->first, copy, text};
    files->first = file;
    files->bytes += length;
    return text;
}

/* All of in, at most max bytes; NULL with errno. */
static char *read_all(FILE *in, size_t max, size_t *length_out) {
    size_t room = 0;
    size_t length = 0;
    char *text = NULL;
    do {
        room += CHUNK_BYTES;
        char *more = realloc(text, room + 1);
        if (!more) {
            free(text);
            return NULL;
        }
        text = more;
        length += fread(text + length, 1, room - length, in);
    } while (length == room && length <= max);
    if (ferror(in) || length > max) {
        errno = length > max ? EFBIG : errno;
        free(text);
        return NULL;
    }
    *length_out = length;
    return text;
}

char *torrc_files_read(struct torrc_files *files, const char *path, size_t bytes_max, const char **name_out) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    size_t length = 0;
    if (!in)
        return NULL;
    char *text = read_all(in, bytes_max - files->bytes, &length);
    int reason = errno;
    if (!is_stdin)
        fclose(in);
    errno = reason;
    if (!text || !keep(files, path, text, length))
        return NULL;
    *name_out = files->first->name;
    return files->first->text;
}

char *torrc_files_keep(struct torrc_files *files, const char *text, size_t length, size_t bytes_max) {
    if (length > bytes_max - files->bytes) {
        errno = EFBIG;
        return NULL;
    }
    char *copy = malloc(length + 1);
    if (!copy)
        return NULL;
    if (length > 0)
        memcpy(copy, text, length);
    return keep(files, "", copy, length);
}

static bool add_path(struct torrc_paths *paths, const char *folder, const char *name) {
    char *path = NULL;
    if (paths->count == PATHS_MAX || asprintf(&path, "%s%s%s", folder, *folder ? "/" : "", name) < 0) {
        errno = paths->count == PATHS_MAX ? E2BIG : ENOMEM;
        return false;
    }
    paths->names[paths->count++] = path;
    return true;
}

static int skip_hidden(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static bool is_regular(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool add_folder(struct torrc_paths *paths, const char *folder) {
    struct dirent **entries;
    bool good = true;
    int n = scandir(folder, &entries, skip_hidden, alphasort);
    if (n < 0)
        return false;
    for (int i = 0; i < n; i++) {
        good = good && add_path(paths, folder, entries[i]->d_name);
        if (good && !is_regular(paths->names[paths->count - 1]))
            free(paths->names[--paths->count]);
        free(entries[i]);
    }
    free(entries);
    return good;
}

static bool add_match(struct torrc_paths *paths, const char *path) {
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    return S_ISDIR(st.st_mode) ? add_folder(paths, path) : add_path(paths, "", path);
}

bool torrc_paths_expand(const char *path, struct torrc_paths *out) {
    glob_t matches;
    bool good = true;
    *out = (struct torrc_paths){calloc(PATHS_MAX, sizeof(char *)), 0};
    if (!out->names)
        return false;
    int rc = glob(path, GLOB_ERR | GLOB_NOCHECK, NULL, &matches);
    if (rc != 0) {
        torrc_paths_free(out);
        errno = rc == GLOB_NOSPACE ? ENOMEM : EACCES;
        return false;
    }
    bool is_pattern = strpbrk(path, "*?[") != NULL;
    bool no_match = is_pattern && matches.gl_pathc == 1 && strcmp(matches.gl_pathv[0], path) == 0;
    for (size_t i = 0; good && !no_match && i < matches.gl_pathc; i++)
        good = add_match(out, matches.gl_pathv[i]);
    int reason = errno;
    globfree(&matches);
    if (!good)
        torrc_paths_free(out);
    errno = reason;
    return good;
}

void torrc_paths_free(struct torrc_paths *paths) {
    for (size_t i = 0; i < paths->count; i++)
        free(paths->names[i]);
    free(paths->names);
    *paths = (struct torrc_paths){NULL, 0};
}
