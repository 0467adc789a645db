/*
 * cli/verify_url: a ledger as a server shows it: its checkpoint, tiles and entry bundles, fetched in parallel.
 *
 * Tiles are compared with those recomputed from the entries, so a server that shows other hashes than its entries have
 * is found at the first of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/verify.h"
#include "codec/base64.h"
#include "codec/json_doc.h"
#include "sdk/fetch.h"
#include "sdk/tiles.h"
#include "sdk/trust.h"
#include "tlog/bundle.h"

#define AWAIT_TRIES    50
#define AWAIT_PAUSE_MS 100

/* Things are asked for in turns of two: a tile of leaf hashes, then the entries that it has the hashes of. */
struct fetched {
    struct verification *verification;
    struct client *client;
    uint64_t size;
    struct hash kept[TILE_WIDTH]; /* the newest tile of leaf hashes */
};

static struct tile tile_numbered(const struct fetched *fetched, uint64_t number)
{
    struct tile tile = { .kind = number % 2 ? TILE_ENTRIES : TILE_HASHES, .n = number / 2 };

    tile.width = tile_width_at(fetched->size, 0, tile.n);
    return tile;
}

static void target_write(void *context, uint64_t number, struct buf *target)
{
    struct tile tile = tile_numbered(context, number);

    tile_add_path(target, &tile);
}

static status entries_take(struct fetched *fetched, const struct tile *tile, struct str body, struct err *err)
{
    struct check *check = &fetched->verification->check;
    struct str entries[TILE_WIDTH];

    if (bundle_split(body, tile->width, entries, NULL).code)
        return err_set(err, CODE_CORRUPT, "the bundle of entries %llu to %llu is not well-formed",
                       (unsigned long long)(tile->n * TILE_WIDTH),
                       (unsigned long long)(tile->n * TILE_WIDTH + tile->width - 1));
    for (unsigned i = 0; i < tile->width; i++) {
        struct hash hash = hash_leaf(entries[i]);

        progress_at(&fetched->verification->progress, check_size(check));
        TRY(leaf_compare(check_size(check), &hash, &fetched->kept[i], err));
        TRY(check_leaf(check, entries[i], &hash, err));
    }
    return OK;
}

/* One thing, in its turn. */
static status thing_take(void *context, uint64_t number, struct str body, struct err *err)
{
    struct fetched *fetched = context;
    struct tile tile = tile_numbered(fetched, number);

    if (tile.kind == TILE_ENTRIES)
        return entries_take(fetched, &tile, body, err);
    if (body.len < tile.width * sizeof(struct hash))
        return err_set(err, CODE_CORRUPT, "tile 0/%llu is cut short", (unsigned long long)tile.n);
    memcpy(fetched->kept, body.at, tile.width * sizeof(struct hash));
    return OK;
}

static status upper_compare(struct fetched *fetched, const struct edge_full *full, unsigned width, struct err *err)
{
    struct tile_source source = client_tiles(fetched->client);
    struct tile tile = { .kind = TILE_HASHES, .level = full->level, .n = full->n, .width = width };
    struct hash kept[TILE_WIDTH];

    TRY(source.read(source.from, &tile, kept, err));
    return tile_compare(full, width, kept, err);
}

/* A full tile that was recomputed; those of level 0 have been compared hash by hash. */
static status tile_check(void *context, const struct edge_full *full, struct err *err)
{
    return upper_compare(context, full, TILE_WIDTH, err);
}

/* The unfinished tiles above level 0. */
static status edge_compare(struct fetched *fetched, struct err *err)
{
    const struct edge *edge = &fetched->verification->check.edge;

    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        uint64_t hashes = tile_level_size(fetched->size, level);
        struct edge_full partial = { .level = level, .n = hashes / TILE_WIDTH, .hashes = edge->tiles[level] };

        if (hashes % TILE_WIDTH)
            TRY(upper_compare(fetched, &partial, (unsigned)(hashes % TILE_WIDTH), err));
    }
    return OK;
}

/* The token is for the servers that it was given for: it goes to another one only when none are named. */
static status config_make(const char *url, struct client_config *config, struct err *err)
{
    AUTO(struct client_config, client_config_free) wanted = { 0 };
    bool named = !getenv("TALLY_URL");

    TRY(client_config_read(config, err));
    TRY(client_config_urls("URL", url, &wanted, err));
    for (size_t i = 0; i < config->url_count; i++)
        named |= strcmp(config->urls[i], wanted.urls[0]) == 0;
    if (!named) {
        secret_free(&config->token);
        config->has_token = false;
    }
    return client_config_urls("URL", url, config, err);
}

