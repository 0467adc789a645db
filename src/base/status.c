/*
 * base/status: the names of the codes.
 */
#include "base/status.h"

#include <assert.h>

static const char *const names[CODE_COUNT] = {
    [CODE_OK] = "ok",
    [CODE_INVALID] = "invalid",
    [CODE_TOO_LARGE] = "too large",
    [CODE_NO_MEMORY] = "no memory",
    [CODE_IO] = "input or output failed",
    [CODE_DISK_FULL] = "disk full",
    [CODE_CORRUPT] = "corrupt",
    [CODE_NOT_FOUND] = "not found",
    [CODE_CONFLICT] = "conflict",
    [CODE_DENIED] = "denied",
    [CODE_BUSY] = "busy",
    [CODE_UNAVAILABLE] = "unavailable",
    [CODE_TIMED_OUT] = "timed out",
    [CODE_CLOSED] = "closed",
    [CODE_UNKNOWN] = "outcome unknown",
};

const char *status_name(status s)
{
    assert((unsigned)s.code < CODE_COUNT);
    return names[s.code];
}
