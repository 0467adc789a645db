/*
 * engine/genesis: the first entries of a ledger: what it is, who its first administrator is, and that person's token.
 *
 * Runs once, before there is a writer. A run that was cut off leaves a directory that engine_open refuses and this
 * refuses too, by name: nothing is guessed about half a ledger.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/json_out.h"
#include "core/private.h"
#include "engine/state.h"
#include "engine/vault_items.h"

struct genesis {
    const struct engine_genesis *wanted;
    struct entropy entropy;
    struct facts facts;
    struct edge edge;
    struct batch batch;
    struct vault *vault;
    struct entry entry;
    struct actor self;
    struct id admin;
    int64_t now_ms;
    struct buf private_text;
    uint8_t salt[32];
};

static void genesis_free(struct genesis *genesis)
{
    facts_free(&genesis->facts);
    batch_free(&genesis->batch);
    vault_close(genesis->vault);
    buf_free(&genesis->private_text);
}

static struct entry *genesis_entry(struct genesis *genesis, enum audit_code code)
{
    entry_begin(&genesis->entry, code, &genesis->self, genesis->now_ms);
    genesis->entry.id = id_new(&genesis->entropy, genesis->now_ms);
    return &genesis->entry;
}

static status genesis_append(struct genesis *genesis, struct err *err)
{
    return batch_append(&genesis->batch, &genesis->facts, &genesis->edge, &genesis->entry, err);
}

static status ledger_created(struct genesis *genesis, struct str vkey, struct err *err)
{
    struct entry *entry = genesis_entry(genesis, AUDIT_LEDGER_CREATED);

    entry_on_id(entry, ON_SERVICE, genesis->self.who.id);
    entry_text(entry, DATA_VERSION, genesis->wanted->version);
    entry_text(entry, DATA_ORIGIN, genesis->wanted->origin);
    entry_text(entry, DATA_VKEY, vkey);
    return genesis_append(genesis, err);
}

static status admin_text_seal(struct genesis *genesis, const uint8_t *commitment, struct err *err)
{
    struct batch *batch = &genesis->batch;
    struct vault_text text = { .part = VAULT_TEXT,
                               .index = batch->count,
                               .person = genesis->admin,
                               .time_ms = genesis->now_ms,
                               .commitment = commitment,
                               .salt = genesis->salt,
                               .text = buf_str(&genesis->private_text) };
    status s = vault_seal_text(genesis->vault, &text, &genesis->entropy, &batch->arena,
                               &batch->privates[batch->private_count]);

    batch->private_count += s.code == CODE_OK;
    return s.code ? err_set(err, s.code, "no memory to seal the administrator's name") : OK;
}

/* The administrator's name is private: a commitment in the leaf, the text beside it. */
static status admin_created(struct genesis *genesis, struct err *err)
{
    struct entry *entry = genesis_entry(genesis, AUDIT_USER_CREATED);
    struct json_out json = { .buf = &genesis->private_text };
    struct hash commitment;

    json_out_object(&json, NULL);
    json_out_text(&json, "name", genesis->wanted->admin_name);
    json_out_end(&json);
    TRY(genesis->private_text.status);
    entropy_fill(&genesis->entropy, genesis->salt, sizeof(genesis->salt));
    commitment = private_commitment(genesis->salt, buf_str(&genesis->private_text));
    entry_on_id(entry, ON_USER, genesis->admin);
    entry_number(entry, DATA_ROLE, ROLE_ADMIN);
    entry->has_private = true;
    memcpy(entry->private_hash, commitment.bytes, sizeof(entry->private_hash));
    TRY(admin_text_seal(genesis, commitment.bytes, err));
    return genesis_append(genesis, err);
}

