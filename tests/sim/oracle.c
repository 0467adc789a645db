#include "oracle.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

#define KEY_BYTES     48 /* an id, or a key of 32 hexadecimal digits */
#define PREV_DIGITS   32
#define PROBLEM_BYTES 512

/* Whatever has an id: a pool, a lease, a ticket, a token, a chain, a key. Unused numbers stay 0. */
struct note {
    char key[KEY_BYTES];
    bool live;
    int64_t pool; /* place of a lease's or ticket's pool */
    int64_t quantity;
    int64_t silence_ms; /* of a lease: ttl and grace */
    int64_t seen_ms;    /* a client knows that it lived then */
    int64_t limit;
    int64_t grace_s;
    int64_t used;
    int64_t occupied;
    bool enforced;
    uint64_t number; /* of a chain */
    char prev[PREV_DIGITS + 1];
};

/* Notes by key: open addressing over places that never move in `notes`. */
struct book {
    struct note *notes;
    size_t count;
    size_t capacity;
    int64_t *slots; /* place + 1 */
    size_t slot_count;
};

struct oracle {
    struct book book;
    struct oracle_counts counts;
    int64_t time_ms;
    bool frozen;
    char problem[PROBLEM_BYTES];
};

/* ---- The book ---- */

static size_t slot_of(const struct book *book, struct str key)
{
    uint64_t hash = 1469598103934665603u;

    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.at[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 29) % book->slot_count;
}

static size_t slot_find(const struct book *book, struct str key)
{
    size_t slot = slot_of(book, key);

    while (book->slots[slot] && !str_eq(str_of(book->notes[book->slots[slot] - 1].key), key))
        slot = (slot + 1) % book->slot_count;
    return slot;
}

static void book_grow(struct book *book)
{
    book->capacity = book->capacity ? 2 * book->capacity : 1024;
    book->slot_count = 2 * book->capacity;
    book->notes = realloc(book->notes, book->capacity * sizeof *book->notes);
    free(book->slots);
    book->slots = calloc(book->slot_count, sizeof *book->slots);
    assert(book->notes && book->slots);
    for (size_t i = 0; i < book->count; i++)
        book->slots[slot_find(book, str_of(book->notes[i].key))] = (int64_t)i + 1;
}

/* The note of that key, made when it is new; its place stays the same. */
static int64_t place_of(struct oracle *oracle, struct str key)
{
    struct book *book = &oracle->book;
    size_t slot;

    assert(key.len > 0 && key.len < KEY_BYTES);
    if (book->count == book->capacity)
        book_grow(book);
    slot = slot_find(book, key);
    if (!book->slots[slot]) {
        struct note *note = &book->notes[book->count++];

        *note = (struct note){ 0 };
        memcpy(note->key, key.at, key.len);
        memset(note->prev, '0', PREV_DIGITS);
        book->slots[slot] = (int64_t)book->count;
    }
    return book->slots[slot] - 1;
}

/* Valid until the next one is made. */
static struct note *note_at(struct oracle *oracle, int64_t place)
{
    return &oracle->book.notes[place];
}

struct oracle *oracle_new(void)
{
    struct oracle *oracle = calloc(1, sizeof *oracle);

    assert(oracle);
    return oracle;
}

void oracle_free(struct oracle **oracle)
{
    if (!*oracle)
        return;
    free((*oracle)->book.notes);
    free((*oracle)->book.slots);
    free(*oracle);
    *oracle = NULL;
}

/* From one position up to another. */
static struct str cut(struct str text, size_t from, size_t to)
{
    return str_cut(text, from, to > from ? to - from : 0);
}

/* ---- JSON, as far as leaves go: no escapes, no white space ---- */

