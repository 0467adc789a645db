/*
 * tlog/add_checkpoint and tlog/witness under attack: the input as a request to a witness, which must be written the
 * same again, and of which only one that the log signed may be cosigned.
 */
#include <assert.h>

#include "tlog/witness.h"

#define LOGS_TEXT "logs/v0\nvkey license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    AUTO(struct buf, buf_free) again = { .max = len + 1 };
    AUTO(struct witness_logs, witness_logs_free) logs = { 0 };
    struct tree_head empty = tree_head(&(struct tree){ 0 });
    struct str input = { (const char *)data, len };
    struct add_checkpoint parts;
    struct witness_request request;
    struct err err = { 0 };
    status s = witness_logs_parse(STR(LOGS_TEXT), &logs, NULL);

    assert(s.code == CODE_OK);
    if (add_checkpoint_parse(input, &parts, &err).code) {
        assert(err.text[0] != '\0');
    } else {
        add_checkpoint_add(&again, &parts);
        assert(str_eq(buf_str(&again), input));
    }
    err.text[0] = '\0';
    if (witness_read(input, &logs, &request, &err) == WITNESS_COSIGNS) {
        assert(request.log == logs.at && request.old_size <= request.checkpoint.head.size);
        if (witness_judge(&request, &empty, &err) == WITNESS_COSIGNS)
            assert(request.old_size == 0 && request.proof.count == 0);
    } else {
        assert(err.text[0] != '\0');
    }
    return 0;
}
