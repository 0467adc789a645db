#include "cli/bulk.h"

#include <poll.h>

#include "codec/hex.h"

#define ROUNDS   8
#define PAUSE_MS 250 /* doubled for each further round */

void bulk_free(struct bulk *batch)
{
    buf_free(&batch->text);
}

void bulk_clear(struct bulk *batch)
{
    buf_clear(&batch->text);
    batch->count = 0;
}

bool bulk_is_full(const struct bulk *batch)
{
    return batch->count + 2 >= BATCH_LINES_MAX || batch->text.len >= BULK_FULL_BYTES;
}

struct json_out bulk_line(struct bulk *batch, const char *op)
{
    struct json_out out = { .buf = &batch->text };

    batch->text.max = BULK_MAX_BYTES;
    json_out_object(&out, NULL);
    json_out_text(&out, "op", str_of(op));
    return out;
}

void bulk_line_end(struct bulk *batch, struct json_out *out)
{
    json_out_end(out);
    buf_add_byte(&batch->text, '\n');
    batch->count++;
}

/* Whether each line was taken or refused for good. */
static bool is_settled(struct str answers)
{
    while (answers.len) {
        AUTO(struct json_doc, json_doc_free) doc = { 0 };

        if (json_doc_read(str_take_line(&answers), &doc, NULL).code == CODE_OK &&
            json_doc_number(&doc, "status", 0) == 503)
            return false;
    }
    return true;
}

static status answers_visit(const struct bulk *batch, struct str answers, const struct bulk_visitor *visitor,
                            struct err *err)
{
    size_t number = 0;

    for (; answers.len && number < batch->count; number++) {
        AUTO(struct json_doc, json_doc_free) doc = { 0 };

        TRY(json_doc_read(str_take_line(&answers), &doc, err));
        TRY(visitor->visit(visitor->context, number, (unsigned)json_doc_number(&doc, "status", 0), json_doc_root(&doc),
                           err));
    }
    if (number != batch->count || answers.len)
        return err_set(err, CODE_CORRUPT, "the server answered another number of lines than the %zu it was sent",
                       batch->count);
    return OK;
}

status bulk_send(struct client *client, struct bulk *batch, struct str key, const struct bulk_visitor *visitor,
                 struct err *err)
{
    AUTO(struct client_answer, client_answer_free) answer = { 0 };
    struct client_request request = { .method = "POST",
                                      .target = STR("/v1/batch"),
                                      .body = buf_str(&batch->text),
                                      .media = "application/x-ndjson",
                                      .key = key };
    char drawn[32];
    uint8_t bytes[16];

    TRY(batch->text.status);
    if (!key.len) {
        entropy_fill(client_entropy(client), bytes, sizeof(bytes));
        hex_write(bytes, sizeof(bytes), drawn);
        request.key = (struct str){ drawn, sizeof(drawn) };
    }
    for (unsigned round = 0;; round++) {
        TRY(client_call(client, &request, &answer, err));
        if (is_settled(buf_str(&answer.body)))
            return answers_visit(batch, buf_str(&answer.body), visitor, err);
        if (round == ROUNDS)
            return err_set(err, CODE_UNAVAILABLE, "%s takes no further commands at the moment", client_server(client));
        (void)poll(NULL, 0, PAUSE_MS << (round < 4 ? round : 4));
    }
}
