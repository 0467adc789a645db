/*
 * tests/core_world: a whole ledger in memory: the real decide, seal and apply, with a seeded entropy and a clock that
 * the test moves. What the engine does around them (queue, commit, answers) is left out, the order of things is not:
 * what is due comes before a command and after it.
 *
 * A world begins as a new ledger does: ledger.created, an administrator with a token, writer.started. Its leaves are
 * kept, so that every world can be replayed. Makers assert that they succeed: a test that means to be refused writes
 * its command itself. A test that includes this header is linked with core_world and core_check.
 */
#ifndef TESTS_CORE_WORLD_H
#define TESTS_CORE_WORLD_H

#include "core/apply.h"
#include "core/decide.h"
#include "core/facts.h"

#define WORLD_START_MS ((int64_t)1795507200000) /* 2026-11-24T08:00:00Z */
#define DAY_MS         ((int64_t)86400000)
#define HOUR_MS        ((int64_t)3600000)

struct world_leaf;
struct world_token {
    struct who owner;
    struct id credential;
};

struct world {
    struct facts facts;
    struct floods floods;
    struct entropy entropy;
    int64_t now_ms;
    struct actor system;
    struct who admin; /* of the installation, with every scope */

    /* What the last command came to. */
    struct outcome outcome;
    uint64_t index; /* of its first entry; UINT64_MAX when it has none */
    size_t count;   /* of its entries */
    struct draft draft;

    /* Set by tests that want it. */
    bool no_due;  /* nothing happens by itself: world_due is called by hand */
    bool torture; /* every allocation of every decision and application is failed once, and must change nothing */
    bool dry_run; /* commands made by world_as are dry runs */
    /* Called after each entry was applied. */
    void (*applied)(void *context, const struct entry *entry);
    void *context;

    /* The ledger. */
    char *text; /* leaves, back to back */
    size_t text_len;
    size_t text_capacity;
    struct world_leaf *leaves;
    size_t leaf_capacity;

    struct world_token *tokens;
    size_t token_count;
    size_t token_capacity;
    struct arena names;
    struct buf sealing;
    uint64_t failed_once; /* allocations that torture failed */
};

/* Never NULL. Free with world_free, which takes the address of the pointer: AUTO(struct world *, world_free). */
struct world *world_new(uint64_t seed);
void world_free(struct world **world);

/*
 * Runs one command: what is due, the decision, its entries (unless it is a dry run), what is due then. The answer is in
 * world->outcome, ->index and ->count. A flooded event is rolled up at once.
 */
MUST_CHECK status world_command(struct world *world, const struct command *command);
/* The same for a command that must be done: asserts that it was answered by an entry. Gives the first one's place. */
uint64_t world_done(struct world *world, const struct command *command);
/*
 * The same for a command that must be refused: answered with that problem and member (or: denied, for that reason),
 * recorded by one entry, and nothing else happened. A minute passes first, or like refusals would be rolled up.
 */
void world_refused(struct world *world, const struct command *command, enum problem problem, const char *member);
void world_denied(struct world *world, const struct command *command, enum reason reason);
/* Refused for its credential. */
void world_unauthorized(struct world *world, const struct command *command, enum reason reason);
/* Seals, applies and keeps one entry. */
MUST_CHECK status world_append(struct world *world, struct entry *entry, struct err *err);
/* Lets everything that is due by now happen; gives how many entries that were. */
size_t world_due(struct world *world);
/* Moves the clock forward in steps of at most a second, with what is due at each. */
void world_wait(struct world *world, int64_t ms);
/* A restart: writer.started with the next epoch, before anything that is due. */
void world_restart(struct world *world);
/* An entry that the server writes about itself. */
void world_system(struct world *world, enum audit_code code, int64_t number);

/* The exact text of a leaf, and the entry that it is. */
struct str world_leaf(const struct world *world, uint64_t index);
void world_entry(const struct world *world, uint64_t index, struct entry *ret_entry);
/* Gives an entry the links that continue its chains, whatever it says: for ledgers that are wrong in another way. */
void entry_relink(const struct facts *facts, struct entry *entry);
/* The entry `at` places after the first of the last command. */
void world_answer(const struct world *world, size_t at, struct entry *ret_entry);
/* How many entries of that code there are from `from` on. */
size_t world_count(const struct world *world, enum audit_code code, uint64_t from);
/* Applies the first `count` leaves to new facts, from their texts alone. */
MUST_CHECK status world_replay(const struct world *world, uint64_t count, struct facts *ret_facts, struct err *err);

/* A command of a principal, which gets a token with every scope of its role when it has none yet. */
struct command world_as(struct world *world, struct who who, enum command_kind kind);
/* The newest credential made for it. */
struct id world_credential(const struct world *world, struct who who);
/* A credential with these scopes, used from now on by world_as. */
struct id world_token(struct world *world, struct who owner, permissions scopes, int64_t days);

struct who world_organisation(struct world *world);
/* `organisation` of kind ID_NONE: of the installation. */
struct who world_user(struct world *world, struct who organisation, enum role role);
struct who world_service(struct world *world, struct who organisation, enum role role);
struct who world_team(struct world *world, struct who organisation);
void world_join(struct world *world, struct who team, struct who user);
#define WORLD_NOBODY ((struct who){ 0 })

/* Features as one text, separated by one space. */
void world_product(struct world *world, const char *name, const char *features);
/* A perpetual licence for one feature "product/feature". */
struct id world_license(struct world *world, struct who holder, const char *feature, int64_t limit);
/* The first pool of that holder and feature. */
struct pool *world_pool(const struct world *world, struct who holder, const char *feature);
/* A command that asks for seats, to be changed and run. */
struct command world_checkout(struct world *world, struct who who, const char *feature, int64_t quantity);
/* Takes seats; none when that was denied. */
struct id world_take(struct world *world, struct who who, const char *feature, int64_t quantity);
/* For core_world itself: room for `want` records, from the system's own allocator; a token to be used by world_as. */
void *world_grown(void *at, size_t *capacity, size_t want, size_t size);
void world_token_keep(struct world *world, struct who owner, struct id credential);
/* A fresh alias. */
struct id world_alias(struct world *world);

#endif
