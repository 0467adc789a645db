/*
 * engine/signer: nothing is signed that does not follow what was signed before, over crashes, bad disks and bad files.
 */
#include "engine/signed_head.h"
#include "engine/signer.h"

#include <fcntl.h>

#include "base/fault.h"
#include "signer_world.h"
#include "store/files.h"

#define SLOT_DISTANCE 4096 /* where the second slot begins */
#define SLOT_BYTES    144
#define FILE_BYTES    (SLOT_DISTANCE + SLOT_BYTES)

static enum signer_refusal sign(struct signer_world *world, struct tree_head head)
{
    struct sign_request request = signer_request(head, signer_head(world->signer).size);
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct ed25519_signature signature;
    struct checkpoint checkpoint = { 0 };
    enum signer_refusal refusal = signer_sign(world->signer, &request, &signature);

    if (refusal)
        return refusal;
    CHECK_OK(checkpoint_complete(&note, &head, signer_vkey(world->signer), &signature, NULL));
    CHECK_OK(checkpoint_open(buf_str(&note), signer_vkey(world->signer), &checkpoint, NULL));
    CHECK(heads_equal(checkpoint.head, head));
    CHECK_STR(checkpoint.origin, STR(SIGNER_ORIGIN));
    return refusal;
}

static void check_signed(struct signer_world *world, uint64_t size)
{
    CHECK_INT(sign(world, signer_tree(size)), REFUSAL_NONE);
}

static void read_bytes(const char *path, char *ret_bytes, size_t len)
{
    int file = open(path, O_RDONLY);

    CHECK(file >= 0 && pread(file, ret_bytes, len, 0) == (ssize_t)len);
    (void)close(file);
}

static void write_bytes(const char *path, const char *bytes, size_t len)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    CHECK(file >= 0 && write(file, bytes, len) == (ssize_t)len);
    (void)close(file);
}

/* ---- Making and opening ---- */

static void a_new_key_has_signed_nothing_and_is_its_owners_alone(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    static const char *const names[] = { "ledger.key", "signer.head" };
    struct stat found;

    signer_world_init(&world);
    CHECK(heads_equal(signer_head(world.signer), (struct tree_head){ 0, hash_of(STR_NONE) }));
    CHECK_STR(vkey_name(signer_vkey(world.signer)), STR(SIGNER_ORIGIN));
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(stat(signer_world_path(&world, names[i]), &found), 0);
        CHECK_INT(found.st_mode & 0777, 0600);
    }
}

static void where_a_key_or_a_head_is_no_key_is_made(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    struct vkey vkey;
    struct err err = { 0 };

    signer_world_init(&world);
    vkey = *signer_vkey(world.signer);
    CHECK_CODE(signer_create(world.dir, STR("other.example"), &err), CODE_CONFLICT);
    CHECK(str_find_str(str_of(err.text), STR("ledger.key exists already")) < strlen(err.text));
    CHECK(signer_world_reopen(&world) && vkey_eq(&vkey, signer_vkey(world.signer)));
    CHECK_INT(unlink(signer_world_path(&world, "ledger.key")), 0);
    CHECK_CODE(signer_create(world.dir, STR("other.example"), &err), CODE_CONFLICT);
    CHECK(str_find_str(str_of(err.text), STR("signer.head exists already")) < strlen(err.text));
    CHECK(!file_exists(signer_world_path(&world, "ledger.key")));
}

static void an_origin_that_no_key_can_have_makes_no_file(void)
{
    static const struct {
        const char *origin;
        enum code code;
    } cases[] = { { "", CODE_INVALID }, { "a b", CODE_INVALID }, { "a+b", CODE_INVALID }, { "a\nb", CODE_INVALID } };
    AUTO(struct signer_world, signer_world_free) world;

    signer_world_directory(&world);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_CODE(signer_create(world.dir, str_of(cases[i].origin), NULL), cases[i].code);
        CHECK(!file_exists(signer_world_path(&world, "ledger.key")));
        CHECK(!file_exists(signer_world_path(&world, "signer.head")));
    }
    CHECK_CODE(signer_create("/nonexistent/tally", STR(SIGNER_ORIGIN), NULL), CODE_IO);
}

