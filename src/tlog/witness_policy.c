/*
 * tlog/witness_policy: a file of lines of words.
 *
 * A group's members stand above it, so groups can be judged in their order.
 */
#include "tlog/witness_policy.h"

#include <string.h>

#define NUMBERS (POLICY_WITNESSES_MAX + POLICY_GROUPS_MAX)
#define WORDS   (3 + NUMBERS) /* of the longest line: group, name, threshold, members */

_Static_assert(NUMBERS < POLICY_NOBODY, "a number fits in a byte, and none of them means nobody");

/* The file as it is read. */
struct reading {
    struct witness_policy *policy;
    bool is_member[NUMBERS];
    bool has_quorum;
    size_t line;
    struct str words[WORDS];
    size_t count; /* of words */
};

static bool is_allowed(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];

        if ((byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f)
            return false;
    }
    return true;
}

static bool words_take(struct reading *reading, struct str line)
{
    size_t count = 0;

    for (line = str_trim(line); line.len > 0; line = str_trim(line)) {
        size_t len = 0;

        while (len < line.len && line.at[len] != ' ' && line.at[len] != '\t')
            len++;
        if (count == WORDS)
            return false;
        reading->words[count++] = str_cut(line, 0, len);
        line = str_from(line, len);
    }
    reading->count = count;
    return true;
}

/* The number of a witness or group; POLICY_NOBODY when there is none of that name. */
static uint8_t number_of(const struct witness_policy *policy, struct str name)
{
    for (size_t i = 0; i < policy->witness_count; i++) {
        if (str_eq(policy->witnesses[i].name, name))
            return (uint8_t)i;
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        if (str_eq(policy->groups[i].name, name))
            return (uint8_t)(POLICY_WITNESSES_MAX + i);
    }
    return POLICY_NOBODY;
}

static bool same_key(const struct vkey *a, const struct vkey *b)
{
    return memcmp(&a->public_key, &b->public_key, sizeof a->public_key) == 0;
}

static status name_check(const struct reading *reading, struct str name, struct err *err)
{
    if (str_eq(name, STR("none")) || number_of(reading->policy, name) != POLICY_NOBODY)
        return err_set(err, CODE_INVALID, "line %zu: the name '%.*s' is taken", reading->line,
                       STR_ARG(str_cut(name, 0, 80)));
    return OK;
}

static status key_read(const struct reading *reading, struct str text, enum vkey_type type, struct vkey *ret_vkey,
                       struct err *err)
{
    struct err why = { 0 };

    if (vkey_parse(text, ret_vkey, &why).code)
        return err_set(err, CODE_INVALID, "line %zu: %s", reading->line, why.text);
    if (ret_vkey->type != type)
        return err_set(err, CODE_INVALID, "line %zu: the key of '%.*s' is of type 0x%02x, expected 0x%02x",
                       reading->line, STR_ARG(str_cut(vkey_name(ret_vkey), 0, 80)), ret_vkey->type, type);
    return OK;
}

static status full(const struct reading *reading, const char *what, int max, struct err *err)
{
    return err_set(err, CODE_TOO_LARGE, "line %zu: a policy has at most %d %s", reading->line, max, what);
}

static status twice(const struct reading *reading, const struct vkey *vkey, struct err *err)
{
    return err_set(err, CODE_INVALID, "line %zu: the public key of '%.*s' is there twice", reading->line,
                   STR_ARG(str_cut(vkey_name(vkey), 0, 80)));
}

static status log_line(struct reading *reading, struct err *err)
{
    struct witness_policy *policy = reading->policy;
    struct policy_log log = { .url = reading->count == 3 ? reading->words[2] : STR_NONE };

    TRY(key_read(reading, reading->words[1], VKEY_NOTE, &log.vkey, err));
    for (size_t i = 0; i < policy->log_count; i++) {
        if (same_key(&policy->logs[i].vkey, &log.vkey))
            return twice(reading, &log.vkey, err);
    }
    if (policy->log_count == POLICY_LOGS_MAX)
        return full(reading, "logs", POLICY_LOGS_MAX, err);
    policy->logs[policy->log_count++] = log;
    return OK;
}

static status witness_line(struct reading *reading, struct err *err)
{
    struct witness_policy *policy = reading->policy;
    struct policy_witness witness = { .name = reading->words[1],
                                      .url = reading->count == 4 ? reading->words[3] : STR_NONE };

    TRY(name_check(reading, witness.name, err));
    TRY(key_read(reading, reading->words[2], VKEY_COSIGNATURE, &witness.vkey, err));
    for (size_t i = 0; i < policy->witness_count; i++) {
        if (same_key(&policy->witnesses[i].vkey, &witness.vkey))
            return twice(reading, &witness.vkey, err);
    }
    if (policy->witness_count == POLICY_WITNESSES_MAX)
        return full(reading, "witnesses", POLICY_WITNESSES_MAX, err);
    policy->witnesses[policy->witness_count++] = witness;
    return OK;
}

static status threshold_read(const struct reading *reading, struct str text, size_t members, size_t *ret_threshold,
                             struct err *err)
{
    uint64_t number = 1;

    if (str_eq(text, STR("all")))
        number = members;
    else if (!str_eq(text, STR("any")) && (str_to_u64(text, members, &number).code || number == 0))
        return err_set(err, CODE_INVALID,
                       "line %zu: a group of %zu needs all, any or a number from 1 to %zu, not '%.*s'", reading->line,
                       members, members, STR_ARG(str_cut(text, 0, 40)));
    *ret_threshold = (size_t)number;
    return OK;
}

