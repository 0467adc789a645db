/*
 * tlog/witness_logs: one line after the other; an entry is complete when the next one begins, or the text ends.
 */
#include "tlog/witness_logs.h"

#include "base/memory.h"

#define REQUESTS_PER_DAY_MAX 100000000

/* An entry in the making. */
struct listed {
    bool has_key;
    bool has_limit;
    size_t line; /* where it began */
    struct vkey key;
    struct str key_text; /* its name is the origin unless one is told */
    struct str origin;
    uint64_t requests_per_day;
};

void witness_logs_free(struct witness_logs *logs)
{
    memory_free(logs->at);
    *logs = (struct witness_logs){ 0 };
}

static struct witness_log *find(const struct witness_logs *logs, struct str origin)
{
    for (size_t i = 0; i < logs->count; i++) {
        if (str_eq(logs->at[i].origin, origin))
            return &logs->at[i];
    }
    return NULL;
}

const struct witness_log *witness_logs_find(const struct witness_logs *logs, struct str origin)
{
    return find(logs, origin);
}

/* The log of that origin, a new one if need be; NULL when there is no room. */
static struct witness_log *log_for(struct witness_logs *logs, struct str origin)
{
    struct witness_log *log = find(logs, origin);

    if (log)
        return log;
    if (memory_grow((void **)&logs->at, &logs->capacity, logs->count + 1, WITNESS_LOGS_MAX, sizeof *log).code)
        return NULL;
    log = &logs->at[logs->count++];
    *log = (struct witness_log){ .origin = origin };
    return log;
}

/* The entry is complete: it becomes a log, or a further key of one. */
static status entry_end(struct witness_logs *logs, struct listed *entry, struct err *err)
{
    struct str origin = entry->origin.len ? entry->origin : str_take(&entry->key_text, '+');
    struct witness_log *log;

    if (!entry->has_key)
        return OK;
    log = log_for(logs, origin);
    if (!log)
        return err_set(err, logs->count < WITNESS_LOGS_MAX ? CODE_NO_MEMORY : CODE_TOO_LARGE,
                       "no room for more than %zu logs", logs->count);
    for (size_t i = 0; i < log->key_count; i++) {
        if (vkey_eq(&log->keys[i], &entry->key))
            return err_set(err, CODE_INVALID, "line %zu: the key of '%.*s' is there twice", entry->line,
                           STR_ARG(origin));
    }
    if (log->key_count == WITNESS_LOG_KEYS_MAX)
        return err_set(err, CODE_TOO_LARGE, "line %zu: '%.*s' has more than %d keys", entry->line, STR_ARG(origin),
                       WITNESS_LOG_KEYS_MAX);
    log->keys[log->key_count++] = entry->key;
    if (entry->has_limit && (!log->requests_per_day || entry->requests_per_day < log->requests_per_day))
        log->requests_per_day = entry->requests_per_day;
    *entry = (struct listed){ 0 };
    return OK;
}

static status key_line(struct witness_logs *logs, struct listed *entry, struct str value, size_t line, struct err *err)
{
    struct err why = { 0 };

    TRY(entry_end(logs, entry, err));
    if (vkey_parse(value, &entry->key, &why).code)
        return err_set(err, CODE_INVALID, "line %zu: %s", line, why.text);
    if (entry->key.type != VKEY_NOTE)
        return err_set(err, CODE_INVALID, "line %zu: a log's key is of type 0x01, not 0x%02x", line, entry->key.type);
    entry->has_key = true;
    entry->key_text = value;
    entry->line = line;
    return OK;
}

static status value_line(struct listed *entry, struct str word, struct str value, size_t line, struct err *err)
{
    if (!entry->has_key)
        return err_set(err, CODE_INVALID, "line %zu: '%.*s' stands before the first vkey", line, STR_ARG(word));
    if (str_eq(word, STR("origin")) && !entry->origin.len && value.len && value.len <= ORIGIN_MAX_BYTES &&
        str_is_text(value)) {
        entry->origin = value;
        return OK;
    }
    if (str_eq(word, STR("qpd")) && !entry->has_limit) {
        entry->has_limit = true;
        if (!str_to_u64(value, REQUESTS_PER_DAY_MAX, &entry->requests_per_day).code && entry->requests_per_day)
            return OK;
    }
    if (str_eq(word, STR("contact")))
        return OK;
    return err_set(err, CODE_INVALID,
                   "line %zu: '%.*s %.*s' is not one of: vkey KEY; once for each vkey, origin ORIGIN and qpd NUMBER; "
                   "contact TEXT",
                   line, STR_ARG(str_cut(word, 0, 40)), STR_ARG(str_cut(value, 0, 60)));
}

static status line_read(struct witness_logs *logs, struct listed *entry, struct str line, size_t number,
                        struct err *err)
{
    struct str value = line;
    struct str word = str_take(&value, ' ');

    value = str_trim(value);
    if (str_eq(word, STR("vkey")))
        return key_line(logs, entry, value, number, err);
    return value_line(entry, word, value, number, err);
}

static status lines_read(struct str text, struct witness_logs *logs, struct err *err)
{
    struct listed entry = { 0 };
    bool begun = false;

    for (size_t number = 1; text.len > 0; number++) {
        struct str line = str_trim(str_take_line(&text));

        if (line.len == 0 || line.at[0] == '#')
            continue;
        if (!begun && !str_eq(line, STR("logs/v0")))
            return err_set(err, CODE_INVALID, "line %zu: a list of logs begins with logs/v0, not '%.*s'", number,
                           STR_ARG(str_cut(line, 0, 60)));
        if (begun)
            TRY(line_read(logs, &entry, line, number, err));
        begun = true;
    }
    TRY(entry_end(logs, &entry, err));
    if (logs->count == 0)
        return err_set(err, CODE_INVALID, "the list names no log");
    return OK;
}

status witness_logs_parse(struct str text, struct witness_logs *ret_logs, struct err *err)
{
    struct witness_logs logs = { 0 };
    status s;

    if (text.len > WITNESS_LOGS_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a list of logs has %zu bytes, at most %d are allowed", text.len,
                       WITNESS_LOGS_MAX_BYTES);
    s = lines_read(text, &logs, err);
    if (s.code)
        witness_logs_free(&logs);
    else
        *ret_logs = logs;
    return s;
}
