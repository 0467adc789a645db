/*
 * tlog/add_checkpoint, tlog/witness_logs, tlog/witness and tlog/cosigned: the request that logs and witnesses exchange,
 * every answer of the specification to it, and what becomes of the cosignature.
 */
#include "codec/hex.h"
#include "log_keys.h"
#include "memory_log.h"
#include "tlog/cosigned.h"
#include "tlog/prove.h"
#include "tlog/witness.h"
#include "vectors.h"

#define LOG_VKEY  "license.example/audit+d607f39b+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
#define LOGS_TEXT "logs/v0\nvkey " LOG_VKEY "\n"
#define NOTE_TEXT CHECKPOINT_TEXT "\n" LOG_LINE
#define HASH      "wlYv9roSWuIR7mOshSes4oVdtOlbuRh+j/bDhnI+GXg="

/* A log of 300 entries, whose checkpoints of any size can be sent to a witness. */
struct scene {
    struct memory_log *log;
    struct witness_logs logs;
    struct skey log_key;
    struct skey witness_key;
    struct tree_head last; /* what the witness cosigned last */
    struct buf body;
    struct err err;
};

static struct scene scene_new(void)
{
    struct scene scene = { .log = memory_log_new(),
                           .log_key = log_skey(),
                           .witness_key = witness_skey(),
                           .last = tree_head(&(struct tree){ 0 }),
                           .body = { .max = ADD_CHECKPOINT_MAX_BYTES } };

    memory_log_grow(scene.log, 300);
    CHECK_OK(witness_logs_parse(STR(LOGS_TEXT), &scene.logs, NULL));
    return scene;
}

static void scene_free(struct scene *scene)
{
    memory_log_close(&scene->log);
    witness_logs_free(&scene->logs);
    skey_close(&scene->log_key);
    skey_close(&scene->witness_key);
    buf_free(&scene->body);
}

static struct tree_head head_at(struct scene *scene, uint64_t size)
{
    struct tree_head head = { .size = size };

    CHECK_OK(prove_root(&(struct prover){ .tiles = memory_log_tiles(scene->log) }, size, &head.root, NULL));
    return head;
}

/* The request from `older` to that head, signed by the log. */
static void ask_with(struct scene *scene, uint64_t older, const struct tree_head *head)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct add_checkpoint request = { .old_size = older };

    CHECK_OK(checkpoint_sign(&note, head, &scene->log_key, NULL));
    if (older < head->size)
        CHECK_OK(prove_consistency(&(struct prover){ .tiles = memory_log_tiles(scene->log) }, older, head->size,
                                   &request.proof, NULL));
    request.checkpoint = buf_str(&note);
    buf_clear(&scene->body);
    add_checkpoint_add(&scene->body, &request);
}

static void ask(struct scene *scene, uint64_t older, uint64_t newer)
{
    struct tree_head head = head_at(scene, newer);

    ask_with(scene, older, &head);
}

static void ask_text(struct scene *scene, const char *text)
{
    buf_clear(&scene->body);
    buf_add(&scene->body, str_of(text));
}

/* What the witness says; a head that it cosigns is the last one from then on. */
static enum witness_verdict answer(struct scene *scene)
{
    struct witness_request request;
    enum witness_verdict verdict = witness_read(buf_str(&scene->body), &scene->logs, &request, &scene->err);

    if (verdict == WITNESS_COSIGNS)
        verdict = witness_judge(&request, &scene->last, &scene->err);
    if (verdict == WITNESS_COSIGNS)
        scene->last = request.checkpoint.head;
    return verdict;
}

static void the_request_of_the_vectors_is_written_and_read(void)
{
    AUTO(struct buf, buf_free) vectors = { .max = 1 << 20 };
    AUTO(struct buf, buf_free) got = { .max = 256 };
    AUTO(struct scene, scene_free) scene = scene_new();
    struct add_checkpoint request;
    struct hash hash;

    if (!test_read_file(test_shared_path(VECTORS_FILE), &vectors))
        return;
    ask(&scene, 100, 300);
    hash = hash_of(buf_str(&scene.body));
    hex_add(&got, hash.bytes, sizeof hash.bytes);
    buf_add_format(&got, " %zu", scene.body.len);
    CHECK_STR(buf_str(&got), vectors_find(&vectors, "add-checkpoint body sha256 "));
    CHECK_OK(add_checkpoint_parse(buf_str(&scene.body), &request, NULL));
    CHECK_INT(request.old_size, 100);
    CHECK_STR(request.checkpoint, STR(NOTE_TEXT));
}

