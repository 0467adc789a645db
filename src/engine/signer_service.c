/*
 * engine/signer_service: the signer's end of the socket.
 */
#include "engine/signer_service.h"

#include <errno.h>
#include <sys/socket.h>

static void answer_hello(const struct signer *signer, struct buf *answer)
{
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);

    vkey_add(&vkey, signer_vkey(signer));
    signer_answer_add(answer, &(struct signer_answer){
                                  .kind = SIGNER_ANSWER_HELLO, .head = signer_head(signer), .vkey = buf_str(&vkey) });
}

static void answer_sign(struct signer *signer, const struct sign_request *request, struct buf *answer)
{
    struct signer_answer said = { .kind = SIGNER_ANSWER_SIGNATURE };

    said.refusal = signer_sign(signer, request, &said.signature);
    if (said.refusal) {
        said.kind = SIGNER_ANSWER_REFUSAL;
        said.head = signer_head(signer);
    }
    signer_answer_add(answer, &said);
}

status signer_answer_to(struct signer *signer, struct str packet, struct buf *answer, struct err *err)
{
    struct signer_ask ask;

    TRY(signer_ask_parse(packet, &ask, err));
    if (ask.kind == SIGNER_ASK_HELLO)
        answer_hello(signer, answer);
    else
        answer_sign(signer, &ask.sign, answer);
    return answer->status;
}

/* ---- The socket ---- */

/* One packet; a longer one than any question fills the space and more than that. Empty at the end. */
static status packet_take(int socket, struct buf *packet, struct err *err)
{
    ssize_t got;

    buf_clear(packet);
    do
        got = recv(socket, packet->at, packet->capacity, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_system(err, "receive from", "the server");
    buf_keep(packet, (size_t)got);
    return OK;
}

static status packet_send(int socket, struct str packet, struct err *err)
{
    ssize_t sent;

    do
        sent = send(socket, packet.at, packet.len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EPIPE)
        return (status){ CODE_CLOSED };
    return sent == (ssize_t)packet.len ? OK : err_system(err, "send to", "the server");
}

status signer_serve(struct signer *signer, int socket, struct err *err)
{
    char spaces[2][SIGNER_ASK_MAX_BYTES + 1]; /* a byte more than allowed is seen as too long */
    struct buf packet = BUF_OVER(spaces[0]);
    struct buf answer = BUF_OVER(spaces[1]);

    for (;;) {
        status s;

        TRY(packet_take(socket, &packet, err));
        if (!packet.len)
            return OK;
        buf_clear(&answer);
        TRY(signer_answer_to(signer, buf_str(&packet), &answer, err));
        s = packet_send(socket, buf_str(&answer), err);
        if (s.code)
            return s.code == CODE_CLOSED ? OK : s;
    }
}

void signer_serve_failure(int socket, status failure, const struct err *err)
{
    struct signer_answer said = { .kind = SIGNER_ANSWER_FAILURE, .failure = failure, .text = str_of(err->text) };
    char space[SIGNER_ANSWER_MAX_BYTES];
    struct buf packet = BUF_OVER(space);

    if (packet_take(socket, &packet, NULL).code || !packet.len)
        return;
    buf_clear(&packet);
    signer_answer_add(&packet, &said);
    (void)packet_send(socket, buf_str(&packet), NULL).code;
}
