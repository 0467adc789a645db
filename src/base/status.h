/*
 * base/status: how a function says that it could not do its work.
 *
 * Owns the one result type of the project. It refuses to carry text (that is struct err's job) and to be mistaken for a
 * number: it is a struct, so the compiler objects when one is dropped or compared with an int by accident.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define MUST_CHECK __attribute__((warn_unused_result))

/* Destroys `name` at the end of its scope. `type` starts zeroed; the destructor accepts zeroed and half-built objects.
 */
#define AUTO(type, destroy) __attribute__((cleanup(destroy))) type

enum code {
    CODE_OK = 0,
    CODE_INVALID,     /* the input is wrong; the text names the member, option or byte and what was expected */
    CODE_TOO_LARGE,   /* a maximum of limits.h was passed */
    CODE_NO_MEMORY,   /* the system gave no memory */
    CODE_IO,          /* the system refused to read, write or connect */
    CODE_DISK_FULL,   /* no room left on the device */
    CODE_CORRUPT,     /* stored or received bytes contradict their own hash, signature or format */
    CODE_NOT_FOUND,   /* no such object, or none the caller may know of */
    CODE_CONFLICT,    /* the object's state does not allow it */
    CODE_DENIED,      /* the caller may not do it */
    CODE_BUSY,        /* a bounded queue is full, or another process holds the lock */
    CODE_UNAVAILABLE, /* the service is read-only or stopping */
    CODE_TIMED_OUT,   /* the time given ran out */
    CODE_CLOSED,      /* the other side ended the conversation */
    CODE_UNKNOWN,     /* it may or may not have happened (a failed commit) */
    CODE_COUNT
};

typedef struct {
    enum code code;
} status;

#define OK ((status){ CODE_OK })

/* The only macro allowed to return, and it does nothing else. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        status try_ = (call);                                                                                          \
        if (try_.code)                                                                                                 \
            return try_;                                                                                               \
    } while (0)

/* A short lower-case English name of a code, for logs. Never NULL. */
const char *status_name(status s);

#endif
