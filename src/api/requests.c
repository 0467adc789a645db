#include "api/requests.h"

#include "api/asserted.h"

/* jansson's table needs something to point at; there is never a field to fill. */
const struct json_table nothing_table = { .title = "Nothing", .fields = NULL, .count = 0, .size = 1 };

static const struct json_field reason_fields[] = {
    JSON_TEXT(struct reason_request, reason, 1, TEXT_MAX_BYTES, JSON_OPTIONAL, .about = "kept privately"),
};
const struct json_table reason_table = JSON_TABLE("Reason", struct reason_request, reason_fields);

void reason_command(struct call *call, struct str reason)
{
    struct err err = { 0 };

    call_command_unless(call, private_member_keep(call, call->jobs, "reason", reason), &err);
}

struct who principal_named(struct call *call, struct str text)
{
    struct who who = { .kind = ID_ORGANISATION };
    enum id_kind kind;
    struct id id;

    if (!typeid_read_any(text, &kind, &id).code && who_kind_fits(kind))
        return (struct who){ .id = id, .kind = kind };
    if (names_find(engine_names(call_engine(call)), NAME_ORGANISATION, (struct id){ 0 }, text, &who.id).code)
        who.id = (struct id){ 0 };
    return who;
}
