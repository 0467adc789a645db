/*
 * store/row: see row.h.
 */
#include "store/row.h"

void row_add_private(struct buf *row, uint64_t first, const struct store_private *item)
{
    buf_add_byte(row, (char)item->part);
    buf_add_byte(row, (char)(item->index - first));
    bundle_add(row, item->text);
}

bool row_take_private(struct str *rest, uint64_t first, struct store_private *ret_item)
{
    const uint8_t *head = (const uint8_t *)rest->at;
    struct str after = str_from(*rest, ROW_PRIVATE_HEAD_BYTES);
    struct store_private item = { 0 };

    if (rest->len < ROW_PRIVATE_HEAD_BYTES || bundle_take(&after, &item.text, NULL).code)
        return false;
    item.part = head[0];
    item.index = first + head[1];
    if (item.index >= row_run_end(first))
        return false;
    *ret_item = item;
    *rest = after;
    return true;
}
