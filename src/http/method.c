/*
 * http/method: names.
 */
#include "http/method.h"

#include <assert.h>

static const struct str names[METHOD_COUNT] = {
    [METHOD_GET] = STR_INIT("GET"),         [METHOD_HEAD] = STR_INIT("HEAD"),   [METHOD_POST] = STR_INIT("POST"),
    [METHOD_PUT] = STR_INIT("PUT"),         [METHOD_PATCH] = STR_INIT("PATCH"), [METHOD_DELETE] = STR_INIT("DELETE"),
    [METHOD_OPTIONS] = STR_INIT("OPTIONS"),
};

struct str method_name(enum http_method method)
{
    assert(method < METHOD_COUNT);
    return names[method];
}

enum http_method method_of(struct str name)
{
    unsigned method = 0;

    while (method < METHOD_COUNT && !str_eq(names[method], name))
        method++;
    return method;
}
