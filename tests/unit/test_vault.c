/*
 * engine/vault: who has the keys reads, and nobody else; a key that was dropped is gone, and every damage is told.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "engine/vault_items.h"
#include "store_world.h"
#include "test.h"

#define NOW_MS    ((int64_t)1800000000000)
#define DAY_MS    ((int64_t)86400000)
#define FILE_MAX  65536
#define LEDGER    ((struct id){ 7, 7 })
#define PERSON(n) ((struct id){ 100, (n) })
#define PLACE     STR("a place")

struct scene {
    char dir[64];
    struct vault *vault;
    struct entropy entropy;
    struct arena arena;
};

static void scene_open(struct scene *scene)
{
    struct err err = { 0 };

    if (!CHECK_OK(vault_open(scene->dir, LEDGER, NOW_MS, &scene->vault, &err)))
        printf("%s\n", err.text);
}

static struct scene scene_new(void)
{
    struct scene scene = { .dir = "/tmp/tally-test-XXXXXX",
                           .entropy = entropy_from_seed(test_seed()),
                           .arena = { .max_bytes = WORLD_ARENA_BYTES } };
    struct key_header header = { .ledger = LEDGER, .made_ms = NOW_MS, .announced = true };

    assert(mkdtemp(scene.dir));
    CHECK_OK(vault_create(scene.dir, &header, NULL));
    scene_open(&scene);
    return scene;
}

static void scene_close(struct scene *scene)
{
    vault_close(scene->vault);
    scene->vault = NULL;
}

static void scene_free(struct scene *scene)
{
    char copies[96];

    fault_disarm_all();
    scene_close(scene);
    arena_free(&scene->arena);
    (void)snprintf(copies, sizeof copies, "%s/%s", scene->dir, VAULT_COPIES);
    world_remove_directory(copies);
    world_remove_directory(scene->dir);
}
#define SCENE(name) AUTO(struct scene, scene_free) name = scene_new()

static struct vault_lock lock_of(struct id person, uint32_t day)
{
    return (struct vault_lock){ .person = person, .with_day = day > 0, .day = day };
}

static struct str seal(struct scene *scene, struct vault_lock lock, struct str text)
{
    struct vault_item item = { .lock = lock, .additional = PLACE, .parts = { str_cut(text, 0, 3), str_from(text, 3) } };
    struct str sealed = STR_NONE;

    CHECK_OK(vault_seal(scene->vault, &item, &scene->entropy, &scene->arena, &sealed));
    CHECK_OK(vault_sync(scene->vault, NULL));
    return sealed;
}

static status unseal(struct scene *scene, struct str sealed, struct str *ret_text)
{
    return vault_unseal(scene->vault, &(struct vault_sealed){ sealed, PLACE }, &scene->arena, ret_text, NULL);
}

static void check_reads(struct scene *scene, struct str sealed, struct str text)
{
    struct str opened = STR_NONE;

    CHECK_OK(unseal(scene, sealed, &opened));
    CHECK_STR(opened, text);
}

static const char *path_of(const struct scene *scene, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", scene->dir, name);
    return path;
}

static size_t file_read(const struct scene *scene, char *bytes)
{
    int fd = open(path_of(scene, VAULT_FILE), O_RDONLY);
    ssize_t len = read(fd, bytes, FILE_MAX);

    close(fd);
    assert(len >= 0);
    return (size_t)len;
}

static void file_write(const struct scene *scene, const char *bytes, size_t len)
{
    int fd = open(path_of(scene, VAULT_FILE), O_WRONLY | O_TRUNC);

    assert(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

/* ---- Reading ---- */

static void whoever_has_the_keys_reads_also_after_a_restart(void)
{
    SCENE(scene);
    const struct vault_lock locks[] = { { .house = true },
                                        lock_of(PERSON(1), 0),
                                        lock_of(PERSON(1), 20000),
                                        lock_of(PERSON(2), 20000),
                                        lock_of((struct id){ 0 }, 20001) };
    struct str sealed[sizeof locks / sizeof *locks];

    for (size_t i = 0; i < sizeof locks / sizeof *locks; i++)
        sealed[i] = seal(&scene, locks[i], STR("maria@example.com"));
    CHECK_INT(vault_key_count(scene.vault), 5);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
            struct vault_lock lock = { 0 };

            check_reads(&scene, sealed[i], STR("maria@example.com"));
            CHECK(str_find_str(sealed[i], STR("maria")) == sealed[i].len);
            CHECK_OK(vault_lock_of(sealed[i], &lock));
            CHECK(lock.house == locks[i].house && lock.day == locks[i].day && id_eq(lock.person, locks[i].person));
        }
        scene_close(&scene);
        scene_open(&scene);
    }
}

