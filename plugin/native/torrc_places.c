#include "native/torrc_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/complaint.h"

struct place {
    struct place *before;
    const char *option; /* NULL: a file */
    char text[];
};

static struct place *add(struct places *places, const char *option, const char *file, uint32_t line) {
    size_t room = strlen(file) + sizeof(":4294967295");
    struct place *place = malloc(sizeof(*place) + room);
    if (!place)
        return NULL;
    *place = (struct place){places->last, option};
    if (line > 0)
        snprintf(place->text, room, "%s:%u", file, line);
    else
        snprintf(place->text, room, "%s", file);
    places->last = place;
    return place;
}

bool places_note_file(struct places *places, const char *file) {
    struct place *place = add(places, NULL, file, 0);
    if (place)
        places->file = place;
    return place != NULL;
}

bool places_note(struct places *places, const char *option, const char *file, uint32_t line) {
    return add(places, option, file ? file : "command line", line) != NULL;
}

static const struct place *find(const struct places *places, const char *option, size_t length) {
    for (const struct place *place = places->last; place; place = place->before)
        if (place->option && strlen(place->option) == length && memcmp(place->option, option, length) == 0)
            return place;
    return NULL;
}

const char *places_find(const struct places *places, const char *option) {
    const struct place *place = find(places, option, strlen(option));
    return place ? place->text : NULL;
}

void places_locate(const struct places *places, struct complaint *complaint) {
    static const char form[] = ": expected ";
    const char *text = complaint->text;
    size_t length = strcspn(text, ": ");
    if (strncmp(text + length, form, sizeof(form) - 1) != 0)
        return;
    const struct place *place = find(places, text, length);
    if (!place)
        place = places->file;
    if (place)
        complaint_prefix(complaint, "%s: ", place->text);
}

void places_forget(struct places *places) {
    while (places->last) {
        struct place *place = places->last;
        places->last = place->before;
        free(place);
    }
    places->file = NULL;
}