static status member_add(struct reading *reading, struct policy_group *group, struct str name, struct err *err)
{
    uint8_t number = number_of(reading->policy, name);

    if (number == POLICY_NOBODY)
        return err_set(err, CODE_INVALID, "line %zu: no witness or group '%.*s' is defined above", reading->line,
                       STR_ARG(str_cut(name, 0, 80)));
    if (reading->is_member[number])
        return err_set(err, CODE_INVALID, "line %zu: '%.*s' is a member already: each is one once", reading->line,
                       STR_ARG(str_cut(name, 0, 80)));
    reading->is_member[number] = true;
    group->members[group->member_count++] = number;
    return OK;
}

static status group_line(struct reading *reading, struct err *err)
{
    struct witness_policy *policy = reading->policy;
    struct policy_group group = { .name = reading->words[1] };

    TRY(name_check(reading, group.name, err));
    TRY(threshold_read(reading, reading->words[2], reading->count - 3, &group.threshold, err));
    for (size_t i = 3; i < reading->count; i++)
        TRY(member_add(reading, &group, reading->words[i], err));
    if (policy->group_count == POLICY_GROUPS_MAX)
        return full(reading, "groups", POLICY_GROUPS_MAX, err);
    policy->groups[policy->group_count++] = group;
    return OK;
}

static status quorum_line(struct reading *reading, struct err *err)
{
    uint8_t number = number_of(reading->policy, reading->words[1]);

    if (reading->has_quorum)
        return err_set(err, CODE_INVALID, "line %zu: a policy has one quorum", reading->line);
    if (number == POLICY_NOBODY && !str_eq(reading->words[1], STR("none")))
        return err_set(err, CODE_INVALID, "line %zu: no witness or group '%.*s' is defined above", reading->line,
                       STR_ARG(str_cut(reading->words[1], 0, 80)));
    reading->policy->quorum = number;
    reading->has_quorum = true;
    return OK;
}

static const struct line_row {
    struct str word;
    size_t words_min;
    size_t words_max;
    status (*read)(struct reading *reading, struct err *err);
    const char *form;
} line_rows[] = {
    { STR_INIT("log"), 2, 3, log_line, "log VKEY [URL]" },
    { STR_INIT("witness"), 3, 4, witness_line, "witness NAME VKEY [URL]" },
    { STR_INIT("group"), 4, WORDS, group_line, "group NAME all|any|K MEMBER…" },
    { STR_INIT("quorum"), 2, 2, quorum_line, "quorum NAME|none" },
};

static status line_read(struct reading *reading, struct str line, struct err *err)
{
    if (!words_take(reading, line))
        return err_set(err, CODE_TOO_LARGE, "line %zu has more than %d words", reading->line, WORDS);
    if (reading->count == 0)
        return OK;
    for (size_t i = 0; i < sizeof line_rows / sizeof line_rows[0]; i++) {
        const struct line_row *row = &line_rows[i];

        if (!str_eq(row->word, reading->words[0]))
            continue;
        if (reading->count < row->words_min || reading->count > row->words_max)
            return err_set(err, CODE_INVALID, "line %zu is not of the form %s", reading->line, row->form);
        return row->read(reading, err);
    }
    return err_set(err, CODE_INVALID, "line %zu begins with '%.*s', not with log, witness, group or quorum",
                   reading->line, STR_ARG(str_cut(reading->words[0], 0, 40)));
}

/* A comment may be longer than any line that means something. */
static bool is_comment(struct str line)
{
    line = str_trim(line);
    return line.len > 0 && line.at[0] == '#';
}

status witness_policy_parse(struct str text, struct witness_policy *ret_policy, struct err *err)
{
    struct reading reading = { .policy = ret_policy };

    memset(ret_policy, 0, sizeof *ret_policy);
    if (text.len > POLICY_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a policy has %zu bytes, at most %d are allowed", text.len,
                       POLICY_MAX_BYTES);
    if (!is_allowed(text))
        return err_set(err, CODE_INVALID, "a policy has a control character that is neither tab nor newline");
    while (text.len > 0) {
        struct str line = str_take_line(&text);

        reading.line++;
        if (!is_comment(line))
            TRY(line_read(&reading, line, err));
    }
    if (!reading.has_quorum)
        return err_set(err, CODE_INVALID, "a policy needs a line: quorum NAME, or quorum none");
    return OK;
}

bool witness_policy_is_met(const struct witness_policy *policy, const bool *cosigned)
{
    bool met[NUMBERS] = { false };

    memcpy(met, cosigned, policy->witness_count * sizeof met[0]);
    for (size_t i = 0; i < policy->group_count; i++) {
        const struct policy_group *group = &policy->groups[i];
        size_t count = 0;

        for (size_t k = 0; k < group->member_count; k++)
            count += met[group->members[k]];
        met[POLICY_WITNESSES_MAX + i] = count >= group->threshold;
    }
    return policy->quorum == POLICY_NOBODY || met[policy->quorum];
}

bool witness_policy_is_for(const struct witness_policy *policy, const struct vkey *log)
{
    for (size_t i = 0; i < policy->log_count; i++) {
        if (vkey_eq(&policy->logs[i].vkey, log))
            return true;
    }
    return policy->log_count == 0;
}
