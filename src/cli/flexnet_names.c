#include "cli/flexnet_names.h"

#include "core/label.h"
#include "service/flexnet_line.h"

#define UTF8_GROWTH 3 /* bytes of the longest character that stands for one byte */

void flexnet_name_write(struct json_out *out, const char *member, struct str name)
{
    AUTO(struct buf, buf_free) text = { .max = UTF8_GROWTH * FLEXNET_LINE_MAX_BYTES };

    flexnet_text_add(&text, name);
    while (text.len > TEXT_MAX_BYTES || (text.len && !str_is_utf8(buf_str(&text))))
        text.len--;
    json_out_text(out, member, buf_str(&text));
}

void flexnet_label_add(struct buf *buf, struct str name)
{
    AUTO(struct buf, buf_free) text = { .max = UTF8_GROWTH * FLEXNET_LINE_MAX_BYTES };
    char space[NAME_MAX_BYTES];

    flexnet_text_add(&text, name);
    buf_add(buf, label_from_log(buf_str(&text), space));
}

void flexnet_feature_add(struct buf *buf, struct str product, struct str feature)
{
    flexnet_label_add(buf, product);
    buf_add_byte(buf, '/');
    flexnet_label_add(buf, feature);
}
