#include "native/torrc_lexer.h"

#include <stdbool.h>
#include <string.h>

/* tor's TOR_ISSPACE, without a locale. */
static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

void torrc_lexer_init(struct torrc_lexer *lexer, char *text) {
    lexer->next = text;
    lexer->line = 1;
}

static void advance(struct torrc_lexer *lexer) {
    if (*lexer->next == '\n')
        lexer->line++;
    lexer->next++;
}

static void skip_to_line_end(struct torrc_lexer *lexer) {
    while (*lexer->next && *lexer->next != '\n')
        lexer->next++;
}

static void skip_spaces_and_comments(struct torrc_lexer *lexer) {
    while (is_space(*lexer->next) || *lexer->next == '#') {
        if (*lexer->next == '#')
            skip_to_line_end(lexer);
        else
            advance(lexer);
    }
}

static void skip_blanks(struct torrc_lexer *lexer) {
    while (*lexer->next == ' ' || *lexer->next == '\t')
        lexer->next++;
}

/* A value that goes to the end of the line. Backslash and newline join it with the next line, and after such a join
 * whole comments are left out. Compacts in place. */
static const char *take_plain(struct torrc_lexer *lexer, bool is_continued) {
    char *value = lexer->next;
    char *out = value;
    while (*lexer->next && *lexer->next != '\n' && (*lexer->next != '#' || is_continued)) {
        if (lexer->next[0] == '\\' && lexer->next[1] == '\n') {
            is_continued = true;
            lexer->next++;
            advance(lexer);
        } else if (*lexer->next == '#') {
            skip_to_line_end(lexer);
            if (*lexer->next)
                advance(lexer);
        } else {
            *out++ = *lexer->next++;
        }
    }
    skip_to_line_end(lexer);
    if (*lexer->next)
        advance(lexer);
    while (out > value && is_space(out[-1]))
        out--;
    *out = '\0';
    return value;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

/* Up to max_digits of base; false when there is none, or the value is no character. */
static bool take_number(struct torrc_lexer *lexer, int base, int max_digits, char *out) {
    int value = 0;
    int n = 0;
    while (n < max_digits && digit_value(*lexer->next) < base) {
        value = value * base + digit_value(*lexer->next++);
        n++;
    }
    *out = (char)value;
    return n > 0 && value > 0 && value < 256;
}

/* After a backslash. */
static bool take_escape(struct torrc_lexer *lexer, char *out) {
    static const char letters[] = "nrt\"'\\";
    static const char meanings[] = "\n\r\t\"'\\";
    char c = *lexer->next;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        *out = meanings[letter - letters];
        lexer->next++;
        return true;
    }
    if (c == 'x' || c == 'X') {
        lexer->next++;
        return take_number(lexer, 16, 2, out);
    }
    return take_number(lexer, 8, 3, out);
}

/* A value in double quotes, with C escapes. The decoded form is never longer, so it stays in its place. */
static enum torrc_token take_quoted(struct torrc_lexer *lexer, const char **value_out) {
    char *out = ++lexer->next;
    *value_out = out;
    while (*lexer->next != '"') {
        if (*lexer->next == '\0' || *lexer->next == '\n')
            return TORRC_BAD_QUOTE;
        if (*lexer->next != '\\') {
            *out++ = *lexer->next++;
            continue;
        }
        lexer->next++;
        if (!take_escape(lexer, out++))
            return TORRC_BAD_QUOTE;
    }
    lexer->next++;
    skip_blanks(lexer);
    if (*lexer->next == '\r')
        lexer->next++;
    if (*lexer->next == '#')
        skip_to_line_end(lexer);
    if (*lexer->next && *lexer->next != '\n')
        return TORRC_AFTER_QUOTE;
    *out = '\0';
    return TORRC_LINE;
}

static void take_name(struct torrc_lexer *lexer, struct torrc_line *out) {
    out->operation = TORRC_SET;
    if (*lexer->next == '+' || *lexer->next == '/') {
        out->operation = *lexer->next == '+' ? TORRC_APPEND : TORRC_CLEAR;
        lexer->next++;
    }
    out->name = lexer->next;
    while (*lexer->next && !is_space(*lexer->next) && *lexer->next != '#' &&
           !(lexer->next[0] == '\\' && lexer->next[1] == '\n'))
        lexer->next++;
}

/* Go to where the value begins; false when there is none on this line. */
static bool skip_to_value(struct torrc_lexer *lexer, bool *is_continued) {
    *is_continued = lexer->next[0] == '\\' && lexer->next[1] == '\n';
    if (*is_continued) {
        lexer->next++;
        advance(lexer);
        return true;
    }
    if (*lexer->next == ' ' || *lexer->next == '\t') {
        skip_blanks(lexer);
        return true;
    }
    skip_to_line_end(lexer);
    if (*lexer->next)
        advance(lexer);
    return false;
}

enum torrc_token torrc_lexer_next(struct torrc_lexer *lexer, struct torrc_line *out) {
    skip_spaces_and_comments(lexer);
    if (*lexer->next == '\0')
        return TORRC_END;
    *out = (struct torrc_line){.line = lexer->line, .value = ""};
    take_name(lexer, out);
    char *name_end = lexer->next;
    bool is_continued;
    bool has_value = skip_to_value(lexer, &is_continued);
    *name_end = '\0'; /* only now: it may stand on the character that ended the name */
    if (!has_value)
        return TORRC_LINE;
    if (*lexer->next == '"')
        return take_quoted(lexer, &out->value);
    out->value = take_plain(lexer, is_continued);
    return TORRC_LINE;
}

const char *torrc_token_text(enum torrc_token token) {
    switch (token) {
    case TORRC_LINE:
    case TORRC_END: break;
    case TORRC_BAD_QUOTE: return "expected a quoted value with C escapes that ends on its line";
    case TORRC_AFTER_QUOTE: return "expected nothing but a comment after the quoted value";
    }
    return "";
}
