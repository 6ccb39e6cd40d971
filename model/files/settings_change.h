/* settings_change - one value of a tree of settings, given on the command line: "traffic.clients[0].hosts=20".
 *
 * PATH is keys with dots between them and, of a list, the number of an item from 0 on in brackets. What is there must be a
 * single value; a key of a map that is not there is put in, and so are the maps on the way to it. Whether the value is one
 * that the file may have, its reader finds out as if it stood in the file; a changed setting has no line.
 * Memory: the tree owns what is put in. Bound: SETTINGS_DEPTH_MAX. */
#ifndef LOOM_FILES_SETTINGS_CHANGE_H
#define LOOM_FILES_SETTINGS_CHANGE_H

#include "files/settings.h"

/* "PATH=VALUE", each. */
struct settings_changes {
    const char *const *words;
    uint32_t n;
};

/* On failure the tree may have part of the changes. changes may be NULL. */
MUST_USE bool settings_change(struct settings *settings, const struct settings_changes *changes,
                              struct mistake *mistake);

#endif
