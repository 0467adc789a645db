#include "api/api.h"

#include "api/call.h"
#include "api/wait.h"
#include "api/work.h"
#include "base/memory.h"

status api_new(const struct api_config *config, struct api **ret_api, struct err *err)
{
    struct api *api = memory_new(1, sizeof(*api));

    if (!api || pthread_mutex_init(&api->loops_mutex, NULL) || pthread_mutex_init(&api->recent.mutex, NULL) ||
        pthread_mutex_init(&api->workers_mutex, NULL)) {
        memory_free(api);
        return err_set(err, CODE_NO_MEMORY, "no memory for the api");
    }
    api->config = *config;
    *ret_api = api;
    return OK;
}

status api_attach(struct api *api, struct engine *engine, struct err *err)
{
    api->engine = engine;
    TRY(worker_pool_new(API_WORKERS, API_WORKERS_QUEUE, &api->workers, err));
    return ledger_views_new(engine_store(engine), engine_publisher(engine), API_WORKERS, &api->views);
}

void api_set_server(struct api *api, const struct server *server)
{
    atomic_store(&api->server, server);
}

void api_set_witnesses(struct api *api, struct witnesses *witnesses)
{
    atomic_store(&api->witnesses, witnesses);
}

void api_free(struct api *api)
{
    if (!api)
        return;
    work_stop(api);
    ledger_views_free(api->views);
    pthread_mutex_destroy(&api->loops_mutex);
    pthread_mutex_destroy(&api->recent.mutex);
    pthread_mutex_destroy(&api->workers_mutex);
    memory_free(api);
}

struct engine *api_engine(const struct api *api)
{
    return api->engine;
}

struct str table_member(const struct json_table *table, struct str member)
{
    struct str first = str_cut(member, 0, str_find(str_cut(member, 0, str_find(member, '[')), '.'));

    for (size_t i = 0; table && i < table->count; i++) {
        if (str_eq(str_of(table->fields[i].name), first))
            return str_of(table->fields[i].name);
    }
    return STR_NONE;
}

struct str api_member_name(const struct route *route, struct str member)
{
    const struct route_about *about = about_of(route);
    struct str found = table_member(about->request, member);

    for (size_t i = 0; i < QUERY_COUNT && !found.len; i++) {
        if ((about->queries & 1u << i) && str_eq(str_of(query_rows[i].name), member))
            found = str_of(query_rows[i].name);
    }
    if (!found.len && str_eq(member, STR("Idempotency-Key")))
        found = STR("Idempotency-Key");
    return found;
}

struct http_hooks api_hooks(void)
{
    return (struct http_hooks){ .authorize = call_admit,
                                .refused = call_http_refused,
                                .turn = loops_turn,
                                .begin = loops_begin,
                                .end = loops_end };
}

audit_set api_committed_codes(void)
{
    return CODE(LEASE_DENIED) | CODE(TICKET_OFFERED) | CODE(TICKET_EXPIRED) | CODE(TICKET_CANCELLED);
}

/* On the engine's thread. */
void api_entry_committed(void *context, uint64_t index, const struct entry *entry)
{
    struct api *api = context;
    struct recent_denial denial = { .index = index, .time_ms = entry->time_ms };

    if (entry->code != AUDIT_LEASE_DENIED) {
        waits_note_ticket(api, entry->on[ON_TICKET].id);
        return;
    }
    denial.reason = (enum reason)entry->data[DATA_REASON].number;
    recent_denied(&api->recent, entry->actor.who.id, &denial);
}

void api_published(void *context, uint64_t size)
{
    waits_note_size(context, size);
}

void api_witnessed(void *context, uint64_t size)
{
    waits_note_witnessed(context, size);
}

void api_stop_waiting(struct api *api)
{
    if (api)
        waits_stop(api);
}

void api_stop_working(struct api *api)
{
    if (api)
        work_stop(api);
}