static void a_creation_that_fails_at_any_write_leaves_no_file(void)
{
    for (int step = 0;; step++) {
        AUTO(struct signer_world, signer_world_free) world;
        status s;

        signer_world_directory(&world);
        fault_arm(FAULT_SIGNER_WRITE, step, 1);
        s = signer_create(world.dir, STR(SIGNER_ORIGIN), NULL);
        CHECK((s.code == CODE_OK) == !fault_was_hit(FAULT_SIGNER_WRITE));
        fault_disarm_all();
        CHECK(file_exists(signer_world_path(&world, "ledger.key")) == !s.code);
        CHECK(file_exists(signer_world_path(&world, "signer.head")) == !s.code);
        if (!s.code)
            break;
        CHECK_INT(s.code, CODE_IO);
        CHECK_OK(signer_create(world.dir, STR(SIGNER_ORIGIN), NULL));
    }
}

static void a_file_that_others_can_read_or_write_is_refused(void)
{
    static const char *const names[] = { "ledger.key", "signer.head" };
    static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601, 0666 };
    AUTO(struct signer_world, signer_world_free) world;

    signer_world_init(&world);
    for (size_t name = 0; name < 2; name++) {
        for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
            struct signer *signer = NULL;
            struct err err = { 0 };

            CHECK_INT(chmod(signer_world_path(&world, names[name]), modes[i]), 0);
            CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_INVALID);
            CHECK(str_find_str(str_of(err.text), STR("must be 0600")) < strlen(err.text));
        }
        CHECK_INT(chmod(signer_world_path(&world, names[name]), 0600), 0);
    }
    CHECK(signer_world_reopen(&world));
}

static void what_is_no_file_of_its_own_is_refused(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    char moved[WORLD_PATH_BYTES + 64];
    struct signer *signer = NULL;

    signer_world_init(&world);
    (void)snprintf(moved, sizeof moved, "%s/moved", world.dir);
    CHECK_INT(rename(signer_world_path(&world, "ledger.key"), moved), 0);
    CHECK_CODE(signer_open(world.dir, &signer, NULL), CODE_NOT_FOUND);
    CHECK_INT(symlink("moved", signer_world_path(&world, "ledger.key")), 0);
    CHECK_CODE(signer_open(world.dir, &signer, NULL), CODE_IO);
    CHECK_INT(unlink(signer_world_path(&world, "ledger.key")), 0);
    CHECK_INT(mkfifo(signer_world_path(&world, "ledger.key"), 0600), 0);
    CHECK_CODE(signer_open(world.dir, &signer, NULL), CODE_INVALID);
}

static void a_key_file_that_holds_no_key_is_refused_without_being_shown(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    AUTO(struct buf, buf_free) text = { .max = 4096 };
    AUTO(struct skey, skey_close) cosigner = { 0 };
    struct secret seed = { .bytes = { 1 }, .len = ED25519_SEED_BYTES };
    struct signer *signer = NULL;
    struct err err = { 0 };
    struct str secret;

    signer_world_init(&world);
    CHECK(test_read_file(signer_world_path(&world, "ledger.key"), &text));
    CHECK(str_ends(buf_str(&text), STR("\n")));
    secret = str_cut(buf_str(&text), text.len - 40, 39);
    for (size_t len = 0; len + 1 < text.len; len++) {
        write_bytes(signer_world_path(&world, "ledger.key"), text.at, len);
        CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_INVALID);
        CHECK(str_find_str(str_of(err.text), secret) == strlen(err.text));
    }
    write_bytes(signer_world_path(&world, "ledger.key"), text.at, text.len - 1); /* the newline may be missing */
    CHECK(signer_world_reopen(&world));
    buf_add(&text, STR("more"));
    write_bytes(signer_world_path(&world, "ledger.key"), text.at, text.len);
    CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_INVALID);

    CHECK_OK(skey_open(STR(SIGNER_ORIGIN), VKEY_COSIGNATURE, &seed, &cosigner, NULL));
    buf_clear(&text);
    skey_add(&text, &cosigner);
    write_bytes(signer_world_path(&world, "ledger.key"), text.at, text.len);
    CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_INVALID);
}

static void a_signer_without_memory_is_not_opened(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    struct signer *signer = NULL;

    signer_world_init(&world);
    fault_arm(FAULT_MEMORY, 0, 1);
    CHECK_CODE(signer_open(world.dir, &signer, NULL), CODE_NO_MEMORY);
    fault_disarm_all();
}

