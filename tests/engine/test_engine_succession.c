/*
 * engine/succession and core/carry: a ledger goes on in another whatever fails on the way, and with nothing added.
 */
#include "engine/succession.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/apply.h"
#include "core/carry.h"
#include "engine/checkup.h"
#include "engine/heritage.h"
#include "engine_world.h"

#define NEW_ORIGIN "new.example/ledger"

/* A stopped ledger with seats that are taken, and the name of a directory for the next. */
struct scene {
    struct engine_world old;
    char next[ENGINE_DIR_BYTES + 8];
    struct id leases[2];
};

static void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    engine_world_init(&scene->old);
    for (int i = 0; i < 2; i++)
        scene->leases[i] = engine_take(&scene->old, &scene->old.people[i]);
    (void)engine_take(&scene->old, &scene->old.people[2]);
    engine_world_stop(&scene->old);
    (void)snprintf(scene->next, sizeof scene->next, "%s-next", scene->old.dir);
    test_directory(scene->next);
}

static void directory_remove(const char *dir)
{
    char command[ENGINE_DIR_BYTES + 24];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    CHECK_INT(system(command), 0);
}

static void scene_free(struct scene *scene)
{
    directory_remove(scene->next);
    engine_world_free(&scene->old);
}

static status go_on(struct scene *scene, enum reason reason, struct succession_report *report, struct err *err)
{
    struct succession wanted = {
        .old_dir = scene->old.dir, .new_dir = scene->next, .origin = STR(NEW_ORIGIN), .reason = reason
    };

    return ledger_continue(&wanted, report, err);
}

/* The new ledger holds the old one's seats, and gives them back. */
static void check_goes_on(struct scene *scene)
{
    struct engine_world next = scene->old;

    next.engine = NULL;
    CHECK(str_to_c(str_of(scene->next), next.dir, sizeof next.dir));
    next.config.dir = next.dir;
    next.config.context = &next;
    engine_world_start(&next);
    for (int i = 0; i < 2; i++)
        CHECK_INT(engine_release(&next, &next.people[i], scene->leases[i]).outcome.kind, OUTCOME_ENTRY);
    CHECK(!id_is_none(engine_take(&next, &next.people[1])));
    engine_world_stop(&next);
}

static void seats_and_people_go_over(void)
{
    AUTO(struct scene, scene_free) scene;
    struct succession_report report;
    struct checkup checkup;
    struct err err = { 0 };

    scene_init(&scene);
    if (!CHECK_OK(go_on(&scene, REASON_KEY_CHANGE, &report, &err)))
        printf("%s\n", err.text);
    CHECK_STR(vkey_name(&report.vkey), STR(NEW_ORIGIN));
    CHECK_OK(engine_checkup(scene.old.dir, &checkup, &err));
    CHECK(checkup.sealed && checkup.size == report.old.size && checkup.head.code == CODE_OK);
    check_goes_on(&scene);
    CHECK_CODE(go_on(&scene, REASON_KEY_CHANGE, &report, &err), CODE_CONFLICT);
}

/* Every commit and every write of the key's memory fails once; the next run completes it. */
static void a_run_that_fails_anywhere_is_completed_by_the_next(void)
{
    static const enum fault_point points[] = { FAULT_STORE_COMMIT, FAULT_STORE_AFTER_COMMIT, FAULT_STORE_WRITE,
                                               FAULT_SIGNER_WRITE };

    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        for (int step = 0;; step++) {
            AUTO(struct scene, scene_free) scene;
            struct succession_report report;
            struct err err = { 0 };
            bool hit;
            status s;

            scene_init(&scene);
            fault_arm(points[i], step, 1);
            s = go_on(&scene, REASON_RETENTION, &report, &err);
            hit = fault_was_hit(points[i]);
            fault_disarm_all();
            CHECKING("point %d, step %d", (int)points[i], step);
            if (s.code == CODE_UNKNOWN) /* it was the last commit, and it was made, or it was not */
                s = go_on(&scene, REASON_RETENTION, &report, &err);
            if (s.code == CODE_CONFLICT)
                CHECK(str_find_str(str_of(err.text), STR("there is a ledger in")) < strlen(err.text));
            else if (s.code)
                CHECK_OK(go_on(&scene, REASON_RETENTION, &report, &err));
            check_goes_on(&scene);
            if (!hit)
                break;
        }
    }
}

static void without_memory_nothing_is_half_done(void)
{
    for (int step = 0;; step += step < 60 ? 1 : 23) { /* the first ones open the old ledger, which has its own tests */
        AUTO(struct scene, scene_free) scene;
        struct succession_report report;
        struct err err = { 0 };
        status s;

        scene_init(&scene);
        fault_arm(FAULT_MEMORY, step, 1);
        s = go_on(&scene, REASON_RETENTION, &report, &err);
        if (!fault_was_hit(FAULT_MEMORY)) {
            fault_disarm_all();
            CHECK_OK(s);
            break;
        }
        fault_disarm_all();
        CHECKING("step %d", step);
        if (s.code && !CHECK_OK(go_on(&scene, REASON_RETENTION, &report, &err)))
            printf("%s\n", err.text);
    }
}

static void a_ledger_that_is_served_is_not_continued(void)
{
    AUTO(struct scene, scene_free) scene;
    struct succession_report report;
    struct err err = { 0 };

    scene_init(&scene);
    engine_world_start(&scene.old);
    CHECK_CODE(go_on(&scene, REASON_KEY_CHANGE, &report, &err), CODE_BUSY);
    engine_world_stop(&scene.old);
    CHECK_OK(go_on(&scene, REASON_KEY_CHANGE, &report, &err));
}

/* ---- Carrying ---- */

