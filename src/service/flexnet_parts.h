/*
 * service/flexnet_parts: what the three files that read a line (flexnet_line.c, flexnet_event.c, flexnet_date.c) share.
 * Nobody else includes it.
 */
#ifndef SERVICE_FLEXNET_PARTS_H
#define SERVICE_FLEXNET_PARTS_H

#include "service/flexnet_line.h"

/* Each takes something off the front of *rest; false, and *rest is untouched, when it does not stand there. */
bool flexnet_take_byte(struct str *rest, char byte);
bool flexnet_take_number(struct str *rest, size_t digits_max, uint32_t *ret_number);
/* "17:17:45", or " 8:42:20" with the hour's zero as a space. */
bool flexnet_take_time(struct str *rest, int32_t *ret_time_s);
/* "2026-09-05T12:13:14-04:00" as lmgrd -datestamp writes it, into the line. */
bool flexnet_take_stamp(struct str *rest, struct flexnet_line *line);

/* What follows "OUT:" and its like, into feature, user, host, quantity, extra, reason and, for a reclaim, kind. */
bool flexnet_read_event(struct str text, struct flexnet_line *line);

/* A message that says which day it is. */
bool flexnet_read_date(struct str message, struct flexnet_date *ret_date);
/* The "(1/8/2017)" that ends lmgrd's "started on". */
bool flexnet_read_start_date(struct str message, struct flexnet_date *ret_date);

#endif
