/*
 * engine/signer_client: packets out, packets in, and the life of the process behind them.
 */
#include "engine/signer_client.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/signer_service.h"
#include "tlog/hash_text.h"

#define US_PER_MS    1000
#define END_WAIT_MS  1000 /* a signer that is told to end has so long, then it is ended */
#define END_PAUSE_MS 5

struct signer_client {
    struct signer *local; /* in this process; NULL: a process of its own */
    struct signer_starter starter;
    struct signer_process process; /* while `connected` */
    bool connected;
    bool awaiting; /* an answer that took too long may still come */
    bool unsure;   /* what was signed last: a question failed */
    int64_t asked_us;
    bool known; /* by the first hello */
    struct vkey vkey;
    struct tree_head last;
    atomic_bool up;
    atomic_uint_fast64_t starts;
    char answer[SIGNER_ANSWER_MAX_BYTES + 1]; /* a byte more than allowed is seen as too long */
    size_t answer_len;
};

/* ---- The process ---- */

static void pause_ms(int64_t ms)
{
    struct timespec time = { .tv_nsec = (long)(ms * 1000000) };

    (void)nanosleep(&time, NULL);
}

/* A closed socket tells it to end. */
static void process_end(const struct signer_process *process)
{
    pid_t ended = 0;

    (void)shutdown(process->socket, SHUT_RDWR); /* a snapshot's child may hold it open, too */
    (void)close(process->socket);
    for (int64_t waited = 0; waited < END_WAIT_MS && ended == 0; waited += END_PAUSE_MS) {
        ended = waitpid(process->pid, NULL, WNOHANG);
        if (ended == 0)
            pause_ms(END_PAUSE_MS);
    }
    if (ended == 0) {
        (void)kill(process->pid, SIGKILL);
        (void)waitpid(process->pid, NULL, 0);
    }
}

static void disconnect(struct signer_client *client)
{
    if (client->connected)
        process_end(&client->process);
    client->connected = false;
    client->awaiting = false;
    atomic_store(&client->up, client->local != NULL);
}

bool signer_client_is_up(const struct signer_client *client)
{
    return atomic_load(&client->up);
}

/* ---- Packets ---- */

/* What went wrong with the socket ends the conversation. */
static status gone(struct signer_client *client, struct err *err)
{
    disconnect(client);
    return err_set(err, CODE_CLOSED, "the signer process has ended");
}

