/*
 * tests/interop/postgres_server.h: a PostgreSQL server of a test's own, on a Unix socket in a temporary directory.
 *
 * The server is a child that the kernel stops when the test dies. PostgreSQL refuses to run as root, so root runs it as
 * the user `postgres` of its package.
 */
#ifndef TESTS_INTEROP_POSTGRES_SERVER_H
#define TESTS_INTEROP_POSTGRES_SERVER_H

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#define PG_PATH_BYTES      512
#define PG_WAIT_STEPS      1500 /* of 20 ms */
#define PG_WAIT_STEP_MS    20
#define PG_CONNECTION_TEXT "dbname=postgres user=postgres host="

struct postgres {
    char programs[PG_PATH_BYTES]; /* where initdb and postgres are */
    char dir[PG_PATH_BYTES];
    pid_t server;
    PGconn *connection;
};

/* Debian keeps the programs of each version in a directory of their own; the newest is taken. */
static inline bool pg_find_programs(struct postgres *postgres)
{
    glob_t found = { 0 };
    bool any = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0 && found.gl_pathc > 0;

    if (any)
        (void)snprintf(postgres->programs, sizeof postgres->programs, "%.*s",
                       (int)(strlen(found.gl_pathv[found.gl_pathc - 1]) - strlen("/initdb")),
                       found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    if (!any)
        printf("PostgreSQL is missing: install the package postgresql\n");
    return any;
}

static inline void pg_become_user(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;

    if (geteuid() == 0 && (!user || setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid)))
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

/*
 * Starts one of the programs, its output in the directory's `log`. The first of the arguments becomes its path, from
 * which it finds the other programs where they are not in PATH.
 */
static inline pid_t pg_start(const struct postgres *postgres, const char *program, char **arguments)
{
    char path[2 * PG_PATH_BYTES];
    pid_t child = fork();
    int log;

    if (child)
        return child;
    pg_become_user();
    (void)snprintf(path, sizeof path, "%s/log", postgres->dir);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (chdir(postgres->dir) || log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    (void)snprintf(path, sizeof path, "%s/%s", postgres->programs, program);
    arguments[0] = path;
    (void)execv(path, arguments);
    _exit(127);
}

static inline bool pg_make_cluster(struct postgres *postgres)
{
    char *arguments[] = { "initdb",   "-D",        "data",       "-A", "trust", "-U",
                          "postgres", "--no-sync", "--locale=C", "-E", "UTF8",  NULL };
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    int result = -1;

    (void)snprintf(postgres->dir, sizeof postgres->dir, "/tmp/tally-test-pg-XXXXXX");
    if (!CHECK(mkdtemp(postgres->dir) && (!user || chown(postgres->dir, user->pw_uid, user->pw_gid) == 0)))
        return false;
    (void)waitpid(pg_start(postgres, "initdb", arguments), &result, 0);
    return CHECK(result == 0);
}

static inline bool pg_connect(struct postgres *postgres)
{
    char text[PG_PATH_BYTES + 64];

    (void)snprintf(text, sizeof text, PG_CONNECTION_TEXT "%s", postgres->dir);
    for (int i = 0; i < PG_WAIT_STEPS && waitpid(postgres->server, NULL, WNOHANG) == 0; i++) {
        postgres->connection = PQconnectdb(text);
        if (PQstatus(postgres->connection) == CONNECTION_OK)
            return true;
        PQfinish(postgres->connection);
        postgres->connection = NULL;
        (void)poll(NULL, 0, PG_WAIT_STEP_MS); /* a server tells nobody that it is ready */
    }
    printf("PostgreSQL did not start; see %s/log\n", postgres->dir);
    return CHECK(postgres->connection);
}

static inline bool pg_open(struct postgres *postgres)
{
    char *arguments[] = { "postgres",          "-D", "data",      "-k", postgres->dir, "-c",
                          "listen_addresses=", "-c", "fsync=off", NULL };

    if (!CHECK(pg_find_programs(postgres)) || !pg_make_cluster(postgres))
        return false;
    postgres->server = pg_start(postgres, "postgres", arguments);
    return CHECK(postgres->server > 0) && pg_connect(postgres);
}

static inline void pg_close(struct postgres *postgres)
{
    char *arguments[] = { "rm", "-rf", postgres->dir, NULL };
    pid_t child;

    PQfinish(postgres->connection);
    if (postgres->server > 0 && kill(postgres->server, SIGQUIT) == 0)
        (void)waitpid(postgres->server, NULL, 0);
    if (!postgres->dir[0])
        return;
    child = fork();
    if (child == 0) {
        (void)execv("/bin/rm", arguments);
        _exit(127);
    }
    (void)waitpid(child, NULL, 0);
}

#endif
