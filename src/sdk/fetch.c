#include "sdk/fetch.h"

#include <curl/curl.h>

#include "base/memory.h"
#include "sdk/wire.h"

#define WAIT_MS 1000

/* One thing under way, or waiting for its turn. */
struct slot {
    CURL *easy;
    struct wire_request wire;
    struct client_answer answer;
    struct wire_answer receiver;
    uint64_t number;
    bool busy; /* the transfer is under way */
    bool full; /* it has ended */
    bool failed;
};

struct fetching {
    struct client *client;
    const struct fetch_plan *plan;
    CURLM *multi;
    struct slot slots[FETCH_WINDOW];
    uint64_t next; /* to be asked for */
    uint64_t turn; /* to be taken */
};

static void fetching_end(struct fetching *fetching)
{
    for (size_t i = 0; i < FETCH_WINDOW; i++) {
        struct slot *slot = &fetching->slots[i];

        if (slot->busy)
            curl_multi_remove_handle(fetching->multi, slot->easy);
        curl_easy_cleanup(slot->easy);
        wire_request_free(&slot->wire);
        client_answer_free(&slot->answer);
    }
    if (fetching->multi)
        curl_multi_cleanup(fetching->multi);
}

static status fetching_begin(struct fetching *fetching, struct err *err)
{
    bool all = (fetching->multi = curl_multi_init()) != NULL;

    for (size_t i = 0; i < FETCH_WINDOW; i++)
        all &= (fetching->slots[i].easy = curl_easy_init()) != NULL;
    return all ? OK : err_set(err, CODE_NO_MEMORY, "no memory for connections");
}

static status target_of(const struct fetching *fetching, uint64_t number, struct buf *target)
{
    target->max = TARGET_MAX_BYTES;
    fetching->plan->target(fetching->plan->context, number, target);
    return target->status;
}

static status slot_begin(struct fetching *fetching, struct slot *slot, struct err *err)
{
    AUTO(struct buf, buf_free) target = { 0 };
    struct client_request request = { .method = "GET" };

    slot->number = fetching->next++;
    slot->full = slot->failed = false;
    TRY(target_of(fetching, slot->number, &target));
    request.target = buf_str(&target);
    wire_request_free(&slot->wire);
    slot->wire.easy = slot->easy;
    TRY(wire_prepare(&slot->wire, client_config(fetching->client), client_server(fetching->client), &request, err));
    slot->answer.body.max = ANSWER_MAX_BYTES;
    buf_clear(&slot->answer.body);
    slot->receiver = (struct wire_answer){ .to = &slot->answer };
    wire_receive(slot->easy, &slot->receiver);
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    if (curl_multi_add_handle(fetching->multi, slot->easy) != CURLM_OK)
        return err_set(err, CODE_NO_MEMORY, "no memory for a request");
    slot->busy = true;
    return OK;
}

/* Transfers that have ended. */
static void ends_collect(struct fetching *fetching)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetching->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *about = NULL;
        struct slot *slot;

        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &about);
        slot = (struct slot *)(void *)about;
        curl_multi_remove_handle(fetching->multi, easy);
        wire_finish(easy, &slot->receiver);
        slot->busy = false;
        slot->full = true;
        slot->failed = code != CURLE_OK || slot->answer.status != 200;
    }
}

/* By itself, with retries and words for what is wrong. */
static status slot_repeat(struct fetching *fetching, struct slot *slot, struct err *err)
{
    AUTO(struct buf, buf_free) target = { 0 };

    TRY(target_of(fetching, slot->number, &target));
    buf_add_byte(&target, '\0');
    TRY(target.status);
    buf_clear(&slot->answer.body);
    return client_get(fetching->client, target.at, &slot->answer, err);
}

static struct slot *slot_at(struct fetching *fetching, uint64_t number)
{
    return &fetching->slots[number % FETCH_WINDOW];
}

/* Takes what is at its turn. */
static status turns_take(struct fetching *fetching, struct err *err)
{
    const struct fetch_plan *plan = fetching->plan;

    while (fetching->turn < fetching->next) {
        struct slot *slot = slot_at(fetching, fetching->turn);

        if (!slot->full)
            return OK;
        if (slot->failed)
            TRY(slot_repeat(fetching, slot, err));
        TRY(plan->take(plan->context, slot->number, buf_str(&slot->answer.body), err));
        slot->full = false;
        fetching->turn++;
    }
    return OK;
}

status client_fetch(struct client *client, const struct fetch_plan *plan, struct err *err)
{
    AUTO(struct fetching, fetching_end) fetching = { .client = client, .plan = plan };
    int running;

    TRY(wire_init(err));
    TRY(fetching_begin(&fetching, err));
    while (fetching.turn < plan->count) {
        while (fetching.next < plan->count && fetching.next < fetching.turn + FETCH_WINDOW)
            TRY(slot_begin(&fetching, slot_at(&fetching, fetching.next), err));
        if (curl_multi_perform(fetching.multi, &running) != CURLM_OK)
            return err_set(err, CODE_NO_MEMORY, "no memory for requests");
        ends_collect(&fetching);
        TRY(turns_take(&fetching, err));
        if (running && !slot_at(&fetching, fetching.turn)->full)
            (void)curl_multi_poll(fetching.multi, NULL, 0, WAIT_MS, NULL);
    }
    return OK;
}
