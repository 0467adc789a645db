/*
 * tlog/vkey: names, key ids, and the two key texts.
 */
#include "tlog/vkey.h"

#include <assert.h>
#include <inttypes.h>

#include "base/memory.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "crypto/hash.h"

#define ID_BYTES 4
/* Both halves of an Ed25519 key have this length, and its type goes before it. */
#define KEY_BYTES      ED25519_PUBLIC_BYTES
#define MATERIAL_BYTES (1 + KEY_BYTES)

static const char private_prefix[] = "PRIVATE+KEY+";

_Static_assert(ED25519_SEED_BYTES == KEY_BYTES, "one parser reads both texts");
_Static_assert(ORIGIN_MAX_BYTES <= UINT8_MAX, "a name's length is one byte");

/* The parts of a key's text. The material is secret in an skey. */
struct parts {
    struct str name;
    uint32_t id;
    uint8_t material[MATERIAL_BYTES];
};

static void parts_wipe(struct parts *parts)
{
    memory_wipe(parts, sizeof *parts);
}

static uint32_t u32_from(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The white space of Unicode beyond ASCII, as UTF-8. */
static const char *const wide_spaces[] = {
    "\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
    "\u2007",   "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
};

bool vkey_name_is_valid(struct str name)
{
    if (name.len == 0 || !str_is_utf8(name))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.at[i] <= ' ' || name.at[i] == '+')
            return false;
    }
    for (size_t i = 0; i < sizeof wide_spaces / sizeof wide_spaces[0]; i++) {
        if (str_find_str(name, str_of(wide_spaces[i])) < name.len)
            return false;
    }
    return true;
}

struct str vkey_name(const struct vkey *vkey)
{
    return (struct str){ vkey->name, vkey->name_len };
}

/* SHA-256(name || "\n" || type || public key), cut to its first four bytes. */
static uint32_t key_id(struct str name, enum vkey_type type, const struct ed25519_public *public_key)
{
    char type_byte = (char)type;
    struct str parts[] = { name, STR("\n"), { &type_byte, 1 }, { (const char *)public_key->bytes, KEY_BYTES } };
    struct hash hash = hash_of_parts(parts, sizeof parts / sizeof parts[0]);

    return u32_from(hash.bytes);
}

status vkey_new(struct str name, enum vkey_type type, const struct ed25519_public *public_key, struct vkey *ret_vkey,
                struct err *err)
{
    struct vkey vkey = { .type = type, .public_key = *public_key };

    if (name.len > ORIGIN_MAX_BYTES)
        return err_set(err, CODE_TOO_LARGE, "a key name has %zu bytes, at most %d are allowed", name.len,
                       ORIGIN_MAX_BYTES);
    if (!vkey_name_is_valid(name))
        return err_set(err, CODE_INVALID, "'%.*s' can't be a key name: expected UTF-8 without spaces and '+'",
                       STR_ARG(str_cut(name, 0, 80)));
    vkey.id = key_id(name, type, public_key);
    vkey.name_len = (uint8_t)name.len;
    memcpy(vkey.name, name.at, name.len);
    *ret_vkey = vkey;
    return OK;
}

/* The name ends at the first '+' and the id at the second; base64 may hold more of them. */
static status split(struct str text, struct parts *ret_parts, struct err *err)
{
    uint8_t id[ID_BYTES];
    size_t len = 0;
    struct str rest = text;
    struct str hex;

    ret_parts->name = str_take(&rest, '+');
    hex = str_take(&rest, '+');
    if (hex_read(hex, id, sizeof id).code)
        return err_set(err, CODE_INVALID, "a key text is wrong: expected '<name>+<8 lower-case hex digits>+<base64>'");
    if (base64_read(rest, ret_parts->material, MATERIAL_BYTES, &len).code || len != MATERIAL_BYTES)
        return err_set(err, CODE_INVALID, "a key text is wrong: expected the base64 of %d bytes at its end",
                       MATERIAL_BYTES);
    if (ret_parts->material[0] != VKEY_NOTE && ret_parts->material[0] != VKEY_COSIGNATURE)
        return err_set(err, CODE_INVALID, "key type 0x%02x is not supported, expected 0x01 or 0x04",
                       ret_parts->material[0]);
    ret_parts->id = u32_from(id);
    return OK;
}

