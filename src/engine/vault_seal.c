/*
 * engine/vault_seal: what is sealed, and opened.
 *
 * What opens a text is derived, so that no key serves two purposes: HMAC-SHA-256 under a holder's key of a name for the
 * purpose, and for a person's text of the day's key as well. The first bytes of a hash of what was derived stand in
 * front of each sealed text, by which a lost key and a wrong one are told from a changed text.
 */
#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "engine/vault_parts.h"

#define VERSION              1
#define ADDITIONAL_MAX_BYTES 96
#define LOCK_HOUSE           1
#define LOCK_PERSON          2
#define LOCK_DAY             4

static const char alone_purpose[] = "tallystick/vault/alone"; /* with their NULs */
static const char day_purpose[] = "tallystick/vault/day";
static const char check_purpose[] = "tallystick/vault/check";

static const struct key_holder house_holder = { KEY_OF_HOUSE, { 0, 0 } };

static struct key_holder day_holder(uint32_t day)
{
    return (struct key_holder){ KEY_OF_DAY, { 0, day } };
}

static struct key_holder person_holder(struct id person)
{
    return (struct key_holder){ KEY_OF_PERSON, person };
}

static void derived_wipe(struct derived *derived)
{
    memory_wipe(derived, sizeof(*derived));
}

/* HMAC-SHA-256 under `key` of the purpose and, if there is one, another key. */
static void derive(const struct aead_key *key, struct str purpose, const struct aead_key *other,
                   struct derived *ret_derived)
{
    char data[sizeof(day_purpose) + AEAD_KEY_BYTES + AEAD_KEY_BYTES];
    struct buf text = BUF_OVER(data);
    struct str parts[2] = { { check_purpose, sizeof(check_purpose) },
                            { (const char *)ret_derived->key.bytes, AEAD_KEY_BYTES } };
    struct hash mac;
    struct hash check;

    buf_add(&text, purpose);
    if (other)
        buf_add(&text, (struct str){ (const char *)other->bytes, AEAD_KEY_BYTES });
    assert(!text.status.code);
    mac = hash_mac((struct str){ (const char *)key->bytes, AEAD_KEY_BYTES }, buf_str(&text));
    memcpy(ret_derived->key.bytes, mac.bytes, AEAD_KEY_BYTES);
    check = hash_of_parts(parts, 2);
    memcpy(ret_derived->check, check.bytes, VAULT_CHECK_BYTES);
    memory_wipe(data, sizeof(data));
    memory_wipe(&mac, sizeof(mac));
}

void vault_derive_alone(struct record *record)
{
    derive(&record->slot.key, (struct str){ alone_purpose, sizeof(alone_purpose) }, NULL, &record->alone);
}

static void derive_day(const struct record *person, const struct record *day, struct derived *ret_derived)
{
    derive(&person->slot.key, (struct str){ day_purpose, sizeof(day_purpose) }, &day->slot.key, ret_derived);
}

/* Nearly always a person writes on the same day as before. */
static status sealing_key(struct vault *vault, const struct vault_lock *lock, struct entropy *entropy,
                          const struct derived **ret_derived)
{
    struct key_holder person = person_holder(lock->person);
    struct key_holder day = day_holder(lock->day);
    bool has_person = !id_is_none(lock->person);
    struct record *record = NULL;
    struct record *of_day = NULL;

    assert(!lock->house || (!has_person && !lock->with_day));
    if (lock->with_day)
        TRY(vault_find_or_make(vault, &day, entropy, &of_day));
    if (has_person || lock->house)
        TRY(vault_find_or_make(vault, has_person ? &person : &house_holder, entropy, &record));
    if (record && of_day && record->today_day != lock->day) {
        derive_day(record, of_day, &record->today);
        record->today_day = lock->day;
    }
    if (record && of_day)
        *ret_derived = &record->today;
    else
        *ret_derived = record ? &record->alone : &of_day->alone;
    return OK;
}

