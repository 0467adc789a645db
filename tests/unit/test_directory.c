/*
 * engine/directory: what admission learns of a token is what the facts say, as of the last entry taken over.
 */
#include "engine/directory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/fault.h"
#include "core/apply.h"
#include "crypto/hash.h"
#include "test.h"

#define NOW_MS     ((int64_t)1800000000000)
#define HOUR_MS    ((int64_t)3600000)
#define READERS    3
#define CHANGES    2000
#define HISTORY    600
#define TOKENS_MAX HISTORY

/* Facts that grow by entries, and the directory that follows them. */
struct world {
    struct facts facts;
    struct directory *directory;
    struct entropy entropy;
    struct buf text;
    struct actor actor;
};

static void world_init(struct world *world)
{
    *world = (struct world){ .entropy = entropy_from_seed(test_seed()), .text = { .max = ENTRY_MAX_BYTES } };
    world->actor = (struct actor){ .who = { id_new(&world->entropy, NOW_MS), ID_SERVICE }, .level = LEVEL_A2 };
    CHECK_OK(facts_init(&world->facts));
    CHECK_OK(directory_new(&world->directory));
}

static void world_free(struct world *world)
{
    facts_free(&world->facts);
    directory_free(world->directory);
    buf_free(&world->text);
}

static struct entry world_entry(struct world *world, enum audit_code code)
{
    struct entry entry;

    memset(&entry, 0, sizeof entry);
    entry_begin(&entry, code, &world->actor, NOW_MS);
    entry.id = id_new(&world->entropy, NOW_MS);
    return entry;
}

static status world_apply(struct world *world, struct entry *entry)
{
    struct err err = { 0 };
    struct hash leaf;

    if (!CHECK_OK(entry_seal(&world->facts, entry, &world->text, &leaf)) ||
        !CHECK_OK(apply(&world->facts, entry, &leaf, &err)))
        printf("%s\n", err.text);
    return directory_update(world->directory, &world->facts, entry);
}

static struct id world_organisation(struct world *world)
{
    struct entry entry = world_entry(world, AUDIT_ORGANISATION_CREATED);
    struct id id = id_new(&world->entropy, NOW_MS);

    entry_on_id(&entry, ON_ORGANISATION, id);
    CHECK_OK(world_apply(world, &entry));
    return id;
}

/* A user or service; of the installation when the organisation is none. */
static struct who world_principal(struct world *world, enum id_kind kind, struct id organisation, enum role role)
{
    struct entry entry = world_entry(world, kind == ID_USER ? AUDIT_USER_CREATED : AUDIT_SERVICE_CREATED);
    struct who who = { id_new(&world->entropy, NOW_MS), kind };

    entry_on_id(&entry, kind == ID_USER ? ON_USER : ON_SERVICE, who.id);
    if (!id_is_none(organisation))
        entry_on_id(&entry, ON_ORGANISATION, organisation);
    entry_number(&entry, DATA_ROLE, role);
    CHECK_OK(world_apply(world, &entry));
    return who;
}

struct made_token {
    struct id id;
    struct who owner;
    struct hash hash;
};

static status world_token(struct world *world, struct who owner, struct str scopes, struct made_token *ret_token)
{
    struct entry entry = world_entry(world, AUDIT_TOKEN_CREATED);
    uint8_t secret[16];

    entropy_fill(&world->entropy, secret, sizeof secret);
    *ret_token = (struct made_token){ .id = id_new(&world->entropy, NOW_MS),
                                      .owner = owner,
                                      .hash = hash_of((struct str){ (const char *)secret, sizeof secret }) };
    entry_on_id(&entry, ON_CREDENTIAL, ret_token->id);
    entry_principal(&entry, DATA_OWNER, owner);
    entry_text(&entry, DATA_SCOPES, scopes);
    entry_number(&entry, DATA_EXPIRES_AT, NOW_MS + HOUR_MS);
    entry_bytes(&entry, DATA_TOKEN_HASH, ret_token->hash.bytes);
    return world_apply(world, &entry);
}

static void world_revoke(struct world *world, const struct made_token *token)
{
    struct entry entry = world_entry(world, AUDIT_TOKEN_REVOKED);

    entry_on_id(&entry, ON_CREDENTIAL, token->id);
    entry_principal(&entry, DATA_OWNER, token->owner);
    entry_number(&entry, DATA_REASON, REASON_OWNER);
    CHECK_OK(world_apply(world, &entry));
}

