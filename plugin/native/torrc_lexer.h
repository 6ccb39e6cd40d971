/* torrc_lexer - lines of a torrc, exactly as tor cuts them: comments, continuations, quotes, +Option and /Option.
 *
 * Memory: works in place: the text is changed, and names and values point into it.
 * Bound: the text is as long as the caller allows. */
#ifndef LOOM_NATIVE_TORRC_LEXER_H
#define LOOM_NATIVE_TORRC_LEXER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

enum torrc_operation {
    TORRC_SET,    /* Option value */
    TORRC_APPEND, /* +Option value: add to what a file of lower rank said */
    TORRC_CLEAR   /* /Option: forget what a file of lower rank said */
};

struct torrc_lexer {
    char *next;
    uint32_t line; /* of next, from 1 */
};

struct torrc_line {
    const char *name;
    const char *value; /* decoded; "" when there is none */
    uint32_t line;     /* where it begins */
    enum torrc_operation operation;
};

enum torrc_token { TORRC_LINE, TORRC_END, TORRC_BAD_QUOTE, TORRC_AFTER_QUOTE };

/* text[length] must be NUL and no NUL may come before. Borrows text. */
void torrc_lexer_init(struct torrc_lexer *lexer, char *text);
/* The next line that is no comment; after TORRC_BAD_* only out->name and out->line are set. */
MUST_USE enum torrc_token torrc_lexer_next(struct torrc_lexer *lexer, struct torrc_line *out);
/* What is wrong, and what was expected. */
const char *torrc_token_text(enum torrc_token token);

#endif
