#include "sdk/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "codec/hex.h"
#include "codec/json_doc.h"
#include "codec/token_text.h"
#include "sdk/wire.h"

struct client {
    struct client_config config;
    struct entropy entropy;
    CURL *easy;
    size_t server; /* asked first: the one that answered last */
};

status client_new(const struct client_config *config, struct client **ret_client, struct err *err)
{
    struct client *client;

    TRY(wire_init(err));
    client = memory_new(1, sizeof(*client));
    if (!client)
        return err_set(err, CODE_NO_MEMORY, "no memory for a client");
    client->config = *config;
    client->entropy = entropy_from_system();
    client->easy = curl_easy_init();
    if (!client->easy) {
        client_free(client);
        return err_set(err, CODE_NO_MEMORY, "no memory for a connection");
    }
    *ret_client = client;
    return OK;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->easy);
    client_config_free(&client->config);
    memory_wipe(client, sizeof(*client));
    memory_free(client);
}

const char *client_server(const struct client *client)
{
    return client->config.urls[client->server];
}

const struct client_config *client_config(const struct client *client)
{
    return &client->config;
}

struct entropy *client_entropy(struct client *client)
{
    return &client->entropy;
}

void client_answer_free(struct client_answer *answer)
{
    buf_free(&answer->body);
}

/* ---- One request ---- */

static void pause_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };

    while (nanosleep(&left, &left))
        ;
}

/* What the commonest of curl's complaints mean here. */
static const char *hint_of(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
        return " (is it served without TLS, as http://?)";
    case CURLE_PEER_FAILED_VERIFICATION:
        return " (TALLY_CA_FILE names further authorities to trust)";
    case CURLE_GOT_NOTHING:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return " (is it served over TLS, as https://?)";
    default:
        return "";
    }
}

/* One try at one server. CODE_UNAVAILABLE: not reached, or reached and no whole answer came. */
static status send_once(struct client *client, const struct client_request *request, struct wire_answer *answer,
                        struct err *err)
{
    AUTO(struct wire_request, wire_request_free) wire = { .easy = client->easy };
    char failure[CURL_ERROR_SIZE] = { 0 };
    CURLcode code;

    TRY(wire_prepare(&wire, &client->config, client_server(client), request, err));
    wire_receive(client->easy, answer);
    curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, failure);
    code = curl_easy_perform(client->easy);
    curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, NULL);
    if (answer->to->body.status.code)
        return err_set(err, answer->to->body.status.code, "the answer of %s is larger than %zu bytes",
                       client_server(client), ANSWER_MAX_BYTES);
    if (code == CURLE_OUT_OF_MEMORY)
        return err_set(err, CODE_NO_MEMORY, "no memory to ask %s", client_server(client));
    if (code != CURLE_OK)
        return err_set(err, CODE_UNAVAILABLE, "%s can't be reached: %s%s", client_server(client),
                       failure[0] ? failure : curl_easy_strerror(code), hint_of(code));
    wire_finish(client->easy, answer);
    if (answer->to->status == 503)
        return problem_status(answer->to, err);
    return OK;
}

/* Every server once, from the one that answered last on. */
static status round_send(struct client *client, const struct client_request *request, struct wire_answer *answer,
                         struct err *err)
{
    status s = OK;

    for (size_t i = 0; i < client->config.url_count; i++) {
        buf_clear(&answer->to->body);
        s = send_once(client, request, answer, err);
        if (s.code != CODE_UNAVAILABLE)
            return s;
        client->server = (client->server + 1) % client->config.url_count;
    }
    return s;
}

/* Half of it and a random part of the other half, so that those who failed together do not come back together. */
static int64_t pause_of(struct client *client, unsigned round, int64_t retry_after_s)
{
    int64_t ms = (int64_t)CLIENT_PAUSE_MS << round;

    if (retry_after_s > 0)
        ms = (retry_after_s < CLIENT_RETRY_AFTER_MAX ? retry_after_s : CLIENT_RETRY_AFTER_MAX) * 1000;
    return ms / 2 + (int64_t)entropy_below(&client->entropy, (uint64_t)ms / 2 + 1);
}

