/*
 * engine/heritage: "carried" says how many pieces there are, "carried.N" is one of them.
 */
#include "engine/heritage.h"

#include <stdio.h>

#include "codec/base64.h"
#include "core/carry.h"

#define FACT_NAME        "carried"
#define NAME_BYTES       32
#define COUNT_BYTES      24
#define PIECE_TEXT_BYTES (BASE64_TEXT_BYTES(HERITAGE_PIECE_BYTES) + 64)

size_t heritage_pieces(struct str image)
{
    return 1 + (image.len + HERITAGE_PIECE_BYTES - 1) / HERITAGE_PIECE_BYTES;
}

static struct str piece_name(size_t number, char *name)
{
    int len = snprintf(name, NAME_BYTES, "%s.%zu", FACT_NAME, number);

    return (struct str){ name, (size_t)len };
}

/* One fact: a piece under its name. */
static status piece_fact(struct str piece, size_t number, struct arena *arena, struct store_fact *ret_fact)
{
    size_t len = BASE64_TEXT_BYTES(piece.len);
    char *text = arena_new(arena, len, 1);
    char name[NAME_BYTES];

    if (!text)
        return (status){ CODE_NO_MEMORY };
    base64_write(piece.at, piece.len, text);
    ret_fact->value = (struct str){ text, len };
    return arena_copy(arena, piece_name(number, name), &ret_fact->name);
}

status heritage_facts(struct str image, struct arena *arena, struct store_fact *ret_facts, struct err *err)
{
    size_t pieces = heritage_pieces(image) - 1;
    char count[COUNT_BYTES];
    int len = snprintf(count, sizeof count, "%zu", pieces);

    if (pieces > HERITAGE_PIECES_MAX)
        return err_set(err, CODE_TOO_LARGE, "the facts of %zu bytes are too large to be carried over", image.len);
    ret_facts[0].name = STR(FACT_NAME);
    if (arena_copy(arena, (struct str){ count, (size_t)len }, &ret_facts[0].value).code)
        return err_set(err, CODE_NO_MEMORY, "no memory for the facts to be carried over");
    for (size_t i = 0; i < pieces; i++) {
        struct str piece = str_cut(image, i * HERITAGE_PIECE_BYTES, HERITAGE_PIECE_BYTES);

        if (piece_fact(piece, i, arena, &ret_facts[1 + i]).code)
            return err_set(err, CODE_NO_MEMORY, "no memory for the facts to be carried over");
    }
    return OK;
}

static status piece_read(struct store_reader *reader, size_t number, struct buf *image, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 2 * PIECE_TEXT_BYTES };
    char name[NAME_BYTES];
    struct str text;
    size_t len = 0;
    char *room;
    status s = store_fact_read(reader, piece_name(number, name), &arena, &text, err);

    if (s.code == CODE_NOT_FOUND)
        return err_set(err, CODE_CORRUPT, "piece %zu of what was carried over into this ledger is missing", number);
    TRY(s);
    room = buf_room(image, HERITAGE_PIECE_BYTES + 3);
    TRY(image->status);
    if (base64_read(text, room, HERITAGE_PIECE_BYTES + 3, &len).code)
        return err_set(err, CODE_CORRUPT, "piece %zu of what was carried over into this ledger is damaged", number);
    buf_keep(image, len);
    return OK;
}

status heritage_read(struct store_reader *reader, struct buf *image, struct err *err)
{
    AUTO(struct arena, arena_free) arena = { .max_bytes = 4096 };
    uint64_t pieces;
    struct str text;

    TRY(store_fact_read(reader, STR(FACT_NAME), &arena, &text, err));
    if (str_to_u64(text, HERITAGE_PIECES_MAX, &pieces).code)
        return err_set(err, CODE_CORRUPT, "it is not said how much was carried over into this ledger");
    for (size_t i = 0; i < pieces; i++)
        TRY(piece_read(reader, i, image, err));
    return image->status;
}

status heritage_begin(struct store_reader *reader, struct facts *facts, struct err *err)
{
    AUTO(struct buf, buf_free) image = { .max = HERITAGE_MAX_BYTES };
    status s = heritage_read(reader, &image, err);

    if (s.code == CODE_NOT_FOUND)
        return OK;
    TRY(s);
    return facts_carry_take(facts, buf_str(&image), err);
}