/* Two signers would each sign what follows their own last one. */
static void a_signer_has_its_head_alone(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    struct signer *second = NULL;

    signer_world_init(&world);
    CHECK_CODE(signer_open(world.dir, &second, NULL), CODE_BUSY);
    CHECK(signer_world_reopen(&world));
}

/* ---- Signing ---- */

static void what_was_signed_last_is_known_after_a_restart(void)
{
    AUTO(struct signer_world, signer_world_free) world;

    signer_world_init(&world);
    CHECK_INT(sign(&world, signer_head(world.signer)), REFUSAL_NONE); /* the empty tree */
    for (uint64_t size = 1; size < 20; size += size % 3 + 1) {
        check_signed(&world, size);
        CHECK(heads_equal(signer_head(world.signer), signer_tree(size)));
        CHECK(signer_world_reopen(&world) && heads_equal(signer_head(world.signer), signer_tree(size)));
    }
}

static void what_does_not_follow_is_refused_for_its_own_reason(void)
{
    AUTO(struct signer_world, signer_world_free) world;

    signer_world_init(&world);
    check_signed(&world, 100);
    for (int pass = 0; pass < 2; pass++) {
        struct sign_request request = signer_request(signer_tree(120), 100);
        struct tree_head other = { 100, hash_of(STR("another history")) };
        struct ed25519_signature signature;

        CHECK_INT(sign(&world, signer_tree(0)), REFUSAL_SMALLER);
        CHECK_INT(sign(&world, signer_tree(99)), REFUSAL_SMALLER);
        CHECK_INT(sign(&world, other), REFUSAL_OTHER_ROOT);
        other.size = 120;
        CHECK_INT(sign(&world, other), REFUSAL_NO_PROOF);
        request.origin = STR("other.example");
        CHECK_INT(signer_sign(world.signer, &request, &signature), REFUSAL_ORIGIN);
        check_signed(&world, 100);
        CHECK(signer_world_reopen(&world) && heads_equal(signer_head(world.signer), signer_tree(100)));
    }
    check_signed(&world, 101);
}

/* P3: a proof with any hash changed, missing or too many is none. */
static void a_proof_that_is_changed_anywhere_is_none(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    struct sign_request right = signer_request(signer_tree(700), 413);
    struct ed25519_signature signature;

    signer_world_init(&world);
    check_signed(&world, 413);
    CHECK(right.proof.count > 5);
    for (size_t i = 0; i < right.proof.count * HASH_BYTES; i++) {
        struct sign_request wrong = right;

        wrong.proof.hashes[i / HASH_BYTES].bytes[i % HASH_BYTES] ^= 1;
        CHECK_INT(signer_sign(world.signer, &wrong, &signature), REFUSAL_NO_PROOF);
    }
    for (size_t count = 0; count <= right.proof.count + 1; count++) {
        struct sign_request wrong = right;

        wrong.proof.count = count;
        if (count != right.proof.count)
            CHECK_INT(signer_sign(world.signer, &wrong, &signature), REFUSAL_NO_PROOF);
    }
    CHECK(heads_equal(signer_head(world.signer), signer_tree(413)));
    CHECK_INT(signer_sign(world.signer, &right, &signature), REFUSAL_NONE);
}

static void a_head_that_was_signed_is_signed_again_without_a_write(void)
{
    AUTO(struct signer_world, signer_world_free) world;

    signer_world_init(&world);
    check_signed(&world, 5);
    fault_arm(FAULT_SIGNER_WRITE, 0, -1);
    check_signed(&world, 5);
    CHECK(!fault_was_hit(FAULT_SIGNER_WRITE));
    fault_disarm_all();
}

/* ---- Disks ---- */

static void a_failed_write_signs_nothing_and_is_made_good_by_the_next(void)
{
    for (uint64_t again = 11; again <= 13; again++) { /* less than, as much as and more than what failed */
        AUTO(struct signer_world, signer_world_free) world;

        signer_world_init(&world);
        check_signed(&world, 10);
        for (int i = 0; i < 3; i++) {
            fault_arm(FAULT_SIGNER_WRITE, 0, 1);
            CHECK_INT(sign(&world, signer_tree(12)), REFUSAL_DISK);
            fault_disarm_all();
            CHECK(heads_equal(signer_head(world.signer), signer_tree(10)));
        }
        check_signed(&world, 10);
        check_signed(&world, again);
        CHECK(signer_world_reopen(&world) && heads_equal(signer_head(world.signer), signer_tree(again)));
    }
}