/* The length of the value that begins at `at`. */
static size_t value_len(struct str text, size_t at)
{
    size_t i = at;
    int depth = 0;
    bool quoted = false;

    for (; i < text.len; i++) {
        char byte = text.at[i];

        if (byte == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        if (depth == 0 && (byte == ',' || byte == '}' || byte == ']'))
            break;
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
    }
    return i - at;
}

struct str oracle_member(struct str object, const char *name)
{
    size_t at = 1;

    while (object.len > 2 && at < object.len) {
        size_t name_end = at + 1;
        struct str value;

        while (name_end < object.len && object.at[name_end] != '"')
            name_end++;
        if (name_end + 2 > object.len)
            break;
        value = cut(object, name_end + 2, name_end + 2 + value_len(object, name_end + 2));
        if (str_eq(cut(object, at + 1, name_end), str_of(name)))
            return value.len > 1 && value.at[0] == '"' ? cut(value, 1, value.len - 1) : value;
        at = (size_t)(value.at - object.at) + value.len + 1;
    }
    return STR_NONE;
}

static int64_t whole_number(struct str text)
{
    int64_t number = 0;
    bool negative = text.len && text.at[0] == '-';

    for (size_t i = negative; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
        number = number * 10 + (text.at[i] - '0');
    return negative ? -number : number;
}

static int64_t data_number(struct str leaf, const char *name)
{
    return whole_number(oracle_member(oracle_member(leaf, "data"), name));
}

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, counted from its own definition. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    static const int64_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
    int64_t past = year - 1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + (leap && month > 2) + day - 1;

    return days - 719162;
}

/* "2026-11-24T08:00:00.123Z" */
static int64_t time_of(struct str text)
{
    assert(text.len == 24);
    return ((((days_of(whole_number(cut(text, 0, 4)), whole_number(cut(text, 5, 7)), whole_number(cut(text, 8, 10))) *
                   24 +
               whole_number(cut(text, 11, 13))) *
                  60 +
              whole_number(cut(text, 14, 16))) *
                 60 +
             whole_number(cut(text, 17, 19))) *
            1000) +
           whole_number(cut(text, 20, 23));
}

/* ---- What can't be true ---- */

#define WRONG(oracle, ...) ((void)snprintf((oracle)->problem, PROBLEM_BYTES, __VA_ARGS__), (oracle)->problem)

/* A figure of the leaf that is there must be the oracle's. */
static const char *figure_check(struct oracle *oracle, struct str leaf, const char *name, int64_t counted)
{
    struct str told = oracle_member(oracle_member(leaf, "data"), name);

    if (told.len && whole_number(told) != counted)
        return WRONG(oracle, "%s is %.*s, but the leaves before it give %lld", name, STR_ARG(told), (long long)counted);
    return NULL;
}

static const char *figures_check(struct oracle *oracle, struct str leaf, const struct note *pool)
{
    const char *problem = figure_check(oracle, leaf, "used", pool->used);

    if (!problem)
        problem = figure_check(oracle, leaf, "occupied", pool->occupied);
    if (!problem && pool->enforced)
        problem = figure_check(oracle, leaf, "limit", pool->limit);
    return problem;
}

/* P4: what was just given must have had room. */
static const char *room_check(struct oracle *oracle, const struct note *pool, const char *what)
{
    if (pool->enforced && pool->occupied > pool->limit)
        return WRONG(oracle, "P4: the %s makes %lld seats occupied of %lld", what, (long long)pool->occupied,
                     (long long)pool->limit);
    return NULL;
}

static const char *granted(struct oracle *oracle, struct str leaf, struct str on)
{
    struct str ticket = oracle_member(on, "ticket");
    int64_t pool = place_of(oracle, oracle_member(on, "pool"));
    int64_t lease = place_of(oracle, oracle_member(on, "lease"));
    int64_t offered = ticket.len ? place_of(oracle, ticket) : -1;
    int64_t quantity = data_number(leaf, "quantity");
    struct note *taken = note_at(oracle, lease);
    struct note *from = note_at(oracle, pool);

    if (taken->live || taken->quantity)
        return WRONG(oracle, "the lease was granted before");
    if (ticket.len && (!note_at(oracle, offered)->live || note_at(oracle, offered)->quantity != quantity))
        return WRONG(oracle, "the ticket was not offered those seats");
    from->used += quantity;
    from->occupied += ticket.len ? 0 : quantity;
    if (ticket.len)
        note_at(oracle, offered)->live = false;
    taken->live = true;
    taken->pool = pool;
    taken->quantity = quantity;
    taken->silence_ms = (data_number(leaf, "ttl_s") + data_number(leaf, "grace_s")) * 1000;
    oracle->counts.grants++;
    return ticket.len ? NULL : room_check(oracle, from, "grant");
}

/* A lapse is not earlier than silence allows, by what the leaf says and by what the holder was told. */
static const char *lapse_check(struct oracle *oracle, struct str leaf, const struct note *lease)
{
    int64_t last_seen = time_of(oracle_member(oracle_member(leaf, "data"), "last_seen"));

    oracle->counts.lapses++;
    if (oracle->time_ms < last_seen + lease->silence_ms)
        return WRONG(oracle, "P4: the lease lapsed %lld ms after it was last seen",
                     (long long)(oracle->time_ms - last_seen));
    if (lease->seen_ms && oracle->time_ms < lease->seen_ms + lease->silence_ms)
        return WRONG(oracle, "P4: the lease lapsed %lld ms after a heartbeat was answered",
                     (long long)(oracle->time_ms - lease->seen_ms));
    return NULL;
}

static const char *ended(struct oracle *oracle, struct str leaf, struct str on)
{
    struct note *lease = note_at(oracle, place_of(oracle, oracle_member(on, "lease")));
    struct note *pool;

    if (!lease->live)
        return WRONG(oracle, "a lease that is not live ends");
    lease->live = false;
    pool = note_at(oracle, lease->pool);
    pool->used -= lease->quantity;
    pool->occupied -= lease->quantity;
    oracle->counts.ends++;
    return str_starts(oracle_member(leaf, "code"), STR("TS2004")) ? lapse_check(oracle, leaf, lease) : NULL;
}

static const char *offered(struct oracle *oracle, struct str leaf, struct str on)
{
    int64_t ticket = place_of(oracle, oracle_member(on, "ticket"));
    int64_t pool = place_of(oracle, oracle_member(on, "pool"));
    struct note *offer = note_at(oracle, ticket);

    offer->live = true;
    offer->quantity = data_number(leaf, "quantity");
    note_at(oracle, pool)->occupied += offer->quantity;
    oracle->counts.offers++;
    return room_check(oracle, note_at(oracle, pool), "offer");
}

static const char *ticket_ended(struct oracle *oracle, struct str leaf, struct str on)
{
    int64_t ticket = place_of(oracle, oracle_member(on, "ticket"));
    int64_t pool = place_of(oracle, oracle_member(on, "pool"));

    (void)leaf;
    if (note_at(oracle, ticket)->live)
        note_at(oracle, pool)->occupied -= note_at(oracle, ticket)->quantity;
    note_at(oracle, ticket)->live = false;
    return NULL;
}

static const char *pool_made(struct oracle *oracle, struct str leaf, struct str on)
{
    struct str kind = oracle_member(oracle_member(leaf, "data"), "pool_kind");
    struct note *pool = note_at(oracle, place_of(oracle, oracle_member(on, "pool")));

    pool->enforced = str_eq(kind, STR("enforced"));
    return pool->enforced || str_eq(kind, STR("observed")) ? NULL : WRONG(oracle, "what kind of pool is that?");
}

static const char *limit_changed(struct oracle *oracle, struct str leaf, struct str on)
{
    note_at(oracle, place_of(oracle, oracle_member(on, "pool")))->limit = data_number(leaf, "limit");
    oracle->counts.limits++;
    return NULL;
}

static const char *denied(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)leaf;
    (void)on;
    oracle->counts.denials++;
    return NULL;
}