static void sixty_three_hashes_are_read_and_sixty_four_refused(void)
{
    AUTO(struct buf, buf_free) body = { .max = ADD_CHECKPOINT_MAX_BYTES };
    AUTO(struct buf, buf_free) again = { .max = ADD_CHECKPOINT_MAX_BYTES };
    struct add_checkpoint request;

    for (int count = 63; count <= 64; count++) {
        buf_clear(&body);
        buf_add(&body, STR("old 9223372036854775807\n"));
        for (int i = 0; i < count; i++)
            buf_add(&body, STR(HASH "\n"));
        buf_add(&body, STR("\n" NOTE_TEXT));
        CHECKING("%d hashes", count);
        CHECK_CODE(add_checkpoint_parse(buf_str(&body), &request, NULL), count == 63 ? CODE_OK : CODE_TOO_LARGE);
        if (count == 64)
            break;
        add_checkpoint_add(&again, &request);
        CHECK_STR(buf_str(&again), buf_str(&body));
    }
}

static void a_request_of_another_form_is_malformed(void)
{
    static const char *const bodies[] = {
        "",
        "\n",
        "old 0",
        "old 0\n",
        "old 0\n\n",
        "old 0\n" NOTE_TEXT,                     /* no blank line of its own: the origin is no hash */
        "old 00\n\n" NOTE_TEXT,                  /* a second spelling of zero */
        "old +1\n\n" NOTE_TEXT,                  /* a sign */
        "old -1\n\n" NOTE_TEXT,                  /* another */
        "old  1\n\n" NOTE_TEXT,                  /* two spaces */
        "old 9223372036854775808\n\n" NOTE_TEXT, /* 2^63 */
        "old\n\n" NOTE_TEXT,                     /* nothing */
        "Old 0\n\n" NOTE_TEXT,                   /* a capital */
        "size 0\n\n" NOTE_TEXT,                  /* another word */
        "old 0\r\n\r\n" NOTE_TEXT,               /* CRLF */
        "old 100\nAAAA\n\n" NOTE_TEXT,           /* a short hash */
        "old 100\n" HASH " \n\n" NOTE_TEXT,      /* a space */
        "old 100\n\n" CHECKPOINT_TEXT,           /* nobody signed */
        "old 100\n\n" CHECKPOINT_TEXT LOG_LINE,  /* no blank line before the signatures */
        "old 100\n\n" LOG_NAME "\n0300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n\n" LOG_LINE,
        "old 301\n\n" NOTE_TEXT, /* larger than the checkpoint */
    };
    AUTO(struct scene, scene_free) scene = scene_new();

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        CHECKING("body %zu", i);
        scene.err.text[0] = '\0';
        ask_text(&scene, bodies[i]);
        CHECK_INT(answer(&scene), WITNESS_MALFORMED);
        CHECK(scene.err.text[0] != '\0');
    }
}

static void a_checkpoint_that_the_log_did_not_sign_is_refused(void)
{
    static const struct {
        const char *body;
        enum witness_verdict verdict;
    } cases[] = {
        /* Another's signature alone. */
        { "old 0\n\n" CHECKPOINT_TEXT "\n" WITNESS_LINE, WITNESS_UNSIGNED },
        /* The log's line with a signature of something else. */
        { "old 0\n\n" LOG_NAME "\n301\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n\n" LOG_LINE, WITNESS_UNSIGNED },
        /* A good one beside others' is enough, a bad one of its own is too much. */
        { "old 0\n\n" NOTE_TEXT WITNESS_LINE, WITNESS_COSIGNS },
        { "old 300\n\n" NOTE_TEXT DASH LOG_NAME " 1gfzmwAA\n", WITNESS_UNSIGNED },
        { "old 0\n\nother.example/log\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n\n" LOG_LINE,
          WITNESS_UNKNOWN },
    };
    AUTO(struct scene, scene_free) scene = scene_new();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECKING("case %zu", i);
        ask_text(&scene, cases[i].body);
        CHECK_INT(answer(&scene), cases[i].verdict);
    }
}

static void a_log_that_grows_is_cosigned_step_by_step(void)
{
    static const uint64_t sizes[] = { 0, 0, 1, 1, 2, 100, 256, 257, 300, 300 };
    AUTO(struct scene, scene_free) scene = scene_new();

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t last = scene.last.size;

        CHECKING("%" PRIu64 " to %" PRIu64, last, sizes[i]);
        ask(&scene, last, sizes[i]);
        CHECK_INT(answer(&scene), WITNESS_COSIGNS);
        CHECK_INT(scene.last.size, sizes[i]);
    }
}