/* As a crash can leave it: any prefix of the write reached the disk. */
static void a_write_that_is_torn_at_any_byte_leaves_the_head_before_it(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    char before[FILE_BYTES], after[FILE_BYTES], torn[FILE_BYTES];

    signer_world_init(&world);
    for (uint64_t size = 7; size <= 8; size++) { /* once in each slot */
        size_t first, end = FILE_BYTES;

        check_signed(&world, size * 2);
        read_bytes(signer_world_path(&world, "signer.head"), before, FILE_BYTES);
        check_signed(&world, size * 2 + 1);
        read_bytes(signer_world_path(&world, "signer.head"), after, FILE_BYTES);
        for (first = 0; first < FILE_BYTES && before[first] == after[first];)
            first++;
        while (end > first && before[end - 1] == after[end - 1])
            end--;
        CHECK(end - first > HASH_BYTES && end - first <= SLOT_BYTES);
        for (size_t cut = first; cut <= end; cut++) {
            memcpy(torn, before, FILE_BYTES);
            memcpy(torn, after, cut);
            write_bytes(signer_world_path(&world, "signer.head"), torn, FILE_BYTES);
            CHECKING("size %d, byte %zu of %zu", (int)size, cut - first, end - first);
            if (!signer_world_reopen(&world))
                continue;
            CHECK(heads_equal(signer_head(world.signer), signer_tree(size * 2 + (cut == end))));
        }
    }
}

static void damage_to_one_slot_leaves_the_other_and_to_both_is_corrupt(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    struct signer *signer = NULL;
    char whole[FILE_BYTES], damaged[FILE_BYTES];
    struct err err = { 0 };

    signer_world_init(&world);
    check_signed(&world, 1);
    check_signed(&world, 2);
    read_bytes(signer_world_path(&world, "signer.head"), whole, FILE_BYTES);
    for (size_t at = 0; at < SLOT_BYTES; at++) {
        struct tree_head heads[2];

        for (size_t slot = 0; slot < 2; slot++) {
            memcpy(damaged, whole, FILE_BYTES);
            damaged[slot * SLOT_DISTANCE + at] ^= 1;
            write_bytes(signer_world_path(&world, "signer.head"), damaged, FILE_BYTES);
            CHECK(signer_world_reopen(&world));
            heads[slot] = signer_head(world.signer);
        }
        CHECK_INT(heads[0].size + heads[1].size, 1 + 2);
        damaged[at] ^= 1;
        write_bytes(signer_world_path(&world, "signer.head"), damaged, FILE_BYTES);
        CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_CORRUPT);
    }
    signer_close(world.signer);
    world.signer = NULL;
    for (size_t len = 0; len < FILE_BYTES; len += 16) {
        write_bytes(signer_world_path(&world, "signer.head"), whole, len);
        CHECK_CODE(signer_open(world.dir, &signer, &err), len < SLOT_BYTES ? CODE_CORRUPT : CODE_OK);
        signer_close(signer);
        signer = NULL;
    }
    CHECK_INT(unlink(signer_world_path(&world, "signer.head")), 0);
    CHECK_CODE(signer_open(world.dir, &signer, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("signer.head is missing")) < strlen(err.text));
}

static void the_head_of_another_key_is_no_head(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    AUTO(struct signer_world, signer_world_free) other;
    struct signer *signer = NULL;
    char head[FILE_BYTES];

    signer_world_init(&world);
    signer_world_init(&other);
    check_signed(&world, 9);
    read_bytes(signer_world_path(&other, "signer.head"), head, FILE_BYTES);
    write_bytes(signer_world_path(&world, "signer.head"), head, FILE_BYTES);
    CHECK_CODE(signer_open(world.dir, &signer, NULL), CODE_CORRUPT);
}

/* ---- Verifying the file ---- */

static status verify(const struct signer_world *world, struct err *err)
{
    struct tree_head newest = { 0 };

    TRY(signed_head_verify(world->dir, "signer.head", signer_vkey(world->signer), &newest, err));
    CHECK(heads_equal(newest, signer_head(world->signer)));
    return OK;
}