static status check_id(const struct vkey *vkey, uint32_t id, struct err *err)
{
    if (vkey->id == id)
        return OK;
    return err_set(err, CODE_INVALID, "the key id %08" PRIx32 " is not that of the key, which is %08" PRIx32, id,
                   vkey->id);
}

status vkey_parse(struct str text, struct vkey *ret_vkey, struct err *err)
{
    struct parts parts = { 0 };
    struct ed25519_public public_key;
    struct vkey vkey = { 0 };

    TRY(split(text, &parts, err));
    memcpy(public_key.bytes, parts.material + 1, KEY_BYTES);
    TRY(vkey_new(parts.name, (enum vkey_type)parts.material[0], &public_key, &vkey, err));
    TRY(check_id(&vkey, parts.id, err));
    *ret_vkey = vkey;
    return OK;
}

static void add_key(struct buf *buf, const struct vkey *vkey, const uint8_t key[KEY_BYTES])
{
    uint8_t material[MATERIAL_BYTES] = { (uint8_t)vkey->type };

    memcpy(material + 1, key, KEY_BYTES);
    buf_add(buf, vkey_name(vkey));
    buf_add_format(buf, "+%08" PRIx32 "+", vkey->id);
    base64_add(buf, material, sizeof material);
    memory_wipe(material, sizeof material);
}

void vkey_add(struct buf *buf, const struct vkey *vkey)
{
    add_key(buf, vkey, vkey->public_key.bytes);
}

bool vkey_eq(const struct vkey *a, const struct vkey *b)
{
    return a->type == b->type && a->id == b->id && str_eq(vkey_name(a), vkey_name(b)) &&
           memcmp(a->public_key.bytes, b->public_key.bytes, KEY_BYTES) == 0;
}

status skey_open(struct str name, enum vkey_type type, const struct secret *seed, struct skey *ret_skey,
                 struct err *err)
{
    struct skey skey = { 0 };
    status named;

    TRY(ed25519_open(seed, &skey.key, err));
    named = vkey_new(name, type, &skey.key.public_key, &skey.vkey, err);
    if (named.code)
        skey_close(&skey);
    else
        *ret_skey = skey;
    return named;
}

void skey_close(struct skey *skey)
{
    ed25519_close(&skey->key);
    *skey = (struct skey){ 0 };
}

status skey_parse(struct str text, struct skey *ret_skey, struct err *err)
{
    AUTO(struct parts, parts_wipe) parts = { 0 };
    AUTO(struct secret, secret_free) seed = { .len = ED25519_SEED_BYTES };
    struct skey skey = { 0 };
    status checked;

    if (!str_starts(text, str_of(private_prefix)))
        return err_set(err, CODE_INVALID, "a private key text must start with 'PRIVATE+KEY+'");
    TRY(split(str_from(text, sizeof private_prefix - 1), &parts, err));
    memcpy(seed.bytes, parts.material + 1, KEY_BYTES);
    TRY(skey_open(parts.name, (enum vkey_type)parts.material[0], &seed, &skey, err));
    checked = check_id(&skey.vkey, parts.id, err);
    if (checked.code)
        skey_close(&skey);
    else
        *ret_skey = skey;
    return checked;
}

void skey_add(struct buf *buf, const struct skey *skey)
{
    AUTO(struct secret, secret_free) seed = { 0 };

    ed25519_seed(&skey->key, &seed);
    buf_add(buf, str_of(private_prefix));
    add_key(buf, &skey->vkey, seed.bytes);
}
