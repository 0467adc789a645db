#include "api/asserted.h"

#include "codec/json_out.h"
#include "engine/vault_items.h"

/* As much as the vault seals for one entry. */
#define PRIVATE_MAX_BYTES VAULT_TEXT_MAX_BYTES

status asserted_alias(struct call *call, struct job *job, struct name_new *name, struct err *err)
{
    struct engine *engine = call_engine(call);
    bool is_new = false;
    status s;

    /* What people say about themselves is theirs, and goes with them. */
    if (call->bearer.actor.who.kind == ID_USER)
        name->within = call->bearer.actor.who.id;
    s = names_alias(engine_names(engine), name, &call_loop(call)->entropy, engine_now_ms(engine), &is_new);

    if (s.code == CODE_TOO_LARGE)
        return err_member(err, s.code, "asserted", "too many different users and hosts are known already");
    TRY(s);
    if (is_new)
        job->names[job->name_count++] = *name;
    return OK;
}

static status private_write(struct call *call, struct job *job, const struct json_array *asserted, struct str project)
{
    AUTO(struct buf, buf_free) text = { .max = PRIVATE_MAX_BYTES };
    struct json_out out = { .buf = &text };
    const struct json_pair *pairs = asserted->at;
    struct str kept;

    json_out_object(&out, NULL);
    if (asserted->count) {
        json_out_object(&out, "asserted");
        for (size_t i = 0; i < asserted->count; i++)
            json_out_pair(&out, pairs[i].name, pairs[i].text);
        json_out_end(&out);
    }
    if (project.len)
        json_out_text(&out, "project", project);
    json_out_end(&out);
    TRY(text.status);
    TRY(arena_copy(call_arena(call), buf_str(&text), &kept));
    call_set_private(call, job, kept);
    return OK;
}

/* The alias of the first member of that name; none when it is absent or empty. */
static status member_alias(struct call *call, struct job *job, const struct json_array *asserted, struct name_new *name,
                           struct err *err)
{
    struct str member = name->kind == NAME_ALIAS_USER ? STR("user") : STR("host");
    const struct json_pair *pairs = asserted->at;

    for (size_t i = 0; i < asserted->count; i++) {
        if (!str_eq(pairs[i].name, member) || !pairs[i].text.len)
            continue;
        name->text = pairs[i].text;
        return asserted_alias(call, job, name, err);
    }
    return OK;
}

status asserted_keep(struct call *call, struct job *job, const struct json_array *asserted, struct str project,
                     struct err *err)
{
    struct name_new user = { .kind = NAME_ALIAS_USER };
    struct name_new host = { .kind = NAME_ALIAS_HOST };
    status s = OK;

    TRY(member_alias(call, job, asserted, &user, err));
    TRY(member_alias(call, job, asserted, &host, err));
    job->command.lease_create.user_alias = user.id;
    job->command.lease_create.host_alias = host.id;
    if (asserted->count || project.len)
        s = private_write(call, job, asserted, project);
    if (s.code == CODE_TOO_LARGE)
        return err_member(err, s.code, "asserted", "what is asserted is longer than %d bytes in all",
                          PRIVATE_MAX_BYTES);
    return s;
}

status private_member_keep(struct call *call, struct job *job, const char *name, struct str text)
{
    AUTO(struct buf, buf_free) json = { .max = PRIVATE_MAX_BYTES };
    struct json_out out = { .buf = &json };
    struct str kept;

    if (!text.len)
        return OK;
    json_out_object(&out, NULL);
    json_out_text(&out, name, text);
    json_out_end(&out);
    TRY(json.status);
    TRY(arena_copy(call_arena(call), buf_str(&json), &kept));
    call_set_private(call, job, kept);
    return OK;
}
