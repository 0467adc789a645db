#include "cli/replay_play.h"

#include "base/clock.h"
#include "cli/flexnet_names.h"
#include "codec/typeid.h"

#define HOLDERS_MAX     (1u << 22)
#define OPEN_MAX        (1u << 22)
#define NAMES_MAX_BYTES ((size_t)1 << 30)
#define KEY_MAX_BYTES   ((size_t)2 * FLEXNET_LINE_MAX_BYTES)
#define BEAT_PARTS      3

struct holder_row {
    struct str key; /* product, feature, user, host and quantity, NUL between them */
    struct str product;
    uint32_t oldest, newest; /* of its leases; TABLE_NONE when it has none */
};

struct lease_row {
    uint32_t holder;
    uint32_t next; /* taken later by the same holder */
    enum { ROW_FREE, ROW_ASKED, ROW_HELD, ROW_DENIED } state;
    char id[TYPEID_BYTES];
};

static struct holder_row *holder_at(const struct play *play, uint32_t place)
{
    return table_at(&play->holders, place);
}

static struct lease_row *lease_at(const struct play *play, uint32_t place)
{
    return table_at(&play->leases, place);
}

static uint64_t key_hash(const void *owner, uint32_t place)
{
    return str_hash(holder_at(owner, place)->key, 0);
}

static bool key_equals(const void *owner, uint32_t place, const void *key)
{
    return str_eq(holder_at(owner, place)->key, *(const struct str *)key);
}

static const struct map_kind kind = { key_hash, key_equals };

struct play play_begin(struct client *client)
{
    return (struct play){ .client = client,
                          .holders = table_of(sizeof(struct holder_row), HOLDERS_MAX),
                          .leases = table_of(sizeof(struct lease_row), OPEN_MAX),
                          .names = { .max_bytes = NAMES_MAX_BYTES },
                          .beat_ms = clock_read().running_ms };
}

void play_free(struct play *play)
{
    bulk_free(&play->batch);
    map_free(&play->holder_by_key);
    table_free(&play->holders);
    table_free(&play->leases);
    arena_free(&play->names);
}

/* ---- Who holds what ---- */

static void key_add(struct buf *key, const struct flexnet_line *line)
{
    const struct str parts[] = { line->daemon, line->feature, line->user, line->host };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_add(key, parts[i]);
        buf_add_byte(key, '\0');
    }
    buf_add_u64(key, line->quantity);
}

/* Finds the holder, or makes it when `make` says so; *ret_place may be MAP_NONE. */
static status holder_find(struct play *play, const struct flexnet_line *line, bool make, uint32_t *ret_place)
{
    AUTO(struct buf, buf_free) key = { .max = KEY_MAX_BYTES };
    struct holder_row row = { .oldest = TABLE_NONE, .newest = TABLE_NONE };
    struct str text;

    key_add(&key, line);
    TRY(key.status);
    text = buf_str(&key);
    *ret_place = map_find(&play->holder_by_key, &kind, play, str_hash(text, 0), &text);
    if (*ret_place != MAP_NONE || !make)
        return OK;
    TRY(table_reserve(&play->holders, 1));
    TRY(map_reserve(&play->holder_by_key, &kind, play, 1));
    TRY(arena_copy(&play->names, text, &row.key));
    row.product = str_cut(row.key, 0, line->daemon.len);
    *ret_place = table_take(&play->holders);
    *holder_at(play, *ret_place) = row;
    map_put(&play->holder_by_key, str_hash(row.key, 0), *ret_place);
    return OK;
}

static status lease_push(struct play *play, uint32_t holder_place, uint32_t *ret_place)
{
    struct holder_row *holder = holder_at(play, holder_place);
    struct lease_row *lease;

    TRY(table_reserve(&play->leases, 1));
    *ret_place = table_take(&play->leases);
    lease = lease_at(play, *ret_place);
    lease->holder = holder_place;
    lease->next = TABLE_NONE;
    lease->state = ROW_ASKED;
    if (holder->oldest == TABLE_NONE)
        holder->oldest = *ret_place;
    else
        lease_at(play, holder->newest)->next = *ret_place;
    holder->newest = *ret_place;
    return OK;
}

static uint32_t lease_pop(struct play *play, uint32_t holder_place)
{
    struct holder_row *holder = holder_at(play, holder_place);
    uint32_t place = holder->oldest;

    holder->oldest = lease_at(play, place)->next;
    if (holder->oldest == TABLE_NONE)
        holder->newest = TABLE_NONE;
    return place;
}

/* ---- Batches ---- */

static status answer_take(void *context, size_t number, unsigned code, struct json_node answer, struct err *err)
{
    struct play *play = context;
    const struct play_line *line = &play->lines[number];
    struct str id = json_node_text(json_node_member(answer, "id"));
    struct lease_row *lease = line->what == PLAY_TAKE || line->what == PLAY_TRY ? lease_at(play, line->lease) : NULL;

    if (!lease)
        return OK; /* that a lease has ended already is no fault of a replay */
    if (code == 201 && id.len == TYPEID_BYTES) {
        memcpy(lease->id, id.at, TYPEID_BYTES);
        lease->state = ROW_HELD;
        return OK;
    }
    lease->state = ROW_DENIED;
    if (code == 409)
        return OK;
    return err_set(err, code == 401 || code == 403 ? CODE_DENIED : CODE_INVALID, "the server refused a check-out: %.*s",
                   STR_ARG(json_node_text(json_node_member(answer, "detail"))));
}

status play_flush(struct play *play, struct err *err)
{
    struct bulk_visitor visitor = { answer_take, play };

    if (!play->batch.count)
        return OK;
    TRY(bulk_send(play->client, &play->batch, STR_NONE, &visitor, err));
    bulk_clear(&play->batch);
    return OK;
}

