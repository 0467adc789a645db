#include "sdk/trust.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "codec/json_doc.h"
#include "sdk/tiles.h"
#include "sdk/trust_file.h"
#include "tlog/prove.h"

#define FIRST_CHECKPOINT_LOOK_MS 50

/* ---- The key ---- */

/* The key is the one that was first seen for `about`, a server or an origin; that is remembered now if it is the first.
 */
static status key_pin(struct str about, const char *kind, const struct vkey *vkey, struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = SERVER_URL_MAX_BYTES + VKEY_MAX_BYTES + 4096 };
    struct state_path path;
    struct str kept;
    struct vkey known;

    TRY(state_path_of(about, kind, &path, err));
    TRY(state_read(&path, &text, err));
    kept = buf_str(&text);
    kept = str_take_line(&kept);
    if (kept.len) {
        TRY(vkey_parse(kept, &known, err));
        if (vkey_eq(&known, vkey))
            return OK;
        return err_set(
            err, CODE_CORRUPT,
            "the verifier key of %.*s is another than before: this is not the ledger that it was. If you know "
            "why, remove %s",
            STR_ARG(str_cut(about, 0, 100)), path.text);
    }
    buf_clear(&text);
    vkey_add(&text, vkey);
    buf_add_format(&text, "\n%.*s\n", STR_ARG(about));
    TRY(text.status);
    return state_write(&path, buf_str(&text), err);
}

static status key_ask(struct client *client, struct vkey *ret_vkey, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    AUTO(struct json_doc, json_doc_free) doc = { 0 };

    TRY(client_get(client, "/v1/ledger", &answer, err));
    TRY(json_doc_read(buf_str(&answer.body), &doc, err));
    return vkey_parse(json_doc_text(&doc, "vkey"), ret_vkey, err);
}

/* The key given, or the one pinned for that origin, or what the server says, which is pinned from then on. */
static status key_find(struct client *client, struct str origin, struct vkey *ret_vkey, struct err *err)
{
    AUTO(struct buf, buf_free) text = { .max = VKEY_MAX_BYTES + 4096 };
    const char *given = client_config(client)->vkey;
    struct state_path path;
    struct err why = { 0 };
    struct str kept;

    if (given && vkey_parse(str_of(given), ret_vkey, &why).code)
        return err_member(err, CODE_INVALID, "TALLY_VKEY", "TALLY_VKEY: %s, not \"%.80s\"", why.text, given);
    if (given)
        return OK;
    TRY(state_path_of(origin, "key", &path, err));
    TRY(state_read(&path, &text, err));
    kept = buf_str(&text);
    kept = str_take_line(&kept);
    return kept.len ? vkey_parse(kept, ret_vkey, err) : key_ask(client, ret_vkey, err);
}

/* ---- The newest checkpoint ---- */

/* Both notes become files; the text says which. */
static status evidence_keep(struct str older, struct str newer, const struct err *why, struct err *err)
{
    struct state_path dir, path;
    char name[64];
    int64_t now_ms = clock_read().wall_ms;
    struct str notes[2] = { older, newer };

    TRY(state_dir(&dir, err));
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof(name), "/evidence-%lld-%d.checkpoint", (long long)now_ms, i + 1);
        if (snprintf(path.text, sizeof(path.text), "%s%s", dir.text, name) >= (int)sizeof(path.text))
            return err_set(err, CODE_INVALID, "the name of %s is too long for evidence", dir.text);
        TRY(state_write(&path, notes[i], err));
    }
    return err_set(
        err, CODE_CORRUPT,
        "THE LEDGER'S HISTORY CHANGED: its checkpoint does not extend the one seen before (%.100s). Both are "
        "kept as evidence: %s/evidence-%lld-*.checkpoint",
        why->text, dir.text, (long long)now_ms);
}

/* That the smaller of the two trees is the beginning of the larger. */
static status heads_compare(struct trust *trust, const struct tree_head *a, const struct tree_head *b, struct err *err)
{
    struct prover prover = { .tiles = client_tiles(trust->client) };
    const struct tree_head *older = a->size <= b->size ? a : b;
    const struct tree_head *newer = older == a ? b : a;
    struct tree_path path = { 0 };

    if (older->size && older->size < newer->size)
        TRY(prove_consistency(&prover, older->size, newer->size, &path, err));
    return tree_check_consistency(older, newer, &path, err);
}

struct seen {
    struct state_path path;
    struct buf note; /* empty: none yet */
    struct tree_head head;
};

static void seen_free(struct seen *seen)
{
    buf_free(&seen->note);
}

static status seen_read(const struct vkey *vkey, struct seen *seen, struct err *err)
{
    struct checkpoint checkpoint = { 0 };
    struct err why = { 0 };

    seen->note.max = NOTE_MAX_BYTES + 4096;
    TRY(state_path_of(vkey_name(vkey), "checkpoint", &seen->path, err));
    TRY(state_read(&seen->path, &seen->note, err));
    if (!seen->note.len)
        return OK;
    if (checkpoint_open(buf_str(&seen->note), vkey, &checkpoint, &why).code)
        return err_set(err, CODE_CORRUPT,
                       "the checkpoint of %.*s that was seen before, %.300s, is not by this ledger's key (%.100s): two "
                       "ledgers have this name, or the key was changed",
                       STR_ARG(vkey_name(vkey)), seen->path.text, why.text);
    seen->head = checkpoint.head;
    return OK;
}

