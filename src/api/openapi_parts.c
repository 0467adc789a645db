/*
 * api/openapi_parts: the document's components: problems, lines of a batch, and what entries hold.
 */
#include "api/handlers.h"
#include "api/openapi.h"
#include "api/ops.h"
#include "api/problems.h"
#include "api/would.h"
#include "codec/json_schema.h"
#include "http/refusal.h"

static void standard_member(const char *name, const char *type, struct json_out *out)
{
    json_out_object(out, name);
    json_out_text(out, "type", str_of(type));
    json_out_end(out);
}

static void problem_schema(struct json_out *out)
{
    json_out_object(out, "Problem");
    json_out_text(out, "type", STR("object"));
    json_out_text(out, "description", STR("RFC 9457, with a stable code"));
    json_out_object(out, "properties");
    standard_member("type", "string", out);
    standard_member("title", "string", out);
    standard_member("status", "integer", out);
    standard_member("detail", "string", out);
    json_out_object(out, "code");
    json_out_text(out, "type", STR("string"));
    json_out_array(out, "examples");
    for (int i = PROBLEM_BAD_REQUEST; i < PROBLEM_COUNT; i++)
        json_out_text(out, NULL, problem_words[i]);
    json_out_end(out);
    json_out_end(out);
    standard_member("member", "string", out);
    for (size_t i = 0; i < problem_extra_shape.count; i++)
        shape_member_schema(&problem_extra_shape.members[i], out);
    for (size_t i = 0; i < problem_count_shape.count; i++)
        shape_member_schema(&problem_count_shape.members[i], out);
    shape_member_schema(&problem_holders_shape.members[0], out);
    json_out_end(out);
    json_out_end(out);
}

static void code_write(struct str code, unsigned http, const char *detail, struct json_out *out)
{
    json_out_object(out, NULL);
    json_out_text(out, "code", code);
    json_out_u64(out, "status", http);
    json_out_text(out, "detail", str_of(detail));
    json_out_end(out);
}

/* The codes with what each means for a client; those that http answers by itself come after the api's own. */
static void codes_write(struct json_out *out)
{
    json_out_array(out, "x-problems");
    for (int i = PROBLEM_BAD_REQUEST; i < PROBLEM_COUNT; i++)
        code_write(problem_words[i], problem_row((enum problem)i)->status, problem_row((enum problem)i)->detail, out);
    for (int i = REFUSE_NONE + 1; i < REFUSE_COUNT; i++) {
        const struct refusal_text *text = refusal_text((enum refusal)i);

        if (i != REFUSE_NOT_FOUND) /* a code of both */
            code_write(str_of(text->code), text->status, text->detail, out);
    }
    json_out_end(out);
}

static void batch_schema(struct json_out *out)
{
    json_out_object(out, "BatchLine");
    json_out_text(out, "description", STR("`op` says which of these the rest of the line is"));
    json_out_array(out, "oneOf");
    for (size_t i = 0; i < op_count; i++) {
        json_out_object(out, NULL);
        json_out_object(out, "properties");
        json_out_object(out, "op");
        json_out_text(out, "const", op_words[i]);
        json_out_end(out);
        json_out_end(out);
        json_table_schema_out(op_tables[i], "x-members", out);
        json_out_end(out);
    }
    json_out_end(out);
    json_out_end(out);
}

static void field_names(const char *name, uint64_t set, const struct field_row *rows, int count, struct json_out *out)
{
    json_out_array(out, name);
    for (int i = 0; i < count; i++) {
        if (set >> i & 1)
            json_out_text(out, NULL, rows[i].name);
    }
    json_out_end(out);
}

/* What an entry of each type has: the leaves of /v1/audit. */
static void audit_write(struct json_out *out)
{
    json_out_array(out, "x-entries");
    for (int i = 0; i < AUDIT_COUNT; i++) {
        const struct audit_row *row = &audit_rows[i];

        json_out_object(out, NULL);
        json_out_text(out, "code", row->code);
        json_out_text(out, "type", row->type);
        json_out_text(out, "description", row->meaning);
        field_names("on", row->on, on_fields, ON_COUNT, out);
        field_names("on_optional", row->on_maybe, on_fields, ON_COUNT, out);
        field_names("data", row->data, data_fields, DATA_FIELD_COUNT, out);
        field_names("data_optional", row->data_maybe, data_fields, DATA_FIELD_COUNT, out);
        json_out_end(out);
    }
    json_out_end(out);
}

static void components_write(struct json_out *out)
{
    json_out_object(out, "components");
    json_out_object(out, "securitySchemes");
    json_out_object(out, "token");
    json_out_text(out, "type", STR("http"));
    json_out_text(out, "scheme", STR("bearer"));
    json_out_end(out);
    json_out_end(out);
    json_out_object(out, "responses");
    json_out_object(out, "Problem");
    json_out_text(out, "description", STR("what was wrong, with a stable code"));
    json_out_object(out, "content");
    json_out_object(out, "application/problem+json");
    json_out_object(out, "schema");
    json_out_text(out, "$ref", STR("#/components/schemas/Problem"));
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    json_out_end(out);
    json_out_object(out, "schemas");
    problem_schema(out);
    batch_schema(out);
    shape_schema(&would_shape, "DryRun", out);
    json_out_end(out);
    json_out_end(out);
}

void openapi_components(struct json_out *out)
{
    components_write(out);
    codes_write(out);
    audit_write(out);
}