static void what_differs_in_any_bit_is_refused(void)
{
    SCENE(scene);
    struct str sealed = seal(&scene, lock_of(PERSON(1), 20000), STR("maria"));
    struct str text = STR_NONE;
    char *bytes = (char *)(uintptr_t)sealed.at;

    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        CHECK(unseal(&scene, sealed, &text).code); /* another day or person: the key is not there, or another one */
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t len = 0; len < sealed.len; len++)
        CHECK_CODE(unseal(&scene, str_cut(sealed, 0, len), &text), CODE_CORRUPT);
    CHECK_CODE(
        vault_unseal(scene.vault, &(struct vault_sealed){ sealed, STR("another place") }, &scene.arena, &text, NULL),
        CODE_CORRUPT);
    check_reads(&scene, sealed, STR("maria"));
}

static void a_text_under_another_key_of_its_holder_says_so(void)
{
    SCENE(scene);
    SCENE(other);
    struct str sealed = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    struct err err = { 0 };
    struct str text = STR_NONE;

    other.entropy = entropy_from_seed(test_seed() + 1);
    (void)seal(&other, lock_of(PERSON(1), 0), STR("maria"));
    CHECK_CODE(vault_unseal(other.vault, &(struct vault_sealed){ sealed, PLACE }, &other.arena, &text, &err),
               CODE_CORRUPT);
    CHECK_STR(str_of(err.text), STR("it is sealed under another key than the vault has"));
}

static void an_entry_s_text_opens_for_its_own_entry_alone(void)
{
    SCENE(scene);
    uint8_t salt[PRIVATE_SALT_BYTES] = { 1 };
    struct hash commitment = private_commitment(salt, STR("{\"reason\":\"ill\"}"));
    struct vault_text text = { .index = 9,
                               .person = PERSON(1),
                               .time_ms = NOW_MS,
                               .commitment = commitment.bytes,
                               .salt = salt,
                               .text = STR("{\"reason\":\"ill\"}") };
    struct store_private item = { 0 };
    struct store_private moved;
    struct str opened = STR_NONE;
    struct hash other = commitment;

    CHECK_OK(vault_seal_text(scene.vault, &text, &scene.entropy, &scene.arena, &item));
    CHECK_OK(
        vault_unseal_text(scene.vault, &(struct vault_stored){ &item, commitment.bytes }, &scene.arena, &opened, NULL));
    CHECK_STR(opened, text.text);
    moved = item;
    moved.index = 10;
    CHECK_CODE(
        vault_unseal_text(scene.vault, &(struct vault_stored){ &moved, commitment.bytes }, &scene.arena, &opened, NULL),
        CODE_CORRUPT);
    moved = item;
    moved.part = VAULT_AUTHOR_PROOF;
    CHECK_CODE(
        vault_unseal_text(scene.vault, &(struct vault_stored){ &moved, commitment.bytes }, &scene.arena, &opened, NULL),
        CODE_CORRUPT);
    other.bytes[0] ^= 1;
    CHECK_CODE(
        vault_unseal_text(scene.vault, &(struct vault_stored){ &item, other.bytes }, &scene.arena, &opened, NULL),
        CODE_CORRUPT);
}

