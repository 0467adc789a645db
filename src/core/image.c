/*
 * core/image: magic, byte order, the facts' own members, then each table: how many bytes a record takes, its shape, and
 * its records up to the highest place ever used.
 */
#include "core/image.h"

#include <assert.h>

#include "base/memory.h"
#include "core/facts_edit.h"
#include "core/image_parts.h"

#define MAGIC       "tally facts 01\n" /* the number rises when the members change */
#define ORDER_MARK  ((uint64_t)0x0102030405060708)
#define CHUNK_BYTES ((size_t)256 * 1024)

/* What stands before a table's records. */
struct table_head {
    uint32_t record_bytes;
    uint32_t used;
    uint32_t live;
    uint32_t free_first;
};

struct writer {
    const struct image_sink *sink; /* NULL: the hash alone */
    struct hash_stream hash;
    char *chunk;
    size_t len;
    struct err *err;
};

static void writer_free(struct writer *writer)
{
    memory_free(writer->chunk);
}

static status flush(struct writer *writer)
{
    struct str bytes = { writer->chunk, writer->len };

    hash_stream_add(&writer->hash, bytes);
    writer->len = 0;
    return writer->sink ? writer->sink->write(writer->sink->context, bytes, writer->err) : OK;
}

static status put(struct writer *writer, const void *at, size_t len)
{
    assert(len <= CHUNK_BYTES);
    if (len > CHUNK_BYTES - writer->len)
        TRY(flush(writer));
    memcpy(writer->chunk + writer->len, at, len);
    writer->len += len;
    return OK;
}

/* The record's members without what lies between them. */
static char *pack(const char *record, const struct image_run *runs, int count, char *to)
{
    for (int i = 0; i < count; i++) {
        memcpy(to, record + runs[i].offset, runs[i].bytes);
        to += runs[i].bytes;
    }
    return to;
}

static const char *unpack(char *record, const struct image_run *runs, int count, const char *from)
{
    for (int i = 0; i < count; i++) {
        memcpy(record + runs[i].offset, from, runs[i].bytes);
        from += runs[i].bytes;
    }
    return from;
}

static status put_scalars(struct writer *writer, const struct facts *facts)
{
    struct image_run runs[IMAGE_RUNS_MAX];
    uint32_t bytes = 0;
    int count = image_runs(&image_scalars, runs, &bytes);

    for (int i = 0; i < count; i++)
        TRY(put(writer, (const char *)facts + runs[i].offset, runs[i].bytes));
    return OK;
}

static status put_table(struct writer *writer, const struct facts *facts, enum image_table number)
{
    const struct table *table = image_table_of(facts, number);
    struct image_run runs[IMAGE_RUNS_MAX];
    struct table_head head = { .used = table->used, .live = table->live, .free_first = table->free_first };
    int count = image_runs(&image_records[number], runs, &head.record_bytes);

    TRY(put(writer, &head, sizeof head));
    for (uint32_t place = 0; place < table->used; place++) {
        if (head.record_bytes > CHUNK_BYTES - writer->len)
            TRY(flush(writer));
        (void)pack(table_at(table, place), runs, count, writer->chunk + writer->len);
        writer->len += head.record_bytes;
    }
    return OK;
}

static status put_all(struct writer *writer, const struct facts *facts)
{
    const uint64_t order = ORDER_MARK;

    TRY(put(writer, MAGIC, sizeof MAGIC));
    TRY(put(writer, &order, sizeof order));
    TRY(put_scalars(writer, facts));
    for (enum image_table number = 0; number < IMAGE_TABLE_COUNT; number++)
        TRY(put_table(writer, facts, number));
    return flush(writer);
}

uint64_t image_bytes(const struct facts *facts)
{
    struct image_run runs[IMAGE_RUNS_MAX];
    uint32_t record_bytes = 0;
    uint64_t bytes;

    (void)image_runs(&image_scalars, runs, &record_bytes);
    bytes = sizeof MAGIC + sizeof ORDER_MARK + record_bytes;
    for (enum image_table number = 0; number < IMAGE_TABLE_COUNT; number++) {
        (void)image_runs(&image_records[number], runs, &record_bytes);
        bytes += sizeof(struct table_head) + (uint64_t)image_table_of(facts, number)->used * record_bytes;
    }
    return bytes;
}

