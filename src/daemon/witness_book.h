/*
 * daemon/witness_book: what a witness remembers: of each log the checkpoint that it cosigned last, in a directory.
 *
 *     <state directory>/<hex SHA-256 of the origin>     the signed note: the log's signatures and the witness's
 *     <state directory>/lock                            one process
 *
 * An entry is judged, written under another name, synced, renamed and the directory synced, all under the log's lock,
 * before its cosignature leaves: two requests can't roll the book back, nor can a crash (P3). What can't be written is
 * not told. A file that does not hold this witness's own signature on that origin keeps the book from opening: a
 * witness that forgot would sign a second history. So would one whose state is restored from a copy: that is a new
 * witness, and needs a new key.
 *
 * Requests of different logs run side by side. Any thread.
 */
#ifndef DAEMON_WITNESS_BOOK_H
#define DAEMON_WITNESS_BOOK_H

#include "tlog/witness.h"

struct witness_book;

struct witness_book_config {
    const char *dir;                 /* made with 0700 when it is missing */
    const struct witness_logs *logs; /* these and the key outlive the book */
    const struct skey *key;
};

/* CODE_BUSY when another process has it; CODE_CORRUPT names the file that is wrong. */
MUST_CHECK status witness_book_open(const struct witness_book_config *config, struct witness_book **ret_book,
                                    struct err *err);
void witness_book_close(struct witness_book *book); /* accepts NULL */

struct witness_answer {
    enum witness_verdict verdict;
    bool is_too_often;  /* the log has had its requests of this day; the verdict means nothing then */
    uint64_t last_size; /* of WITNESS_ELSEWHERE: what was cosigned last */
    struct buf note;    /* of WITNESS_COSIGNS: the cosigned checkpoint */
    size_t line_at;     /* where this witness's line begins in it; it is the last one */
};
void witness_answer_free(struct witness_answer *answer);

/*
 * Answers an add-checkpoint body at that time (seconds since 1970). OK with any verdict, the text says why it is no
 * good one; CODE_IO, CODE_DISK_FULL or CODE_NO_MEMORY when the book could not be written: then nothing was signed for
 * anybody.
 */
MUST_CHECK status witness_book_enter(struct witness_book *book, struct str body, int64_t time_s,
                                     struct witness_answer *ret_answer, struct err *err);
/* Appends the checkpoint cosigned last of the log whose origin has that hash in hex. CODE_NOT_FOUND. */
MUST_CHECK status witness_book_page(struct witness_book *book, struct str origin_hash, struct buf *note);

#endif
