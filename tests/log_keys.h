/*
 * tests/log_keys.h: the log and the witness of the shared vectors, whose seeds are public, and what they signed.
 */
#ifndef TESTS_LOG_KEYS_H
#define TESTS_LOG_KEYS_H

#include "test.h"
#include "tlog/vkey.h"

#define LOG_NAME     "license.example/audit"
#define WITNESS_NAME "witness.example/w1"
#define DASH         "\xe2\x80\x94 "

#define CHECKPOINT_TEXT LOG_NAME "\n300\nyjk9Apa+xeC43KuYO9H7fRRh9RLnJny4ljGtJv1m2Eg=\n"
#define LOG_BASE64      "1gfzm5NSlOycIKoZhR7AZrFfEK4DddsmUjLZ4QtKsiBWPDDjPQRndTsqR0lSxZOGMUIND5WrNKFoBw5wYHaoR9HZrgQ="
#define LOG_LINE        DASH LOG_NAME " " LOG_BASE64 "\n"
#define WITNESS_TIME_S  1700000000
#define WITNESS_BASE64                                                                                                 \
    "IDJKvgAAAABlU/EAHKFJsC3LSih29kgSuUywdkMU3eNXQbVyy2SKndnt90noHJW+a9nTRtUEsLD3tt0817wcMZqnloCfACl0l9jbCg=="
#define WITNESS_LINE DASH WITNESS_NAME " " WITNESS_BASE64 "\n"

static inline struct skey skey_from(const char *name, enum vkey_type type, unsigned char first_byte)
{
    struct secret seed = { .len = ED25519_SEED_BYTES };
    struct skey skey = { 0 };

    for (size_t i = 0; i < seed.len; i++)
        seed.bytes[i] = (unsigned char)(first_byte + i);
    CHECK_OK(skey_open(str_of(name), type, &seed, &skey, NULL));
    return skey;
}

static inline struct skey log_skey(void)
{
    return skey_from(LOG_NAME, VKEY_NOTE, 0x00);
}

static inline struct skey witness_skey(void)
{
    return skey_from(WITNESS_NAME, VKEY_COSIGNATURE, 0x20);
}

static inline struct vkey vkey_of(struct skey skey)
{
    struct vkey vkey = skey.vkey;

    skey_close(&skey);
    return vkey;
}

#endif
