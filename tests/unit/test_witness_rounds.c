/*
 * service/witness_rounds: what becomes of a cosignature that arrives: in time, late, again, false, or without memory
 * for it. No network and no server: rounds are put there as rounds_turn would.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"
#include "log_keys.h"
#include "service/witnesses_inside.h"

#define POLICY_MAX 4096

/* Two witnesses, both of which have to cosign, and their log. */
struct scene {
    struct witnesses all;
    struct witness_policy *policy;
    struct buf text;
    struct skey log_key;
    struct skey keys[2];
};

static void scene_init(struct scene *scene, const char *quorum)
{
    memset(scene, 0, sizeof *scene);
    scene->policy = memory_new(1, sizeof *scene->policy);
    scene->text.max = POLICY_MAX;
    scene->log_key = log_skey();
    for (int i = 0; i < 2; i++) {
        scene->keys[i] = skey_from(i ? "two.example" : "one.example", VKEY_COSIGNATURE, (unsigned char)(50 + i));
        buf_add_format(&scene->text, "witness w%d ", i);
        vkey_add(&scene->text, &scene->keys[i].vkey);
        buf_add_byte(&scene->text, '\n');
        scene->all.keys[i] = scene->keys[i].vkey;
    }
    buf_add(&scene->text, str_of(quorum));
    CHECK_OK(witness_policy_parse(buf_str(&scene->text), scene->policy, NULL));
    scene->all.config.policy = scene->policy;
    scene->all.count = 2;
    scene->all.peers = memory_new(2, sizeof *scene->all.peers);
    for (size_t i = 0; i < 2; i++)
        scene->all.peers[i] = (struct peer){ .all = &scene->all, .number = i, .who = &scene->policy->witnesses[i] };
}

static void scene_free(struct scene *scene)
{
    for (size_t i = 0; i < ROUNDS_KEPT; i++)
        buf_free(&scene->all.rounds[i].note);
    buf_free(&scene->all.best.note);
    buf_free(&scene->text);
    memory_free(scene->all.peers);
    memory_free(scene->policy);
    skey_close(&scene->log_key);
    skey_close(&scene->keys[0]);
    skey_close(&scene->keys[1]);
}

static struct tree_head head_of(uint64_t size)
{
    struct tree_head head = { .size = size };

    head.root.bytes[0] = (uint8_t)size;
    return head;
}

/* A round of that size, which is the newest one then. */
static struct round *round_put(struct scene *scene, uint64_t size)
{
    struct round *round;

    scene->all.newest = (scene->all.newest + 1) % ROUNDS_KEPT;
    round = &scene->all.rounds[scene->all.newest];
    buf_clear(&round->note);
    *round = (struct round){ .head = head_of(size), .note = round->note, .begun_us = clock_monotonic_us() };
    round->note.max = (size_t)NOTE_MAX_BYTES;
    CHECK_OK(checkpoint_sign(&round->note, &round->head, &scene->log_key, NULL));
    for (size_t i = 0; i < 2; i++)
        rounds_note_peer(&scene->all, &scene->all.peers[i]);
    if (!scene->all.unmet_since_us)
        scene->all.unmet_since_us = round->begun_us;
    return round;
}

/* The line that a witness answers about a checkpoint of that size. */
struct line {
    struct buf note; /* the log's note; then its text is what is cosigned */
    struct buf whole;
    size_t at;
};

static void line_free(struct line *line)
{
    buf_free(&line->note);
    buf_free(&line->whole);
}

static struct line line_of(struct scene *scene, int witness, uint64_t size, int64_t time_s)
{
    struct line line = { .note = { .max = (size_t)NOTE_MAX_BYTES }, .whole = { .max = (size_t)NOTE_MAX_BYTES } };
    struct tree_head head = head_of(size);
    struct note parsed;

    CHECK_OK(checkpoint_sign(&line.note, &head, &scene->log_key, NULL));
    CHECK_OK(note_parse(buf_str(&line.note), &parsed, NULL));
    buf_add(&line.whole, buf_str(&line.note));
    line.at = line.whole.len;
    CHECK_OK(note_cosign(&line.whole, parsed.text, &scene->keys[witness], time_s, NULL));
    return line;
}

static status join(struct scene *scene, const struct line *line, uint64_t size, uint64_t *ret_met)
{
    struct arrival arrival = { .head = head_of(size),
                               .note = buf_str(&line->note),
                               .lines = str_from(buf_str(&line->whole), line->at) };
    struct err err = { 0 };
    status s = rounds_join(&scene->all, &arrival, &err);

    CHECK((s.code == CODE_OK) == (err.text[0] == '\0'));
    if (ret_met)
        *ret_met = arrival.met;
    return s;
}

static void arrive(struct scene *scene, int witness, uint64_t size, uint64_t met)
{
    AUTO(struct line, line_free) line = line_of(scene, witness, size, clock_read().wall_ms / 1000);
    uint64_t told = 0;

    CHECK_OK(join(scene, &line, size, &told));
    CHECK_INT(told, met);
}

