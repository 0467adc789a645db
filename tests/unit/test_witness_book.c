/*
 * daemon/witness_book and engine/key_file: what a witness signed is in its directory before anybody is told, whichever
 * step fails; engine/private_file's replacement of a file, which both stand on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "daemon/witness_book.h"
#include "engine/key_file.h"
#include "engine/private_file.h"
#include "log_keys.h"
#include "memory_log.h"
#include "store_world.h"
#include "tlog/prove.h"

#define LOGS_TEXT "logs/v0\nvkey license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\n"
#define NOW_S     1795500000

struct scene {
    char dir[WORLD_PATH_BYTES];
    char state[WORLD_PATH_BYTES + 16];
    struct memory_log *log;
    struct witness_logs logs;
    struct skey log_key;
    struct skey key;
    struct witness_book *book;
    struct buf body;
};

static status book_open(struct scene *scene, struct err *err)
{
    struct witness_book_config config = { .dir = scene->state, .logs = &scene->logs, .key = &scene->key };

    return witness_book_open(&config, &scene->book, err);
}

static void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    (void)snprintf(scene->dir, sizeof scene->dir, "%s/tally-book-XXXXXX", world_parent());
    CHECK(mkdtemp(scene->dir) != NULL);
    (void)snprintf(scene->state, sizeof scene->state, "%s/state", scene->dir);
    scene->log = memory_log_new();
    memory_log_grow(scene->log, 300);
    scene->log_key = log_skey();
    scene->key = witness_skey();
    scene->body.max = ADD_CHECKPOINT_MAX_BYTES;
    CHECK_OK(witness_logs_parse(STR(LOGS_TEXT), &scene->logs, NULL));
    CHECK_OK(book_open(scene, NULL));
}

static void scene_free(struct scene *scene)
{
    char held[WORLD_PATH_BYTES + 16];

    witness_book_close(scene->book);
    memory_log_close(&scene->log);
    witness_logs_free(&scene->logs);
    skey_close(&scene->log_key);
    skey_close(&scene->key);
    buf_free(&scene->body);
    (void)snprintf(held, sizeof held, "%s/note.new", scene->dir);
    world_remove_directory(held); /* where a test put one */
    world_remove_directory(scene->state);
    world_remove_directory(scene->dir);
}

static void reopen(struct scene *scene)
{
    witness_book_close(scene->book);
    scene->book = NULL;
    CHECK_OK(book_open(scene, NULL));
}

/* The log's honest request. */
static void ask(struct scene *scene, uint64_t older, uint64_t newer)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct prover prover = { .tiles = memory_log_tiles(scene->log) };
    struct add_checkpoint request = { .old_size = older };
    struct tree_head head = { .size = newer };

    CHECK_OK(prove_root(&prover, newer, &head.root, NULL));
    CHECK_OK(prove_consistency(&prover, older, newer, &request.proof, NULL));
    CHECK_OK(checkpoint_sign(&note, &head, &scene->log_key, NULL));
    request.checkpoint = buf_str(&note);
    buf_clear(&scene->body);
    add_checkpoint_add(&scene->body, &request);
}

static status enter(struct scene *scene, struct witness_answer *ret_answer, struct err *err)
{
    return witness_book_enter(scene->book, buf_str(&scene->body), NOW_S, ret_answer, err);
}

/* What the book says was cosigned last, by asking from nowhere. */
static uint64_t last_size(struct scene *scene)
{
    AUTO(struct witness_answer, witness_answer_free) answer = { 0 };

    ask(scene, 299, 300);
    CHECK_OK(enter(scene, &answer, NULL));
    CHECK_INT(answer.verdict, WITNESS_ELSEWHERE);
    return answer.last_size;
}

static void what_is_answered_is_in_the_book_and_in_a_new_one(void)
{
    AUTO(struct scene, scene_free) scene;
    AUTO(struct witness_answer, witness_answer_free) answer = { 0 };
    AUTO(struct buf, buf_free) page = { .max = NOTE_MAX_BYTES };
    const char *name = "0be87a5bae72b29b2c304b74b59d26672e5251d46db1ab2a7dbf7b90dea87474";

    scene_init(&scene);
    CHECK_CODE(witness_book_page(scene.book, str_of(name), &page), CODE_NOT_FOUND);
    ask(&scene, 0, 100);
    CHECK_OK(enter(&scene, &answer, NULL));
    CHECK_INT(answer.verdict, WITNESS_COSIGNS);
    CHECK(str_starts(str_from(buf_str(&answer.note), answer.line_at), STR(DASH WITNESS_NAME " ")));
    CHECK_OK(witness_book_page(scene.book, str_of(name), &page));
    CHECK_STR(buf_str(&page), buf_str(&answer.note));
    reopen(&scene);
    buf_clear(&page);
    CHECK_OK(witness_book_page(scene.book, str_of(name), &page));
    CHECK_STR(buf_str(&page), buf_str(&answer.note));
    CHECK_INT(last_size(&scene), 100);
}

