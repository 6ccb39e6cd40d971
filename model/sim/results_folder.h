/* results_folder - a folder of results that appears whole or not at all, with the hashes of what is deterministic in it.
 *
 * Files are written into a folder of another name beside it; closing writes results.sha256 and renames. A folder of
 * results that is there already is replaced; anything else of that name is left alone, with a mistake.
 * Memory: owns its strings until close or discard. */
#ifndef LOOM_SIM_RESULTS_FOLDER_H
#define LOOM_SIM_RESULTS_FOLDER_H

#include <jansson.h>
#include <stdio.h>

#include "files/mistake.h"
#include "sim/results_hash.h"

#define RESULTS_PATH_MAX 4096u

struct results_folder {
    char final[RESULTS_PATH_MAX];
    char temporary[RESULTS_PATH_MAX];
    char name[64];                  /* of the file that is being written */
    char digits[RESULTS_HASH_TEXT]; /* hash of the last one that was, and is deterministic */
    FILE *hashes;                   /* lines of results.sha256 so far */
    char *hash_text;
    size_t hash_length;
};

/* path: where the folder will be; its parents are made. */
MUST_USE bool results_folder_open(const char *path, struct results_folder *out, struct mistake *mistake);
/* Make a folder in it, for files whose names begin with it. */
MUST_USE bool results_folder_add(struct results_folder *folder, const char *name, struct mistake *mistake);
/* One file at a time; name may begin with tornet.plot.data/. NULL: it cannot be made. */
MUST_USE FILE *results_folder_begin(struct results_folder *folder, const char *name, struct mistake *mistake);
/* Hands over file. is_deterministic: it goes to results.sha256. */
MUST_USE bool results_folder_end(struct results_folder *folder, FILE *file, bool is_deterministic,
                                 struct mistake *mistake);
/* The three in one; hands over json, NULL: there was no memory for it. */
MUST_USE bool results_folder_put_json(struct results_folder *folder, const char *name, json_t *json,
                                      bool is_deterministic, struct mistake *mistake);
/* Either of the two ends it. */
MUST_USE bool results_folder_close(struct results_folder *folder, struct mistake *mistake);
void results_folder_discard(struct results_folder *folder);

#endif