static void an_old_size_that_is_not_the_last_one_is_refused_even_with_a_good_proof(void)
{
    AUTO(struct scene, scene_free) scene = scene_new();

    scene.last = head_at(&scene, 100);
    for (uint64_t old = 0; old <= 200; old += 50) {
        CHECKING("old %" PRIu64, old);
        ask(&scene, old, 200);
        if (old != 100)
            CHECK_INT(answer(&scene), WITNESS_ELSEWHERE);
    }
    CHECK_INT(scene.last.size, 100);
}

static void a_tree_that_does_not_extend_the_last_one_is_unproven(void)
{
    AUTO(struct scene, scene_free) scene = scene_new();
    struct tree_head other = head_at(&scene, 200);
    struct tree_head empty = { .size = 0 };

    scene.last = head_at(&scene, 100);
    scene.last.root.bytes[0] ^= 1;
    ask(&scene, 100, 200);
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
    scene.last = head_at(&scene, 100);
    other.root.bytes[31] ^= 1;
    ask_with(&scene, 100, &other);
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
    other = scene.last;
    other.root.bytes[5] ^= 1;
    ask_with(&scene, 100, &other); /* the same size, another root */
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
    scene.last = tree_head(&(struct tree){ 0 });
    ask_with(&scene, 0, &empty); /* no entries, and the root of some */
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
}

static void a_proof_from_nothing_or_to_the_same_is_empty(void)
{
    AUTO(struct scene, scene_free) scene = scene_new();

    ask_text(&scene, "old 0\n" HASH "\n\n" NOTE_TEXT);
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
    ask_text(&scene, "old 0\n\n" NOTE_TEXT);
    CHECK_INT(answer(&scene), WITNESS_COSIGNS);
    ask_text(&scene, "old 300\n" HASH "\n\n" NOTE_TEXT);
    CHECK_INT(answer(&scene), WITNESS_UNPROVEN);
}

static void what_is_kept_has_the_log_s_signature_and_the_witness_s_and_no_others(void)
{
    AUTO(struct scene, scene_free) scene = scene_new();
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct witness_request request;
    struct checkpoint kept;

    ask_text(&scene, "old 0\n\n" NOTE_TEXT DASH "stranger AAAAAAAA\n" LOG_LINE WITNESS_LINE);
    CHECK_INT(witness_read(buf_str(&scene.body), &scene.logs, &request, NULL), WITNESS_COSIGNS);
    CHECK_OK(witness_cosign(&request, &scene.witness_key, WITNESS_TIME_S, &note, NULL));
    CHECK_STR(buf_str(&note), STR(NOTE_TEXT WITNESS_LINE));
    CHECK_OK(witness_recall(buf_str(&note), &scene.witness_key.vkey, &kept, NULL));
    CHECK_INT(kept.head.size, 300);
    CHECK_STR(kept.origin, STR(LOG_NAME));
    note.at[note.len - 20] ^= 1;
    CHECK(witness_recall(buf_str(&note), &scene.witness_key.vkey, &kept, NULL).code != CODE_OK);
    CHECK_CODE(witness_recall(STR(NOTE_TEXT), &scene.witness_key.vkey, &kept, NULL), CODE_NOT_FOUND);
}

static void a_list_of_logs_is_read_with_its_keys_and_limits(void)
{
    static const char text[] = "# the witness's logs\n\n logs/v0 \nvkey " LOG_VKEY "\nqpd 86400\ncontact a b c\n"
                               "vkey " LOG_VKEY "\norigin other.example/log\n# the end";
    struct witness_logs logs = { 0 };
    const struct witness_log *log;

    if (!CHECK_OK(witness_logs_parse(str_of(text), &logs, NULL)))
        return;
    CHECK_INT(logs.count, 2);
    log = witness_logs_find(&logs, STR(LOG_NAME));
    CHECK(log && log->key_count == 1 && log->requests_per_day == 86400);
    log = witness_logs_find(&logs, STR("other.example/log"));
    CHECK(log && log->requests_per_day == 0);
    CHECK(!witness_logs_find(&logs, STR("license.example")));
    witness_logs_free(&logs);
}