static void world_role(struct world *world, struct who who, enum role role)
{
    struct entry entry = world_entry(world, AUDIT_ROLE_CHANGED);

    entry_on_id(&entry, who.kind == ID_USER ? ON_USER : ON_SERVICE, who.id);
    entry_number(&entry, DATA_ROLE, role);
    CHECK_OK(world_apply(world, &entry));
}

static void check_denied(struct world *world, const struct made_token *token, int64_t now_ms, enum reason reason)
{
    struct bearer bearer = { 0 };
    struct denial denial = { 0 };

    CHECK_CODE(directory_find(world->directory, token->hash.bytes, now_ms, &bearer, &denial), CODE_DENIED);
    CHECK_INT(denial.reason, reason);
    CHECK(id_eq(denial.cred, token->id));
    CHECK(id_is_none(bearer.actor.cred));
}

static void a_token_gives_its_owner_and_what_role_and_scopes_allow_together(void)
{
    static const struct {
        enum id_kind kind;
        bool of_organisation;
        enum role role;
        const char *scopes;
        enum permission held, not_held;
    } cases[] = {
        { ID_USER, false, ROLE_ADMIN, "all", PERM_SERVER, PERM_UNSET },
        { ID_USER, true, ROLE_MEMBER, "all", PERM_LEASE_TAKE, PERM_PEOPLE_READ },
        { ID_SERVICE, true, ROLE_ADMIN, "lease.take observe", PERM_OBSERVE, PERM_LEASE_READ },
        { ID_USER, true, ROLE_ADMIN, "all", PERM_PEOPLE_WRITE, PERM_LICENSE_WRITE },
        { ID_SERVICE, false, ROLE_AUDITOR, "audit.read lease.take", PERM_AUDIT_READ, PERM_LEASE_TAKE },
        { ID_USER, false, ROLE_MEMBER, "server", PERM_ANY, PERM_SERVER },
    };
    AUTO(struct world, world_free) world;

    world_init(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct id organisation = cases[i].of_organisation ? world_organisation(&world) : (struct id){ 0 };
        struct who owner = world_principal(&world, cases[i].kind, organisation, cases[i].role);
        struct bearer bearer = { 0 };
        struct denial denial = { 0 };
        struct made_token token;

        CHECKING("case %zu", i);
        CHECK_OK(world_token(&world, owner, str_of(cases[i].scopes), &token));
        CHECK_OK(directory_find(world.directory, token.hash.bytes, NOW_MS, &bearer, &denial));
        CHECK(id_eq(bearer.actor.who.id, owner.id) && bearer.actor.who.kind == owner.kind);
        CHECK(id_eq(bearer.actor.cred, token.id));
        CHECK(bearer.actor.via == VIA_API_TOKEN && bearer.actor.level == LEVEL_A1);
        CHECK(bearer.role == cases[i].role);
        CHECK(id_eq(bearer.organisation.id, organisation));
        CHECK_INT(bearer.organisation.kind, cases[i].of_organisation ? ID_ORGANISATION : ID_NONE);
        CHECK(permissions_hold(bearer.permissions, cases[i].held));
        CHECK(!permissions_hold(bearer.permissions, cases[i].not_held));
        CHECK(permissions_hold(bearer.permissions, PERM_PUBLIC) && permissions_hold(bearer.permissions, PERM_ANY));
    }
}

static void a_token_that_is_not_live_is_refused_with_its_reason(void)
{
    AUTO(struct world, world_free) world;
    struct made_token unknown = { .hash = hash_of(STR("no token")) };
    struct made_token token, other;
    struct bearer bearer = { 0 };
    struct denial denial = { 0 };
    struct who owner;

    world_init(&world);
    check_denied(&world, &unknown, NOW_MS, REASON_BAD_TOKEN);
    owner = world_principal(&world, ID_USER, (struct id){ 0 }, ROLE_ADMIN);
    CHECK_OK(world_token(&world, owner, STR("all"), &token));
    CHECK_OK(world_token(&world, owner, STR("all"), &other));
    check_denied(&world, &unknown, NOW_MS, REASON_BAD_TOKEN);

    CHECK_OK(directory_find(world.directory, token.hash.bytes, NOW_MS + HOUR_MS - 1, &bearer, &denial));
    check_denied(&world, &token, NOW_MS + HOUR_MS, REASON_TOKEN_EXPIRED);
    world_revoke(&world, &token);
    check_denied(&world, &token, NOW_MS, REASON_TOKEN_REVOKED);
    check_denied(&world, &token, NOW_MS + HOUR_MS, REASON_TOKEN_REVOKED);
    CHECK_OK(directory_find(world.directory, other.hash.bytes, NOW_MS, &bearer, &denial));

    principal_at(&world.facts, principal_find(&world.facts, owner.id))->disabled = true;
    CHECK_OK(directory_load(world.directory, &world.facts));
    check_denied(&world, &other, NOW_MS, REASON_DISABLED);
    check_denied(&world, &token, NOW_MS, REASON_TOKEN_REVOKED);
}