status trust_remembered(const struct vkey *vkey, struct tree_head *ret_head, struct err *err)
{
    AUTO(struct seen, seen_free) seen = { 0 };

    TRY(seen_read(vkey, &seen, err));
    *ret_head = seen.head;
    return OK;
}

/* Remembers the note unless a larger one has been remembered meanwhile. */
static status seen_replace(const struct trust *trust, const struct tree_head *head, struct str note, struct err *err)
{
    AUTO(struct state_lock, state_unlock) lock = { 0 };
    AUTO(struct seen, seen_free) now = { 0 };

    TRY(state_lock(&lock, err));
    TRY(seen_read(&trust->vkey, &now, err));
    if (now.note.len && now.head.size >= head->size)
        return OK;
    return state_write(&now.path, note, err);
}

static status head_see(struct trust *trust, const struct tree_head *head, struct str note, struct err *err)
{
    AUTO(struct seen, seen_free) seen = { 0 };
    struct err why = { 0 };
    status s;

    TRY(seen_read(&trust->vkey, &seen, err));
    s = heads_compare(trust, &seen.head, head, &why);
    if (s.code == CODE_CORRUPT)
        return evidence_keep(buf_str(&seen.note), note, &why, err);
    if (s.code)
        return err_set(err, s.code, "%s", why.text);
    if (head->size > seen.head.size)
        TRY(seen_replace(trust, head, note, err));
    if (head->size > trust->head.size)
        trust->head = *head;
    return OK;
}

static status key_is_another(const struct trust *trust, struct err *err)
{
    struct str name = str_cut(vkey_name(&trust->vkey), 0, 100);
    struct state_path path;

    if (client_config(trust->client)->vkey)
        return err_set(err, CODE_CORRUPT, "the checkpoint of %.*s has no signature by TALLY_VKEY", STR_ARG(name));
    TRY(state_path_of(vkey_name(&trust->vkey), "key", &path, err));
    return err_set(err, CODE_CORRUPT,
                   "the checkpoint of %.*s has no signature by the verifier key known for it: this is not the ledger "
                   "that it was. If you know why, remove %s",
                   STR_ARG(name), path.text);
}

status trust_see(struct trust *trust, struct str note, struct err *err)
{
    struct checkpoint checkpoint = { 0 };
    status s = checkpoint_open(note, &trust->vkey, &checkpoint, err);

    if (s.code == CODE_NOT_FOUND)
        return key_is_another(trust, err);
    TRY(s);
    TRY(head_see(trust, &checkpoint.head, note, err));
    trust->checked = checkpoint.head;
    return OK;
}

/* The answer of a ledger's server that has not signed anything yet; any other server has none of these words. */
static bool has_none_yet(status s, const struct client_answer *answer)
{
    AUTO(struct json_doc, json_doc_free) doc = { 0 };

    return s.code == CODE_NOT_FOUND && json_doc_read(buf_str(&answer->body), &doc, NULL).code == CODE_OK &&
           str_eq(json_doc_text(&doc, "code"), STR("NOT_FOUND"));
}

/* A server signs its first checkpoint a moment after it began to answer: that moment is waited for. */
static status checkpoint_ask(struct client *client, struct client_answer *answer, struct err *err)
{
    int64_t end_ms = clock_read().running_ms + FIRST_CHECKPOINT_PATIENCE_MS;
    status s = client_get(client, "/checkpoint", answer, err);

    while (has_none_yet(s, answer) && clock_read().running_ms < end_ms) {
        (void)poll(NULL, 0, FIRST_CHECKPOINT_LOOK_MS);
        s = client_get(client, "/checkpoint", answer, err);
    }
    if (has_none_yet(s, answer))
        return err_set(err, CODE_UNAVAILABLE, "%s has signed no checkpoint in %d s: its log says why",
                       client_server(client), FIRST_CHECKPOINT_PATIENCE_MS / 1000);
    if (s.code == CODE_NOT_FOUND)
        return err_set(err, CODE_NOT_FOUND, "%s serves no ledger: it has no /checkpoint", client_server(client));
    return s;
}

status trust_open(struct client *client, struct trust *ret_trust, struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    struct trust trust = { .client = client };
    struct str rest, origin;

    TRY(checkpoint_ask(client, &answer, err));
    rest = buf_str(&answer.body);
    origin = str_take_line(&rest);
    TRY(key_find(client, origin, &trust.vkey, err));
    if (!client_config(client)->vkey)
        TRY(key_pin(str_of(client_server(client)), "server", &trust.vkey, err));
    TRY(trust_see(&trust, buf_str(&answer.body), err));
    if (!client_config(client)->vkey)
        TRY(key_pin(origin, "key", &trust.vkey, err));
    *ret_trust = trust;
    return OK;
}

status trust_prove(struct trust *trust, struct str proof, struct str leaf, uint64_t *ret_index, struct err *err)
{
    struct hash hash = hash_leaf(leaf);
    struct checkpoint checkpoint = { 0 };
    struct proof parsed;

    TRY(proof_parse(proof, &parsed, err));
    TRY(proof_verify(&parsed, &hash, &trust->vkey, &checkpoint, err));
    TRY(head_see(trust, &checkpoint.head, parsed.checkpoint, err));
    *ret_index = parsed.index;
    return OK;
}
