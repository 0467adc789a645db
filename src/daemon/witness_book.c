/*
 * daemon/witness_book: one page a log, in the order of the list of logs.
 */
#include "daemon/witness_book.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/memory.h"
#include "codec/hex.h"
#include "engine/private_file.h"
#include "store/lock.h"

#define NAME_BYTES (2 * HASH_BYTES)
#define DAY_MS     ((int64_t)24 * 3600 * 1000)

struct page {
    const struct witness_log *log;
    char name[NAME_BYTES + 1]; /* hex SHA-256 of the origin */
    pthread_mutex_t mutex;     /* of what follows */
    struct tree_head last;
    struct buf note; /* as in the file; empty: none was cosigned yet */
    int64_t day_began_ms;
    uint64_t day_requests;
};

struct witness_book {
    struct witness_book_config config;
    struct lock lock;
    struct page *pages;
    size_t count;
};

void witness_answer_free(struct witness_answer *answer)
{
    buf_free(&answer->note);
}

/* ---- Its life ---- */

static void page_init(struct page *page, const struct witness_log *log)
{
    struct hash hash = hash_of(log->origin);

    page->log = log;
    hex_write(hash.bytes, sizeof hash.bytes, page->name);
    page->last = tree_head(&(struct tree){ 0 });
    page->note.max = NOTE_MAX_BYTES;
    (void)pthread_mutex_init(&page->mutex, NULL); /* with no attributes it can't fail */
}

void witness_book_close(struct witness_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->count; i++) {
        buf_free(&book->pages[i].note);
        (void)pthread_mutex_destroy(&book->pages[i].mutex);
    }
    lock_drop(&book->lock);
    memory_free(book->pages);
    memory_free(book);
}

static status wrong(const struct private_file *file, const char *why, struct err *err)
{
    return err_set(err, CODE_CORRUPT, "%s is not what this witness has written there: %s", file->path.text, why);
}

static status page_check(struct page *page, const struct private_file *file, const struct vkey *witness,
                         struct err *err)
{
    struct checkpoint checkpoint;
    struct err why = { 0 };

    if (witness_recall(buf_str(&page->note), witness, &checkpoint, &why).code)
        return wrong(file, why.text, err);
    if (!str_eq(checkpoint.origin, page->log->origin))
        return wrong(file, "it is of another log", err);
    page->last = checkpoint.head;
    return OK;
}

static status page_read(struct page *page, const struct witness_book_config *config, struct err *err)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    char space[NOTE_MAX_BYTES];
    struct buf text = BUF_OVER(space);
    status s = private_file_open(config->dir, page->name, false, &file, err);

    if (s.code == CODE_NOT_FOUND)
        return OK;
    TRY(s);
    TRY(private_file_read(&file, 0, &text, err));
    buf_add(&page->note, buf_str(&text));
    TRY(page->note.status);
    return page_check(page, &file, &config->key->vkey, err);
}

static status dir_make(const char *dir, struct err *err)
{
    struct path parent = { 0 };

    if (mkdir(dir, S_IRWXU) && errno != EEXIST)
        return err_system(err, "mkdir", dir);
    TRY(path_parent(dir, &parent, err));
    return file_sync_directory(parent.text, err);
}

static status book_read(struct witness_book *book, struct err *err)
{
    const struct witness_book_config *config = &book->config;

    TRY(dir_make(config->dir, err));
    TRY(lock_take(config->dir, &book->lock, err));
    book->pages = memory_new(config->logs->count, sizeof *book->pages);
    if (!book->pages)
        return err_set(err, CODE_NO_MEMORY, "no memory for %zu logs", config->logs->count);
    while (book->count < config->logs->count) {
        page_init(&book->pages[book->count], &config->logs->at[book->count]);
        book->count++;
        TRY(page_read(&book->pages[book->count - 1], config, err));
    }
    return OK;
}

status witness_book_open(const struct witness_book_config *config, struct witness_book **ret_book, struct err *err)
{
    struct witness_book *book = memory_new(1, sizeof *book);
    status s;

    if (!book)
        return err_set(err, CODE_NO_MEMORY, "no memory for the witness's book");
    book->config = *config;
    s = book_read(book, err);
    if (s.code)
        witness_book_close(book);
    else
        *ret_book = book;
    return s;
}

