/*
 * engine/key_file: the key's text lies on the stack alone.
 */
#include "engine/key_file.h"

#include <string.h>

#include "base/entropy.h"
#include "base/memory.h"
#include "engine/private_file.h"

/* With its newline, and one byte more, so that a longer file is seen to be one. */
struct key_line {
    char bytes[SKEY_MAX_BYTES + 2];
};

static void key_line_wipe(struct key_line *line)
{
    memory_wipe(line->bytes, sizeof line->bytes);
}

status key_draw(struct str name, enum vkey_type type, struct skey *ret_key, struct err *err)
{
    struct entropy entropy = entropy_from_system();
    AUTO(struct secret, secret_free) seed = { 0 };

    ed25519_seed_new(&entropy, &seed);
    memory_wipe(&entropy, sizeof entropy);
    return skey_open(name, type, &seed, ret_key, err);
}

/* A path as its directory and the name in it. */
struct place {
    struct path dir;
    const char *name;
};

static status place_of(const char *path, struct place *ret_place, struct err *err)
{
    const char *slash = strrchr(path, '/');

    ret_place->name = slash ? slash + 1 : path;
    if (!ret_place->name[0])
        return err_set(err, CODE_INVALID, "\"%s\" names no file", path);
    return path_parent(path, &ret_place->dir, err);
}

static status key_write(const struct private_file *file, const struct skey *key, struct err *err)
{
    AUTO(struct key_line, key_line_wipe) space = { 0 };
    struct buf text = BUF_OVER(space.bytes);

    skey_add(&text, key);
    buf_add_byte(&text, '\n');
    TRY(text.status);
    TRY(private_file_write(file, buf_str(&text), 0, err));
    return private_file_sync(file, err);
}

status key_file_create(const char *path, const struct skey *key, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct place place = { 0 };
    status s;

    TRY(place_of(path, &place, err));
    TRY(private_file_create(place.dir.text, place.name, &file, err));
    s = key_write(&file, key, err);
    if (!s.code)
        s = file_sync_directory(place.dir.text, err);
    if (s.code)
        private_file_discard(&file);
    return s;
}

status key_file_open(const char *path, enum vkey_type type, struct skey *ret_key, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    AUTO(struct key_line, key_line_wipe) space = { 0 };
    AUTO(struct skey, skey_close) key = { 0 };
    struct buf text = BUF_OVER(space.bytes);
    struct place place = { 0 };
    struct err why = { 0 };

    TRY(place_of(path, &place, err));
    TRY(private_file_open(place.dir.text, place.name, false, &file, err));
    TRY(private_file_read(&file, 0, &text, err));
    if (str_ends(buf_str(&text), STR("\n")))
        buf_cut(&text, text.len - 1);
    if (skey_parse(buf_str(&text), &key, &why).code)
        return err_set(err, CODE_INVALID, "%s holds no key: %s", path, why.text);
    if (key.vkey.type != type)
        return err_set(err, CODE_INVALID, "the key in %s is of type 0x%02x, expected 0x%02x", path, key.vkey.type,
                       type);
    *ret_key = key;
    key = (struct skey){ 0 };
    return OK;
}
