/*
 * engine/key_file: a private key of signed notes (tlog/vkey) in a file that nobody but its owner may read.
 *
 * One line, the private form that Go's tools use: "PRIVATE+KEY+<name>+<key id>+<base64>". It makes a file new or not at
 * all, and what it read or wrote is wiped from the memory in between. One thread at a time.
 */
#ifndef ENGINE_KEY_FILE_H
#define ENGINE_KEY_FILE_H

#include "base/err.h"
#include "tlog/vkey.h"

/* A new key of that name. No argument gives its randomness (P10): such a key is never anything but random. */
MUST_CHECK status key_draw(struct str name, enum vkey_type type, struct skey *ret_key, struct err *err);
/* Durably, 0600. CODE_CONFLICT when there is one; on failure none is left. */
MUST_CHECK status key_file_create(const char *path, const struct skey *key, struct err *err);
/* CODE_NOT_FOUND; CODE_INVALID when others can read it, or it is no key of that type. Close with skey_close. */
MUST_CHECK status key_file_open(const char *path, enum vkey_type type, struct skey *ret_key, struct err *err);

#endif
