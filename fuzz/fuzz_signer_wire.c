/*
 * engine/signer_wire under attack: a packet that is read is written the same again, by either end.
 */
#include "engine/signer_wire.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    char space[SIGNER_ASK_MAX_BYTES];
    struct buf again = BUF_OVER(space);
    struct str packet = { (const char *)data, len };
    struct signer_answer answer;
    struct signer_ask ask;
    struct err err = { 0 };

    if (!signer_ask_parse(packet, &ask, &err).code) {
        signer_ask_add(&again, &ask);
        assert(str_eq(buf_str(&again), packet));
    }
    buf_clear(&again);
    if (len <= SIGNER_ANSWER_MAX_BYTES && !signer_answer_parse(packet, &answer, &err).code) {
        signer_answer_add(&again, &answer);
        assert(str_eq(buf_str(&again), packet));
    }
    return 0;
}
