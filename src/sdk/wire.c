#include "sdk/wire.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define CONNECT_TIMEOUT_MS 5000
#define FIELD_MAX_BYTES    512

static CURLcode global_code = CURLE_FAILED_INIT;

static void global_init(void)
{
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

status wire_init(struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, global_init);
    if (global_code == CURLE_OK)
        return OK;
    return err_set(err, CODE_NO_MEMORY, "libcurl does not start: %s", curl_easy_strerror(global_code));
}

void wire_request_free(struct wire_request *wire)
{
    for (struct curl_slist *field = wire->fields; field; field = field->next)
        memory_wipe(field->data, strlen(field->data));
    curl_slist_free_all(wire->fields);
    *wire = (struct wire_request){ 0 };
}

static status field_add(struct wire_request *wire, const char *name, struct str value, struct err *err)
{
    char text[FIELD_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "%s: %.*s", name, STR_ARG(value));
    struct curl_slist *longer = len > 0 && (size_t)len < sizeof(text) ? curl_slist_append(wire->fields, text) : NULL;

    memory_wipe(text, sizeof(text));
    if (!longer)
        return err_set(err, CODE_NO_MEMORY, "no room for the request's %s", name);
    wire->fields = longer;
    return OK;
}

static status fields_add(struct wire_request *wire, const struct client_config *config,
                         const struct client_request *request, struct err *err)
{
    AUTO(struct secret, secret_free) bearer = { 0 };
    static const char scheme[] = "Bearer ";

    if (config->has_token) {
        memcpy(bearer.bytes, scheme, sizeof(scheme) - 1);
        memcpy(bearer.bytes + sizeof(scheme) - 1, config->token.bytes, config->token.len);
        bearer.len = sizeof(scheme) - 1 + config->token.len;
        TRY(field_add(wire, "Authorization", (struct str){ (const char *)bearer.bytes, bearer.len }, err));
    }
    if (request->body.len)
        TRY(field_add(wire, "Content-Type", str_of(request->media ? request->media : "application/json"), err));
    if (request->key.len)
        TRY(field_add(wire, "Idempotency-Key", request->key, err));
    if (request->wants_receipt)
        TRY(field_add(wire, "Prefer", STR("receipt"), err));
    return field_add(wire, "Expect", STR_NONE, err); /* no round trip to ask whether a body may come */
}

static void body_set(CURL *easy, const struct client_request *request)
{
    if (strcmp(request->method, "GET") == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body.len ? request->body.at : "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
}

status wire_prepare(struct wire_request *wire, const struct client_config *config, const char *server,
                    const struct client_request *request, struct err *err)
{
    CURL *easy = wire->easy;
    int len = snprintf(wire->url, sizeof(wire->url), "%s%.*s", server, STR_ARG(request->target));
    int64_t timeout_ms = request->timeout_ms ? request->timeout_ms : CLIENT_TIMEOUT_MS;

    if (len < 0 || (size_t)len >= sizeof(wire->url))
        return err_set(err, CODE_TOO_LARGE, "what is asked of the server is longer than %d bytes", TARGET_MAX_BYTES);
    TRY(fields_add(wire, config, request, err));
    curl_easy_reset(easy); /* keeps the connections */
    body_set(easy, request);
    curl_easy_setopt(easy, CURLOPT_URL, wire->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, wire->fields);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* bundles may come compressed */
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tally/" TALLY_VERSION);
    if (config->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    return OK;
}

static size_t body_take(char *bytes, size_t size, size_t count, void *context)
{
    struct wire_answer *answer = context;

    buf_add(&answer->to->body, (struct str){ bytes, size * count });
    return answer->to->body.status.code ? 0 : size * count;
}

void wire_receive(CURL *easy, struct wire_answer *answer)
{
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
}

void wire_finish(CURL *easy, struct wire_answer *answer)
{
    curl_off_t retry_after_s = 0;
    long code = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    answer->to->status = (unsigned)code;
    answer->retry_after_s = (int64_t)retry_after_s;
}