static void a_changed_role_counts_for_every_token_of_its_owner_and_for_no_other(void)
{
    AUTO(struct world, world_free) world;
    struct made_token tokens[3];
    struct who owner, other;

    world_init(&world);
    owner = world_principal(&world, ID_SERVICE, (struct id){ 0 }, ROLE_MEMBER);
    other = world_principal(&world, ID_SERVICE, (struct id){ 0 }, ROLE_MEMBER);
    world_role(&world, owner, ROLE_AUDITOR); /* before it has a token */
    CHECK_OK(world_token(&world, owner, STR("all"), &tokens[0]));
    CHECK_OK(world_token(&world, owner, STR("all"), &tokens[1]));
    CHECK_OK(world_token(&world, other, STR("all"), &tokens[2]));
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 3; i++) {
            struct bearer bearer = { 0 };
            struct denial denial = { 0 };
            enum role want = i == 2 ? ROLE_MEMBER : pass ? ROLE_ADMIN : ROLE_AUDITOR;

            CHECK_OK(directory_find(world.directory, tokens[i].hash.bytes, NOW_MS, &bearer, &denial));
            CHECK_INT(bearer.role, want);
            CHECK(bearer.permissions == role_permissions(want, false));
        }
        world_role(&world, owner, ROLE_ADMIN);
    }
}

/* Whether both give the same bearer, or the same denial, for that hash. */
static bool answers_are_equal(struct directory *a, struct directory *b, const struct hash *hash)
{
    struct bearer bearers[2] = { 0 };
    struct denial denials[2] = { 0 };
    status found[2] = { directory_find(a, hash->bytes, NOW_MS, &bearers[0], &denials[0]),
                        directory_find(b, hash->bytes, NOW_MS, &bearers[1], &denials[1]) };

    return found[0].code == found[1].code && id_eq(bearers[0].actor.who.id, bearers[1].actor.who.id) &&
           bearers[0].role == bearers[1].role && bearers[0].permissions == bearers[1].permissions &&
           id_eq(bearers[0].organisation.id, bearers[1].organisation.id) && denials[0].reason == denials[1].reason &&
           id_eq(denials[0].cred, denials[1].cred);
}

static void a_load_gives_what_the_updates_gave(void)
{
    AUTO(struct world, world_free) world;
    struct directory *loaded = NULL;
    struct made_token tokens[TOKENS_MAX];
    size_t count = 0;
    struct who owner;

    world_init(&world);
    owner = world_principal(&world, ID_USER, world_organisation(&world), ROLE_MEMBER);
    CHECK_OK(directory_new(&loaded));
    for (int i = 0; i < HISTORY; i++) {
        switch (count ? entropy_below(&world.entropy, 5) : 0) {
        case 0:
        case 1:
            CHECK_OK(world_token(&world, owner, STR("lease.take lease.read"), &tokens[count++]));
            break;
        case 2:
            world_revoke(&world, &tokens[entropy_below(&world.entropy, count)]);
            break;
        case 3:
            world_role(&world, tokens[entropy_below(&world.entropy, count)].owner,
                       (enum role)entropy_below(&world.entropy, ROLE_COUNT));
            break;
        default:
            owner = world_principal(&world, entropy_below(&world.entropy, 2) ? ID_USER : ID_SERVICE, (struct id){ 0 },
                                    (enum role)entropy_below(&world.entropy, ROLE_COUNT));
        }
    }
    for (int pass = 0; pass < 2; pass++) { /* the second load replaces the first */
        CHECK_OK(directory_load(loaded, &world.facts));
        for (size_t i = 0; i < count; i++)
            CHECK(answers_are_equal(world.directory, loaded, &tokens[i].hash));
    }
    directory_free(loaded);
}

static void a_load_without_memory_leaves_everything_as_it_was(void)
{
    AUTO(struct world, world_free) world;
    struct bearer bearer = { 0 };
    struct denial denial = { 0 };
    struct made_token token;

    world_init(&world);
    CHECK_OK(world_token(&world, world_principal(&world, ID_USER, (struct id){ 0 }, ROLE_ADMIN), STR("all"), &token));
    for (int step = 0;; step++) {
        status s;

        fault_arm(FAULT_MEMORY, step, 1);
        s = directory_load(world.directory, &world.facts);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        CHECK_OK(directory_find(world.directory, token.hash.bytes, NOW_MS, &bearer, &denial));
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_NO_MEMORY);
        CHECK(step < 100);
    }
}

