/*
 * cli/replay_play: the users of a log as live clients: who holds which lease, and the commands that bring the server to
 * where the log was.
 *
 * Commands that do not need each other's answers travel in one batch. One that does, the return of a lease whose
 * check-out is not answered yet, sends what is gathered first, so the order of the log is kept.
 */
#ifndef CLI_REPLAY_PLAY_H
#define CLI_REPLAY_PLAY_H

#include "base/arena.h"
#include "base/map.h"
#include "base/table.h"
#include "cli/bulk.h"
#include "service/flexnet_log.h"

#define PLAY_TTL_S 3600 /* heartbeats each twenty minutes, in a replay that takes so long */

/* What a line asks for. */
enum play_what { PLAY_TAKE, PLAY_TRY, PLAY_GIVE_BACK, PLAY_BEAT };

/* What one line of the batch was about. */
struct play_line {
    enum play_what what;
    uint32_t lease;
};

struct play {
    struct client *client;
    struct bulk batch;
    struct play_line lines[BATCH_LINES_MAX];
    struct table holders; /* one a product, feature, user, host and quantity */
    struct map holder_by_key;
    struct table leases;
    struct arena names;
    int64_t beat_ms; /* running clock of the last heartbeats */
    uint64_t attempts, grants, denials, returns, unmatched, closed_by_restart;
    uint64_t released_at_end;
    uint64_t granted_though_denied; /* the log says denied, the server had a seat: given back at once */
};

struct play play_begin(struct client *client);
void play_free(struct play *play);
/* One event, in order. */
MUST_CHECK status play_event(struct play *play, const struct flexnet_event *event, struct err *err);
/* Sends what is gathered. */
MUST_CHECK status play_flush(struct play *play, struct err *err);
/* Keeps what is held alive, if it is time. */
MUST_CHECK status play_beat(struct play *play, struct err *err);
/* Gives back what is still held, so that a replay leaves no seat taken. */
MUST_CHECK status play_end(struct play *play, struct err *err);

#endif
