#include "core/words.h"

const struct str via_words[VIA_COUNT] = { STR_INIT("system"), STR_INIT("api_token"), STR_INIT("local"),
                                          STR_INIT("none"), STR_INIT("observation") };
const struct str level_words[LEVEL_COUNT] = { STR_INIT("A0"), STR_INIT("A1"), STR_INIT("A2"), STR_INIT("A3") };
const struct str source_words[SOURCE_COUNT] = { STR_INIT("none"), STR_INIT("import"), STR_INIT("offline"),
                                                STR_INIT("late") };
const struct str license_kind_words[LICENSE_KIND_COUNT] = { STR_INIT("perpetual"), STR_INIT("term"),
                                                            STR_INIT("subscription"), STR_INIT("trial") };
const struct str license_state_words[LICENSE_STATE_COUNT] = { STR_INIT("scheduled"), STR_INIT("active"),
                                                              STR_INIT("suspended"), STR_INIT("expired"),
                                                              STR_INIT("revoked") };
const struct str model_words[MODEL_COUNT] = { STR_INIT("floating") };
const struct str pool_kind_words[POOL_KIND_COUNT] = { STR_INIT("enforced"), STR_INIT("observed") };
const struct str ending_words[ENDING_COUNT] = { STR_INIT("none"), STR_INIT("drain"), STR_INIT("lapse"),
                                                STR_INIT("revoke") };
const struct str lease_state_words[LEASE_STATE_COUNT] = { STR_INIT("offered"),  STR_INIT("granted"),
                                                          STR_INIT("released"), STR_INIT("lapsed"),
                                                          STR_INIT("expired"),  STR_INIT("revoked") };
const struct str ticket_state_words[TICKET_STATE_COUNT] = { STR_INIT("waiting"), STR_INIT("offered"),
                                                            STR_INIT("claimed"), STR_INIT("expired"),
                                                            STR_INIT("cancelled") };
const struct str reason_words[REASON_COUNT] = {
    [REASON_NO_SEATS] = STR_INIT("no_seats"),
    [REASON_QUEUED] = STR_INIT("queued"),
    [REASON_LIMIT] = STR_INIT("limit"),
    [REASON_SUSPENDED] = STR_INIT("suspended"),
    [REASON_EXPIRED] = STR_INIT("expired"),
    [REASON_NOT_STARTED] = STR_INIT("not_started"),
    [REASON_REVOKED] = STR_INIT("revoked"),
    [REASON_SILENT] = STR_INIT("silent"),
    [REASON_NOT_CLAIMED] = STR_INIT("not_claimed"),
    [REASON_WAITED] = STR_INIT("waited"),
    [REASON_OWNER] = STR_INIT("owner"),
    [REASON_ADMIN] = STR_INIT("admin"),
    [REASON_RESTART] = STR_INIT("restart"),
    [REASON_RETURNED] = STR_INIT("returned"),
    [REASON_BAD_TOKEN] = STR_INIT("bad_token"),
    [REASON_TOKEN_EXPIRED] = STR_INIT("token_expired"),
    [REASON_TOKEN_REVOKED] = STR_INIT("token_revoked"),
    [REASON_DISABLED] = STR_INIT("disabled"),
    [REASON_SCOPE] = STR_INIT("scope"),
    [REASON_ROLE] = STR_INIT("role"),
    [REASON_QUEUE_FULL] = STR_INIT("queue_full"),
    [REASON_STORAGE] = STR_INIT("storage"),
    [REASON_FORWARD] = STR_INIT("forward"),
    [REASON_BACK] = STR_INIT("back"),
    [REASON_NOT_FOUND] = STR_INIT("not_found"),
    [REASON_UNREACHABLE] = STR_INIT("unreachable"),
    [REASON_REFUSED] = STR_INIT("refused"),
    [REASON_BAD_ANSWER] = STR_INIT("bad_answer"),
    [REASON_RETENTION] = STR_INIT("retention"),
    [REASON_KEY_CHANGE] = STR_INIT("key_change"),
    [REASON_KEY_STOLEN] = STR_INIT("key_stolen"),
    [REASON_LOST] = STR_INIT("lost"),
};
const struct str role_words[ROLE_COUNT] = { STR_INIT("member"), STR_INIT("auditor"), STR_INIT("admin"),
                                            STR_INIT("observer") };
const struct str problem_words[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = STR_INIT("NONE"),
    [PROBLEM_BAD_REQUEST] = STR_INIT("BAD_REQUEST"),
    [PROBLEM_UNAUTHORIZED] = STR_INIT("UNAUTHORIZED"),
    [PROBLEM_FORBIDDEN] = STR_INIT("FORBIDDEN"),
    [PROBLEM_NOT_FOUND] = STR_INIT("NOT_FOUND"),
    [PROBLEM_NO_SEATS] = STR_INIT("NO_SEATS"),
    [PROBLEM_AMBIGUOUS] = STR_INIT("AMBIGUOUS"),
    [PROBLEM_LEASE_ENDED] = STR_INIT("LEASE_ENDED"),
    [PROBLEM_TICKET_ENDED] = STR_INIT("TICKET_ENDED"),
    [PROBLEM_NOT_OFFERED] = STR_INIT("NOT_OFFERED"),
    [PROBLEM_NAME_TAKEN] = STR_INIT("NAME_TAKEN"),
    [PROBLEM_WRONG_STATE] = STR_INIT("WRONG_STATE"),
    [PROBLEM_IDEMPOTENCY] = STR_INIT("IDEMPOTENCY_CONFLICT"),
    [PROBLEM_TOO_MANY] = STR_INIT("TOO_MANY"),
    [PROBLEM_CLOCK_FROZEN] = STR_INIT("CLOCK_FROZEN"),
    [PROBLEM_READ_ONLY] = STR_INIT("READ_ONLY"),
    [PROBLEM_OVERLOADED] = STR_INIT("OVERLOADED"),
    [PROBLEM_STOPPING] = STR_INIT("STOPPING"),
    [PROBLEM_INTERNAL] = STR_INIT("INTERNAL"),
    [PROBLEM_NOT_LICENSED] = STR_INIT("NOT_LICENSED"),
    [PROBLEM_LEASE_QUOTA] = STR_INIT("LEASE_QUOTA"),
    [PROBLEM_TICKET_QUOTA] = STR_INIT("TICKET_QUOTA"),
    [PROBLEM_ENTRY_QUOTA] = STR_INIT("ENTRY_QUOTA"),
    [PROBLEM_NAME_QUOTA] = STR_INIT("NAME_QUOTA"),
    [PROBLEM_LEASES_OPEN] = STR_INIT("LEASES_OPEN"),
    [PROBLEM_ON_HOLD] = STR_INIT("ON_HOLD"),
};

status word_find(const struct str *words, int count, struct str word, int *ret_place)
{
    for (int i = 0; i < count; i++) {
        if (str_eq(words[i], word)) {
            *ret_place = i;
            return OK;
        }
    }
    return (status){ CODE_INVALID };
}
