/*
 * engine/succession: the old ledger is opened as a server opens it, but no thread is started; the new one is made as
 * engine/genesis makes one.
 */
#include "engine/succession.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/carry.h"
#include "core/image.h"
#include "engine/heritage.h"
#include "engine/history.h"
#include "engine/signed_head.h"
#include "engine/state.h"
#include "tlog/prove.h"

static void engine_end(struct engine **engine)
{
    engine_close(*engine);
}

static status old_open(const char *dir, bool without_signer, struct engine **ret_engine, struct err *err)
{
    struct engine_config config = { .dir = dir, .without_signer = without_signer };

    return engine_open(&config, ret_engine, err);
}

/* One entry in the server's own name, durable, in a ledger that nobody serves. */
static status append(struct engine *engine, const struct command *command, struct err *err)
{
    batch_clear(&engine->batch, engine->facts.size);
    TRY(writer_append_system(engine, command, err));
    batch_close(&engine->batch, &engine->edge, &engine->facts);
    return store_append(engine->store, &engine->batch.store, err);
}

/* ---- Sealing ---- */

static status last_visit(void *context, uint64_t index, struct str leaf, struct err *err)
{
    const struct vkey *successor = context;
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);
    struct entry entry;

    (void)index;
    vkey_add(&vkey, successor);
    TRY(entry_decode(leaf, &entry, err));
    if (entry.code == AUDIT_LEDGER_SEALED && str_eq(entry.data[DATA_VKEY].text, buf_str(&vkey)))
        return OK;
    return err_set(err, CODE_CONFLICT, "the ledger was sealed for another one: %.*s",
                   STR_ARG(entry.code == AUDIT_LEDGER_SEALED ? entry.data[DATA_VKEY].text : STR("?")));
}

/* A run that was cut off has sealed it, for the same one. */
static status sealed_check(struct engine *engine, const struct vkey *successor, struct err *err)
{
    struct store_entry_visitor visitor = { last_visit, (void *)successor };
    struct store_range range = { .first = engine->facts.size - 1, .max_count = 1, .max_bytes = 1 };
    uint64_t next;

    return store_entries_read(engine->reader, &range, &visitor, &next, err);
}

static status sealed_append(struct engine *engine, const struct vkey *successor, enum reason reason, struct err *err)
{
    struct command command = system_command(engine, AUDIT_LEDGER_SEALED);
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);

    vkey_add(&vkey, successor);
    command.system.texts[0] = vkey_name(successor);
    command.system.texts[1] = buf_str(&vkey);
    command.system.numbers[0] = reason;
    return append(engine, &command, err);
}

static status checkpoint_write(const char *dir, struct str note, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct path path = { 0 };

    TRY(path_join(dir, SEALED_FILE, &path, err));
    if (unlink(path.text) && errno != ENOENT)
        return err_system(err, "unlink", path.text);
    TRY(private_file_create(dir, SEALED_FILE, &file, err));
    TRY(private_file_write(&file, note, 0, err));
    TRY(private_file_sync(&file, err));
    return file_sync_directory(dir, err);
}

static status last_sign(struct engine *engine, struct err *err)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    struct edge_source source = { .edge = &engine->edge, .full = history_tiles(engine->proof_reader) };
    struct prover prover = { .tiles = edge_tiles(&source) };
    struct tree_head head = tree_head(&engine->edge.tree);
    struct tree_path proof = { 0 };

    TRY(prove_consistency(&prover, signer_client_head(engine->signer).size, head.size, &proof, err));
    TRY(signer_client_sign(engine->signer, &head, &proof, &note, err));
    return checkpoint_write(engine->dir, buf_str(&note), err);
}

static status seal(struct engine *engine, const struct vkey *successor, enum reason reason, struct err *err)
{
    if (engine->facts.sealed)
        TRY(sealed_check(engine, successor, err));
    else
        TRY(sealed_append(engine, successor, reason, err));
    return last_sign(engine, err);
}