static void a_head_that_was_signed_verifies_with_the_public_key_alone(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    AUTO(struct signer_world, signer_world_free) other;
    struct tree_head newest;

    signer_world_init(&world);
    signer_world_init(&other);
    CHECK_OK(verify(&world, NULL));
    for (uint64_t size = 1; size < 4; size++) {
        check_signed(&world, size);
        CHECK_OK(verify(&world, NULL));
    }
    CHECK_CODE(signed_head_verify(world.dir, "signer.head", signer_vkey(other.signer), &newest, NULL), CODE_CORRUPT);
}

static void every_flipped_byte_of_the_head_file_is_found(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    char whole[FILE_BYTES], damaged[FILE_BYTES + 1] = { 0 };

    signer_world_init(&world);
    check_signed(&world, 1);
    check_signed(&world, 2);
    read_bytes(signer_world_path(&world, "signer.head"), whole, FILE_BYTES);
    for (size_t at = 0; at < FILE_BYTES; at++) {
        struct err err = { 0 };

        memcpy(damaged, whole, FILE_BYTES);
        damaged[at] ^= (char)(1 << at % 8);
        write_bytes(signer_world_path(&world, "signer.head"), damaged, FILE_BYTES);
        CHECKING("byte %zu", at);
        CHECK_CODE(verify(&world, &err), CODE_CORRUPT);
        CHECK(str_find_str(str_of(err.text), STR("signer.head: ")) < strlen(err.text));
    }
    memcpy(damaged, whole, FILE_BYTES);
    write_bytes(signer_world_path(&world, "signer.head"), damaged, FILE_BYTES + 1);
    CHECK_CODE(verify(&world, NULL), CODE_CORRUPT);
    write_bytes(signer_world_path(&world, "signer.head"), damaged, FILE_BYTES - 1);
    CHECK_CODE(verify(&world, NULL), CODE_CORRUPT);
}

/* Who has no key can make a slot's check, but no signature. */
static void a_head_that_the_key_did_not_sign_is_found(void)
{
    AUTO(struct signer_world, signer_world_free) world;
    AUTO(struct signed_head, signed_head_close) head = { 0 };
    struct tree_head forged = signer_tree(5);
    struct err err = { 0 };

    signer_world_init(&world);
    check_signed(&world, 4);
    CHECK_OK(signed_head_open(world.dir, "signer.head", &signer_vkey(world.signer)->public_key, &head, NULL));
    CHECK_OK(signed_head_move(&head, &forged, &head.signature, NULL));
    CHECK_CODE(verify(&world, &err), CODE_CORRUPT);
    CHECK(str_find_str(str_of(err.text), STR("did not sign")) < strlen(err.text));
}

static const struct test tests[] = {
    TEST(a_new_key_has_signed_nothing_and_is_its_owners_alone),
    TEST(where_a_key_or_a_head_is_no_key_is_made),
    TEST(an_origin_that_no_key_can_have_makes_no_file),
    TEST(a_creation_that_fails_at_any_write_leaves_no_file),
    TEST(a_file_that_others_can_read_or_write_is_refused),
    TEST(what_is_no_file_of_its_own_is_refused),
    TEST(a_key_file_that_holds_no_key_is_refused_without_being_shown),
    TEST(a_signer_without_memory_is_not_opened),
    TEST(what_was_signed_last_is_known_after_a_restart),
    TEST(what_does_not_follow_is_refused_for_its_own_reason),
    TEST(a_proof_that_is_changed_anywhere_is_none),
    TEST(a_signer_has_its_head_alone),
    TEST(a_head_that_was_signed_is_signed_again_without_a_write),
    TEST(a_failed_write_signs_nothing_and_is_made_good_by_the_next),
    TEST(a_write_that_is_torn_at_any_byte_leaves_the_head_before_it),
    TEST(damage_to_one_slot_leaves_the_other_and_to_both_is_corrupt),
    TEST(the_head_of_another_key_is_no_head),
    TEST(a_head_that_was_signed_verifies_with_the_public_key_alone),
    TEST(every_flipped_byte_of_the_head_file_is_found),
    TEST(a_head_that_the_key_did_not_sign_is_found),
};
TEST_MAIN(tests)
