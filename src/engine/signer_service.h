/*
 * engine/signer_service: a signer answers packets.
 *
 * One question, one answer, in the order they come. Whoever asks what the table of engine/signer_wire has not ends the
 * conversation: it is not the server any more that was started with this process.
 */
#ifndef ENGINE_SIGNER_SERVICE_H
#define ENGINE_SIGNER_SERVICE_H

#include "engine/signer.h"

/* Appends the answer to a question. CODE_INVALID, and no answer, for what is none. */
MUST_CHECK status signer_answer_to(struct signer *signer, struct str packet, struct buf *answer, struct err *err);
/*
 * Answers on a SOCK_SEQPACKET socket until the other side closes it: OK. CODE_INVALID after a packet that is no
 * question; CODE_IO when the socket fails. Uses recv and send alone, and what signer_sign needs.
 */
MUST_CHECK status signer_serve(struct signer *signer, int socket, struct err *err);
/* Tells whoever asks first that there is no signer, and why; then it is over. */
void signer_serve_failure(int socket, status failure, const struct err *err);

#endif
