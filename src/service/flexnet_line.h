/*
 * service/flexnet_line: one line of a FlexNet debug log, taken apart.
 *
 * Owns the shapes of lines as lmgrd and vendor daemons of FLEXlm 7 to FlexNet 11.19 write them:
 *
 *      8:42:30 (adskflex) OUT: "87545ACD_2022_0F" maria lopez@cad-07  [4711] (2 licenses)
 *     time     daemon     event feature           user        host    extra  quantity
 *
 * Every line gets a kind, also the ones that say nothing about licences, so that a summary can account for each. It
 * refuses to know any line but this one: which day it was and what a seat's holder did before is flexnet_log's and
 * flexnet_usage's knowledge. Names are given as the bytes they are: the client chose them, and they need not be UTF-8.
 *
 * Pure. Any thread.
 */
#ifndef SERVICE_FLEXNET_LINE_H
#define SERVICE_FLEXNET_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "codec/timetext.h"

enum flexnet_kind {
    FLEXNET_NONE,         /* no line: more bytes are needed */
    FLEXNET_OUT,          /* a grant */
    FLEXNET_IN,           /* a return: by the client, or by the daemon that ends ("SHUTDOWN") */
    FLEXNET_INACTIVE,     /* a return by the daemon, because the client was idle too long */
    FLEXNET_DENIED,       /* refused, though the feature is served here */
    FLEXNET_UNSUPPORTED,  /* refused, because the feature is not served here: clients ask one server after the other */
    FLEXNET_QUEUED,       /* waits for a seat */
    FLEXNET_DEQUEUED,     /* waits no more */
    FLEXNET_UPGRADE,      /* a lease changed its quantity */
    FLEXNET_START,        /* lmgrd or a vendor daemon starts */
    FLEXNET_DATE,         /* says which day it is */
    FLEXNET_STATISTICS,   /* SLOG: the daemons' own figures about themselves */
    FLEXNET_TEXT,         /* anything else a daemon says: banner, feature lists, rereading, connection troubles */
    FLEXNET_CONTINUATION, /* without time and daemon: the rest of the line before, or another program's words */
    FLEXNET_EMPTY,
    FLEXNET_OTHER,   /* an event word in capitals that is none of the above: may matter and is not understood */
    FLEXNET_DAMAGED, /* begins as one of the above and can't be read: torn, too long or out of range */
    FLEXNET_KIND_COUNT
};

/* The longest line taken whole. Banner and event lines are below 1 kB; what is longer is no event of a real daemon. */
#define FLEXNET_LINE_MAX_BYTES 8192

struct flexnet_date {
    struct civil_date civil;
    int32_t time_s;  /* the time of day that stands beside it; -1 when none does */
    struct str zone; /* the zone's name that follows; may be empty */
};

/* The slices point into the line. */
struct flexnet_line {
    enum flexnet_kind kind;
    struct str daemon;  /* empty when the line has none */
    struct str message; /* what follows the daemon */
    int32_t time_s;     /* seconds since midnight; -1 when the line has no time */

    bool stamped; /* written under lmgrd -datestamp: the line has its own day and offset */
    int64_t stamp_day;
    int32_t stamp_offset_s;

    /* OUT, IN, INACTIVE, DENIED, UNSUPPORTED, QUEUED, DEQUEUED, UPGRADE */
    struct str feature, user, host;
    uint32_t quantity; /* 1 unless the line says more */
    struct str extra;  /* text in brackets that is neither quantity nor reason: check-out data, a list of keys */
    struct str reason; /* "SHUTDOWN", "Licensed number of users already reached. (-4,342)" */

    struct str started; /* START: the vendor daemon; empty when it is lmgrd, with which every one starts anew */

    bool dated; /* DATE always, START sometimes */
    struct flexnet_date date;
};

/* `line` comes without its line end ("\n" or "\r\n"). */
struct flexnet_line flexnet_line_read(struct str line);
/* A short English name for summaries: "returns", "statistics". Never NULL. */
const char *flexnet_kind_name(enum flexnet_kind kind);

/*
 * Appends a name as UTF-8: what is not well-formed is taken as Windows-1252, the code page of most of the servers that
 * write such names, so that the same bytes always give the same text. Control bytes and the five bytes that the code
 * page leaves undefined become U+FFFD.
 */
void flexnet_text_add(struct buf *buf, struct str name);

#endif