static void a_list_with_a_mistake_names_its_line(void)
{
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        { "", "names no log" },
        { "logs/v0\n", "names no log" },
        { "logs/v1\nvkey " LOG_VKEY "\n", "line 1" },
        { "vkey " LOG_VKEY "\n", "line 1" },
        { "logs/v0\nvkey " LOG_VKEY "x\n", "line 2" },
        { "logs/v0\nvkey witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X\n", "type 0x01" },
        { "logs/v0\nqpd 5\nvkey " LOG_VKEY "\n", "before the first vkey" },
        { "logs/v0\nvkey " LOG_VKEY "\nqpd 0\n", "line 3" },
        { "logs/v0\nvkey " LOG_VKEY "\nqpd 5\nqpd 6\n", "line 4" },
        { "logs/v0\nvkey " LOG_VKEY "\norigin\n", "line 3" },
        { "logs/v0\nvkey " LOG_VKEY "\norigin a\norigin b\n", "line 4" },
        { "logs/v0\nvkey " LOG_VKEY "\ncolour red\n", "line 3" },
        { "logs/v0\nvkey " LOG_VKEY "\nvkey " LOG_VKEY "\n", "twice" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct witness_logs logs = { 0 };
        struct err err = { 0 };

        CHECKING("case %zu: %s", i, err.text);
        CHECK_CODE(witness_logs_parse(str_of(cases[i].text), &logs, &err), CODE_INVALID);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].word)) < strlen(err.text));
        CHECK(!logs.at);
    }
}

static void lines_are_joined_when_they_verify_and_once(void)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    AUTO(struct buf, buf_free) again = { .max = NOTE_MAX_BYTES };
    struct vkey key = vkey_of(witness_skey());
    struct note_check check;
    struct cosigners by = { &key, 1, &check };

    CHECK_OK(cosigned_join(&note, STR(NOTE_TEXT), STR(WITNESS_LINE DASH "stranger AAAAAAAA\n"), &by, NULL));
    CHECK_STR(buf_str(&note), STR(NOTE_TEXT WITNESS_LINE));
    CHECK(check.verified && check.time_s == WITNESS_TIME_S);
    CHECK_OK(cosigned_join(&again, buf_str(&note), STR(WITNESS_LINE), &by, NULL));
    CHECK_STR(buf_str(&again), buf_str(&note));
}

static void lines_that_do_not_verify_or_are_none_change_nothing(void)
{
    static const struct {
        const char *lines;
        enum code code;
    } cases[] = {
        { "", CODE_INVALID },
        { "\n", CODE_INVALID },
        { "nonsense\n", CODE_INVALID },
        { DASH WITNESS_NAME " " WITNESS_BASE64, CODE_INVALID }, /* no newline */
        { DASH "stranger AAAAAAAA\n", CODE_NOT_FOUND },
        { DASH WITNESS_NAME
          " IDJKvgAAAABlU/EB"
          "HKFJsC3LSih29kgSuUywdkMU3eNXQbVyy2SKndnt90noHJW+a9nTRtUEsLD3tt0817wcMZqnloCfACl0l9jbCg==\n",
          CODE_CORRUPT }, /* another time */
        { WITNESS_LINE DASH WITNESS_NAME " IDJKvgAA\n", CODE_CORRUPT },
    };
    struct vkey key = vkey_of(witness_skey());

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
        struct note_check check;
        struct cosigners by = { &key, 1, &check };

        CHECKING("case %zu", i);
        CHECK_CODE(cosigned_join(&note, STR(NOTE_TEXT), str_of(cases[i].lines), &by, NULL), cases[i].code);
        CHECK_INT(note.len, 0);
    }
}

static const struct test tests[] = {
    TEST(the_request_of_the_vectors_is_written_and_read),
    TEST(sixty_three_hashes_are_read_and_sixty_four_refused),
    TEST(a_request_of_another_form_is_malformed),
    TEST(a_checkpoint_that_the_log_did_not_sign_is_refused),
    TEST(a_log_that_grows_is_cosigned_step_by_step),
    TEST(an_old_size_that_is_not_the_last_one_is_refused_even_with_a_good_proof),
    TEST(a_tree_that_does_not_extend_the_last_one_is_unproven),
    TEST(a_proof_from_nothing_or_to_the_same_is_empty),
    TEST(what_is_kept_has_the_log_s_signature_and_the_witness_s_and_no_others),
    TEST(a_list_of_logs_is_read_with_its_keys_and_limits),
    TEST(a_list_with_a_mistake_names_its_line),
    TEST(lines_are_joined_when_they_verify_and_once),
    TEST(lines_that_do_not_verify_or_are_none_change_nothing),
};
TEST_MAIN(tests)
