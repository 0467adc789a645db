/*
 * base/guard: a writer is alone, readers are together, and a waiting writer gets its turn.
 */
#include "base/guard.h"

#include <stdatomic.h>

#include "test.h"

#define ROUNDS  2000
#define THREADS 3

struct shared {
    struct guard guard;
    int left; /* both are always equal when nobody writes */
    int right;
    atomic_int torn;
};

static void *write_often(void *argument)
{
    struct shared *shared = argument;

    for (int i = 0; i < ROUNDS; i++) {
        guard_write(&shared->guard);
        shared->left++;
        shared->right++;
        guard_leave(&shared->guard);
    }
    return NULL;
}

static void *read_often(void *argument)
{
    struct shared *shared = argument;

    for (int i = 0; i < ROUNDS; i++) {
        guard_read(&shared->guard);
        if (shared->left != shared->right)
            atomic_fetch_add(&shared->torn, 1);
        guard_leave(&shared->guard);
    }
    return NULL;
}

static void readers_never_see_half_of_a_write(void)
{
    struct shared shared = { 0 };
    pthread_t threads[2 * THREADS];

    if (!CHECK_OK(guard_init(&shared.guard)))
        return;
    for (int i = 0; i < 2 * THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, i % 2 ? write_often : read_often, &shared), 0);
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(shared.left, THREADS * ROUNDS);
    CHECK_INT(atomic_load(&shared.torn), 0);
    guard_free(&shared.guard);
}

/* Reads until the writer has been in; were readers let in before a waiting writer, these two could go on for ever. */
static void *read_until_written(void *argument)
{
    struct shared *shared = argument;
    bool written = false;

    while (!written) {
        guard_read(&shared->guard);
        written = shared->left > 0;
        guard_leave(&shared->guard);
    }
    return NULL;
}

static void a_stream_of_readers_does_not_keep_a_writer_out(void)
{
    struct shared shared = { 0 };
    pthread_t readers[2];

    if (!CHECK_OK(guard_init(&shared.guard)))
        return;
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&readers[i], NULL, read_until_written, &shared), 0);
    guard_write(&shared.guard);
    shared.left = 1;
    guard_leave(&shared.guard);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    CHECK_INT(shared.left, 1);
    guard_free(&shared.guard);
}

static const struct test tests[] = {
    TEST(readers_never_see_half_of_a_write),
    TEST(a_stream_of_readers_does_not_keep_a_writer_out),
};
TEST_MAIN(tests)
