/*
 * engine/signer_wire: what one end writes the other reads, and nothing else is a message.
 */
#include "engine/signer_wire.h"

#include "test.h"

static struct sign_request some_request(size_t hashes)
{
    struct sign_request request = { .head = { 300, hash_of(STR("root")) },
                                    .origin = STR("test.example/ledger"),
                                    .proof = { .count = hashes } };

    for (size_t i = 0; i < hashes; i++)
        request.proof.hashes[i] = hash_of((struct str){ (const char *)&i, sizeof i });
    return request;
}

static void a_question_is_read_as_it_was_asked(void)
{
    for (size_t hashes = 0; hashes <= PROOF_MAX_HASHES; hashes++) {
        struct signer_ask ask = { .kind = SIGNER_ASK_SIGN, .sign = some_request(hashes) };
        struct signer_ask got = { 0 };
        char space[SIGNER_ASK_MAX_BYTES];
        struct buf packet = BUF_OVER(space);

        signer_ask_add(&packet, &ask);
        CHECK_OK(packet.status);
        CHECK_OK(signer_ask_parse(buf_str(&packet), &got, NULL));
        CHECK(got.kind == ask.kind && got.sign.head.size == 300 && got.sign.proof.count == hashes);
        CHECK(hash_eq(&got.sign.head.root, &ask.sign.head.root));
        CHECK(memcmp(got.sign.proof.hashes, ask.sign.proof.hashes, hashes * HASH_BYTES) == 0);
        CHECK_STR(got.sign.origin, ask.sign.origin);
    }
}

static void an_answer_is_read_as_it_was_given(void)
{
    static const struct signer_answer answers[] = {
        { .kind = SIGNER_ANSWER_HELLO, .head = { 7, { { 1 } } }, .vkey = STR_INIT("a vkey") },
        { .kind = SIGNER_ANSWER_SIGNATURE, .signature = { { 1, 2, 3 } } },
        { .kind = SIGNER_ANSWER_REFUSAL, .refusal = REFUSAL_NO_PROOF, .head = { 9, { { 2 } } } },
        { .kind = SIGNER_ANSWER_REFUSAL, .refusal = REFUSAL_MEMORY },
        { .kind = SIGNER_ANSWER_FAILURE, .failure = { CODE_NOT_FOUND }, .text = STR_INIT("there is no key") },
        { .kind = SIGNER_ANSWER_FAILURE, .failure = { CODE_UNKNOWN } },
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct signer_answer got = { 0 };
        char space[SIGNER_ANSWER_MAX_BYTES];
        struct buf packet = BUF_OVER(space);

        signer_answer_add(&packet, &answers[i]);
        CHECKING("answer %zu", i);
        CHECK_OK(signer_answer_parse(buf_str(&packet), &got, NULL));
        CHECK(got.kind == answers[i].kind && got.head.size == answers[i].head.size);
        CHECK(hash_eq(&got.head.root, &answers[i].head.root) && got.refusal == answers[i].refusal);
        CHECK(got.failure.code == answers[i].failure.code);
        CHECK(memcmp(&got.signature, &answers[i].signature, sizeof got.signature) == 0);
        CHECK_STR(got.vkey, answers[i].vkey);
        CHECK_STR(got.text, answers[i].text);
    }
}

/* Every other length of a question is none; so is every change of its first two bytes. */
static void a_question_that_is_cut_longer_or_of_another_kind_is_none(void)
{
    struct signer_ask ask = { .kind = SIGNER_ASK_SIGN, .sign = some_request(5) };
    char space[SIGNER_ASK_MAX_BYTES];
    struct buf packet = BUF_OVER(space);
    struct err err = { 0 };

    signer_ask_add(&packet, &ask);
    for (size_t len = 0; len < packet.len; len++)
        CHECK_CODE(signer_ask_parse(str_cut(buf_str(&packet), 0, len), &ask, &err), CODE_INVALID);
    buf_add_byte(&packet, 0);
    CHECK_CODE(signer_ask_parse(buf_str(&packet), &ask, &err), CODE_INVALID);
    buf_cut(&packet, packet.len - 1);
    for (int byte = 0; byte < 256; byte++) {
        space[0] = (char)byte;
        CHECK_CODE(signer_ask_parse(buf_str(&packet), &ask, &err), byte == 1 ? CODE_OK : CODE_INVALID);
        space[0] = 1;
        space[1] = (char)byte;
        CHECK_CODE(signer_ask_parse(buf_str(&packet), &ask, &err), byte == 's' ? CODE_OK : CODE_INVALID);
        space[1] = 's';
    }
}

static void an_answer_that_is_cut_anywhere_is_none(void)
{
    static const struct signer_answer answers[] = {
        { .kind = SIGNER_ANSWER_SIGNATURE, .signature = { { 1, 2, 3 } } },
        { .kind = SIGNER_ANSWER_REFUSAL, .refusal = REFUSAL_NO_PROOF, .head = { 9, { { 2 } } } },
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct signer_answer got = { 0 };
        char space[SIGNER_ANSWER_MAX_BYTES];
        struct buf packet = BUF_OVER(space);

        signer_answer_add(&packet, &answers[i]);
        for (size_t len = 0; len < packet.len; len++)
            CHECK_CODE(signer_answer_parse(str_cut(buf_str(&packet), 0, len), &got, NULL), CODE_INVALID);
        buf_add_byte(&packet, 0);
        CHECK_CODE(signer_answer_parse(buf_str(&packet), &got, NULL), CODE_INVALID);
    }
}

/* A server that was taken over knows no other words: there is none for the key, and none for a text of its own. */
static void no_two_bytes_are_a_question_but_hello(void)
{
    struct signer_ask ask;

    for (int first = 0; first < 256; first++) {
        for (int second = 0; second < 256; second++) {
            char bytes[] = { (char)first, (char)second };
            bool is_hello = first == 1 && second == 'h';

            CHECK_CODE(signer_ask_parse((struct str){ bytes, 2 }, &ask, NULL), is_hello ? CODE_OK : CODE_INVALID);
        }
    }
}

static void numbers_that_can_not_be_are_refused(void)
{
    static const struct {
        struct str packet;
        const char *says;
    } cases[] = {
        { STR_INIT("\1R\0aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), "for no reason" },
        { STR_INIT("\1R\10aaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"), "for no reason" },
        { STR_INIT("\1F\0text"), "for no reason" },
        { STR_INIT("\1F\177text"), "for no reason" },
        { STR_INIT("\1H\377\377\377\377\377\377\377\377bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbvkey"), "too large" },
        { STR_INIT("\1Sshort"), "too short" },
    };
    struct signer_answer answer;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { 0 };

        CHECKING("case %zu", i);
        CHECK_CODE(signer_answer_parse(cases[i].packet, &answer, &err), CODE_INVALID);
        CHECK(str_find_str(str_of(err.text), str_of(cases[i].says)) < strlen(err.text));
    }
}

static const struct test tests[] = {
    TEST(a_question_is_read_as_it_was_asked),
    TEST(an_answer_is_read_as_it_was_given),
    TEST(a_question_that_is_cut_longer_or_of_another_kind_is_none),
    TEST(an_answer_that_is_cut_anywhere_is_none),
    TEST(no_two_bytes_are_a_question_but_hello),
    TEST(numbers_that_can_not_be_are_refused),
};
TEST_MAIN(tests)