static void facts_end(struct facts **facts)
{
    facts_free(*facts);
    free(*facts);
}

static struct facts *facts_fresh(void)
{
    struct facts *facts = malloc(sizeof *facts);

    CHECK_OK(facts_init(facts));
    return facts;
}

static status keep(void *context, struct str bytes, struct err *err)
{
    (void)err;
    buf_add(context, bytes);
    return ((struct buf *)context)->status;
}

static void image_of(struct facts *facts, struct buf *image, struct hash *hash)
{
    buf_clear(image);
    CHECK_OK(image_write(facts, &(struct image_sink){ keep, image }, hash, NULL));
}

/* The facts of the scene's new ledger before its first entry. */
static void heritage_of(struct scene *scene, struct facts *facts)
{
    struct store_reader *reader = NULL;

    CHECK_OK(store_reader_open_path(scene->next, &reader, NULL));
    CHECK_OK(heritage_begin(reader, facts, NULL));
    store_reader_close(reader);
}

static struct entry continues(const struct facts *facts, const struct hash *image, int64_t time_ms)
{
    struct actor actor = { .who = facts->self, .via = VIA_LOCAL, .level = LEVEL_A2 };
    struct entry entry;

    entry_begin(&entry, AUDIT_LEDGER_CONTINUES, &actor, time_ms);
    entry_text(&entry, DATA_ORIGIN, STR("old.example"));
    entry_text(&entry, DATA_VKEY, STR("old.example+0f3e2d1c+AX5n"));
    entry_number(&entry, DATA_SIZE, 9);
    entry_bytes(&entry, DATA_ROOT, image->bytes);
    entry_bytes(&entry, DATA_SHA256, image->bytes);
    entry_number(&entry, DATA_REASON, REASON_RETENTION);
    return entry;
}

static void what_is_carried_twice_is_the_same_and_knows_no_place_in_the_old_ledger(void)
{
    AUTO(struct scene, scene_free) scene;
    AUTO(struct facts *, facts_end) facts = facts_fresh();
    AUTO(struct facts *, facts_end) again = facts_fresh();
    AUTO(struct buf, buf_free) image = { .max = 1 << 26 };
    struct succession_report report;
    struct hash first, second;

    scene_init(&scene);
    CHECK_OK(go_on(&scene, REASON_RETENTION, &report, NULL));
    heritage_of(&scene, facts);
    CHECK(facts->is_carried && facts->size == 0 && facts->leases.live == 3);
    for (uint32_t place = 0; place < facts->leases.used; place++)
        CHECK_INT(lease_at(facts, place)->granted_index, CARRY_INDEX);
    CHECK_INT(facts->idem_ring.first, facts->idem_ring.next);
    facts_carry(facts);
    image_of(facts, &image, &first);
    CHECK(hash_eq(&first, &facts->carried));
    CHECK_OK(facts_carry_take(again, buf_str(&image), NULL));
    facts_carry(again);
    image_of(again, &image, &second);
    CHECK(hash_eq(&first, &second));
}

static void only_the_second_entry_continues_and_only_what_it_names(void)
{
    AUTO(struct scene, scene_free) scene;
    AUTO(struct facts *, facts_end) facts = facts_fresh();
    AUTO(struct facts *, facts_end) empty = facts_fresh();
    struct succession_report report;
    struct hash leaf = hash_of(STR("leaf"));
    struct hash other = hash_of(STR("other"));
    struct entry entry;
    struct err err = { 0 };

    scene_init(&scene);
    CHECK_OK(go_on(&scene, REASON_RETENTION, &report, NULL));
    heritage_of(&scene, facts);
    entry = continues(facts, &facts->carried, facts->time_ms);
    CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT); /* it is the first */
    facts->size = 1;
    entry = continues(facts, &other, facts->time_ms);
    CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("is not what it names")) < strlen(err.text));
    entry = continues(facts, &facts->carried, facts->time_ms);
    CHECK_OK(apply(facts, &entry, &leaf, &err));
    CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT); /* it is the third */
    empty->size = 1;
    entry = continues(facts, &facts->carried, facts->time_ms);
    CHECK_CODE(apply(empty, &entry, &leaf, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("nothing was carried over")) < strlen(err.text));
}

static void nothing_follows_a_seal(void)
{
    AUTO(struct facts *, facts_end) facts = facts_fresh();
    struct actor actor = { .via = VIA_SYSTEM, .level = LEVEL_A2 };
    struct hash leaf = hash_of(STR("leaf"));
    struct err err = { 0 };
    struct entry entry;

    facts->size = 1;
    entry_begin(&entry, AUDIT_LEDGER_SEALED, &actor, 1000);
    entry_text(&entry, DATA_ORIGIN, STR(NEW_ORIGIN));
    entry_text(&entry, DATA_VKEY, STR(NEW_ORIGIN "+0f3e2d1c+AX5n"));
    entry_number(&entry, DATA_REASON, REASON_RETENTION);
    CHECK_OK(apply(facts, &entry, &leaf, &err));
    entry_begin(&entry, AUDIT_SERVER_ALIVE, &actor, 1000);
    CHECK_CODE(apply(facts, &entry, &leaf, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("the ledger is sealed")) < strlen(err.text));
}

static const struct test tests[] = {
    TEST(seats_and_people_go_over),
    TEST(a_run_that_fails_anywhere_is_completed_by_the_next),
    TEST(without_memory_nothing_is_half_done),
    TEST(a_ledger_that_is_served_is_not_continued),
    TEST(what_is_carried_twice_is_the_same_and_knows_no_place_in_the_old_ledger),
    TEST(only_the_second_entry_continues_and_only_what_it_names),
    TEST(nothing_follows_a_seal),
};
TEST_MAIN(tests)
