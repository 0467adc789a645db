#include "daemon/listening.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

status listening_read(const char *text, struct listening *ret_listening, struct err *err)
{
    struct str address = str_of(text);
    size_t colon = address.len;
    uint64_t port = 0;
    struct str host;

    while (colon > 0 && address.at[colon - 1] != ':')
        colon--;
    host = str_cut(address, 0, colon ? colon - 1 : 0);
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        host = str_cut(host, 1, host.len - 2);
    if (!colon || !host.len || str_to_u64(str_from(address, colon), UINT16_MAX, &port).code ||
        !str_to_c(host, ret_listening->host, sizeof(ret_listening->host)))
        return err_member(err, CODE_INVALID, "listen", "--listen must be HOST:PORT, as 127.0.0.1:8470, not \"%s\"",
                          text);
    ret_listening->port = (uint16_t)port;
    return OK;
}

bool listening_is_loopback(const struct listening *listening)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, listening->host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return strcmp(listening->host, "::1") == 0 || strcmp(listening->host, "localhost") == 0;
}

void listening_url(const struct listening *listening, bool tls, char ret_url[LISTEN_URL_MAX_BYTES])
{
    const char *brackets = strchr(listening->host, ':') ? "[]" : "";

    (void)snprintf(ret_url, LISTEN_URL_MAX_BYTES, "%s://%.1s%s%.1s:%u", tls ? "https" : "http", brackets,
                   listening->host, brackets[0] ? brackets + 1 : "", listening->port);
}

sigset_t signals_block(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

int signals_next(const sigset_t *set)
{
    int number = 0;

    while (sigwait(set, &number))
        continue;
    return number;
}
