#include "sim/results_folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLOT_FOLDER    "tornet.plot.data"
#define REAL_PRECISION 12
#define FILES_OPEN_MAX 8 /* of nftw */

static bool refuse(struct mistake *mistake, const char *path) {
    return mistake_at(mistake, path, 0, NULL, "cannot be written: %s", strerror(errno));
}

/* folder/name; false when it is too long. */
static bool join(const char *folder, const char *name, char out[static RESULTS_PATH_MAX]) {
    int n = snprintf(out, RESULTS_PATH_MAX, "%s/%s", folder, name);
    return n > 0 && (size_t)n < RESULTS_PATH_MAX;
}

static bool make_parents(const char *path, struct mistake *mistake) {
    char part[RESULTS_PATH_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return refuse(mistake, part);
    }
    return true;
}

/* "a/b/tor" is written as "a/b/.tor.XXXXXX". */
static bool name_temporary(struct results_folder *folder) {
    const char *slash = strrchr(folder->final, '/');
    int parent = slash ? (int)(slash - folder->final) + 1 : 0;
    int n = snprintf(folder->temporary, sizeof(folder->temporary), "%.*s.%s.XXXXXX", parent, folder->final,
                     folder->final + parent);
    return n > 0 && (size_t)n < sizeof(folder->temporary);
}

bool results_folder_open(const char *path, struct results_folder *out, struct mistake *mistake) {
    char plots[RESULTS_PATH_MAX];
    *out = (struct results_folder){.hashes = NULL};
    int n = snprintf(out->final, sizeof(out->final), "%s", path);
    if (n <= 0 || (size_t)n >= sizeof(out->final) || !name_temporary(out))
        return mistake_at(mistake, path, 0, NULL, "expected a shorter name");
    if (!make_parents(path, mistake))
        return false;
    if (!mkdtemp(out->temporary)) {
        out->temporary[0] = '\0';
        return refuse(mistake, path);
    }
    out->hashes = open_memstream(&out->hash_text, &out->hash_length);
    if (out->hashes && chmod(out->temporary, 0755) == 0 && join(out->temporary, PLOT_FOLDER, plots) &&
        mkdir(plots, 0755) == 0)
        return true;
    refuse(mistake, path);
    results_folder_discard(out);
    return false;
}

bool results_folder_add(struct results_folder *folder, const char *name, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    return (join(folder->temporary, name, path) && mkdir(path, 0755) == 0) || refuse(mistake, name);
}

FILE *results_folder_begin(struct results_folder *folder, const char *name, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    snprintf(folder->name, sizeof(folder->name), "%s", name);
    FILE *file = join(folder->temporary, name, path) ? fopen(path, "we") : NULL;
    if (!file)
        refuse(mistake, name);
    return file;
}

bool results_folder_end(struct results_folder *folder, FILE *file, bool is_deterministic,
                        struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return refuse(mistake, folder->name);
    if (!is_deterministic)
        return true;
    if (!join(folder->temporary, folder->name, path) || !results_hash_file(path, folder->digits))
        return refuse(mistake, folder->name);
    return fprintf(folder->hashes, "%s  %s\n", folder->digits, folder->name) > 0 ||
           refuse(mistake, folder->name);
}

bool results_folder_put_json(struct results_folder *folder, const char *name, json_t *json,
                             bool is_deterministic, struct mistake *mistake) {
    FILE *file = json ? results_folder_begin(folder, name, mistake) : NULL;
    if (!json)
        return mistake_at(mistake, name, 0, NULL, "no memory for it");
    if (file && (json_dumpf(json, file, JSON_INDENT(1) | JSON_REAL_PRECISION(REAL_PRECISION)) != 0 ||
                 fputc('\n', file) == EOF)) {
        fclose(file);
        file = NULL;
        refuse(mistake, name);
    }
    json_decref(json);
    return file && results_folder_end(folder, file, is_deterministic, mistake);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_tree(const char *path) {
    nftw(path, remove_one, FILES_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
}

/* An older folder of results, or none. */
static bool may_replace(const struct results_folder *folder) {
    char manifest[RESULTS_PATH_MAX];
    struct stat about;
    if (lstat(folder->final, &about) != 0)
        return errno == ENOENT;
    return join(folder->final, "manifest.json", manifest) && lstat(manifest, &about) == 0;
}

static bool put_in_place(struct results_folder *folder, struct mistake *mistake) {
    char old[RESULTS_PATH_MAX];
    if (!may_replace(folder))
        return mistake_at(mistake, folder->final, 0, NULL, "expected nothing or older results there");
    int n = snprintf(old, sizeof(old), "%s.old", folder->temporary);
    if (n <= 0 || (size_t)n >= sizeof(old))
        return mistake_at(mistake, folder->final, 0, NULL, "expected a shorter name");
    bool had_one = rename(folder->final, old) == 0;
    if (rename(folder->temporary, folder->final) != 0)
        return refuse(mistake, folder->final);
    if (had_one)
        remove_tree(old);
    folder->temporary[0] = '\0';
    return true;
}

static bool write_hashes(struct results_folder *folder, struct mistake *mistake) {
    FILE *file = results_folder_begin(folder, "results.sha256", mistake);
    if (!file)
        return false;
    bool ok = fflush(folder->hashes) == 0 &&
              fwrite(folder->hash_text, 1, folder->hash_length, file) == folder->hash_length;
    return results_folder_end(folder, file, false, mistake) && (ok || refuse(mistake, "results.sha256"));
}

bool results_folder_close(struct results_folder *folder, struct mistake *mistake) {
    bool ok = write_hashes(folder, mistake) && put_in_place(folder, mistake);
    results_folder_discard(folder);
    return ok;
}

void results_folder_discard(struct results_folder *folder) {
    if (folder->hashes)
        fclose(folder->hashes);
    free(folder->hash_text);
    if (folder->temporary[0])
        remove_tree(folder->temporary);
    *folder = (struct results_folder){.hashes = NULL};
}
