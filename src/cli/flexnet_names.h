/*
 * cli/flexnet_names: names in a FlexNet log, which may be any bytes, as the server wants them.
 */
#ifndef CLI_FLEXNET_NAMES_H
#define CLI_FLEXNET_NAMES_H

#include "base/buf.h"
#include "base/limits.h"
#include "codec/json_out.h"

/* A user or host: UTF-8 of at most TEXT_MAX_BYTES. */
void flexnet_name_write(struct json_out *out, const char *member, struct str name);
/* Appends the name that a product or feature has in the catalogue when it came from that log. */
void flexnet_label_add(struct buf *buf, struct str name);
/* The same for "product/feature". */
void flexnet_feature_add(struct buf *buf, struct str product, struct str feature);

#endif
