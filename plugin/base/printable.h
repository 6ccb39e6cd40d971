/* printable - text from strangers' files and options, as it may stand in a line on a terminal. */
#ifndef LOOM_BASE_PRINTABLE_H
#define LOOM_BASE_PRINTABLE_H

/* Put '?' in the place of control characters: the text stays one line, and drives no terminal. */
void make_printable(char *text);

#endif