static void each_name_is_under_the_key_of_whom_it_names(void)
{
    SCENE(scene);
    const struct {
        struct name_new name;
        struct vault_lock lock;
    } cases[] = {
        { { PERSON(1), NAME_USER, { 5, 5 }, STR_INIT("Maria"), 0 }, { .person = { 100, 1 } } },
        { { { 3, 3 }, NAME_TEAM, { 5, 5 }, STR_INIT("design"), 0 }, { .house = true } },
        { { { 4, 4 }, NAME_ALIAS_USER, PERSON(1), STR_INIT("maria"), 0 }, { .person = { 100, 1 } } },
        { { { 6, 6 }, NAME_ALIAS_HOST, { 0, 0 }, STR_INIT("build-7"), 20000 }, { .with_day = true, .day = 20000 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct store_alias alias = { 0 };
        struct vault_lock lock = { 0 };
        struct name_new name = { 0 };

        CHECKING("case %zu", i);
        CHECK_OK(vault_seal_name(scene.vault, &cases[i].name, &scene.entropy, &scene.arena, &alias));
        CHECK_OK(vault_lock_of(alias.text, &lock));
        CHECK(lock.house == cases[i].lock.house && lock.day == cases[i].lock.day &&
              id_eq(lock.person, cases[i].lock.person));
        CHECK_OK(vault_unseal_name(scene.vault, &alias, &scene.arena, &name, NULL));
        CHECK_STR(name.text, cases[i].name.text);
        CHECK(name.kind == cases[i].name.kind && id_eq(name.within, cases[i].name.within) &&
              name.day == cases[i].name.day);
        alias.id.lo++;
        CHECK_CODE(vault_unseal_name(scene.vault, &alias, &scene.arena, &name, NULL), CODE_CORRUPT);
    }
}

/* ---- Dropping ---- */

static size_t keys_in_file(const struct scene *scene)
{
    static char bytes[FILE_MAX];
    size_t len = file_read(scene, bytes);
    size_t count = 0;

    for (size_t at = KEY_UNIT_BYTES; at + KEY_UNIT_BYTES <= len; at += KEY_UNIT_BYTES) {
        struct key_slot slot = { 0 };

        CHECK_OK(key_slot_read((const uint8_t *)bytes + at, &slot));
        count += slot.holder.kind != KEY_FREE;
    }
    return count;
}

static void a_dropped_person_is_read_by_nobody(void)
{
    SCENE(scene);
    struct str name = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    struct str text = seal(&scene, lock_of(PERSON(1), 20000), STR("maria"));
    struct str other = seal(&scene, lock_of(PERSON(2), 20000), STR("nina"));
    struct str opened = STR_NONE;

    CHECK_INT(keys_in_file(&scene), 3);
    CHECK_OK(vault_drop_person(scene.vault, PERSON(1), NULL));
    CHECK_INT(keys_in_file(&scene), 2);
    CHECK_OK(vault_drop_person(scene.vault, PERSON(1), NULL)); /* again is as once */
    for (int pass = 0; pass < 2; pass++) {
        CHECK_CODE(unseal(&scene, name, &opened), CODE_NOT_FOUND);
        CHECK_CODE(unseal(&scene, text, &opened), CODE_NOT_FOUND);
        check_reads(&scene, other, STR("nina"));
        scene_close(&scene);
        scene_open(&scene);
    }
}

static bool keeps_from_20001(const void *context, const struct key_holder *holder)
{
    (void)context;
    return holder->kind != KEY_OF_DAY || holder->id.lo >= 20001;
}

static void a_day_that_is_dropped_takes_its_texts_and_leaves_names(void)
{
    SCENE(scene);
    struct str name = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    struct str old = seal(&scene, lock_of(PERSON(1), 20000), STR("ill"));
    struct str new = seal(&scene, lock_of(PERSON(1), 20001), STR("well"));
    struct str opened = STR_NONE;

    CHECK_INT(vault_first_day(scene.vault), 20000);
    CHECK_OK(vault_retain(scene.vault, &(struct vault_judge){ keeps_from_20001, NULL }, NULL));
    CHECK_INT(vault_first_day(scene.vault), 20001);
    CHECK_CODE(unseal(&scene, old, &opened), CODE_NOT_FOUND);
    check_reads(&scene, new, STR("well"));
    check_reads(&scene, name, STR("maria"));
    CHECK_INT(keys_in_file(&scene), 2);
}

static void a_key_that_can_not_be_overwritten_is_tried_again(void)
{
    SCENE(scene);
    struct str name = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    struct str opened = STR_NONE;

    fault_arm(FAULT_VAULT_WRITE, 0, 1);
    CHECK_CODE(vault_drop_person(scene.vault, PERSON(1), NULL), CODE_IO);
    check_reads(&scene, name, STR("maria"));
    CHECK_OK(vault_drop_person(scene.vault, PERSON(1), NULL));
    CHECK_CODE(unseal(&scene, name, &opened), CODE_NOT_FOUND);
}

static void a_key_is_in_the_file_before_sync_says_so(void)
{
    SCENE(scene);
    struct vault_item item = { .lock = lock_of(PERSON(1), 0), .additional = PLACE, .parts = { STR("maria"), STR("") } };
    struct str sealed = STR_NONE;

    CHECK_OK(vault_seal(scene.vault, &item, &scene.entropy, &scene.arena, &sealed));
    CHECK_INT(keys_in_file(&scene), 0);
    fault_arm(FAULT_VAULT_WRITE, 0, 1);
    CHECK_CODE(vault_sync(scene.vault, NULL), CODE_IO);
    CHECK_OK(vault_sync(scene.vault, NULL));
    CHECK_INT(keys_in_file(&scene), 1);
    scene_close(&scene);
    scene_open(&scene);
    check_reads(&scene, sealed, STR("maria"));
}

static void a_freed_slot_serves_the_next_key(void)
{
    SCENE(scene);
    char bytes[FILE_MAX];
    size_t len;

    for (uint64_t i = 0; i < 50; i++)
        (void)seal(&scene, lock_of(PERSON(i + 1), 0), STR("name"));
    len = file_read(&scene, bytes);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 50; i++)
            CHECK_OK(vault_drop_person(scene.vault, PERSON(round * 50 + i + 1), NULL));
        scene_close(&scene);
        scene_open(&scene);
        for (uint64_t i = 0; i < 50; i++)
            (void)seal(&scene, lock_of(PERSON((round + 1) * 50 + i + 1), 0), STR("name"));
        CHECK_INT(file_read(&scene, bytes), len);
    }
}