static void a_round_is_met_when_the_policy_is_and_not_before(void)
{
    AUTO(struct scene, scene_free) scene;
    struct round *round;

    scene_init(&scene, "group both all w0 w1\nquorum both\n");
    round = round_put(&scene, 10);
    CHECK(scene.all.peers[0].since_us && scene.all.peers[1].since_us);
    arrive(&scene, 0, 10, 0);
    CHECK(round->cosigned[0] && !round->cosigned[1] && !round->is_met);
    CHECK(!scene.all.peers[0].since_us && scene.all.peers[1].since_us);
    CHECK_INT(scene.all.best.head.size, 0);
    CHECK(scene.all.unmet_since_us != 0);
    arrive(&scene, 1, 10, 10);
    CHECK(round->is_met);
    CHECK_INT(scene.all.best.head.size, 10);
    CHECK_STR(buf_str(&scene.all.best.note), buf_str(&round->note));
    CHECK_INT(scene.all.unmet_since_us, 0);
    arrive(&scene, 1, 10, 0); /* again: nothing new */
    CHECK_STR(buf_str(&scene.all.best.note), buf_str(&round->note));
}

static void a_late_cosignature_meets_the_round_that_it_is_of(void)
{
    AUTO(struct scene, scene_free) scene;
    struct round *older;

    scene_init(&scene, "group both all w0 w1\nquorum both\n");
    older = round_put(&scene, 10);
    arrive(&scene, 0, 10, 0);
    (void)round_put(&scene, 20);
    arrive(&scene, 0, 20, 0);
    arrive(&scene, 1, 10, 10);
    CHECK(older->is_met);
    CHECK_INT(scene.all.best.head.size, 10);
    CHECK_INT(scene.all.peers[1].size, 10);
    CHECK(scene.all.peers[1].since_us != 0); /* it has not cosigned the newer one */
    CHECK(scene.all.unmet_since_us != 0);
    arrive(&scene, 1, 20, 20);
    arrive(&scene, 1, 10, 0); /* the best one stays the newest that was met */
    CHECK_INT(scene.all.best.head.size, 20);
    CHECK_INT(scene.all.peers[1].size, 20);
}

static void what_comes_after_its_round_is_forgotten_can_still_meet_the_policy(void)
{
    AUTO(struct scene, scene_free) scene;

    scene_init(&scene, "group one any w0 w1\nquorum one\n");
    arrive(&scene, 0, 5, 5);
    CHECK_INT(scene.all.best.head.size, 5);
    arrive(&scene, 1, 5, 0); /* of the best one: joined to it */
    CHECK(scene.all.best.cosigned[0] && scene.all.best.cosigned[1]);
    arrive(&scene, 1, 4, 0); /* of an older one: too late for anything */
    CHECK_INT(scene.all.best.head.size, 5);
}

static void a_false_line_or_an_implausible_time_changes_nothing(void)
{
    static const int64_t offsets_s[] = { -WITNESS_CLOCK_S - 60, WITNESS_CLOCK_S + 60 };
    AUTO(struct scene, scene_free) scene;
    AUTO(struct buf, buf_free) before = { .max = (size_t)NOTE_MAX_BYTES };
    struct round *round;
    int64_t now_s = clock_read().wall_ms / 1000;

    scene_init(&scene, "group one any w0 w1\nquorum one\n");
    round = round_put(&scene, 10);
    buf_add(&before, buf_str(&round->note));
    for (size_t i = 0; i < 2; i++) {
        AUTO(struct line, line_free) line = line_of(&scene, 0, 10, now_s + offsets_s[i]);

        CHECK_CODE(join(&scene, &line, 10, NULL), CODE_CORRUPT);
    }
    {
        AUTO(struct line, line_free) line = line_of(&scene, 0, 11, now_s); /* of another size than it is sent for */

        CHECK_CODE(join(&scene, &line, 10, NULL), CODE_CORRUPT);
    }
    CHECK_STR(buf_str(&round->note), buf_str(&before));
    CHECK(!round->cosigned[0] && !round->is_met && scene.all.peers[0].size == 0);
}

/* Each allocation fails once: the round is as it was, or as it should be. */
static void without_memory_a_cosignature_is_lost_and_nothing_else(void)
{
    for (int step = 0;; step++) {
        AUTO(struct scene, scene_free) scene;
        AUTO(struct line, line_free) line = { .note = { 0 } };
        struct round *round;
        bool hit;
        status s;

        scene_init(&scene, "group both all w0 w1\nquorum both\n");
        round = round_put(&scene, 10);
        arrive(&scene, 0, 10, 0);
        line = line_of(&scene, 1, 10, clock_read().wall_ms / 1000);
        fault_arm(FAULT_MEMORY, step, 1);
        s = join(&scene, &line, 10, NULL);
        hit = fault_was_hit(FAULT_MEMORY);
        fault_disarm_all();
        CHECKING("step %d", step);
        CHECK(round->cosigned[0]);
        CHECK((s.code == CODE_OK) == round->cosigned[1]);
        CHECK((scene.all.best.head.size == 10) <= round->is_met);
        CHECK(hit || scene.all.best.head.size == 10);
        if (s.code)
            arrive(&scene, 1, 10, 10); /* asked again */
        if (!hit)
            break;
    }
}

static const struct test tests[] = {
    TEST(a_round_is_met_when_the_policy_is_and_not_before),
    TEST(a_late_cosignature_meets_the_round_that_it_is_of),
    TEST(what_comes_after_its_round_is_forgotten_can_still_meet_the_policy),
    TEST(a_false_line_or_an_implausible_time_changes_nothing),
    TEST(without_memory_a_cosignature_is_lost_and_nothing_else),
};
TEST_MAIN(tests)
