/* golden_file - compare a trace with the one that was committed, and say readably where they part.
 *
 * LOOM_GOLDEN_UPDATE=1 in the environment writes the file anew instead: look at the difference before you commit it. */
#ifndef LOOM_GOLDEN_GOLDEN_FILE_H
#define LOOM_GOLDEN_GOLDEN_FILE_H

/* Fail the test unless text is what tests/golden/NAME has. */
void golden_assert(const char *name, const char *text);
/* Fail the test unless both are equal. */
void golden_assert_equal(const char *name_a, const char *a, const char *name_b, const char *b);

#endif