/* ---- The file ---- */

static void a_damaged_file_is_told_and_reads_what_it_can(void)
{
    SCENE(scene);
    char good[FILE_MAX];
    char bad[FILE_MAX];
    struct str sealed[2] = { seal(&scene, lock_of(PERSON(1), 0), STR("maria")),
                             seal(&scene, lock_of(PERSON(2), 0), STR("nina")) };
    size_t len = file_read(&scene, good);
    struct str opened = STR_NONE;

    for (size_t at = 0; at < len; at++) {
        status s;
        int readable = 0;

        memcpy(bad, good, len);
        bad[at] ^= (char)(1 << at % 8);
        scene_close(&scene);
        file_write(&scene, bad, len);
        s = vault_open(scene.dir, LEDGER, NOW_MS, &scene.vault, NULL);
        if (at < KEY_UNIT_BYTES) {
            CHECK_CODE(s, CODE_CORRUPT);
            continue;
        }
        CHECK_OK(s);
        for (size_t i = 0; i < 2; i++)
            readable += unseal(&scene, sealed[i], &opened).code == CODE_OK;
        CHECK_INT(readable, 1);
        (void)seal(&scene, lock_of(PERSON(3), 0), STR("third")); /* does not write over what may be mended */
        check_reads(&scene, sealed[at < 2 * (size_t)KEY_UNIT_BYTES],
                    at < 2 * (size_t)KEY_UNIT_BYTES ? STR("nina") : STR("maria"));
        CHECK(file_read(&scene, bad) == len + KEY_UNIT_BYTES);
    }
}

static void a_slot_that_a_crash_cut_off_was_never_used(void)
{
    SCENE(scene);
    char bytes[FILE_MAX];
    struct str sealed = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    size_t len = file_read(&scene, bytes);

    memset(bytes + len, 0x55, KEY_UNIT_BYTES);
    for (size_t more = 1; more < KEY_UNIT_BYTES; more++) {
        scene_close(&scene);
        file_write(&scene, bytes, len + more);
        scene_open(&scene);
        check_reads(&scene, sealed, STR("maria"));
    }
    (void)seal(&scene, lock_of(PERSON(2), 0), STR("nina"));
    CHECK_INT(keys_in_file(&scene), 2);
}

static void a_file_that_others_may_read_or_of_another_ledger_is_refused(void)
{
    SCENE(scene);
    struct vault *vault = NULL;
    struct err err = { 0 };

    scene_close(&scene);
    CHECK_CODE(vault_open(scene.dir, (struct id){ 8, 8 }, NOW_MS, &vault, &err), CODE_CONFLICT);
    CHECK(str_ends(str_of(err.text), STR("has the keys of another ledger")));
    CHECK(chmod(path_of(&scene, VAULT_FILE), 0640) == 0);
    CHECK_CODE(vault_open(scene.dir, LEDGER, NOW_MS, &vault, &err), CODE_INVALID);
    CHECK(unlink(path_of(&scene, VAULT_FILE)) == 0);
    CHECK_CODE(vault_open(scene.dir, LEDGER, NOW_MS, &vault, &err), CODE_NOT_FOUND);
}

/* ---- Backups of keys ---- */

static void put_back(struct scene *scene, const char *copy)
{
    char from[256];

    scene_close(scene);
    (void)snprintf(from, sizeof from, "%s/%s/%s", scene->dir, VAULT_COPIES, copy);
    assert(rename(from, path_of(scene, VAULT_FILE)) == 0);
}

