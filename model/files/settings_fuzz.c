#include "files/settings.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* Every node hangs where it says, is placed in the file, and can be named in a mistake. */
static void walk(const struct setting *setting, const struct setting *parent, uint32_t depth) {
    struct mistake m;
    for (const struct setting *s = setting; s; s = s->next) {
        if (s->parent != parent || s->line == 0 || depth > SETTINGS_DEPTH_MAX)
            abort();
        if ((s->text != NULL) != (s->kind == SETTING_SCALAR))
            abort();
        if (parent && (s->key != NULL) != (parent->kind == SETTING_MAP))
            abort();
        if (s->key && setting_find(parent, s->key) != s)
            abort();
        if (!s->next)
            setting_mistake(s, &m, "here");
        walk(s->first, s, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct mistake m;
    struct settings *settings = settings_parse("fuzz", (const char *)data, size, &m);
    if (!settings)
        return 0;
    walk(settings_root(settings), NULL, 0);
    settings_free(settings);
    return 0;
}