static const char *token_revoked(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)leaf;
    note_at(oracle, place_of(oracle, oracle_member(on, "credential")))->live = true; /* as a revocation */
    return NULL;
}

static const char *jumped(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)leaf;
    (void)on;
    oracle->frozen = true;
    oracle->counts.jumps++;
    return NULL;
}

static const char *confirmed(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)leaf;
    (void)on;
    if (!oracle->frozen)
        return WRONG(oracle, "a clock is confirmed that did not jump");
    oracle->frozen = false;
    return NULL;
}

static const char *writer_started(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)on;
    if (data_number(leaf, "epoch") != (int64_t)++oracle->counts.writers)
        return WRONG(oracle, "an epoch is missing");
    return NULL;
}

static const char *moved_by_time(struct oracle *oracle, struct str leaf, struct str on)
{
    (void)leaf;
    (void)on;
    return oracle->frozen ? WRONG(oracle, "P7: it expires or starts while the clock is frozen") : NULL;
}

static const char *expired(struct oracle *oracle, struct str leaf, struct str on)
{
    const char *problem = moved_by_time(oracle, leaf, on);

    return problem ? problem : ended(oracle, leaf, on);
}

static const struct {
    const char *code;
    const char *(*read)(struct oracle *oracle, struct str leaf, struct str on);
} readers[] = {
    { "TS1005I", writer_started }, { "TS1007", jumped },        { "TS1008", confirmed },
    { "TS2001", granted },         { "TS2002", denied },        { "TS2003", ended },
    { "TS2004", ended },           { "TS2005", expired },       { "TS2006", ended },
    { "TS2012", offered },         { "TS2013", ticket_ended },  { "TS2014", ticket_ended },
    { "TS3006", pool_made },       { "TS3007", limit_changed }, { "TS3008", moved_by_time },
    { "TS3009", moved_by_time },   { "TS4005", token_revoked },
};

