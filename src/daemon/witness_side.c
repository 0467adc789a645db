#include "daemon/witness_side.h"

#include "base/log.h"
#include "base/memory.h"
#include "cli/verify.h"
#include "service/witnesses.h"

#define READ_SLACK 4096 /* file_read_text asks for so much room at a time */

struct witness_side {
    struct buf text; /* that the policy points into */
    struct witness_policy policy;
    struct witnesses *witnesses;
};

static status policy_read(struct witness_side *side, const char *path, struct err *err)
{
    struct err why = { 0 };

    side->text.max = POLICY_MAX_BYTES + READ_SLACK;
    TRY(file_read_text(path, &side->text, err));
    if (witness_policy_parse(buf_str(&side->text), &side->policy, &why).code)
        return err_member(err, CODE_INVALID, "witness-policy", "%s: %s", path, why.text);
    return OK;
}

static status begin(struct witness_side *side, const struct serve_config *config, struct witnesses_config *witnesses,
                    struct err *err)
{
    TRY(policy_read(side, config->witness_policy, err));
    witnesses->policy = &side->policy;
    witnesses->dir = config->dir;
    witnesses->ca_file = config->witness_ca;
    witnesses->patience_s = config->witness_patience_s ? config->witness_patience_s : WITNESS_PATIENCE_S;
    TRY(witnesses_new(witnesses, &side->witnesses, err));
    return witnesses_start(side->witnesses, err);
}

status witness_side_begin(const struct serve_config *config, struct engine *engine, struct api *api,
                          struct witness_side **ret_side, struct err *err)
{
    struct witnesses_config witnesses = { .engine = engine, .witnessed = api_witnessed, .context = api };
    struct witness_side *side;
    status s;

    if (witnesses_forbid_signing(config->dir))
        log_write(LOG_ERROR, "serve",
                  "%s/%s is a checkpoint that was signed with this ledger's key and is not of its history: nothing is "
                  "signed. docs/witness.md says what to do",
                  config->dir, WITNESS_EVIDENCE_FILE);
    if (!config->witness_policy)
        return OK;
    side = memory_new(1, sizeof *side);
    if (!side)
        return err_set(err, CODE_NO_MEMORY, "no memory for the witness policy");
    s = begin(side, config, &witnesses, err);
    if (s.code) {
        witness_side_free(side);
        return s;
    }
    api_set_witnesses(api, side->witnesses);
    *ret_side = side;
    return OK;
}

void witness_side_stop(struct witness_side *side)
{
    if (side)
        witnesses_stop(side->witnesses);
}

void witness_side_free(struct witness_side *side)
{
    if (!side)
        return;
    witnesses_free(side->witnesses);
    buf_free(&side->text);
    memory_free(side);
}
