/*
 * api/loops: what each event loop keeps for its calls: the jobs of a turn, randomness, and those who wait.
 */
#include <stdlib.h>

#include "api/call.h"
#include "api/wait.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/server.h"

static void join(struct api_loop *mine)
{
    struct api *api = mine->api;

    pthread_mutex_lock(&api->loops_mutex);
    api->loops[api->loop_count++] = mine;
    pthread_mutex_unlock(&api->loops_mutex);
}

static void leave(struct api_loop *mine)
{
    struct api *api = mine->api;

    pthread_mutex_lock(&api->loops_mutex);
    for (size_t i = 0; i < api->loop_count; i++) {
        if (api->loops[i] == mine) {
            api->loops[i] = api->loops[--api->loop_count];
            break;
        }
    }
    pthread_mutex_unlock(&api->loops_mutex);
}

void loops_begin(struct loop *loop)
{
    struct api_loop *mine = memory_new(1, sizeof(*mine));

    if (!mine || !(mine->waits = waits_new(mine))) { /* a loop that can't begin would answer nothing, ever */
        log_write(LOG_ERROR, "api", "no memory for a loop");
        abort();
    }
    mine->api = server_user(loop);
    mine->loop = loop;
    mine->entropy = entropy_from_system();
    loop_set_user(loop, mine);
    join(mine);
}

void loops_end(struct loop *loop)
{
    struct api_loop *mine = loop_user(loop);

    leave(mine);
    waits_free(mine->waits);
    memory_free(mine);
}

void loops_turn(struct loop *loop)
{
    struct api_loop *mine = loop_user(loop);
    struct job *first;

    waits_turn(mine->waits);
    first = mine->gathered.first;
    if (!first)
        return;
    mine->gathered = (struct job_list){ 0 };
    engine_submit(api_engine(mine->api), first);
}