static bool is_readable(const struct signer_client *client, int wait_ms)
{
    struct pollfd readable = { .fd = client->process.socket, .events = POLLIN };
    int ready;

    do
        ready = poll(&readable, 1, wait_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/*
 * Waits for a packet. One that takes longer than SIGNER_ANSWER_WAIT_MS is waited for again the next time, until
 * SIGNER_ANSWER_MAX_MS are over. A process that has just been started gets all of that at once.
 */
static status packet_await(struct signer_client *client, struct err *err)
{
    if (is_readable(client, signer_client_is_up(client) ? SIGNER_ANSWER_WAIT_MS : SIGNER_ANSWER_MAX_MS))
        return OK;
    client->awaiting = true;
    if (clock_monotonic_us() - client->asked_us >= (int64_t)SIGNER_ANSWER_MAX_MS * US_PER_MS) {
        (void)kill(client->process.pid, SIGKILL);
        disconnect(client);
        return err_set(err, CODE_TIMED_OUT, "the signer did not answer for %d ms and was ended", SIGNER_ANSWER_MAX_MS);
    }
    return err_set(err, CODE_TIMED_OUT, "the signer has not answered for %d ms", SIGNER_ANSWER_WAIT_MS);
}

static status packet_take(struct signer_client *client, struct err *err)
{
    ssize_t got;

    TRY(packet_await(client, err));
    client->awaiting = false;
    got = recv(client->process.socket, client->answer, sizeof client->answer, 0);
    if (got <= 0)
        return gone(client, err);
    client->answer_len = (size_t)got;
    return OK;
}

static status packet_send(struct signer_client *client, struct str packet, struct err *err)
{
    if (send(client->process.socket, packet.at, packet.len, MSG_NOSIGNAL) != (ssize_t)packet.len)
        return gone(client, err);
    client->asked_us = clock_monotonic_us();
    return OK;
}

/* The same with a signer in this process. */
static status packet_answer_here(struct signer_client *client, struct str packet, struct err *err)
{
    struct buf answer = BUF_OVER(client->answer);

    TRY(signer_answer_to(client->local, packet, &answer, err));
    client->answer_len = answer.len;
    return OK;
}

/* One question and its answer, whose slices are valid until the next. */
static status converse(struct signer_client *client, const struct signer_ask *ask, struct signer_answer *ret_answer,
                       struct err *err)
{
    char space[SIGNER_ASK_MAX_BYTES];
    struct buf packet = BUF_OVER(space);
    status s;

    signer_ask_add(&packet, ask);
    TRY(packet.status);
    if (client->local) {
        TRY(packet_answer_here(client, buf_str(&packet), err));
    } else {
        TRY(packet_send(client, buf_str(&packet), err));
        TRY(packet_take(client, err));
    }
    s = signer_answer_parse((struct str){ client->answer, client->answer_len }, ret_answer, err);
    if (s.code)
        disconnect(client);
    return s;
}

static status no_answer(struct signer_client *client, struct err *err)
{
    disconnect(client);
    return err_set(err, CODE_INVALID, "the signer answered something else than it was asked");
}

/* ---- Hello ---- */

/* The key of the first hello is the ledger's for as long as this program runs. */
static status key_keep(struct signer_client *client, struct str text, struct err *err)
{
    struct vkey vkey;

    TRY(vkey_parse(text, &vkey, err));
    if (client->known && !vkey_eq(&vkey, &client->vkey))
        return err_set(err, CODE_CONFLICT, "the signer has another key than before: that of '%.*s'",
                       STR_ARG(vkey_name(&vkey)));
    client->vkey = vkey;
    client->known = true;
    return OK;
}

static status hello(struct signer_client *client, struct err *err)
{
    struct signer_answer answer;

    TRY(converse(client, &(struct signer_ask){ .kind = SIGNER_ASK_HELLO }, &answer, err));
    if (answer.kind == SIGNER_ANSWER_FAILURE)
        return err_set(err, answer.failure.code, "%.*s", STR_ARG(answer.text));
    if (answer.kind != SIGNER_ANSWER_HELLO)
        return no_answer(client, err);
    TRY(key_keep(client, answer.vkey, err));
    client->last = answer.head;
    client->unsure = false;
    atomic_store(&client->up, true);
    return OK;
}

static status begin(struct signer_client *client, struct err *err)
{
    status s;

    if (!client->local) {
        TRY(client->starter.start(client->starter.context, &client->process, err));
        client->connected = true;
    }
    s = hello(client, err);
    if (s.code)
        disconnect(client);
    else
        atomic_fetch_add(&client->starts, 1);
    return s;
}

status signer_client_open(const char *dir, const struct signer_starter *starter, struct signer_client **ret_client,
                          struct err *err)
{
    struct signer_client *client = memory_new(1, sizeof *client);
    status s = OK;

    if (!client)
        return err_set(err, CODE_NO_MEMORY, "no memory for the signer");
    if (starter)
        client->starter = *starter;
    else
        s = signer_open(dir, &client->local, err);
    if (!s.code)
        s = begin(client, err);
    if (s.code) {
        signer_client_close(client);
        return s;
    }
    *ret_client = client;
    return OK;
}

void signer_client_close(struct signer_client *client)
{
    if (!client)
        return;
    disconnect(client);
    signer_close(client->local);
    memory_free(client);
}

const struct vkey *signer_client_vkey(const struct signer_client *client)
{
    return &client->vkey;
}

struct tree_head signer_client_head(const struct signer_client *client)
{
    return client->last;
}

uint64_t signer_client_restarts(const struct signer_client *client)
{
    uint64_t starts = atomic_load(&client->starts);

    return starts ? starts - 1 : 0;
}

/* Nobody asked, so whatever there is to read is the end. */
static bool has_ended(const struct signer_client *client)
{
    return is_readable(client, 0);
}

/* Replaces a signer that is gone; takes an answer that nobody waits for any more. */
static status reach(struct signer_client *client, struct err *err)
{
    if (client->awaiting) {
        client->unsure = true;
        return packet_take(client, err);
    }
    if (client->connected && has_ended(client))
        disconnect(client);
    if (client->connected || client->local)
        return OK;
    TRY(begin(client, err));
    log_write(LOG_WARN, "signer", "the signer was started again: process %ld", (long)client->process.pid);
    return OK;
}

status signer_client_ready(struct signer_client *client, struct err *err)
{
    TRY(reach(client, err));
    return client->unsure ? hello(client, err) : OK;
}

/* ---- Signing ---- */

static status does_not_follow(const struct tree_head *head, const struct tree_head *last, const char *why,
                              struct err *err)
{
    char spaces[2][HASH_TEXT_BYTES];
    struct buf root = BUF_OVER(spaces[0]);
    struct buf last_root = BUF_OVER(spaces[1]);

    hash_text_add(&root, &head->root);
    hash_text_add(&last_root, &last->root);
    return err_set(err, CODE_CONFLICT,
                   "the tree of %" PRIu64 " entries with root %.*s does not follow the one signed last, of %" PRIu64
                   " entries with root %.*s%s",
                   head->size, STR_ARG(buf_str(&root)), last->size, STR_ARG(buf_str(&last_root)), why);
}

static status refused(const struct tree_head *head, const struct signer_answer *answer, struct err *err)
{
    switch (answer->refusal) {
    case REFUSAL_ORIGIN:
        return err_set(err, CODE_CONFLICT, "the signer's key is that of another ledger");
    case REFUSAL_DISK:
        return err_set(err, CODE_IO, "the signer can't make what it signs durable");
    case REFUSAL_DISK_FULL:
        return err_set(err, CODE_DISK_FULL, "the signer can't make what it signs durable: the disk is full");
    case REFUSAL_MEMORY:
        return err_set(err, CODE_NO_MEMORY, "the signer has no memory");
    default:
        return does_not_follow(head, &answer->head, answer->refusal == REFUSAL_NO_PROOF ? " (no proof)" : "", err);
    }
}

static status sign(struct signer_client *client, const struct signer_ask *ask, struct buf *note, struct err *err)
{
    struct signer_answer answer;

    TRY(converse(client, ask, &answer, err));
    if (answer.kind == SIGNER_ANSWER_REFUSAL) {
        client->last = answer.head;
        return refused(&ask->sign.head, &answer, err);
    }
    if (answer.kind != SIGNER_ANSWER_SIGNATURE)
        return no_answer(client, err);
    return checkpoint_complete(note, &ask->sign.head, &client->vkey, &answer.signature, err);
}

status signer_client_sign(struct signer_client *client, const struct tree_head *head, const struct tree_path *proof,
                          struct buf *note, struct err *err)
{
    struct signer_ask ask = { .kind = SIGNER_ASK_SIGN,
                              .sign = { .head = *head, .origin = vkey_name(&client->vkey), .proof = *proof } };
    size_t before = note->len;
    status s;

    if (fault_hit(FAULT_SIGNER_LINK))
        return err_set(err, CODE_CLOSED, "the signer: a fault point says that it is gone");
    s = sign(client, &ask, note, err);
    client->unsure = s.code != CODE_OK;
    if (s.code)
        buf_cut(note, before);
    else
        client->last = *head;
    return s;
}