status image_write(const struct facts *facts, const struct image_sink *sink, struct hash *ret_hash, struct err *err)
{
    AUTO(struct writer, writer_free) writer = { .sink = sink, .err = err };

    writer.chunk = memory_new(CHUNK_BYTES, 1);
    if (!writer.chunk)
        return err_set(err, CODE_NO_MEMORY, "no memory to write an image of the facts");
    hash_stream_begin(&writer.hash);
    TRY(put_all(&writer, facts));
    *ret_hash = hash_stream_end(&writer.hash);
    return OK;
}

status facts_hash(const struct facts *facts, struct hash *ret_hash, struct err *err)
{
    return image_write(facts, NULL, ret_hash, err);
}

/* The next `len` bytes off *rest; NULL when it has fewer. */
static const char *take(struct str *rest, size_t len)
{
    const char *at = rest->at;

    if (rest->len < len)
        return NULL;
    *rest = str_from(*rest, len);
    return at;
}

static status too_short(struct err *err)
{
    return err_set(err, CODE_CORRUPT, "the image of the facts ends too early");
}

static status take_head(struct str *rest, struct err *err)
{
    const uint64_t order = ORDER_MARK;
    const char *at = take(rest, sizeof MAGIC + sizeof order);

    if (!at)
        return too_short(err);
    if (memcmp(at, MAGIC, sizeof MAGIC) != 0)
        return err_set(err, CODE_CORRUPT, "this is no image of facts that this version reads");
    if (memcmp(at + sizeof MAGIC, &order, sizeof order) != 0)
        return err_set(err, CODE_CORRUPT, "the image of the facts is of a machine with another byte order");
    return OK;
}

static status take_scalars(struct str *rest, struct facts *facts, struct err *err)
{
    struct image_run runs[IMAGE_RUNS_MAX];
    uint32_t bytes = 0;
    int count = image_runs(&image_scalars, runs, &bytes);
    const char *at = take(rest, bytes);

    if (!at)
        return too_short(err);
    (void)unpack((char *)facts, runs, count, at);
    return OK;
}

static status shape(struct table *table, const struct table_head *head, const char *name, struct err *err)
{
    status s = table_shape(table, head->used, head->live, head->free_first);

    if (s.code == CODE_CORRUPT)
        return err_set(err, CODE_CORRUPT, "the image's %s have no possible shape", name);
    if (s.code)
        return err_set(err, s.code, "no memory for the image's %s", name);
    return OK;
}

static status take_table(struct str *rest, struct facts *facts, enum image_table number, struct err *err)
{
    struct table *table = image_table_of(facts, number);
    struct image_run runs[IMAGE_RUNS_MAX];
    struct table_head head;
    uint32_t record_bytes = 0;
    int count = image_runs(&image_records[number], runs, &record_bytes);
    const char *at = take(rest, sizeof head);

    if (!at)
        return too_short(err);
    memcpy(&head, at, sizeof head);
    if (head.record_bytes != record_bytes)
        return err_set(err, CODE_CORRUPT, "the image's %s are of another version", image_records[number].name);
    at = take(rest, (size_t)head.used * record_bytes);
    if (!at && head.used)
        return too_short(err);
    TRY(shape(table, &head, image_records[number].name, err));
    for (uint32_t place = 0; place < head.used; place++)
        at = unpack(table_at(table, place), runs, count, at);
    return OK;
}

static status take_all(struct str bytes, struct facts *facts, struct err *err)
{
    struct str rest = bytes;

    TRY(take_head(&rest, err));
    TRY(take_scalars(&rest, facts, err));
    for (enum image_table number = 0; number < IMAGE_TABLE_COUNT; number++)
        TRY(take_table(&rest, facts, number, err));
    if (rest.len)
        return err_set(err, CODE_CORRUPT, "the image of the facts has %zu bytes too many", rest.len);
    TRY(image_check(facts, err));
    TRY(facts_index(facts));
    return image_check_names(facts, err);
}

status image_read(struct str bytes, struct facts *facts, struct hash *ret_hash, struct err *err)
{
    status s = take_all(bytes, facts, err);

    if (s.code) {
        TRY(facts_reset(facts));
        return s;
    }
    *ret_hash = hash_of(bytes);
    return OK;
}
