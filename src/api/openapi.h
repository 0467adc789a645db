/*
 * api/openapi: /openapi.json (OpenAPI 3.1), written from the route table, the request tables, the answers' shapes, the
 * problem codes and the audit table: nothing in it is said twice.
 */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "codec/json_out.h"

/* What the paths refer to, and the tables of problems and entries, as members of the document. */
void openapi_components(struct json_out *out);

#endif