static void a_token_that_no_memory_was_there_for_is_unknown_until_it_is_taken_over_again(void)
{
    struct bearer bearer = { 0 };
    struct denial denial = { 0 };

    for (int step = 0;; step++) {
        AUTO(struct world, world_free) world;
        struct entry entry;
        struct made_token token, unknown;
        struct who owner;
        status s;

        world_init(&world);
        owner = world_principal(&world, ID_USER, (struct id){ 0 }, ROLE_ADMIN);
        CHECK_OK(world_token(&world, owner, STR("all"), &token));
        CHECK_OK(directory_load(world.directory, &(struct facts){ 0 }));
        entry = world_entry(&world, AUDIT_TOKEN_CREATED);
        entry_on_id(&entry, ON_CREDENTIAL, token.id);
        fault_arm(FAULT_MEMORY, step, 1);
        s = directory_update(world.directory, &world.facts, &entry);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_MEMORY));
        fault_disarm_all();
        unknown = token;
        unknown.id = (struct id){ 0 };
        if (s.code)
            check_denied(&world, &unknown, NOW_MS, REASON_BAD_TOKEN);
        CHECK_OK(directory_update(world.directory, &world.facts, &entry));
        CHECK_OK(directory_find(world.directory, token.hash.bytes, NOW_MS, &bearer, &denial));
        if (!s.code)
            break;
    }
}

static void a_directory_that_gets_no_memory_is_not_made(void)
{
    struct directory *directory = NULL;

    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(directory_new(&directory), CODE_NO_MEMORY);
    fault_disarm_all();
    CHECK(directory == NULL);
    directory_free(directory);
}

struct reading {
    struct directory *directory;
    struct hash token, revoked;
    atomic_bool stop;
    atomic_uint_fast64_t wrong, reads;
};

/* Role and permissions change together, and what was revoked stays so. */
static void *read_all_the_time(void *argument)
{
    struct reading *reading = argument;

    while (!atomic_load(&reading->stop)) {
        struct bearer bearer = { 0 };
        struct denial denial = { 0 };
        bool right = !directory_find(reading->directory, reading->token.bytes, NOW_MS, &bearer, &denial).code &&
                     bearer.permissions == role_permissions(bearer.role, false) &&
                     directory_find(reading->directory, reading->revoked.bytes, NOW_MS, &bearer, &denial).code &&
                     denial.reason == REASON_TOKEN_REVOKED;

        atomic_fetch_add(&reading->wrong, !right);
        atomic_fetch_add(&reading->reads, 1);
    }
    return NULL;
}

static void readers_see_every_change_as_a_whole(void)
{
    AUTO(struct world, world_free) world;
    struct reading reading = { 0 };
    struct made_token token, revoked, more;
    pthread_t threads[READERS];
    struct who owner;

    world_init(&world);
    owner = world_principal(&world, ID_USER, (struct id){ 0 }, ROLE_MEMBER);
    CHECK_OK(world_token(&world, owner, STR("all"), &token));
    CHECK_OK(world_token(&world, owner, STR("all"), &revoked));
    world_revoke(&world, &revoked);
    reading.directory = world.directory;
    reading.token = token.hash;
    reading.revoked = revoked.hash;
    for (int i = 0; i < READERS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, read_all_the_time, &reading), 0);
    for (int i = 0; i < CHANGES || atomic_load(&reading.reads) < CHANGES; i++) {
        world_role(&world, owner, (enum role)(i % ROLE_COUNT));
        if (i % 10 == 0)
            CHECK_OK(world_token(&world, owner, STR("all"), &more));
        if (i % 100 == 0)
            CHECK_OK(directory_load(world.directory, &world.facts));
    }
    atomic_store(&reading.stop, true);
    for (int i = 0; i < READERS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    CHECK_INT(atomic_load(&reading.wrong), 0);
}

static const struct test tests[] = {
    TEST(a_token_gives_its_owner_and_what_role_and_scopes_allow_together),
    TEST(a_token_that_is_not_live_is_refused_with_its_reason),
    TEST(a_changed_role_counts_for_every_token_of_its_owner_and_for_no_other),
    TEST(a_load_gives_what_the_updates_gave),
    TEST(a_load_without_memory_leaves_everything_as_it_was),
    TEST(a_token_that_no_memory_was_there_for_is_unknown_until_it_is_taken_over_again),
    TEST(a_directory_that_gets_no_memory_is_not_made),
    TEST(readers_see_every_change_as_a_whole),
};
TEST_MAIN(tests)
