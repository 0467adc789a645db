/*
 * cli/people: the commands about who may do what: users, teams, services and their tokens.
 */
#include "base/limits.h"
#include "cli/commands.h"
#include "cli/request_rows.h"
#include "cli/token_create.h"

#define PRINCIPAL_COLUMNS "id name organisation organisation_name role disabled teams"
#define TEAM_COLUMNS      "id name organisation organisation_name members"
#define SERVICE_COLUMNS   "id name organisation organisation_name role disabled"
#define TOKEN_COLUMNS     "id owner owner_name scopes expires_at revoked"

static const struct option_row reason_rows[] = { REASON_ROW, DRY_RUN_ROW };
static const struct option_row principal_create_rows[] = {
    OPTION_TEXT_ROW("organisation", organisation, "ORGANISATION", SHAPED_TEXT,
                    "an id or a name (default: one's own, or the installation's)"),
    OPTION_TEXT_ROW("role", role, "ROLE", SHAPED_TEXT, "member, auditor, observer or admin (default: member)"),
    DRY_RUN_ROW,
};
static const struct option_row team_create_rows[] = {
    OPTION_TEXT_ROW("organisation", organisation, "ORGANISATION", SHAPED_TEXT,
                    "an id or a name (default: one's own, or the installation's)"),
    DRY_RUN_ROW,
};

/* ---- Users ---- */

static const struct cli_command user_create =
    REQUEST_COMMAND(principal_create_rows, SPEC("POST", "/v1/users", .operand = "name", .done = "created"),
                    .words = "user create", .summary = "add a person",
                    .example = "tally user create maria --organisation acme --role member", ONE_OPERAND("NAME"));
static const struct cli_command user_list =
    LIST_COMMAND("user list", "the people", "tally user list --where role=admin", "/v1/users", "users",
                 "id name organisation_name role disabled", PRINCIPAL_COLUMNS);
static const struct cli_command user_show =
    SHOW_COMMAND("user show", "one person", "tally user show usr_01h455vb4pex5vsknk084sn02q", "USER", "/v1/users/{}",
                 "users", PRINCIPAL_COLUMNS);

static const struct option_row needed_reason_rows[] = {
    OPTION_NEEDED_ROW("reason", reason, "TEXT", SHAPED_TEXT, "why, kept private beside the entry"),
    DRY_RUN_ROW,
};
static const struct cli_command user_erase = REQUEST_COMMAND(
    needed_reason_rows, SPEC("POST", "/v1/users/{}/erase", .named = "users", .columns = "id state complete_at index"),
    .words = "user erase", .summary = "drop the key of a person's name and texts, for good",
    .example = "tally user erase maria --reason \"asked for it on 2 March\"", ONE_OPERAND("USER"));
static const struct cli_command user_hold = REQUEST_COMMAND(
    needed_reason_rows, SPEC("POST", "/v1/users/{}/hold", .named = "users", .columns = "id state index"),
    .words = "user hold", .summary = "a legal hold: the person can't be erased",
    .example = "tally user hold maria --reason \"case 17/2026\"", ONE_OPERAND("USER"));
static const struct cli_command user_release_hold = REQUEST_COMMAND(
    needed_reason_rows, SPEC("POST", "/v1/users/{}/release-hold", .named = "users", .columns = "id state index"),
    .words = "user release-hold", .summary = "end a legal hold",
    .example = "tally user release-hold maria --reason \"case 17/2026 is closed\"", ONE_OPERAND("USER"));

/* ---- Teams ---- */

static const struct cli_command team_create = REQUEST_COMMAND(
    team_create_rows, SPEC("POST", "/v1/teams", .operand = "name", .done = "created"), .words = "team create",
    .summary = "add a team", .example = "tally team create design --organisation acme", ONE_OPERAND("NAME"));
static const struct cli_command team_list = LIST_COMMAND("team list", "the teams", "tally team list", "/v1/teams",
                                                         "teams", "id name organisation_name", TEAM_COLUMNS);
static const struct cli_command team_show =
    SHOW_COMMAND("team show", "one team with its members", "tally team show tem_01h455vb4pex5vsknk084sn02q", "TEAM",
                 "/v1/teams/{}", "teams", TEAM_COLUMNS);
static const struct cli_command team_add = REQUEST_COMMAND(
    change_rows,
    SPEC("POST", "/v1/teams/{}/members", .operand = "user", .named = "teams users", .columns = "team user index"),
    .words = "team add", .summary = "make a person a member of a team", .example = "tally team add design maria",
    .operands = "TEAM USER", .operands_min = 2, .operands_max = 2);