static status page_write(const struct page *page, const char *dir, struct str note, struct err *err)
{
    if (fault_hit(FAULT_WITNESS_WRITE))
        return err_set(err, CODE_IO, "fault: %s/%s", dir, page->name);
    return private_file_replace(dir, page->name, note, err);
}

/* ---- Entering ---- */

/* A day begins with the first request after the last one ended. */
static bool day_is_full(struct page *page, int64_t now_ms)
{
    if (!page->log->requests_per_day)
        return false;
    if (page->day_requests == 0 || now_ms - page->day_began_ms >= DAY_MS) {
        page->day_began_ms = now_ms;
        page->day_requests = 0;
    }
    if (page->day_requests >= page->log->requests_per_day)
        return true;
    page->day_requests++;
    return false;
}

/* One request under way. */
struct entering {
    struct witness_book *book;
    struct page *page;
    const struct witness_request *request;
    int64_t time_s;
    struct witness_answer *answer;
};

static size_t last_line_at(struct str text)
{
    size_t at = text.len - 1;

    while (at > 0 && text.at[at - 1] != '\n')
        at--;
    return at;
}

/* What was allowed is made durable, then becomes the page, and only then the answer. */
static status page_turn(const struct entering *entering, struct err *err)
{
    AUTO(struct buf, buf_free) next = { .max = NOTE_MAX_BYTES };
    struct witness_answer *answer = entering->answer;
    struct page *page = entering->page;
    struct buf old;

    TRY(witness_cosign(entering->request, entering->book->config.key, entering->time_s, &answer->note, err));
    buf_add(&next, buf_str(&answer->note));
    if (next.status.code)
        return err_set(err, next.status.code, "no memory for a checkpoint of %zu bytes", answer->note.len);
    TRY(page_write(page, entering->book->config.dir, buf_str(&next), err));
    if (fault_hit(FAULT_WITNESS_REPLY))
        (void)raise(SIGKILL);
    old = page->note;
    page->note = next;
    next = old;
    page->last = entering->request->checkpoint.head;
    answer->line_at = last_line_at(buf_str(&answer->note));
    return OK;
}

/* The page is locked. */
static status page_enter(const struct entering *entering, struct err *err)
{
    struct witness_answer *answer = entering->answer;

    if (day_is_full(entering->page, entering->time_s * 1000)) {
        answer->is_too_often = true;
        return OK;
    }
    answer->verdict = witness_judge(entering->request, &entering->page->last, err);
    answer->last_size = entering->page->last.size;
    return answer->verdict == WITNESS_COSIGNS ? page_turn(entering, err) : OK;
}

status witness_book_enter(struct witness_book *book, struct str body, int64_t time_s, struct witness_answer *ret_answer,
                          struct err *err)
{
    struct witness_request request;
    struct entering entering = { .book = book, .request = &request, .time_s = time_s, .answer = ret_answer };
    status s;

    *ret_answer = (struct witness_answer){ .note = { .max = NOTE_MAX_BYTES } };
    ret_answer->verdict = witness_read(body, book->config.logs, &request, err);
    if (ret_answer->verdict != WITNESS_COSIGNS)
        return OK;
    entering.page = &book->pages[request.log - book->config.logs->at];
    pthread_mutex_lock(&entering.page->mutex);
    s = page_enter(&entering, err);
    pthread_mutex_unlock(&entering.page->mutex);
    return s;
}

status witness_book_page(struct witness_book *book, struct str origin_hash, struct buf *note)
{
    status s = { CODE_NOT_FOUND };

    for (size_t i = 0; i < book->count; i++) {
        struct page *page = &book->pages[i];

        if (!str_eq(str_of(page->name), origin_hash))
            continue;
        pthread_mutex_lock(&page->mutex);
        buf_add(note, buf_str(&page->note));
        s = page->note.len ? note->status : s;
        pthread_mutex_unlock(&page->mutex);
    }
    return s;
}
