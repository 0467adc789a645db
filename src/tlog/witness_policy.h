/*
 * tlog/witness_policy: which witnesses a log has and which of them must cosign (C2SP tlog-policy).
 *
 *     log <vkey> [<url>]
 *     witness <name> <vkey> [<url>]           the url is where add-checkpoint is asked: the submission prefix
 *     group <name> all|any|<k> <member>…      of names defined above; each name is a member once
 *     quorum <name>|none                      exactly one
 *
 * Owns the file's form and the arithmetic of groups; refuses two entries with the same public key, and keys of types
 * that this program can't check. Pure; any thread. Slices point into the text.
 */
#ifndef TLOG_WITNESS_POLICY_H
#define TLOG_WITNESS_POLICY_H

#include "tlog/vkey.h"

#define POLICY_LOGS_MAX      64 /* the specification asks for 32 of each at least */
#define POLICY_WITNESSES_MAX 64
#define POLICY_GROUPS_MAX    64
#define POLICY_MAX_BYTES     (256 * 1024)

struct policy_log {
    struct vkey vkey;
    struct str url; /* none: empty */
};

struct policy_witness {
    struct str name;
    struct vkey vkey;
    struct str url; /* none: empty */
};

/* Witnesses and groups are numbered in one row, witnesses as 0 …, groups from POLICY_WITNESSES_MAX on. */
struct policy_group {
    struct str name;
    size_t threshold; /* 1 … member_count */
    size_t member_count;
    uint8_t members[POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX];
};

#define POLICY_NOBODY UINT8_MAX /* "quorum none" */

struct witness_policy {
    struct policy_log logs[POLICY_LOGS_MAX];
    size_t log_count;
    struct policy_witness witnesses[POLICY_WITNESSES_MAX];
    size_t witness_count;
    struct policy_group groups[POLICY_GROUPS_MAX];
    size_t group_count;
    uint8_t quorum; /* a witness or group, or POLICY_NOBODY */
};

/* CODE_INVALID names the line; CODE_TOO_LARGE past the maxima. */
MUST_CHECK status witness_policy_parse(struct str text, struct witness_policy *ret_policy, struct err *err);
/* Whether the quorum is met when the witnesses for which `cosigned` is true have cosigned. */
bool witness_policy_is_met(const struct witness_policy *policy, const bool *cosigned);
/* Whether the policy is for the log with that key: it names it, or no log at all. */
bool witness_policy_is_for(const struct witness_policy *policy, const struct vkey *log);

#endif