static const struct cli_command team_remove = REQUEST_COMMAND(
    change_rows, SPEC("DELETE", "/v1/teams/{}/members/{}", .named = "teams users", .columns = "team user index"),
    .words = "team remove", .summary = "end a person's membership of a team",
    .example = "tally team remove design maria", .operands = "TEAM USER", .operands_min = 2, .operands_max = 2);

/* ---- Services ---- */

static const struct cli_command service_create =
    REQUEST_COMMAND(principal_create_rows, SPEC("POST", "/v1/services", .operand = "name", .done = "created"),
                    .words = "service create", .summary = "add a program, as a CI job or an observer",
                    .example = "tally service create nightly-build --organisation acme", ONE_OPERAND("NAME"));
static const struct cli_command service_list =
    LIST_COMMAND("service list", "the programs", "tally service list", "/v1/services", "services",
                 "id name organisation_name role disabled", SERVICE_COLUMNS);
static const struct cli_command service_show =
    SHOW_COMMAND("service show", "one program", "tally service show svc_01h455vb4pex5vsknk084sn02q", "SERVICE",
                 "/v1/services/{}", "services", SERVICE_COLUMNS);

/* ---- Tokens ---- */

static const struct option_row token_create_rows[] = {
    OPTION_TEXT_ROW("owner", owner, "WHO", SHAPED_NOT, "a user or service, by id or name (default: oneself)"),
    OPTION_TEXTS_ROW("scope", scopes, "PERMISSION", SHAPED_NOT, false,
                     "what it may be used for, as lease.take; may be repeated (default: all)"),
    OPTION_INT_ROW("days", days, 1, TOKEN_DAYS_MAX, SHAPED_NOT, "until it ends (default: 90)"),
    OPTION_TEXT_ROW("token-file", token_file, "FILE", SHAPED_NOT,
                    "write the token there, readable by you alone, and show it nowhere"),
    DRY_RUN_ROW,
};
static const struct cli_command token_create = {
    .words = "token create",
    .summary = "make a token, which is shown this once",
    .example = "tally token create --owner nightly-build --scope lease.take --token-file ./ci.token",
    .options = token_create_rows,
    .option_count = sizeof(token_create_rows) / sizeof(token_create_rows[0]),
    .options_size = sizeof(struct request_options),
    .defaults = request_defaults,
    .run = token_create_run,
};
static const struct option_row token_list_rows[] = {
    OPTION_FLAG_ROW("all", all, "others' too, which is recorded"),
    WHERE_ROWS,
};
static const struct cli_command token_list =
    REQUEST_COMMAND(token_list_rows,
                    SPEC("GET", "/v1/api-tokens", .list = "tokens", .columns = TOKEN_COLUMNS, .members = TOKEN_COLUMNS),
                    .words = "token list", .summary = "tokens, one's own or all; of each only a hash is kept",
                    .example = "tally token list --all --where revoked=no");
static const struct cli_command token_revoke =
    REQUEST_COMMAND(change_rows, SPEC("DELETE", "/v1/api-tokens/{}", .done = "revoked"), .words = "token revoke",
                    .summary = "end a token at once", .example = "tally token revoke tok_01h455vb4pex5vsknk084sn02q",
                    ONE_OPERAND("TOKEN"));

/* ---- Oneself, and what others may do ---- */

static const struct cli_command role_change = REQUEST_COMMAND(
    reason_rows,
    SPEC("POST", "/v1/roles", .operand = "principal role", .named = "users,services",
         .columns = "user service role index"),
    .words = "role change", .summary = "give a person or program another role",
    .example = "tally role change maria auditor", .operands = "WHO ROLE", .operands_min = 2, .operands_max = 2);
static const struct cli_command me = {
    .words = "me",
    .summary = "who one is to the server, and what one may do",
    .example = "tally me",
    .options = show_rows,
    .options_size = sizeof(struct request_options),
    .defaults = request_defaults,
    .run = request_run,
    .detail = SPEC("GET", "/v1/me", .columns = "id name role organisation organisation_name level token permissions"),
};

static const struct cli_command *const commands[] = {
    &user_create,       &user_list,      &user_show,    &user_erase,   &user_hold,
    &user_release_hold, &team_create,    &team_list,    &team_show,    &team_add,
    &team_remove,       &service_create, &service_list, &service_show, &token_create,
    &token_list,        &token_revoke,   &role_change,  &me,
};
const struct command_group people_group = { "People and access", commands, sizeof(commands) / sizeof(commands[0]) };
