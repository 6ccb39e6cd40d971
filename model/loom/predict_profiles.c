/* All profiles of the project, for who names none. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files/project_file.h"
#include "loom/predict.h"

#define ENDING ".yaml"

static int is_profile(const struct dirent *entry) {
    size_t length = strlen(entry->d_name), ending = strlen(ENDING);
    return length > ending && strcmp(entry->d_name + length - ending, ENDING) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

bool predict_profiles_all(struct predict_options *o, struct mistake *mistake) {
    char folder[PATH_MAX];
    struct dirent **entries = NULL;
    int n = project_file_find("model/cost/profiles", R_OK, folder)
                ? scandir(folder, &entries, is_profile, by_name)
                : -1;
    for (int i = 0; i < n; i++) {
        char *name = o->found[o->profile_count];
        size_t length = strlen(entries[i]->d_name) - strlen(ENDING);
        if (o->profile_count < PREDICT_PROFILES_MAX && length < PREDICT_NAME_MAX) {
            memcpy(name, entries[i]->d_name, length);
            name[length] = '\0';
            o->profiles[o->profile_count++] = name;
        }
        free(entries[i]);
    }
    free(entries);
    return o->profile_count > 0 || mistake_at(mistake, "model/cost/profiles", 0, NULL,
                                              "expected profiles above this program, or --profile");
}