static void key_draw(struct client *client, char ret_key[32])
{
    uint8_t bytes[16];

    entropy_fill(&client->entropy, bytes, sizeof(bytes));
    hex_write(bytes, sizeof(bytes), ret_key);
}

status client_send(struct client *client, const struct client_request *request, struct client_answer *ret_answer,
                   struct err *err)
{
    struct client_request keyed = *request;
    struct wire_answer answer = { .to = ret_answer };
    unsigned rounds = request->rounds ? request->rounds : CLIENT_ROUNDS;
    char key[32];
    status s = OK;

    ret_answer->body.max = ANSWER_MAX_BYTES;
    if (!keyed.key.len && strcmp(keyed.method, "POST") == 0) {
        key_draw(client, key);
        keyed.key = (struct str){ key, sizeof(key) };
    }
    for (unsigned round = 0; round < rounds; round++) {
        if (round)
            pause_ms(pause_of(client, round - 1, answer.retry_after_s));
        s = round_send(client, &keyed, &answer, err);
        if (s.code != CODE_UNAVAILABLE)
            break;
    }
    return s;
}

status client_call(struct client *client, const struct client_request *request, struct client_answer *ret_answer,
                   struct err *err)
{
    TRY(client_send(client, request, ret_answer, err));
    return ret_answer->status / 100 == 2 ? OK : client_refusal(client, ret_answer, err);
}

status client_get(struct client *client, const char *target, struct client_answer *ret_answer, struct err *err)
{
    struct client_request request = { .method = "GET", .target = str_of(target) };

    return client_call(client, &request, ret_answer, err);
}

/* ---- What a refusal means ---- */

static enum code code_of(unsigned http)
{
    switch (http) {
    case 401:
    case 403:
        return CODE_DENIED;
    case 404:
        return CODE_NOT_FOUND;
    case 409:
        return CODE_CONFLICT;
    case 429:
        return CODE_BUSY;
    case 502:
    case 503:
    case 504:
        return CODE_UNAVAILABLE;
    default:
        return http / 100 == 4 ? CODE_INVALID : CODE_IO;
    }
}

status client_refusal(const struct client *client, const struct client_answer *answer, struct err *err)
{
    const struct client_config *config = &client->config;
    const char *file = config->token_file ? config->token_file : "";
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct err why = { 0 };
    status s;

    if (answer->status != 401)
        return problem_status(answer, err);
    if (!config->has_token)
        return err_set(err, CODE_DENIED, "%s asks for a token: name its file in TALLY_TOKEN_FILE",
                       client_server(client));
    s = problem_status(answer, &why);
    if (json_doc_read(buf_str(&answer->body), &doc, NULL).code == CODE_OK &&
        str_eq(json_doc_text(&doc, "reason"), STR("bad_token")))
        (void)err_set(&why, s.code, "it does not know it");
    return err_set(err, s.code, "%s refuses the token of %s%s: %s", client_server(client),
                   config->token_file ? "TALLY_TOKEN_FILE, " : "TALLY_TOKEN", file, why.text);
}

status problem_status(const struct client_answer *answer, struct err *err)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    struct str detail = STR_NONE;
    char member[ERR_MEMBER_MAX_BYTES] = "";

    if (json_doc_read(buf_str(&answer->body), &doc, NULL).code == CODE_OK) {
        detail = json_doc_text(&doc, "detail");
        if (!detail.len)
            detail = json_doc_text(&doc, "title");
        (void)str_to_c(json_doc_text(&doc, "member"), member, sizeof(member));
    }
    if (!detail.len)
        return err_set(err, code_of(answer->status), "the server answered %u", answer->status);
    if (member[0] && str_find_str(detail, str_of(member)) == detail.len)
        return err_member(err, code_of(answer->status), member, "%s: %.*s", member, STR_ARG(detail));
    return err_member(err, code_of(answer->status), member, "%.*s", STR_ARG(detail));
}
