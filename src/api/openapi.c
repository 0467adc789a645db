#include "api/openapi.h"

#include "api/answer.h"
#include "api/handlers.h"
#include "api/list.h"
#include "codec/json_schema.h"
#include "core/access.h"
#include "http/respond.h"

/* ---- Parameters ---- */

static void query_write(const struct query_row *row, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_text(out, "name", str_of(row->name));
    json_out_text(out, "in", STR("query"));
    json_out_text(out, "description", str_of(row->about));
    json_out_object(out, "schema");
    if (row->kind == QUERY_IS_INT) {
        json_out_text(out, "type", STR("integer"));
        json_out_i64(out, "minimum", row->min);
        if (row->max < INT64_MAX)
            json_out_i64(out, "maximum", row->max);
    } else {
        json_out_text(out, "type", row->kind == QUERY_IS_BOOL ? STR("boolean") : STR("string"));
    }
    json_out_end(out);
    json_out_end(out);
}

static void text_parameter(struct str name, const char *in, bool required, const char *about, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_text(out, "name", name);
    json_out_text(out, "in", str_of(in));
    json_out_bool(out, "required", required);
    if (about)
        json_out_text(out, "description", str_of(about));
    json_out_object(out, "schema");
    json_out_text(out, "type", STR("string"));
    json_out_end(out);
    json_out_end(out);
}

/* The {names} in a path. "{rest*}" takes the rest of it. */
static void path_parameters(struct str path, struct json_out *out)
{
    while (path.len) {
        struct str name;

        (void)str_take(&path, '{');
        name = str_take(&path, '}');
        if (str_ends(name, STR("*")))
            name.len--;
        if (name.len)
            text_parameter(name, "path", true, NULL, out);
    }
}

static void parameters_write(const struct route *route, struct json_out *out)
{
    const struct route_about *about = about_of(route);

    json_out_array(out, "parameters");
    path_parameters(str_of(route->path), out);
    for (int i = 0; i < QUERY_COUNT; i++) {
        if (about->queries & 1u << i)
            query_write(&query_rows[i], out);
    }
    if (about->queries & QUERY(DRY_RUN) && route->method == METHOD_POST) {
        text_parameter(STR("Idempotency-Key"), "header", false,
                       "16 to 255 printable characters: a repeat is answered by the first one's entry, for 24 hours",
                       out);
        text_parameter(STR("Prefer"), "header", false, "\"receipt\": the answer with its proof and the entry's text",
                       out);
    }
    json_out_end(out);
}

/* ---- Requests ---- */

static void body_write(const struct route *route, struct json_out *out)
{
    const struct route_about *about = about_of(route);

    if (route->body_max_bytes == ROUTE_NO_BODY)
        return;
    json_out_object(out, "requestBody");
    json_out_bool(out, "required", about->request == NULL || about->request->count > 0);
    json_out_object(out, "content");
    json_out_object(out, route->content_type);
    if (about->request) {
        json_table_schema_out(about->request, "schema", out);
    } else {
        json_out_object(out, "schema");
        json_out_text(out, "type", STR("string"));
        json_out_text(out, "description", STR("one JSON object a line; see components.schemas.BatchLine"));
        json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
}

/* ---- Answers ---- */

static void part_schema(const struct answer_part *part, struct json_out *out)
{
    json_out_object(out, part->name);
    json_out_text(out, "type", STR("array"));
    shape_schema(part->shape, "items", out);
    json_out_end(out);
}

/* The entry's own members, the lists of its change, and the index. */
static void row_schema(const struct answer_row *row, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_array(out, "allOf");
    shape_schema(row->shape, NULL, out);
    json_out_object(out, NULL);
    json_out_text(out, "type", STR("object"));
    json_out_object(out, "properties");
    for (int i = 0; i < ANSWER_PARTS_MAX && row->parts[i].name; i++)
        part_schema(&row->parts[i], out);
    json_out_object(out, "index");
    json_out_text(out, "type", STR("integer"));
    json_out_text(out, "description", STR("of the entry that covers this answer"));
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
}

static bool row_answers(const struct route_about *about, int code, unsigned http)
{
    return (about->codes >> code & 1) && answer_rows[code].status == http;
}

static bool status_is_there(const struct route_about *about, unsigned http)
{
    if (http == 200 && (about->answer || about->list || about->one || about->media || about->queries & QUERY(DRY_RUN)))
        return true;
    for (int code = 0; code < AUDIT_COUNT; code++) {
        if (row_answers(about, code, http))
            return true;
    }
    return false;
}

static void page_schema(const struct list_kind *kind, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_text(out, "type", STR("object"));
    json_out_array(out, "required");
    json_out_text(out, NULL, str_of(kind->name));
    json_out_end(out);
    json_out_object(out, "properties");
    json_out_object(out, kind->name);
    json_out_text(out, "type", STR("array"));
    shape_schema(kind->shape, "items", out);
    json_out_end(out);
    json_out_object(out, "next");
    json_out_text(out, "type", STR("integer"));
    json_out_text(out, "description", STR("`after` of the next page; absent on the last"));
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
}

static void schemas_of_status(const struct route_about *about, unsigned http, struct json_out *out)
{
    json_out_object(out, "schema");
    json_out_array(out, "anyOf");
    for (int code = 0; code < AUDIT_COUNT; code++) {
        if (row_answers(about, code, http))
            row_schema(&answer_rows[code], out);
    }
    if (http == 200 && about->answer)
        shape_schema(about->answer, NULL, out);
    if (http == 200 && about->list)
        page_schema(about->list, out);
    if (http == 200 && about->one)
        shape_schema(about->one->shape, NULL, out);
    if (http == 200 && about->queries & QUERY(DRY_RUN)) {
        json_out_object(out, NULL);
        json_out_text(out, "$ref", STR("#/components/schemas/DryRun"));
        json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
}

static void success_write(const struct route_about *about, unsigned http, struct json_out *out)
{
    static const struct {
        unsigned http;
        const char *name;
        const char *about;
    } rows[] = { { 200, "200", "done" }, { 201, "201", "made" }, { 202, "202", "waiting" } };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].http != http)
            continue;
        json_out_object(out, rows[i].name);
        json_out_text(out, "description", str_of(rows[i].about));
        json_out_object(out, "content");
        json_out_object(out, about->media ? about->media : "application/json");
        if (!about->media)
            schemas_of_status(about, http, out);
        json_out_end(out);
        json_out_end(out);
        json_out_end(out);
    }
}

