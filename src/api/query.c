#include "api/query.h"

#include "core/entry.h"

/* clang-format off */
const struct query_row query_rows[QUERY_COUNT] = {
    [QUERY_DRY_RUN] = { "dry_run", QUERY_IS_BOOL, 0, 1,
        "true: nothing is done; the answer tells which entries would be written and who is affected" },
    [QUERY_AFTER] = { "after", QUERY_IS_INT, 0, UINT32_MAX, "where the page begins: `next` of the page before" },
    [QUERY_SINCE] = { "after", QUERY_IS_INT, -1, ENTRY_NUMBER_MAX - 1, "the last index that is known already; -1: from the start" },
    [QUERY_LIMIT] = { "limit", QUERY_IS_INT, 1, PAGE_MAX, "rows of one answer at most" },
    [QUERY_MIN_INDEX] = { "min_index", QUERY_IS_INT, 0, INT64_MAX,
        "the answer is not older than the entry with that index, which the caller was told before" },
    [QUERY_ALL] = { "all", QUERY_IS_BOOL, 0, 1, "true: others' too, which is recorded" },
    [QUERY_WAIT_S] = { "wait_s", QUERY_IS_INT, 0, POLL_MAX_S, "seconds to wait for the ticket's turn" },
    [QUERY_FEATURE] = { "feature", QUERY_IS_TEXT, 1, FEATURE_MAX_BYTES, "product/feature, or a bare name" },
    [QUERY_QUANTITY] = { "quantity", QUERY_IS_INT, 1, QUANTITY_MAX, "seats" },
    [QUERY_HEAD] = { "head", QUERY_IS_TEXT, 64, 64, "SHA-256 of the observed log's head, in hexadecimal digits" },
    [QUERY_FROM] = { "from", QUERY_IS_INT, 0, INT64_MAX, "size of the older tree" },
    [QUERY_TO] = { "to", QUERY_IS_INT, 0, INT64_MAX, "size of the newer tree; without it, the published one" },
};
/* clang-format on */

static status number_read(const struct query_row *row, struct str text, int64_t *ret_number, struct err *err)
{
    uint64_t number = 0;

    if (row->min < 0 && str_eq(text, STR("-1"))) {
        *ret_number = -1;
        return OK;
    }
    if (str_to_u64(text, (uint64_t)row->max, &number).code || (int64_t)number < row->min)
        return err_member(err, CODE_INVALID, row->name, "%s must be a whole number from %lld to %lld", row->name,
                          (long long)row->min, (long long)row->max);
    *ret_number = (int64_t)number;
    return OK;
}

static status value_read(const struct query_row *row, struct str text, int64_t *ret_number, struct err *err)
{
    if (row->kind == QUERY_IS_INT)
        return number_read(row, text, ret_number, err);
    if (row->kind == QUERY_IS_TEXT) {
        if ((int64_t)text.len < row->min || (int64_t)text.len > row->max)
            return err_member(err, CODE_INVALID, row->name, "%s must be %lld to %lld bytes long", row->name,
                              (long long)row->min, (long long)row->max);
        return OK;
    }
    *ret_number = str_eq(text, STR("true"));
    if (!*ret_number && !str_eq(text, STR("false")))
        return err_member(err, CODE_INVALID, row->name, "%s must be true or false", row->name);
    return OK;
}

status query_read(struct exchange *exchange, unsigned allowed, struct query_values *ret_values, struct err *err)
{
    const char *names[QUERY_COUNT];
    struct str texts[QUERY_COUNT];
    size_t count = 0;

    for (size_t i = 0; i < QUERY_COUNT; i++) {
        if (allowed & 1u << i)
            names[count++] = query_rows[i].name;
    }
    TRY(exchange_query_members(exchange, names, count, texts, err));
    count = 0;
    for (size_t i = 0; i < QUERY_COUNT; i++) {
        struct str text = allowed & 1u << i ? texts[count++] : STR_NONE;

        if (!text.at)
            continue;
        TRY(value_read(&query_rows[i], text, &ret_values->numbers[i], err));
        ret_values->has |= 1u << i;
        ret_values->texts[i] = text;
    }
    return OK;
}
