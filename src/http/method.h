/*
 * http/method: the methods that this server knows. Any other token is 501.
 */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H

#include "base/str.h"

enum http_method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_PATCH,
    METHOD_DELETE,
    METHOD_OPTIONS,
    METHOD_COUNT /* also: not one of them */
};

struct str method_name(enum http_method method);
/* METHOD_COUNT for an unknown one. Methods are case-sensitive. */
enum http_method method_of(struct str name);

#endif
