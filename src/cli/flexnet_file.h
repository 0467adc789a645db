/*
 * cli/flexnet_file: a FlexNet debug log as a file: looked through for its first date, then read from its first byte, to
 * its end or further as it grows.
 */
#ifndef CLI_FLEXNET_FILE_H
#define CLI_FLEXNET_FILE_H

#include "service/flexnet_log.h"
#include "service/zone.h"

/* A zeroed one is closed. It must not be moved: the log points to the zone. */
struct flexnet_file {
    int plus_one; /* the descriptor and one more */
    const char *path;
    struct zone zone;
    struct flexnet_log log;
    struct buf first; /* its first FLEXNET_HEAD_BYTES, or all there is */
};

struct flexnet_visitor {
    status (*visit)(void *context, const struct flexnet_event *event, struct err *err);
    void *context;
};

/* `zone` is what a person gave, or NULL. Errors name the option. */
MUST_CHECK status flexnet_file_open(const char *path, const char *zone, struct flexnet_file *file, struct err *err);
void flexnet_file_close(struct flexnet_file *file);
/* Reads on to where the file ends now. CODE_CONFLICT when it has become shorter than what was read. */
MUST_CHECK status flexnet_file_read(struct flexnet_file *file, const struct flexnet_visitor *visitor, struct err *err);
/* The last line, when it has no line end: nothing more will come. */
MUST_CHECK status flexnet_file_end(struct flexnet_file *file, const struct flexnet_visitor *visitor, struct err *err);
/* The file's first bytes, read again: for a log that was shorter when it was opened. */
MUST_CHECK status flexnet_file_first(struct flexnet_file *file, struct err *err);

#endif
