/*
 * engine/signer_client: a signer in another process is asked, missed, replaced, and believed no further than its key.
 */
#include "engine/signer_client.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "engine/signer_service.h"
#include "signer_world.h"

/* What a process that is started does with its socket. */
struct behaviour {
    const char *dir;
    void (*live)(const struct behaviour *behaviour, int socket);
    struct str answer; /* to every question */
    int starts;
    pid_t pid; /* of the newest */
};

static void live_as_signer(const struct behaviour *behaviour, int socket)
{
    struct signer *signer = NULL;
    struct err err = { 0 };
    status s = signer_open(behaviour->dir, &signer, &err);

    if (s.code)
        signer_serve_failure(socket, s, &err);
    else
        (void)signer_serve(signer, socket, &err).code;
}

static void live_as_parrot(const struct behaviour *behaviour, int socket)
{
    char packet[SIGNER_ASK_MAX_BYTES];

    while (recv(socket, packet, sizeof packet, 0) > 0)
        (void)send(socket, behaviour->answer.at, behaviour->answer.len, MSG_NOSIGNAL);
}

static void end_at_once(const struct behaviour *behaviour, int socket)
{
    (void)behaviour;
    (void)socket;
}

static status start(void *context, struct signer_process *ret_process, struct err *err)
{
    struct behaviour *behaviour = context;
    int ends[2];

    (void)err;
    CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    behaviour->starts++;
    behaviour->pid = fork();
    if (behaviour->pid == 0) {
        (void)close(ends[0]);
        behaviour->live(behaviour, ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    *ret_process = (struct signer_process){ ends[0], behaviour->pid };
    return OK;
}

struct client_world {
    struct signer_world files;
    struct behaviour behaviour;
    struct signer_client *client;
};

static status client_open(struct client_world *world, struct err *err)
{
    struct signer_starter starter = { start, &world->behaviour };

    signer_client_close(world->client);
    world->client = NULL;
    return signer_client_open("/nowhere", &starter, &world->client, err);
}

static void client_world_init(struct client_world *world)
{
    memset(world, 0, sizeof *world);
    signer_world_init(&world->files);
    signer_close(world->files.signer);
    world->files.signer = NULL;
    world->behaviour = (struct behaviour){ .dir = world->files.dir, .live = live_as_signer };
}

static void client_world_free(struct client_world *world)
{
    signer_client_close(world->client);
    signer_world_free(&world->files);
}

static status sign(struct client_world *world, uint64_t size, struct err *err)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct checkpoint checkpoint = { 0 };
    struct sign_request request;

    TRY(signer_client_ready(world->client, err));
    request = signer_request(signer_tree(size), signer_client_head(world->client).size);
    TRY(signer_client_sign(world->client, &request.head, &request.proof, &note, err));
    CHECK_OK(checkpoint_open(buf_str(&note), signer_client_vkey(world->client), &checkpoint, err));
    CHECK(heads_equal(checkpoint.head, signer_tree(size)));
    CHECK(heads_equal(signer_client_head(world->client), signer_tree(size)));
    return OK;
}

static void another_process_signs(void)
{
    AUTO(struct client_world, client_world_free) world;

    client_world_init(&world);
    CHECK_OK(client_open(&world, NULL));
    for (uint64_t size = 1; size < 300; size += size / 3 + 1)
        CHECK_OK(sign(&world, size, NULL));
    CHECK(signer_client_is_up(world.client));
    CHECK_INT(signer_client_restarts(world.client), 0);
    CHECK_OK(client_open(&world, NULL));
    CHECK_INT(signer_client_head(world.client).size > 200, 1);
}

static void why_it_can_not_begin_is_told_by_the_signer(void)
{
    AUTO(struct client_world, client_world_free) world;
    struct err err = { 0 };

    client_world_init(&world);
    CHECK_INT(chmod(signer_world_path(&world.files, "ledger.key"), 0644), 0);
    CHECK_CODE(client_open(&world, &err), CODE_INVALID);
    CHECK(str_find_str(str_of(err.text), STR("(mode 0644): it must be 0600")) < strlen(err.text));
    CHECK_INT(unlink(signer_world_path(&world.files, "ledger.key")), 0);
    CHECK_CODE(client_open(&world, &err), CODE_NOT_FOUND);
}

/* Until its socket is closed. It is not waited for: that is the client's to do. */
static void kill_signer(struct client_world *world)
{
    CHECK_INT(kill(world->behaviour.pid, SIGKILL), 0);
    CHECK_INT(waitid(P_PID, (id_t)world->behaviour.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
}

static void a_signer_that_was_killed_is_replaced(void)
{
    AUTO(struct client_world, client_world_free) world;

    client_world_init(&world);
    CHECK_OK(client_open(&world, NULL));
    for (uint64_t size = 1; size <= 5; size++) {
        CHECK_OK(sign(&world, size, NULL));
        kill_signer(&world);
    }
    CHECK_OK(sign(&world, 6, NULL));
    CHECK(signer_client_is_up(world.client));
    CHECK_INT(signer_client_restarts(world.client), 5);
}

/* It made its head durable, and was killed before the signature left. */
static void what_a_killed_signer_had_signed_is_known_to_the_next(void)
{
    AUTO(struct client_world, client_world_free) world;
    struct sign_request request = signer_request(signer_tree(7), 0);
    struct ed25519_signature signature;

    client_world_init(&world);
    CHECK_OK(client_open(&world, NULL));
    CHECK_OK(sign(&world, 5, NULL));
    kill_signer(&world);
    CHECK(signer_world_reopen(&world.files));
    request = signer_request(signer_tree(7), 5);
    CHECK_INT(signer_sign(world.files.signer, &request, &signature), REFUSAL_NONE);
    signer_close(world.files.signer);
    world.files.signer = NULL;
    CHECK_OK(sign(&world, 8, NULL));
    CHECK_INT(signer_client_restarts(world.client), 1);
}

static void a_signer_that_hangs_is_ended_and_replaced(void)
{
    AUTO(struct client_world, client_world_free) world;
    int64_t started_us = clock_monotonic_us();
    pid_t first;
    struct err err = { 0 };

    client_world_init(&world);
    CHECK_OK(client_open(&world, NULL));
    CHECK_OK(sign(&world, 5, NULL));
    first = world.behaviour.pid;
    CHECK_INT(kill(first, SIGSTOP), 0);
    CHECK_CODE(sign(&world, 6, &err), CODE_TIMED_OUT);
    CHECK((clock_monotonic_us() - started_us) / 1000 < SIGNER_ANSWER_MAX_MS);
    CHECK_INT(kill(first, SIGCONT), 0); /* late, but there: nothing is lost */
    CHECK_OK(sign(&world, 7, NULL));
    CHECK_INT(world.behaviour.starts, 1);
    CHECK_INT(kill(first, SIGSTOP), 0);
    while (world.behaviour.starts == 1 && (clock_monotonic_us() - started_us) / 1000000 < 60)
        (void)sign(&world, 8, &err).code;
    CHECK_OK(sign(&world, 9, NULL));
    CHECK_INT(world.behaviour.starts, 2);
}

/* ---- Who does not speak as a signer does ---- */

static void a_process_that_ends_is_no_signer(void)
{
    AUTO(struct client_world, client_world_free) world;
    struct err err = { 0 };

    client_world_init(&world);
    world.behaviour.live = end_at_once;
    CHECK_CODE(client_open(&world, &err), CODE_CLOSED);
}

static void an_answer_that_is_none_ends_the_conversation(void)
{
    static const struct {
        struct str answer;
        enum code code;
    } cases[] = {
        { STR_INIT("x"), CODE_INVALID },
        { STR_INIT("\1Hshort"), CODE_INVALID },
        { STR_INIT("\1Haaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbno vkey"), CODE_INVALID },
        { STR_INIT("\1Saaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"), CODE_INVALID },
        { STR_INIT("\1F\12no disk"), CODE_BUSY },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        AUTO(struct client_world, client_world_free) world;
        struct err err = { 0 };

        client_world_init(&world);
        world.behaviour.live = live_as_parrot;
        world.behaviour.answer = cases[i].answer;
        CHECKING("case %zu", i);
        CHECK_CODE(client_open(&world, &err), cases[i].code);
    }
}

/* A forger in the signer's place has no key: what it signs does not leave. */
static void a_signature_that_does_not_verify_is_not_passed_on(void)
{
    AUTO(struct client_world, client_world_free) world;
    struct err err = { 0 };

    client_world_init(&world);
    CHECK_OK(client_open(&world, NULL));
    CHECK_OK(sign(&world, 5, NULL));
    kill_signer(&world);
    world.behaviour.live = live_as_parrot;
    world.behaviour.answer = STR("\1Saaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd");
    for (int i = 0; i < 3; i++)
        CHECK(sign(&world, 6, &err).code);
    CHECK(!signer_client_is_up(world.client));
    world.behaviour.live = live_as_signer;
    CHECK_OK(sign(&world, 6, NULL));
}

static void a_signer_with_another_key_is_none(void)
{
    AUTO(struct client_world, client_world_free) world;
    AUTO(struct signer_world, signer_world_free) other;
    struct err err = { 0 };

    client_world_init(&world);
    signer_world_init(&other);
    signer_close(other.signer);
    other.signer = NULL;
    CHECK_OK(client_open(&world, NULL));
    world.behaviour.dir = other.dir;
    kill_signer(&world);
    CHECK_CODE(sign(&world, 6, &err), CODE_CONFLICT);
    CHECK(str_find_str(str_of(err.text), STR("has another key than before")) < strlen(err.text));
}

/* Of all that can be asked wrongly, nothing is answered, and the signer ends. */
static void a_signer_ends_with_a_server_that_asks_something_else(void)
{
    static const struct str questions[] = { STR_INIT("k"),        STR_INIT("\1k"),
                                            STR_INIT("\2h"),      STR_INIT("\1hh"),
                                            STR_INIT("\1sshort"), STR_INIT("GET / HTTP/1.1\r\n\r\n"),
                                            STR_INIT("\1H....") };

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        AUTO(struct client_world, client_world_free) world;
        struct signer_process process = { 0 };
        char answer[SIGNER_ANSWER_MAX_BYTES];

        client_world_init(&world);
        CHECK_OK(start(&world.behaviour, &process, NULL));
        CHECK_INT(send(process.socket, questions[i].at, questions[i].len, 0), questions[i].len);
        CHECKING("question %zu", i);
        CHECK_INT(recv(process.socket, answer, sizeof answer, 0), 0);
        CHECK_INT(waitpid(process.pid, NULL, 0), process.pid);
        (void)close(process.socket);
    }
}

static const struct test tests[] = {
    TEST(another_process_signs),
    TEST(why_it_can_not_begin_is_told_by_the_signer),
    TEST(a_signer_that_was_killed_is_replaced),
    TEST(what_a_killed_signer_had_signed_is_known_to_the_next),
    TEST(a_signer_that_hangs_is_ended_and_replaced),
    TEST(a_process_that_ends_is_no_signer),
    TEST(an_answer_that_is_none_ends_the_conversation),
    TEST(a_signature_that_does_not_verify_is_not_passed_on),
    TEST(a_signer_with_another_key_is_none),
    TEST(a_signer_ends_with_a_server_that_asks_something_else),
};
TEST_MAIN(tests)