/* Whatever fails: an answer means that it is written, and what was answered before is never forgotten. */
static void no_step_that_fails_signs_what_is_not_written(void)
{
    static const enum fault_point points[] = { FAULT_MEMORY, FAULT_WITNESS_WRITE };

    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        for (int step = 0;; step++) {
            AUTO(struct scene, scene_free) scene;
            AUTO(struct witness_answer, witness_answer_free) first = { 0 };
            AUTO(struct witness_answer, witness_answer_free) answer = { 0 };
            struct err err = { 0 };
            bool hit;
            status s;

            scene_init(&scene);
            ask(&scene, 0, 100);
            CHECK_OK(enter(&scene, &first, NULL));
            ask(&scene, 100, 200);
            fault_arm(points[i], step, 1);
            s = enter(&scene, &answer, &err);
            hit = fault_was_hit(points[i]);
            fault_disarm_all();
            CHECKING("point %d, step %d: %s", (int)points[i], step, err.text);
            CHECK((s.code == CODE_OK) == !hit);
            CHECK(!hit || err.text[0] != '\0');
            CHECK_INT(last_size(&scene), hit ? 100 : 200);
            reopen(&scene);
            CHECK_INT(last_size(&scene), hit ? 100 : 200);
            if (!hit)
                break;
        }
    }
}

static void a_book_that_gets_no_memory_is_not_opened_and_nothing_is_lost(void)
{
    AUTO(struct scene, scene_free) scene;
    AUTO(struct witness_answer, witness_answer_free) answer = { 0 };

    scene_init(&scene);
    ask(&scene, 0, 100);
    CHECK_OK(enter(&scene, &answer, NULL));
    for (int step = 0;; step++) {
        bool hit;
        status s;

        witness_book_close(scene.book);
        scene.book = NULL;
        fault_arm(FAULT_MEMORY, step, 1);
        s = book_open(&scene, NULL);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECKING("step %d", step);
        CHECK((s.code == CODE_OK) == !hit);
        if (!hit)
            break;
    }
    CHECK_INT(last_size(&scene), 100);
}

static void a_second_book_on_one_directory_is_refused(void)
{
    AUTO(struct scene, scene_free) scene;
    struct witness_book *first;

    scene_init(&scene);
    first = scene.book;
    CHECK_CODE(book_open(&scene, NULL), CODE_BUSY);
    scene.book = first;
}

/* ---- The files below it ---- */

static struct str file_text(const char *dir, const char *name, char *space, size_t size)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct buf text = { .at = space, .capacity = size, .max = size, .borrowed = true };

    if (!CHECK_OK(private_file_open(dir, name, false, &file, NULL)))
        return STR_NONE;
    CHECK_OK(private_file_read(&file, 0, &text, NULL));
    return buf_str(&text);
}

static void a_file_is_replaced_whole_or_not_at_all(void)
{
    AUTO(struct scene, scene_free) scene;
    char space[64];
    char path[WORLD_PATH_BYTES + 64];

    scene_init(&scene);
    CHECK_OK(private_file_replace(scene.dir, "note", STR("one\n"), NULL));
    CHECK_STR(file_text(scene.dir, "note", space, sizeof space), STR("one\n"));
    (void)snprintf(path, sizeof path, "%s/note.new", scene.dir);
    CHECK(fclose(fopen(path, "w")) == 0); /* what a crash has left */
    CHECK_OK(private_file_replace(scene.dir, "note", STR("two and more\n"), NULL));
    CHECK_STR(file_text(scene.dir, "note", space, sizeof space), STR("two and more\n"));
    CHECK(access(path, F_OK) != 0);
    CHECK(mkdir(path, 0700) == 0); /* it can't be written */
    CHECK(private_file_replace(scene.dir, "note", STR("three\n"), NULL).code != CODE_OK);
    CHECK_STR(file_text(scene.dir, "note", space, sizeof space), STR("two and more\n"));
}

static void a_key_comes_back_as_it_was_and_only_as_what_it_is(void)
{
    AUTO(struct scene, scene_free) scene;
    AUTO(struct skey, skey_close) again = { 0 };
    char path[WORLD_PATH_BYTES + 64];

    scene_init(&scene);
    (void)snprintf(path, sizeof path, "%s/key", scene.dir);
    CHECK_CODE(key_file_open(path, VKEY_COSIGNATURE, &again, NULL), CODE_NOT_FOUND);
    CHECK_OK(key_file_create(path, &scene.key, NULL));
    CHECK_CODE(key_file_create(path, &scene.key, NULL), CODE_CONFLICT);
    CHECK_CODE(key_file_open(path, VKEY_NOTE, &again, NULL), CODE_INVALID);
    CHECK_OK(key_file_open(path, VKEY_COSIGNATURE, &again, NULL));
    CHECK(vkey_eq(&again.vkey, &scene.key.vkey));
    CHECK(chmod(path, 0644) == 0);
    CHECK_CODE(key_file_open(path, VKEY_COSIGNATURE, &again, NULL), CODE_INVALID);
    CHECK_CODE(key_file_create("nowhere/at/all/key", &scene.key, NULL), CODE_IO);
    CHECK_CODE(key_file_open("/tmp/", VKEY_COSIGNATURE, &again, NULL), CODE_INVALID);
}

static const struct test tests[] = {
    TEST(what_is_answered_is_in_the_book_and_in_a_new_one),
    TEST(no_step_that_fails_signs_what_is_not_written),
    TEST(a_book_that_gets_no_memory_is_not_opened_and_nothing_is_lost),
    TEST(a_second_book_on_one_directory_is_refused),
    TEST(a_file_is_replaced_whole_or_not_at_all),
    TEST(a_key_comes_back_as_it_was_and_only_as_what_it_is),
};
TEST_MAIN(tests)