status ledger_seal(const char *dir, const struct vkey *successor, enum reason reason, struct tree_head *ret_head,
                   struct err *err)
{
    AUTO(struct engine *, engine_end) engine = NULL;

    TRY(old_open(dir, false, &engine, err));
    TRY(seal(engine, successor, reason, err));
    *ret_head = tree_head(&engine->edge.tree);
    return OK;
}

status ledger_restored(const char *dir, uint64_t *ret_size, struct err *err)
{
    AUTO(struct engine *, engine_end) engine = NULL;
    struct command command;
    uint64_t size;

    TRY(old_open(dir, false, &engine, err));
    size = engine->facts.size;
    command = system_command(engine, AUDIT_STORE_RESTORED);
    command.system.numbers[0] = (int64_t)size;
    TRY(append(engine, &command, err));
    *ret_size = size;
    return OK;
}

/* ---- The new ledger's key ---- */

/* A store without entries is what a run that was cut off in its last step left. */
static status leftovers_clear(const char *dir, struct err *err)
{
    struct store_reader *reader = NULL;
    struct path database = { 0 };
    struct store_head head;
    status s;

    TRY(path_join(dir, FILES_DATABASE, &database, err));
    if (!file_exists(database.text))
        return OK;
    TRY(store_reader_open_path(dir, &reader, err));
    s = store_head_read(reader, &head, err);
    store_reader_close(reader);
    TRY(s);
    if (head.size)
        return err_set(err, CODE_CONFLICT, "there is a ledger in %s already", dir);
    return unlink(database.text) ? err_system(err, "unlink", database.text) : OK;
}

static status successor_key(const struct succession *wanted, struct vkey *ret_vkey, struct err *err)
{
    struct signer *signer = NULL;
    status s;

    if (mkdir(wanted->new_dir, S_IRWXU) && errno != EEXIST)
        return err_system(err, "mkdir", wanted->new_dir);
    TRY(leftovers_clear(wanted->new_dir, err));
    s = signer_open(wanted->new_dir, &signer, err);
    if (s.code == CODE_NOT_FOUND) {
        TRY(signer_create(wanted->new_dir, wanted->origin, err));
        s = signer_open(wanted->new_dir, &signer, err);
    }
    TRY(s);
    *ret_vkey = *signer_vkey(signer);
    signer_close(signer);
    if (str_eq(vkey_name(ret_vkey), wanted->origin))
        return OK;
    return err_set(err, CODE_CONFLICT, "the key in %s is that of %.*s", wanted->new_dir, STR_ARG(vkey_name(ret_vkey)));
}

/* ---- The new ledger ---- */

/* Everything that its first commit needs. */
struct making {
    const struct succession *wanted;
    const struct succession_report *report;
    struct buf image;
    struct facts facts;
    struct edge edge;
    struct batch batch;
    struct entry entry;
    struct entropy entropy;
    struct actor self;
    int64_t now_ms;
    struct arena arena;
    struct store_alias *aliases;
    size_t alias_count, alias_capacity;
    char vkeys[2][VKEY_MAX_BYTES]; /* texts: entries point into them */
};

static void making_free(struct making *making)
{
    buf_free(&making->image);
    facts_free(&making->facts);
    batch_free(&making->batch);
    arena_free(&making->arena);
    memory_free(making->aliases);
}

static status image_keep(void *context, struct str bytes, struct err *err)
{
    struct buf *image = context;

    (void)err;
    buf_add(image, bytes);
    return image->status;
}

