/*
 * tlog/witness_policy and tlog/witness_logs under attack: the input as either file. A policy that is read has members
 * that are there, and its quorum can be met by all witnesses together.
 */
#include <assert.h>

#include "base/memory.h"
#include "tlog/witness_logs.h"
#include "tlog/witness_policy.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    static struct witness_policy policy;
    AUTO(struct witness_logs, witness_logs_free) logs = { 0 };
    bool everybody[POLICY_WITNESSES_MAX];
    struct str input = { (const char *)data, len };
    struct err err = { 0 };

    if (witness_policy_parse(input, &policy, &err).code) {
        assert(err.text[0] != '\0');
    } else {
        for (size_t i = 0; i < POLICY_WITNESSES_MAX; i++)
            everybody[i] = true;
        assert(witness_policy_is_met(&policy, everybody));
    }
    err.text[0] = '\0';
    if (witness_logs_parse(input, &logs, &err).code)
        assert(err.text[0] != '\0' && !logs.at);
    else
        assert(logs.count > 0 && logs.at[0].key_count > 0 && logs.at[0].origin.len > 0);
    return 0;
}