static void put_u64(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get_number(const uint8_t *at, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

enum { LOCK_AT = 1, PERSON_AT = 2, DAY_AT = 18, CHECK_AT = 22, NONCE_AT = 30 };
_Static_assert(NONCE_AT + AEAD_NONCE_BYTES == VAULT_HEAD_BYTES, "the head's fields fill it");

static void head_write(const struct vault_lock *lock, const struct derived *derived, struct entropy *entropy,
                       uint8_t *head)
{
    head[0] = VERSION;
    head[LOCK_AT] = (uint8_t)((lock->house ? LOCK_HOUSE : 0) | (id_is_none(lock->person) ? 0 : LOCK_PERSON) |
                              (lock->with_day ? LOCK_DAY : 0));
    put_u64(head + PERSON_AT, lock->person.hi);
    put_u64(head + PERSON_AT + 8, lock->person.lo);
    for (int i = 0; i < 4; i++)
        head[DAY_AT + i] = (uint8_t)(lock->day >> (24 - 8 * i));
    memcpy(head + CHECK_AT, derived->check, VAULT_CHECK_BYTES);
    entropy_fill(entropy, head + NONCE_AT, AEAD_NONCE_BYTES);
}

/* The head is sealed with what the text belongs to, so none of both can be another. */
static struct str additional_of(const uint8_t *head, struct str additional, char *space)
{
    assert(additional.len <= ADDITIONAL_MAX_BYTES);
    memcpy(space, head, VAULT_HEAD_BYTES);
    if (additional.len)
        memcpy(space + VAULT_HEAD_BYTES, additional.at, additional.len);
    return (struct str){ space, VAULT_HEAD_BYTES + additional.len };
}

status vault_seal(struct vault *vault, const struct vault_item *item, struct entropy *entropy, struct arena *arena,
                  struct str *ret_sealed)
{
    char space[VAULT_HEAD_BYTES + ADDITIONAL_MAX_BYTES];
    size_t len = item->parts[0].len + item->parts[1].len;
    const struct derived *derived = NULL;
    struct aead_use use;
    uint8_t *sealed;

    TRY(sealing_key(vault, &item->lock, entropy, &derived));
    sealed = arena_new(arena, VAULT_OVERHEAD_BYTES + len, 1);
    if (!sealed)
        return (status){ arena_fits(arena, VAULT_OVERHEAD_BYTES + len, 1) ? CODE_NO_MEMORY : CODE_TOO_LARGE };
    head_write(&item->lock, derived, entropy, sealed);
    for (size_t i = 0, at = VAULT_HEAD_BYTES; i < 2; at += item->parts[i++].len) {
        if (item->parts[i].len)
            memcpy(sealed + at, item->parts[i].at, item->parts[i].len);
    }
    use = (struct aead_use){ &derived->key, sealed + NONCE_AT, additional_of(sealed, item->additional, space) };
    TRY(aead_seal(vault->sealing, &use, (struct str){ (const char *)sealed + VAULT_HEAD_BYTES, len },
                  sealed + VAULT_HEAD_BYTES));
    *ret_sealed = (struct str){ (const char *)sealed, VAULT_OVERHEAD_BYTES + len };
    return OK;
}

/* ---- Opening what was sealed ---- */

status vault_lock_of(struct str sealed, struct vault_lock *ret_lock)
{
    const uint8_t *head = (const uint8_t *)sealed.at;
    struct vault_lock lock = { 0 };

    if (sealed.len < VAULT_OVERHEAD_BYTES || head[0] != VERSION)
        return (status){ CODE_CORRUPT };
    lock.house = head[LOCK_AT] == LOCK_HOUSE;
    lock.with_day = head[LOCK_AT] & LOCK_DAY;
    lock.person = (struct id){ get_number(head + PERSON_AT, 8), get_number(head + PERSON_AT + 8, 8) };
    lock.day = (uint32_t)get_number(head + DAY_AT, 4);
    if (id_is_none(lock.person) != !(head[LOCK_AT] & LOCK_PERSON) || (lock.day && !lock.with_day) || !head[LOCK_AT] ||
        (head[LOCK_AT] != LOCK_HOUSE && (head[LOCK_AT] & ~(LOCK_PERSON | LOCK_DAY))))
        return (status){ CODE_CORRUPT };
    *ret_lock = lock;
    return OK;
}

/* The guard is held. False: a key is not here. */
static bool opening_key(const struct vault *vault, const struct vault_lock *lock, struct derived *ret_derived)
{
    struct key_holder person = person_holder(lock->person);
    struct key_holder day = day_holder(lock->day);
    bool has_person = !id_is_none(lock->person);
    uint32_t place = lock->house || has_person ? vault_find(vault, has_person ? &person : &house_holder) : MAP_NONE;
    uint32_t of_day = lock->with_day ? vault_find(vault, &day) : MAP_NONE;

    if (((lock->house || has_person) && place == MAP_NONE) || (lock->with_day && of_day == MAP_NONE))
        return false;
    if (place != MAP_NONE && of_day != MAP_NONE)
        derive_day(record_at(vault, place), record_at(vault, of_day), ret_derived);
    else
        *ret_derived = record_at(vault, place != MAP_NONE ? place : of_day)->alone;
    return true;
}

enum key_holder_kind vault_lacks(struct vault *vault, const struct vault_lock *lock)
{
    struct key_holder person = person_holder(lock->person);
    struct key_holder day = day_holder(lock->day);
    enum key_holder_kind lacks = KEY_FREE;

    guard_read(&vault->guard);
    if (lock->house && vault_find(vault, &house_holder) == MAP_NONE)
        lacks = KEY_OF_HOUSE;
    else if (!id_is_none(lock->person) && vault_find(vault, &person) == MAP_NONE)
        lacks = KEY_OF_PERSON;
    else if (lock->with_day && vault_find(vault, &day) == MAP_NONE)
        lacks = KEY_OF_DAY;
    guard_leave(&vault->guard);
    return lacks;
}

static status open_with(struct vault *vault, const struct derived *derived, struct str sealed, struct str additional,
                        uint8_t *ret_text)
{
    const uint8_t *head = (const uint8_t *)sealed.at;
    char space[VAULT_HEAD_BYTES + ADDITIONAL_MAX_BYTES];
    struct aead_use use = { &derived->key, head + NONCE_AT, additional_of(head, additional, space) };
    status s;

    pthread_mutex_lock(&vault->opening_lock);
    s = aead_open(vault->opening, &use, str_from(sealed, VAULT_HEAD_BYTES), ret_text);
    pthread_mutex_unlock(&vault->opening_lock);
    return s;
}

status vault_unseal(struct vault *vault, const struct vault_sealed *what, struct arena *arena, struct str *ret_text,
                    struct err *err)
{
    struct str sealed = what->sealed;
    AUTO(struct derived, derived_wipe) derived = { 0 };
    struct vault_lock lock;
    uint8_t *text;
    status s;
    bool found;

    if (vault_lock_of(sealed, &lock).code)
        return err_set(err, CODE_CORRUPT, "it is not sealed as this version seals");
    guard_read(&vault->guard);
    found = opening_key(vault, &lock, &derived);
    guard_leave(&vault->guard);
    if (!found)
        return err_set(err, CODE_NOT_FOUND, "its key is not in the vault any more");
    if (memcmp(derived.check, sealed.at + CHECK_AT, VAULT_CHECK_BYTES) != 0)
        return err_set(err, CODE_CORRUPT, "it is sealed under another key than the vault has");
    text = arena_new(arena, sealed.len - VAULT_OVERHEAD_BYTES + 1, 1);
    if (!text)
        return err_set(err, CODE_NO_MEMORY, "no memory for it");
    s = open_with(vault, &derived, sealed, what->additional, text);
    if (s.code)
        return err_set(err, s.code, s.code == CODE_CORRUPT ? "it was changed, or belongs elsewhere" : "no memory");
    *ret_text = (struct str){ (const char *)text, sealed.len - VAULT_OVERHEAD_BYTES };
    return OK;
}