static status room_make(struct play *play, struct err *err)
{
    return bulk_is_full(&play->batch) ? play_flush(play, err) : OK;
}

static struct json_out line_begin(struct play *play, const char *op, enum play_what what, uint32_t lease)
{
    play->lines[play->batch.count].what = what;
    play->lines[play->batch.count].lease = lease;
    return bulk_line(&play->batch, op);
}

static void take_write(struct play *play, const struct flexnet_line *line, enum play_what what, uint32_t lease)
{
    char space[FEATURE_MAX_BYTES];
    struct buf feature = BUF_OVER(space);
    struct json_out out = line_begin(play, "lease.create", what, lease);

    flexnet_feature_add(&feature, line->daemon, line->feature);
    json_out_text(&out, "feature", buf_str(&feature));
    json_out_u64(&out, "quantity", line->quantity);
    json_out_i64(&out, "ttl_s", PLAY_TTL_S);
    json_out_object(&out, "asserted");
    flexnet_name_write(&out, "user", line->user);
    flexnet_name_write(&out, "host", line->host);
    json_out_end(&out);
    bulk_line_end(&play->batch, &out);
}

static void id_write(struct play *play, const char *op, enum play_what what, uint32_t lease)
{
    struct json_out out = line_begin(play, op, what, lease);

    json_out_text(&out, "lease", (struct str){ lease_at(play, lease)->id, TYPEID_BYTES });
    bulk_line_end(&play->batch, &out);
}

/* ---- Events ---- */

/* Gives the holder's oldest lease back; *count is moved on when it had one. */
static status oldest_give_back(struct play *play, uint32_t holder, uint64_t *count, struct err *err)
{
    uint32_t lease = lease_pop(play, holder);

    if (lease_at(play, lease)->state == ROW_ASKED)
        TRY(play_flush(play, err));
    TRY(room_make(play, err));
    if (lease_at(play, lease)->state == ROW_HELD) {
        id_write(play, "lease.release", PLAY_GIVE_BACK, lease);
        play->grants++;
        (*count)++;
    } else {
        play->denials++;
    }
    table_give(&play->leases, lease);
    return play->batch.text.status;
}

static status take(struct play *play, const struct flexnet_event *event, struct err *err)
{
    uint32_t holder, lease;

    TRY(room_make(play, err));
    TRY(holder_find(play, &event->line, true, &holder));
    TRY(lease_push(play, holder, &lease));
    take_write(play, &event->line, PLAY_TAKE, lease);
    play->attempts++;
    return play->batch.text.status;
}

static status give_back(struct play *play, const struct flexnet_event *event, struct err *err)
{
    uint32_t holder;

    TRY(holder_find(play, &event->line, false, &holder));
    if (holder == MAP_NONE || holder_at(play, holder)->oldest == TABLE_NONE) {
        play->unmatched++;
        return OK;
    }
    return oldest_give_back(play, holder, &play->returns, err);
}

/* Who was denied asks here, too. If there is a seat, it goes back at once: the log's user did not have it. */
static status try_denied(struct play *play, const struct flexnet_event *event, struct err *err)
{
    struct lease_row *lease;
    uint32_t place;

    TRY(play_flush(play, err));
    TRY(table_reserve(&play->leases, 1));
    place = table_take(&play->leases);
    take_write(play, &event->line, PLAY_TRY, place);
    play->attempts++;
    TRY(play_flush(play, err));
    lease = lease_at(play, place);
    if (lease->state == ROW_HELD) {
        play->granted_though_denied++;
        id_write(play, "lease.release", PLAY_GIVE_BACK, place);
        TRY(play_flush(play, err));
    } else {
        play->denials++;
    }
    table_give(&play->leases, place);
    return OK;
}

static status restart(struct play *play, struct str started, struct err *err)
{
    for (uint32_t place = 0; place < play->holders.used; place++) {
        if (started.len && !str_eq(holder_at(play, place)->product, started))
            continue;
        while (holder_at(play, place)->oldest != TABLE_NONE)
            TRY(oldest_give_back(play, place, &play->closed_by_restart, err));
    }
    return OK;
}

status play_event(struct play *play, const struct flexnet_event *event, struct err *err)
{
    if (event->restart)
        TRY(restart(play, event->line.started, err));
    if (event->line.kind == FLEXNET_OUT)
        return take(play, event, err);
    if (flexnet_is_return(event->line.kind))
        return give_back(play, event, err);
    return event->line.kind == FLEXNET_DENIED ? try_denied(play, event, err) : OK;
}

/* ---- Time, and the end ---- */

status play_beat(struct play *play, struct err *err)
{
    int64_t now_ms = clock_read().running_ms;

    if (now_ms - play->beat_ms < (int64_t)PLAY_TTL_S * 1000 / BEAT_PARTS)
        return OK;
    play->beat_ms = now_ms;
    TRY(play_flush(play, err));
    for (uint32_t place = 0; place < play->leases.used; place++) {
        if (lease_at(play, place)->state != ROW_HELD)
            continue;
        TRY(room_make(play, err));
        id_write(play, "lease.heartbeat", PLAY_BEAT, place);
    }
    return play_flush(play, err);
}

status play_end(struct play *play, struct err *err)
{
    TRY(play_flush(play, err));
    for (uint32_t place = 0; place < play->holders.used; place++) {
        while (holder_at(play, place)->oldest != TABLE_NONE)
            TRY(oldest_give_back(play, place, &play->released_at_end, err));
    }
    return play_flush(play, err);
}
