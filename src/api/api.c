#include "api/api.h"

#include "api/inside.h"
#include "base/memory.h"

status api_new(const struct api_config *config, struct api **ret_api, struct err *err)
{
    struct api *api = memory_new(1, sizeof(*api));

    if (!api || pthread_mutex_init(&api->loops_mutex, NULL)) {
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
    api->server = server;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    if (api->workers)
        worker_pool_free(&api->workers);
    ledger_views_free(api->views);
    pthread_mutex_destroy(&api->loops_mutex);
    memory_free(api);
}

struct engine *api_engine(const struct api *api)
{
    return api->engine;
}

struct str api_route_name(const struct route *route)
{
    const struct route_about *about = route->about;

    return str_of(about->name);
}

struct str api_member_name(const struct route *route, struct str member)
{
    const struct route_about *about = route->about;
    struct str first = str_cut(member, 0, str_find(str_cut(member, 0, str_find(member, '[')), '.'));

    for (size_t i = 0; about->request && i < about->request->count; i++) {
        if (str_eq(str_of(about->request->fields[i].name), first))
            return str_of(about->request->fields[i].name);
    }
    for (size_t i = 0; i < about->query_count; i++) {
        if (str_eq(str_of(about->query[i]), first))
            return str_of(about->query[i]);
    }
    return str_eq(first, STR("Idempotency-Key")) ? STR("Idempotency-Key") : STR_NONE;
}

void api_loop_joined(struct api *api, struct api_loop *loop)
{
    pthread_mutex_lock(&api->loops_mutex);
    api->loops[api->loop_count++] = loop;
    pthread_mutex_unlock(&api->loops_mutex);
}

void api_loop_left(struct api *api, struct api_loop *loop)
{
    pthread_mutex_lock(&api->loops_mutex);
    for (size_t i = 0; i < api->loop_count; i++) {
        if (api->loops[i] == loop)
            api->loops[i] = api->loops[--api->loop_count];
    }
    pthread_mutex_unlock(&api->loops_mutex);
}

struct http_hooks api_hooks(void)
{
    return (struct http_hooks){
        .authorize = call_admit, .turn = call_turn, .begin = call_loop_begin, .end = call_loop_end
    };
}

void api_entry_committed(void *context, uint64_t index, const struct entry *entry)
{
    (void)context;
    (void)index;
    (void)entry;
}
