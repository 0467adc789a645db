#include "sdk/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "codec/token_text.h"

#define TOKEN_NAME_BYTES 256 /* of the token's place, in texts */

void client_config_free(struct client_config *config)
{
    secret_free(&config->token);
}

/* An empty variable is one that is not set, as everywhere else. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] ? value : NULL;
}

static status url_add(const char *name, struct str url, struct client_config *config, struct err *err)
{
    while (str_ends(url, STR("/")))
        url.len--;
    if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
        return err_member(err, CODE_INVALID, name,
                          "%s must be http:// or https:// URLs, separated by commas, not \"%.*s\"", name,
                          STR_ARG(str_cut(url, 0, 100)));
    if (config->url_count == SERVERS_MAX)
        return err_member(err, CODE_INVALID, name, "%s must not name more than %d servers", name, SERVERS_MAX);
    if (!str_to_c(url, config->urls[config->url_count], SERVER_URL_MAX_BYTES))
        return err_member(err, CODE_INVALID, name, "%s must not hold a URL above %d bytes", name,
                          SERVER_URL_MAX_BYTES - 1);
    config->url_count++;
    return OK;
}

status client_config_urls(const char *name, const char *urls, struct client_config *config, struct err *err)
{
    struct str rest = str_of(urls);

    config->url_count = 0;
    while (rest.len) {
        struct str url = str_trim(str_take(&rest, ','));

        if (url.len)
            TRY(url_add(name, url, config, err));
    }
    return config->url_count ? OK : err_member(err, CODE_INVALID, name, "%s names no server", name);
}

/* curl would find out only when it has asked, and call the server unreachable. */
static status ca_file_check(const char *path, struct err *err)
{
    if (path && access(path, R_OK))
        return err_member(err, CODE_INVALID, "TALLY_CA_FILE", "TALLY_CA_FILE: open %s: %s", path, strerror(errno));
    return OK;
}

static status token_set(const char *name, struct str text, struct client_config *config, struct err *err)
{
    enum token_kind kind;
    struct err why = { 0 };

    if (token_text_read(text, &kind, &why).code)
        return err_member(err, CODE_INVALID, name, "%s: %s", name, why.text);
    memcpy(config->token.bytes, text.at, text.len);
    config->token.len = text.len;
    config->has_token = true;
    return OK;
}

static void file_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static status token_file_check(int fd, const char *path, struct err *err)
{
    struct stat about;

    if (fstat(fd, &about))
        return err_system(err, "look at", path);
    if (!S_ISREG(about.st_mode))
        return err_member(err, CODE_INVALID, "TALLY_TOKEN_FILE", "TALLY_TOKEN_FILE: %s is no file", path);
    if (about.st_mode & (S_IRWXG | S_IRWXO))
        return err_member(err, CODE_DENIED, "TALLY_TOKEN_FILE",
                          "TALLY_TOKEN_FILE: others may read or write %s (mode %04o); say: chmod 600 %s", path,
                          (unsigned)(about.st_mode & 07777), path);
    return OK;
}

static status token_file_read(const char *path, struct client_config *config, struct err *err)
{
    char name[TOKEN_NAME_BYTES];
    AUTO(int, file_close) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char text[TOKEN_TEXT_BYTES + 3]; /* and a line end */
    struct str line;
    ssize_t len;
    status s;

    if (fd < 0)
        return err_member(err, CODE_INVALID, "TALLY_TOKEN_FILE", "TALLY_TOKEN_FILE: open %s: %s", path,
                          strerror(errno));
    TRY(token_file_check(fd, path, err));
    len = read(fd, text, sizeof(text));
    if (len < 0)
        return err_system(err, "read", path);
    line = (struct str){ text, (size_t)len };
    line = str_trim(str_take_line(&line));
    if (str_ends(line, STR("\r")))
        line.len--;
    (void)snprintf(name, sizeof(name), "TALLY_TOKEN_FILE: %s", path);
    s = token_set(name, line, config, err);
    memory_wipe(text, sizeof(text));
    config->token_file = path;
    return s;
}

status client_config_read(struct client_config *ret_config, struct err *err)
{
    const char *urls = environment("TALLY_URL");
    const char *token = environment("TALLY_TOKEN");
    const char *file = environment("TALLY_TOKEN_FILE");

    *ret_config = (struct client_config){ .ca_file = environment("TALLY_CA_FILE"), .vkey = environment("TALLY_VKEY") };
    TRY(ca_file_check(ret_config->ca_file, err));
    TRY(client_config_urls("TALLY_URL", urls ? urls : SERVER_URL_DEFAULT, ret_config, err));
    if (token)
        return token_set("TALLY_TOKEN", str_of(token), ret_config, err);
    return file ? token_file_read(file, ret_config, err) : OK;
}
