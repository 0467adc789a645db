/*
 * daemon/init: `tally init`: a new ledger, its first administrator and that person's token, which is shown to nobody
 * but the file that was named for it.
 */
#include "daemon/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/json_out.h"
#include "codec/token_text.h"
#include "engine/engine.h"
#include "tlog/vkey.h"

#define MADE_MAX_BYTES 65536

struct init_options {
    const char *data;
    const char *origin;
    const char *admin_token_file;
    const char *admin;
    const char *keys;
};

static const struct option_row init_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct init_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory, to be made" },
    { .name = "origin",
      .kind = OPTION_TEXT,
      .where = offsetof(struct init_options, origin),
      .value = "NAME",
      .help = "the ledger's name for ever, like a URL without scheme (default: HOSTNAME/tally)" },
    { .name = "admin-token-file",
      .kind = OPTION_TEXT,
      .where = offsetof(struct init_options, admin_token_file),
      .required = true,
      .value = "FILE",
      .help = "where the first administrator's token is written, readable by you alone" },
    { .name = "admin",
      .kind = OPTION_TEXT,
      .where = offsetof(struct init_options, admin),
      .value = "NAME",
      .help = "the first administrator's name (default: admin)" },
    { .name = "keys",
      .kind = OPTION_TEXT,
      .where = offsetof(struct init_options, keys),
      .value = "DIR",
      .help = "where the keys of private texts are to lie (default: in the data directory)" },
};

/* The file must not be there yet; nobody else may read it. It is made before the ledger: no ledger without its token.
 */
static status token_file_write(const char *path, const struct secret *token, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    status s = OK;

    if (fd < 0 && errno == EEXIST)
        return err_member(err, CODE_INVALID, "admin-token-file",
                          "--admin-token-file: %s is there already; a token goes into a new file", path);
    if (fd < 0)
        return err_system(err, "create", path);
    if (write(fd, token->bytes, token->len) != (ssize_t)token->len || write(fd, "\n", 1) != 1 || fsync(fd))
        s = err_system(err, "write", path);
    close(fd);
    if (s.code)
        (void)unlink(path);
    return s;
}

static status data_check(const char *path, struct err *err)
{
    struct stat there;

    if (stat(path, &there) == 0 && !S_ISDIR(there.st_mode))
        return err_member(err, CODE_INVALID, "data", "--data must be a directory that can be made: %s is a file", path);
    return OK;
}

static void origin_default(char *ret_origin, size_t size)
{
    char host[ORIGIN_MAX_BYTES / 2] = "localhost";

    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(ret_origin, size, "%s/tally", host);
}

static status ledger_init(const struct init_options *options, const char *origin, struct err *err)
{
    AUTO(struct secret, secret_free) token = { 0 };
    struct entropy entropy = entropy_from_system();
    struct engine_genesis genesis = { .dir = options->data,
                                      .keys_dir = options->keys,
                                      .origin = str_of(origin),
                                      .admin_name = str_of(options->admin ? options->admin : "admin"),
                                      .version = STR(TALLY_VERSION),
                                      .admin_token_days = TOKEN_DAYS_DEFAULT };
    struct hash hash;
    status s;

    if (!vkey_name_is_valid(genesis.origin) || genesis.origin.len > ORIGIN_MAX_BYTES)
        return err_member(err, CODE_INVALID, "origin",
                          "--origin must be 1 to %d bytes without spaces and '+', as example.com/tally, not \"%s\"",
                          ORIGIN_MAX_BYTES, origin);
    if (genesis.admin_name.len > NAME_MAX_BYTES || !genesis.admin_name.len)
        return err_member(err, CODE_INVALID, "admin", "--admin must be 1 to %d bytes", NAME_MAX_BYTES);
    TRY(data_check(options->data, err));
    token_text_new(TOKEN_PERSON, &entropy, &token);
    hash = hash_of((struct str){ (const char *)token.bytes, token.len });
    memcpy(genesis.admin_token_hash, hash.bytes, sizeof(genesis.admin_token_hash));
    TRY(token_file_write(options->admin_token_file, &token, err));
    s = engine_create(&genesis, err);
    if (s.code == CODE_CONFLICT)
        s = err_set(err, CODE_CONFLICT, "there is a ledger in %s already, or a part of one", options->data);
    if (s.code)
        (void)unlink(options->admin_token_file);
    return s;
}

static void made_print(const struct init_options *options, const char *origin)
{
    AUTO(struct buf, buf_free) text = { .max = MADE_MAX_BYTES };
    struct json_out out = { .buf = &text };

    json_out_object(&out, NULL);
    json_out_text(&out, "data", str_of(options->data));
    json_out_text(&out, "origin", str_of(origin));
    json_out_text(&out, "admin_token_file", str_of(options->admin_token_file));
    json_out_end(&out);
    (void)printf("%.*s\n", STR_ARG(buf_str(&text)));
}

static int init_run(const struct command_line *line, const void *at)
{
    const struct init_options *options = at;
    char origin[ORIGIN_MAX_BYTES + 1];
    struct err err = { 0 };
    status s;

    if (options->origin)
        (void)snprintf(origin, sizeof(origin), "%s", options->origin);
    else
        origin_default(origin, sizeof(origin));
    s = ledger_init(options, origin, &err);
    if (s.code)
        return command_fail(line, exit_of(s), &err);
    if (line->json)
        made_print(options, origin);
    else
        (void)printf(
            "made the ledger %s in %s\nthe administrator's token is in %s (90 days)\nnext: tally serve --data %s\n",
            origin, options->data, options->admin_token_file, options->data);
    return EXIT_DONE;
}

const struct cli_command init_command = {
    .words = "init",
    .summary = "make a new ledger and its first administrator",
    .example = "tally init --data ./data --admin-token-file ./admin.token",
    .options = init_rows,
    .option_count = sizeof(init_rows) / sizeof(init_rows[0]),
    .options_size = sizeof(struct init_options),
    .run = init_run,
};