/* ---- What every leaf must be ---- */

/* The chains: numbers without a gap, each with the hash of the one before. */
static const char *chains_check(struct oracle *oracle, struct str leaf)
{
    struct str seq = oracle_member(leaf, "seq");
    struct hash hash = hash_leaf(leaf);
    size_t at = 1;

    while (at < seq.len) {
        size_t id_end = at + 1;
        struct str link;
        struct note *chain;

        while (seq.at[id_end] != '"')
            id_end++;
        link = cut(seq, id_end + 2, id_end + 2 + value_len(seq, id_end + 2));
        chain = note_at(oracle, place_of(oracle, cut(seq, at + 1, id_end)));
        if (whole_number(str_from(link, 1)) != (int64_t)++chain->number)
            return WRONG(oracle, "its number is not %llu in the chain of %s", (unsigned long long)chain->number,
                         chain->key);
        if (!str_eq(cut(link, link.len - 2 - PREV_DIGITS, link.len - 2), str_of(chain->prev)))
            return WRONG(oracle, "the entry before it in the chain of %s is another", chain->key);
        for (size_t i = 0; i < PREV_DIGITS / 2; i++)
            (void)snprintf(chain->prev + 2 * i, 3, "%02x", hash.bytes[i]);
        at = id_end + 2 + link.len + 1;
    }
    return NULL;
}

/* Refused credentials, and counts of what was refused before, name the tokens that came with it. */
static bool only_names_tokens(struct str code)
{
    static const char *const codes[] = { "TS5001", "TS5002", "TS5004", "TS5006", "TS2008" };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (str_starts(code, str_of(codes[i])))
            return true;
    }
    return false;
}

static const char *author_check(struct oracle *oracle, struct str leaf)
{
    struct str cred = oracle_member(oracle_member(leaf, "actor"), "cred");

    if (cred.len && !only_names_tokens(oracle_member(leaf, "code")) && note_at(oracle, place_of(oracle, cred))->live)
        return WRONG(oracle, "P5: its author's token was revoked before");
    return NULL;
}

static const char *key_check(struct oracle *oracle, struct str leaf)
{
    struct str idem = oracle_member(leaf, "idem");
    struct note *key;

    if (!idem.len)
        return NULL;
    key = note_at(oracle, place_of(oracle, cut(idem, 2, 2 + PREV_DIGITS)));
    if (key->live)
        return WRONG(oracle, "a second action under one key");
    key->live = true;
    return NULL;
}

static const char *time_check(struct oracle *oracle, struct str leaf)
{
    int64_t time_ms = time_of(oracle_member(leaf, "time"));

    if (time_ms < oracle->time_ms)
        return WRONG(oracle, "P7: it is %lld ms older than the one before", (long long)(oracle->time_ms - time_ms));
    oracle->time_ms = time_ms;
    return NULL;
}

static const char *meaning_check(struct oracle *oracle, struct str leaf)
{
    struct str code = oracle_member(leaf, "code");
    struct str on = oracle_member(leaf, "on");
    struct str pool = oracle_member(on, "pool");
    const char *problem = NULL;

    for (size_t i = 0; i < sizeof readers / sizeof *readers && !problem; i++) {
        if (str_starts(code, str_of(readers[i].code)))
            problem = readers[i].read(oracle, leaf, on);
    }
    if (!problem && pool.len && (str_starts(code, STR("TS2")) || str_starts(code, STR("TS3007"))))
        problem = figures_check(oracle, leaf, note_at(oracle, place_of(oracle, pool)));
    return problem;
}

const char *oracle_read(struct oracle *oracle, struct str leaf)
{
    const char *(*const checks[])(struct oracle *, struct str) = { time_check, author_check, key_check, meaning_check,
                                                                   chains_check };
    const char *problem = NULL;

    for (size_t i = 0; i < sizeof checks / sizeof *checks && !problem; i++)
        problem = checks[i](oracle, leaf);
    oracle->counts.leaves++;
    return problem;
}

void oracle_heard(struct oracle *oracle, struct str lease, int64_t seen_ms)
{
    struct note *note = note_at(oracle, place_of(oracle, lease));

    if (note->seen_ms < seen_ms)
        note->seen_ms = seen_ms;
}

struct oracle_pool oracle_pool(struct oracle *oracle, struct str pool)
{
    const struct note *note = note_at(oracle, place_of(oracle, pool));

    return (struct oracle_pool){ note->limit, note->used, note->occupied };
}

struct oracle_counts oracle_counts(const struct oracle *oracle)
{
    return oracle->counts;
}