static status token_created(struct genesis *genesis, struct err *err)
{
    struct entry *entry = genesis_entry(genesis, AUDIT_TOKEN_CREATED);

    entry_on_id(entry, ON_CREDENTIAL, id_new(&genesis->entropy, genesis->now_ms));
    entry_principal(entry, DATA_OWNER, (struct who){ genesis->admin, ID_USER });
    entry_text(entry, DATA_SCOPES, STR("all"));
    entry_number(entry, DATA_EXPIRES_AT, genesis->now_ms + genesis->wanted->admin_token_days * 86400 * 1000);
    entry_bytes(entry, DATA_TOKEN_HASH, genesis->wanted->admin_token_hash);
    return genesis_append(genesis, err);
}

static status names_keep(struct genesis *genesis)
{
    struct name_new names[] = {
        { .id = genesis->admin, .kind = NAME_USER, .text = genesis->wanted->admin_name },
        { .id = genesis->self.who.id, .kind = NAME_SERVICE, .text = STR("tallystick") },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        TRY(vault_seal_name(genesis->vault, &names[i], &genesis->entropy, &genesis->batch.arena,
                            &genesis->batch.aliases[i]));
        genesis->batch.alias_count++;
    }
    return OK;
}

static status entries_make(struct genesis *genesis, struct str vkey, struct err *err)
{
    TRY(batch_init(&genesis->batch));
    TRY(facts_init(&genesis->facts));
    batch_clear(&genesis->batch, 0);
    TRY(ledger_created(genesis, vkey, err));
    TRY(admin_created(genesis, err));
    TRY(token_created(genesis, err));
    return names_keep(genesis);
}

static status entries_store(struct genesis *genesis, struct err *err)
{
    struct store *store = NULL;
    status s;

    TRY(vault_sync(genesis->vault, err));
    TRY(store_open(genesis->wanted->dir, &store, err));
    batch_close(&genesis->batch, &genesis->edge, &genesis->facts);
    s = store_append(store, &genesis->batch.store, err);
    store_close(store);
    return s;
}

static status vault_make(struct genesis *genesis, struct err *err)
{
    const char *dir = genesis->wanted->keys_dir ? genesis->wanted->keys_dir : genesis->wanted->dir;
    struct key_header header = { .ledger = genesis->self.who.id, .made_ms = genesis->now_ms, .announced = true };

    TRY(vault_create(dir, &header, err));
    return vault_open(dir, header.ledger, genesis->now_ms, &genesis->vault, err);
}

static status ledger_make(struct genesis *genesis, struct err *err)
{
    AUTO(struct buf, buf_free) vkey = { .max = VKEY_MAX_BYTES };
    struct store_fact facts[2];
    struct signer *signer = NULL;

    if (mkdir(genesis->wanted->dir, S_IRWXU) && errno != EEXIST)
        return err_system(err, "make", genesis->wanted->dir);
    TRY(signer_create(genesis->wanted->dir, genesis->wanted->origin, err));
    TRY(signer_open(genesis->wanted->dir, &signer, err));
    vkey_add(&vkey, signer_vkey(signer));
    signer_close(signer);
    TRY(vkey.status);
    facts[0] = (struct store_fact){ STR("origin"), genesis->wanted->origin };
    facts[1] = (struct store_fact){ STR("vkey"), buf_str(&vkey) };
    TRY(vault_make(genesis, err));
    TRY(entries_make(genesis, buf_str(&vkey), err));
    TRY(store_create(genesis->wanted->dir, facts, 2, err));
    return entries_store(genesis, err);
}

status engine_create(const struct engine_genesis *wanted, struct err *err)
{
    AUTO(struct genesis, genesis_free)
    genesis = { .wanted = wanted,
                .entropy = entropy_from_system(),
                .now_ms = wanted->at_ms ? wanted->at_ms : clock_read().wall_ms,
                .private_text = { .max = TEXT_MAX_BYTES } };

    genesis.self = (struct actor){ .who = { id_new(&genesis.entropy, genesis.now_ms), ID_SERVICE },
                                   .via = VIA_LOCAL,
                                   .level = LEVEL_A2 };
    genesis.admin = id_new(&genesis.entropy, genesis.now_ms);
    return ledger_make(&genesis, err);
}
