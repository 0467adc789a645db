/*
 * service/witness_link: libcurl's easy interface. A transfer looks about once a second whether it is to give up.
 */
#include "service/witness_link.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/memory.h"
#include "codec/hex.h"
#include "crypto/hash.h"

#define SIZE_TYPE "text/x.tlog.size"

struct witness_link {
    CURL *easy;
    struct curl_slist *fields;
    char url[WITNESS_URL_MAX_BYTES + 2 * HASH_BYTES + sizeof "//checkpoint"];
    char prefix[WITNESS_URL_MAX_BYTES + 1]; /* without a slash at its end */
    char ca_file[WITNESS_URL_MAX_BYTES + 1];
    char error[CURL_ERROR_SIZE];
    atomic_bool interrupted;
};

void witness_reply_free(struct witness_reply *reply)
{
    buf_free(&reply->body);
}

static CURLcode global_code = CURLE_FAILED_INIT;

static void global_init(void)
{
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

status witness_url_check(struct str url, struct err *err)
{
    struct str rest = str_starts(url, STR("https://")) ? str_from(url, 8) : str_from(url, 7);
    bool is_http = str_starts(url, STR("https://")) || str_starts(url, STR("http://"));

    if (is_http && rest.len && rest.at[0] != '/' && url.len <= WITNESS_URL_MAX_BYTES && str_find(url, '?') == url.len &&
        str_find(url, '#') == url.len && str_find(url, '@') == url.len)
        return OK;
    return err_set(
        err, CODE_INVALID,
        "'%.*s' is not the URL of a witness: http:// or https://, a host and a path, up to %d bytes, without "
        "user, query and fragment",
        STR_ARG(str_cut(url, 0, 100)), WITNESS_URL_MAX_BYTES);
}

void witness_link_close(struct witness_link *link)
{
    if (!link)
        return;
    if (link->easy)
        curl_easy_cleanup(link->easy);
    curl_slist_free_all(link->fields);
    memory_free(link);
}

/* Some servers answer "Expect: 100-continue" late, and curl has a type of its own for POST. */
static bool link_init(struct witness_link *link, struct str url, const char *ca_file)
{
    struct curl_slist *fields;

    while (str_ends(url, STR("/")))
        url.len--;
    link->easy = curl_easy_init();
    link->fields = curl_slist_append(NULL, "Content-Type: text/plain; charset=utf-8");
    fields = link->fields ? curl_slist_append(link->fields, "Expect:") : NULL;
    return link->easy && fields && str_to_c(url, link->prefix, sizeof link->prefix) &&
           str_to_c(str_of(ca_file), link->ca_file, sizeof link->ca_file);
}

status witness_link_open(struct str url, const char *ca_file, struct witness_link **ret_link, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct witness_link *link;

    TRY(witness_url_check(url, err));
    pthread_once(&once, global_init);
    link = global_code == CURLE_OK ? memory_new(1, sizeof *link) : NULL;
    if (!link || !link_init(link, url, ca_file)) {
        witness_link_close(link);
        return err_set(err, CODE_NO_MEMORY, "no memory for a connection to %.*s", STR_ARG(url));
    }
    *ret_link = link;
    return OK;
}

void witness_link_interrupt(struct witness_link *link)
{
    atomic_store(&link->interrupted, true);
}

/* ---- One request ---- */

static size_t body_take(char *bytes, size_t size, size_t count, void *context)
{
    struct witness_reply *reply = context;

    buf_add(&reply->body, (struct str){ bytes, size * count });
    return reply->body.status.code ? 0 : size * count;
}

static int progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
    const struct witness_link *link = context;

    (void)down_total;
    (void)down;
    (void)up_total;
    (void)up;
    return atomic_load(&link->interrupted);
}

static void prepare(struct witness_link *link, struct witness_reply *reply)
{
    CURL *easy = link->easy;

    curl_easy_reset(easy); /* keeps the connection */
    link->error[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_URL, link->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)WITNESS_CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)WITNESS_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, link->error);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tally/" TALLY_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, link);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
    if (link->ca_file[0])
        curl_easy_setopt(easy, CURLOPT_CAINFO, link->ca_file);
}

/* "409", "text/x.tlog.size" and one number: nothing less is a size. */
static void size_read(CURL *easy, struct witness_reply *reply)
{
    struct str line = buf_str(&reply->body);
    char *type = NULL;

    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    if (reply->status != 409 || !str_eq(str_of(type), STR(SIZE_TYPE)) || !str_ends(line, STR("\n")))
        return;
    line.len--;
    reply->has_size = !str_to_u64(line, TREE_MAX_LEAVES, &reply->size).code;
}

static status perform(struct witness_link *link, struct witness_reply *reply, struct err *err)
{
    CURLcode code = curl_easy_perform(link->easy);
    long http = 0;

    if (code != CURLE_OK)
        return err_set(err, reply->body.status.code ? CODE_TOO_LARGE : CODE_UNAVAILABLE, "%s: %s", link->url,
                       reply->body.status.code ? "the answer is too long"
                       : link->error[0]        ? link->error
                                               : curl_easy_strerror(code));
    curl_easy_getinfo(link->easy, CURLINFO_RESPONSE_CODE, &http);
    reply->status = (unsigned)http;
    size_read(link->easy, reply);
    return OK;
}

status witness_link_add(struct witness_link *link, struct str body, struct witness_reply *ret_reply, struct err *err)
{
    *ret_reply = (struct witness_reply){ .body = { .max = NOTE_MAX_BYTES } };
    (void)snprintf(link->url, sizeof link->url, "%s/add-checkpoint", link->prefix);
    prepare(link, ret_reply);
    curl_easy_setopt(link->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(link->easy, CURLOPT_HTTPHEADER, link->fields);
    curl_easy_setopt(link->easy, CURLOPT_POSTFIELDS, body.at);
    curl_easy_setopt(link->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    return perform(link, ret_reply, err);
}

status witness_link_page(struct witness_link *link, struct str origin, struct witness_reply *ret_reply, struct err *err)
{
    struct hash hash = hash_of(origin);
    char hex[2 * HASH_BYTES + 1] = { 0 };

    hex_write(hash.bytes, sizeof hash.bytes, hex);
    *ret_reply = (struct witness_reply){ .body = { .max = NOTE_MAX_BYTES } };
    (void)snprintf(link->url, sizeof link->url, "%s/%s/checkpoint", link->prefix, hex);
    prepare(link, ret_reply);
    return perform(link, ret_reply, err);
}
