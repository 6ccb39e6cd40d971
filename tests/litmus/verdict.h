/* verdict - how an execution of a program under check ends early. */
#ifndef LOOM_LITMUS_VERDICT_H
#define LOOM_LITMUS_VERDICT_H

/* The program has failed in this execution: does not return. */
_Noreturn void fail(const char *why);
/* A bound of the checker is passed, or the program does what is not in the model: the process ends. */
_Noreturn void give_up(const char *why);

#endif
