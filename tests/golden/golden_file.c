#include "golden/golden_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"
#include "support/whole_file.h"

#define PATH_BYTES    1024
#define CONTEXT_LINES 4
#define SHOWN_LINES   8

static void path_of(const char *name, char out[static PATH_BYTES]) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    int length = snprintf(out, PATH_BYTES, "%s/tests/golden/%s", root ? root : ".", name);
    assert_true(length > 0 && length < PATH_BYTES);
}

static void write_all(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static size_t line_length(const char *text) {
    return strcspn(text, "\n");
}

static const char *next_line(const char *text) {
    size_t length = line_length(text);
    return text + length + (text[length] == '\n');
}

static void print_lines(char mark, const char *text, unsigned lines) {
    for (unsigned i = 0; i < lines && *text != '\0'; i++, text = next_line(text))
        print_message("%c %.*s\n", mark, (int)line_length(text), text);
}

/* First line in which a and b differ, with what came before it. */
static void print_difference(const char *a, const char *b) {
    const char *recent[CONTEXT_LINES] = {0};
    unsigned line = 1;
    while (*a != '\0' && line_length(a) == line_length(b) && memcmp(a, b, line_length(a)) == 0) {
        recent[line % CONTEXT_LINES] = a;
        a = next_line(a);
        b = next_line(b);
        line++;
    }
    print_message("they part in line %u:\n", line);
    for (unsigned i = line > CONTEXT_LINES ? line - CONTEXT_LINES : 1; i < line; i++)
        print_lines(' ', recent[i % CONTEXT_LINES], 1);
    print_lines('-', a, SHOWN_LINES);
    print_lines('+', b, SHOWN_LINES);
}

void golden_assert_equal(const char *name_a, const char *a, const char *name_b, const char *b) {
    if (strcmp(a, b) == 0)
        return;
    print_message("- %s\n+ %s\n", name_a, name_b);
    print_difference(a, b);
    fail_msg("%s and %s differ", name_a, name_b);
}

void golden_assert(const char *name, const char *text) {
    char path[PATH_BYTES];
    path_of(name, path);
    const char *update = getenv("LOOM_GOLDEN_UPDATE");
    if (update && strcmp(update, "1") == 0) {
        write_all(path, text);
        return;
    }
    size_t length;
    char *expected = (char *)whole_file_read(path, &length);
    if (!expected)
        fail_msg("%s: no such file; LOOM_GOLDEN_UPDATE=1 writes it", path);
    golden_assert_equal(name, expected, "what happened", text);
    free(expected);
}