static void responses_write(const struct route *route, struct json_out *out)
{
    const struct route_about *about = about_of(route);

    json_out_object(out, "responses");
    for (unsigned http = 200; http <= 202; http++) {
        if (status_is_there(about, http))
            success_write(about, http, out);
    }
    json_out_object(out, "default");
    json_out_text(out, "$ref", STR("#/components/responses/Problem"));
    json_out_end(out);
    json_out_end(out);
}

/* ---- Paths ---- */

static void operation_write(const struct route *route, struct json_out *out)
{
    static const char *const names[METHOD_COUNT] = { "get", "head", "post", "put", "patch", "delete", "options" };
    const struct route_about *about = about_of(route);

    json_out_object(out, names[route->method]);
    json_out_text(out, "summary", str_of(about->summary));
    json_out_array(out, "tags");
    json_out_text(out, NULL, str_of(about->tag));
    json_out_end(out);
    json_out_text(out, "x-permission", permission_words[route->permission]);
    json_out_array(out, "security");
    if (route->permission == PERM_PUBLIC || about->access != ACCESS_TOKEN) {
        json_out_object(out, NULL);
        json_out_end(out);
    }
    json_out_object(out, NULL);
    json_out_array(out, "token");
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    parameters_write(route, out);
    body_write(route, out);
    responses_write(route, out);
    json_out_end(out);
}

static bool path_was_before(size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (str_eq(str_of(api_routes[i].path), str_of(api_routes[at].path)))
            return true;
    }
    return false;
}

/* Methods of one path stand together, wherever the table has them. */
static void paths_write(struct json_out *out)
{
    json_out_object(out, "paths");
    for (size_t i = 0; i < api_route_count; i++) {
        if (path_was_before(i))
            continue;
        json_out_object(out, api_routes[i].path);
        for (size_t k = i; k < api_route_count; k++) {
            if (str_eq(str_of(api_routes[k].path), str_of(api_routes[i].path)))
                operation_write(&api_routes[k], out);
        }
        json_out_end(out);
    }
    json_out_end(out);
}

void openapi_handle(struct exchange *exchange)
{
    struct json_out out = { .buf = &exchange->answer };

    json_out_object(&out, NULL);
    json_out_text(&out, "openapi", STR("3.1.0"));
    json_out_object(&out, "info");
    json_out_text(&out, "title", STR("Tallystick"));
    json_out_text(&out, "version", STR(TALLY_VERSION));
    json_out_text(&out, "summary", STR("floating licences, recorded in a transparency log"));
    json_out_end(&out);
    paths_write(&out);
    openapi_components(&out);
    json_out_end(&out);
    http_respond_json(exchange, 200);
}
