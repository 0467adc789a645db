#include "cli/session.h"

#include <stdio.h>

status session_open_untrusting(struct session *session, struct err *err)
{
    AUTO(struct client_config, client_config_free) config = { 0 };

    TRY(client_config_read(&config, err));
    return client_new(&config, &session->client, err);
}

status session_open(struct session *session, struct err *err)
{
    TRY(session_open_untrusting(session, err));
    return trust_open(session->client, &session->trust, err);
}

void session_close(struct session *session)
{
    client_free(session->client);
    session->client = NULL;
}

void print_line(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];

        (void)putchar(byte < ' ' || byte == 0x7f ? '?' : byte);
    }
    (void)putchar('\n');
}