static status alias_keep(void *context, const struct store_alias *alias, struct err *err)
{
    struct making *making = context;
    void *at = making->aliases;
    struct store_alias copy = *alias;

    if (memory_grow(&at, &making->alias_capacity, making->alias_count + 1, ALIASES_MAX, sizeof copy).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for the names to be carried over");
    making->aliases = at;
    TRY(arena_copy(&making->arena, alias->text, &copy.text));
    making->aliases[making->alias_count++] = copy;
    return OK;
}

/* What goes over: facts and names. The old facts are spent. */
static status heritage_take(struct making *making, struct engine *old, struct err *err)
{
    struct store_alias_visitor visitor = { alias_keep, making };
    struct hash hash;

    making->now_ms = old->clock.now_ms > old->facts.time_ms ? old->clock.now_ms : old->facts.time_ms;
    making->self = (struct actor){ .who = old->facts.self, .via = VIA_LOCAL, .level = LEVEL_A2 };
    facts_carry(&old->facts);
    TRY(image_write(&old->facts, &(struct image_sink){ image_keep, &making->image }, &hash, err));
    TRY(store_aliases_read(old->reader, &visitor, err));
    return facts_carry_take(&making->facts, buf_str(&making->image), err);
}

static struct entry *entry_start(struct making *making, enum audit_code code)
{
    entry_begin(&making->entry, code, &making->self, making->now_ms);
    making->entry.id = id_new(&making->entropy, making->now_ms);
    return &making->entry;
}

static status entry_end(struct making *making, struct err *err)
{
    return batch_append(&making->batch, &making->facts, &making->edge, &making->entry, err);
}

static struct str vkey_text(struct making *making, const struct vkey *vkey, int which)
{
    struct buf text = {
        .at = making->vkeys[which], .capacity = VKEY_MAX_BYTES, .max = VKEY_MAX_BYTES, .borrowed = true
    };

    vkey_add(&text, vkey);
    return buf_str(&text);
}

static status created_add(struct making *making, struct err *err)
{
    struct entry *entry = entry_start(making, AUDIT_LEDGER_CREATED);

    entry_on_id(entry, ON_SERVICE, making->self.who.id);
    entry_text(entry, DATA_VERSION, STR(TALLY_VERSION));
    entry_text(entry, DATA_ORIGIN, vkey_name(&making->report->vkey));
    entry_text(entry, DATA_VKEY, vkey_text(making, &making->report->vkey, 0));
    return entry_end(making, err);
}

static status continues_add(struct making *making, struct err *err)
{
    struct entry *entry = entry_start(making, AUDIT_LEDGER_CONTINUES);

    entry_text(entry, DATA_ORIGIN, vkey_name(&making->report->old_vkey));
    entry_text(entry, DATA_VKEY, vkey_text(making, &making->report->old_vkey, 1));
    entry_number(entry, DATA_SIZE, (int64_t)making->report->old.size);
    entry_bytes(entry, DATA_ROOT, making->report->old.root.bytes);
    entry_bytes(entry, DATA_SHA256, making->facts.carried.bytes);
    entry_number(entry, DATA_REASON, making->wanted->reason);
    return entry_end(making, err);
}

/* What is missing of the old ledger: from where its copy ends to where its key has signed, if that is known. */
static status loss_add(struct making *making, struct err *err)
{
    uint64_t size = making->report->old.size;
    struct entry *entry = entry_start(making, AUDIT_STORE_RESTORED);

    entry_number(entry, DATA_SIZE, (int64_t)size);
    entry_number(entry, DATA_FROM, (int64_t)size);
    if (making->report->signed_size > size)
        entry_number(entry, DATA_TO, (int64_t)making->report->signed_size - 1);
    return entry_end(making, err);
}

static status entries_make(struct making *making, struct err *err)
{
    TRY(batch_init(&making->batch));
    batch_clear(&making->batch, 0);
    TRY(created_add(making, err));
    TRY(continues_add(making, err));
    return making->wanted->reason == REASON_LOST ? loss_add(making, err) : OK;
}

static status store_make(struct making *making, struct err *err)
{
    struct str image = buf_str(&making->image);
    size_t count = 2 + heritage_pieces(image);
    struct store_fact *facts = arena_new(&making->arena, count, sizeof *facts);

    if (!facts)
        return err_set(err, CODE_NO_MEMORY, "no memory for the new ledger");
    facts[0] = (struct store_fact){ STR("origin"), vkey_name(&making->report->vkey) };
    facts[1] = (struct store_fact){ STR("vkey"), vkey_text(making, &making->report->vkey, 0) };
    TRY(heritage_facts(image, &making->arena, &facts[2], err));
    return store_create(making->wanted->new_dir, facts, count, err);
}

static status store_fill(struct making *making, struct err *err)
{
    struct store *store = NULL;
    status s;

    TRY(store_open(making->wanted->new_dir, &store, err));
    batch_close(&making->batch, &making->edge, &making->facts);
    making->batch.store.aliases = making->aliases;
    making->batch.store.alias_count = making->alias_count;
    s = store_append(store, &making->batch.store, err);
    store_close(store);
    return s;
}

/* Names are carried over as they are sealed, and so are the keys. Where they are lost, the next start records that. */
static status keys_take(const struct making *making, struct engine *old, struct err *err)
{
    const char *dir = making->wanted->new_dir;
    struct key_header lost = { .ledger = making->self.who.id, .made_ms = making->now_ms };
    struct path path = { 0 };

    TRY(path_join(dir, VAULT_FILE, &path, err));
    (void)unlink(path.text); /* of a run that was cut off */
    if (old->vault)
        return vault_copy(old->vault, dir, VAULT_FILE, &(struct vault_span){ making->now_ms, 0 }, err);
    return vault_create(dir, &lost, err);
}

static status successor_make(const struct succession *wanted, const struct succession_report *report,
                             struct engine *old, struct err *err)
{
    struct making *making = memory_new(1, sizeof *making); /* too large for a stack */
    status s;

    if (!making)
        return err_set(err, CODE_NO_MEMORY, "no memory for the new ledger");
    *making = (struct making){ .wanted = wanted,
                               .report = report,
                               .image = { .max = HERITAGE_MAX_BYTES },
                               .arena = { .max_bytes = 2 * HERITAGE_MAX_BYTES },
                               .entropy = entropy_from_system() };
    s = facts_init(&making->facts);
    if (!s.code)
        s = heritage_take(making, old, err);
    if (!s.code)
        s = entries_make(making, err);
    if (!s.code)
        s = store_make(making, err);
    if (!s.code)
        s = keys_take(making, old, err);
    if (!s.code)
        s = store_fill(making, err);
    making_free(making);
    memory_free(making);
    return s;
}

/* ---- All of it ---- */

/* Of a ledger without its signer: which key it had, and how far that has signed, as far as the directory tells. */
static status lost_look(struct engine *old, struct succession_report *report, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    AUTO(struct signed_head, signed_head_close) head = { 0 };
    struct str text;

    TRY(store_fact_read(old->reader, STR("vkey"), &arena, &text, err));
    TRY(vkey_parse(text, &report->old_vkey, err));
    if (signed_head_open(old->dir, SIGNER_HEAD_FILE, &report->old_vkey.public_key, &head, NULL).code == CODE_OK)
        report->signed_size = head.head.size;
    return OK;
}

status ledger_continue(const struct succession *wanted, struct succession_report *ret_report, struct err *err)
{
    AUTO(struct engine *, engine_end) old = NULL;
    struct succession_report report = { 0 };
    bool is_lost = wanted->reason == REASON_LOST;

    TRY(old_open(wanted->old_dir, is_lost, &old, err));
    TRY(successor_key(wanted, &report.vkey, err));
    if (is_lost) {
        TRY(lost_look(old, &report, err));
    } else {
        report.old_vkey = *signer_client_vkey(old->signer);
        TRY(seal(old, &report.vkey, wanted->reason, err));
    }
    report.old = tree_head(&old->edge.tree);
    TRY(successor_make(wanted, &report, old, err));
    *ret_report = report;
    return OK;
}
