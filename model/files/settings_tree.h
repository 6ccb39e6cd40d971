/* settings_tree - the inside of settings: what building the tree and asking it share. */
#ifndef LOOM_FILES_SETTINGS_TREE_H
#define LOOM_FILES_SETTINGS_TREE_H

struct setting;

struct settings {
    char *file;
    struct setting *root;
};

#endif