static void client_end(struct client **client)
{
    client_free(*client);
}

static status fetch_all(struct fetched *fetched, struct err *err)
{
    struct fetch_plan plan = { .count = (fetched->size + TILE_WIDTH - 1) / TILE_WIDTH * 2,
                               .target = target_write,
                               .take = thing_take,
                               .context = fetched };
    status s = client_fetch(fetched->client, &plan, err);

    if (s.code == CODE_DENIED)
        return err_set(err, CODE_DENIED, "entries need a token with audit.read, in TALLY_TOKEN or TALLY_TOKEN_FILE: %s",
                       client_server(fetched->client));
    TRY(s);
    return edge_compare(fetched, err);
}

/* ---- What the server believes ---- */

/* The hash of its facts, before anything is read. A token that may not ask is no fault. */
static status facts_ask(struct client *client, struct verification *verification, struct replay_point *ret_told,
                        struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };
    status s = client_get(client, "/v1/ledger/facts", &answer, err);

    if (s.code == CODE_DENIED || s.code == CODE_NOT_FOUND) {
        verification_left(verification, "the facts of the running server: asking needs the permission server");
        return OK;
    }
    TRY(s);
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    s = base64_read_exact(json_doc_text(&doc, "sha256"), ret_told->hash.bytes, HASH_BYTES);
    if (s.code)
        return err_set(err, CODE_CORRUPT, "%s does not tell the hash of its facts", client_server(client));
    ret_told->size = (uint64_t)json_doc_number(&doc, "size", 0);
    ret_told->reached = true;
    replay_check_want(&verification->check.replay, ret_told->size);
    return OK;
}

/* A checkpoint of at least that size; they are made once a second. */
static status checkpoint_await(struct client *client, uint64_t size, struct trust *ret_trust, struct err *err)
{
    struct timespec pause = { .tv_nsec = (long)AWAIT_PAUSE_MS * 1000000 };

    for (int i = 0; i < AWAIT_TRIES; i++) {
        TRY(trust_open(client, ret_trust, err));
        if (ret_trust->checked.size >= size)
            return OK;
        (void)nanosleep(&pause, NULL);
    }
    return err_set(err, CODE_UNAVAILABLE, "%s has facts of %llu entries, and signs no checkpoint of as many",
                   client_server(client), (unsigned long long)size);
}

static status facts_compare(const struct verification *verification, const struct replay_point *told, struct err *err)
{
    const struct replay_point *point = replay_check_at(&verification->check.replay, told->size);

    if (point && hash_eq(&point->hash, &told->hash))
        return OK;
    return err_set(err, CODE_CORRUPT,
                   "the running server has other facts than the first %llu entries of its ledger give",
                   (unsigned long long)told->size);
}

status verify_url(const char *url, struct verification *verification, struct err *err)
{
    AUTO(struct client_config, client_config_free) config = { 0 };
    AUTO(struct client *, client_end) client = NULL;
    struct fetched fetched = { .verification = verification };
    char key_space[VKEY_MAX_BYTES];
    struct buf key = BUF_OVER(key_space);
    struct replay_point told = { 0 };
    struct trust trust;

    TRY(config_make(url, &config, err));
    TRY(client_new(&config, &client, err));
    if (verification->check.replay.facts)
        TRY(facts_ask(client, verification, &told, err));
    TRY(checkpoint_await(client, told.size, &trust, err));
    vkey_add(&key, &trust.vkey);
    TRY(verify_key(verification, buf_str(&key), err));
    verification_left(verification, "what lies only at the server: private texts, snapshots, the database's form");
    fetched.client = client;
    fetched.size = trust.checked.size;
    verification->head = trust.checked;
    verification->has_signature = true;
    verification->check.lacks_carried = true;
    verification->check.tile = tile_check;
    verification->check.context = &fetched;
    verification->progress = progress_begin("verifying", fetched.size);
    TRY(fetch_all(&fetched, err));
    if (verification->check.chains.is_open)
        verification_left(verification,
                          "chains before this ledger, seats, replay: it continues another, and what it took "
                          "over lies only in its database");
    TRY(check_end(&verification->check, &verification->head, err));
    verification->has_live_facts = told.reached && verification->check.replay.facts;
    return verification->has_live_facts ? facts_compare(verification, &told, err) : OK;
}