static void copy(struct scene *scene, const char *name, int64_t lapses_ms)
{
    char dir[96];

    (void)snprintf(dir, sizeof dir, "%s/%s", scene->dir, VAULT_COPIES);
    (void)mkdir(dir, 0700);
    CHECK_OK(vault_copy(scene->vault, dir, name, &(struct vault_span){ NOW_MS, lapses_ms }, NULL));
}

static void a_backup_of_keys_serves_until_it_lapses(void)
{
    SCENE(scene);
    struct str sealed = seal(&scene, lock_of(PERSON(1), 0), STR("maria"));
    struct vault *vault = NULL;
    struct err err = { 0 };

    copy(&scene, "good", NOW_MS + 1);
    copy(&scene, "lapsed", NOW_MS);
    CHECK_OK(vault_drop_person(scene.vault, PERSON(1), NULL));
    put_back(&scene, "lapsed");
    CHECK_CODE(vault_open(scene.dir, LEDGER, NOW_MS, &vault, &err), CODE_CONFLICT);
    CHECK(str_find_str(str_of(err.text), STR("lapsed at 2027-01-15T08:00:00.000Z")) < strlen(err.text));
    put_back(&scene, "good");
    scene_open(&scene); /* it is the ledger's own now, and does not lapse */
    scene_close(&scene);
    CHECK_OK(vault_open(scene.dir, LEDGER, NOW_MS + 100 * DAY_MS, &scene.vault, &err));
    check_reads(&scene, sealed, STR("maria")); /* the facts say who is to be dropped again: engine/retention */
}

static void copies_that_lapsed_are_removed_and_nothing_else(void)
{
    SCENE(scene);
    char path[128];

    copy(&scene, "lapsed", NOW_MS);
    copy(&scene, "good", NOW_MS + 1);
    (void)snprintf(path, sizeof path, "%s/other", VAULT_COPIES);
    close(open(path_of(&scene, path), O_CREAT | O_WRONLY, 0600));
    vault_copies_end(scene.dir, (struct id){ 8, 8 }, NOW_MS);
    CHECK(access(path_of(&scene, VAULT_COPIES "/lapsed"), F_OK) == 0);
    vault_copies_end(scene.dir, LEDGER, NOW_MS);
    CHECK(access(path_of(&scene, VAULT_COPIES "/lapsed"), F_OK) != 0);
    CHECK(access(path_of(&scene, VAULT_COPIES "/good"), F_OK) == 0);
    CHECK(access(path_of(&scene, VAULT_COPIES "/other"), F_OK) == 0);
}

static void lack_of_memory_seals_nothing_and_harms_nothing(void)
{
    SCENE(scene);

    for (int step = 0;; step++) {
        struct vault_item item = { .lock = lock_of(PERSON((uint64_t)step + 1), 20000),
                                   .additional = PLACE,
                                   .parts = { STR("maria"), STR("") } };
        struct arena arena = { .max_bytes = 4096 };
        struct str sealed = STR_NONE;
        status s;
        bool hit;

        fault_arm(FAULT_MEMORY, step, 1);
        s = vault_seal(scene.vault, &item, &scene.entropy, &arena, &sealed);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECK((s.code == CODE_OK) == !hit);
        CHECK_OK(vault_sync(scene.vault, NULL));
        arena_free(&arena);
        if (!hit)
            break;
        CHECK_CODE(s, CODE_NO_MEMORY);
    }
}

static const struct test tests[] = {
    TEST(whoever_has_the_keys_reads_also_after_a_restart),
    TEST(what_differs_in_any_bit_is_refused),
    TEST(a_text_under_another_key_of_its_holder_says_so),
    TEST(an_entry_s_text_opens_for_its_own_entry_alone),
    TEST(each_name_is_under_the_key_of_whom_it_names),
    TEST(a_dropped_person_is_read_by_nobody),
    TEST(a_day_that_is_dropped_takes_its_texts_and_leaves_names),
    TEST(a_key_that_can_not_be_overwritten_is_tried_again),
    TEST(a_key_is_in_the_file_before_sync_says_so),
    TEST(a_freed_slot_serves_the_next_key),
    TEST(a_damaged_file_is_told_and_reads_what_it_can),
    TEST(a_slot_that_a_crash_cut_off_was_never_used),
    TEST(a_file_that_others_may_read_or_of_another_ledger_is_refused),
    TEST(a_backup_of_keys_serves_until_it_lapses),
    TEST(copies_that_lapsed_are_removed_and_nothing_else),
    TEST(lack_of_memory_seals_nothing_and_harms_nothing),
};
TEST_MAIN(tests)
