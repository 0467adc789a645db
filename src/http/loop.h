/*
 * http/loop: one thread with one libuv loop, and the connections that live on it.
 *
 * Everything of a connection happens on its loop's thread. Other threads have one door, loop_post. A turn is: wait,
 * read all that came and run handlers, take what was posted, look at time-outs; then the `turn` hook; then write, one
 * write for all the answers of a connection. It turns at least once a second, also when nothing happens.
 */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* Work to be done on a loop's thread; lies in what it is about. */
struct loop_task {
    struct loop_task *next; /* NULL at the end of the list */
    void (*run)(struct loop_task *task);
};

/*
 * From any thread: hands a list of tasks over, to be run in its order. Lock-free; wakes the loop once for all that is
 * posted between two of its turns. The loop must not be freed yet: stop what posts before the server.
 */
void loop_post(struct loop *loop, struct loop_task *first);

/* The rest is for the loop's own thread. */
bool loop_is_current(const struct loop *loop);
int64_t loop_now_ms(const struct loop *loop);  /* of this turn; counts from some moment, never goes back */
unsigned loop_number(const struct loop *loop); /* 0 to loops - 1 */
void *loop_user(const struct loop *loop);
void loop_set_user(struct loop *loop, void *user);

#endif
