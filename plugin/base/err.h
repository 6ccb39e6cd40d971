/* err - why an operation on outside input or a bounded resource failed.
 *
 * Bugs are CHECKs (check.h), never an `enum err`. ERR_OK is zero, so `if (e) return e;` reads well. */
#ifndef LOOM_BASE_ERR_H
#define LOOM_BASE_ERR_H

#define ERR_LIST(X)                                        \
    X(OK, "ok")                                            \
    X(TRUNCATED, "input ends too early")                   \
    X(MALFORMED, "input has the wrong form")               \
    X(UNSUPPORTED, "input asks for what is not supported") \
    X(PROTOCOL, "peer broke the protocol")                 \
    X(BAD_SIGNATURE, "signature or MAC does not verify")   \
    X(EXPIRED, "certificate or document is not valid now") \
    X(IDENTITY, "peer is not who it should be")            \
    X(LIMIT, "a configured limit is reached")              \
    X(STALE, "the object named no longer exists")          \
    X(REFUSED, "refused by policy")

enum err {
#define X(name, text) ERR_##name,
    ERR_LIST(X)
#undef X
};

/* Static text of e; never NULL. */
const char *err_text(enum err e);

#endif
