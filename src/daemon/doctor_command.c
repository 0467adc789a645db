/*
 * daemon/doctor_command: `tally doctor`: what is wrong with a data directory, and what to do about it.
 *
 * Looks and changes nothing of a ledger; never reads its key. Each finding is one line: what was looked at, how it is,
 * and, unless it is well, what helps. A ledger that is being served is looked at from outside only.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "codec/json_out.h"
#include "daemon/commands.h"
#include "engine/checkup.h"
#include "engine/private_file.h"
#include "engine/signer.h"
#include "engine/vault.h"
#include "service/witnesses.h"
#include "store/lock.h"
#include "store/space.h"
#include "store/store.h"

#define TEXT_BYTES    512
#define REPORT_BYTES  16384
#define DAY_MS        ((int64_t)24 * 3600 * 1000)
#define WARN_PERCENT  80
#define OTHERS_ACCESS (S_IRWXG | S_IRWXO)

struct doctor_options {
    const char *data;
};

static const struct option_row doctor_rows[] = {
    { .name = "data",
      .kind = OPTION_TEXT,
      .where = offsetof(struct doctor_options, data),
      .required = true,
      .value = "DIR",
      .help = "the data directory" },
};

enum finding { WELL, NOTED, AILING };

struct doctor {
    const char *dir;
    bool json;
    bool ails;
    struct buf text;
    struct json_out out;
};

/* What was looked at, how it is, and what helps: NULL when there is nothing to do. */
struct matter {
    enum finding finding;
    const char *what;
    const char *advice;
};

static void find_json(struct json_out *out, const struct matter *matter, const char *state, const char *text)
{
    json_out_object(out, NULL);
    json_out_text(out, "what", str_of(matter->what));
    json_out_text(out, "state", str_of(state));
    json_out_text(out, "found", str_of(text));
    if (matter->advice)
        json_out_text(out, "do", str_of(matter->advice));
    json_out_end(out);
}

static void find(struct doctor *doctor, const struct matter *matter, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void find(struct doctor *doctor, const struct matter *matter, const char *format, ...)
{
    static const char *const words[] = { "ok", "note", "BAD" };
    char text[TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    doctor->ails = doctor->ails || matter->finding == AILING;
    if (doctor->json) {
        find_json(&doctor->out, matter, words[matter->finding], text);
        return;
    }
    (void)printf("%-5s %-10s %s\n", words[matter->finding], matter->what, text);
    if (matter->advice)
        (void)printf("      %-10s do: %s\n", "", matter->advice);
}

/* ---- Files ---- */

static bool directory_look(struct doctor *doctor)
{
    struct stat found;

    if (stat(doctor->dir, &found) || !S_ISDIR(found.st_mode)) {
        find(doctor, &(struct matter){ AILING, "directory", "`tally init` makes one, `tally restore` one of a backup" },
             "there is no directory %s", doctor->dir);
        return false;
    }
    if (found.st_mode & OTHERS_ACCESS)
        find(doctor, &(struct matter){ AILING, "directory", "chmod 700 it: it holds names and reasons, and the key" },
             "%s is open to others than its owner (mode %04o)", doctor->dir, (unsigned)(found.st_mode & 07777));
    else if (access(doctor->dir, R_OK | W_OK | X_OK))
        find(doctor, &(struct matter){ AILING, "directory", "run as its owner" },
             "%s can't be read and written by user %ld, only by %ld", doctor->dir, (long)geteuid(), (long)found.st_uid);
    else
        find(doctor, &(struct matter){ WELL, "directory", NULL }, "%s, its owner's alone", doctor->dir);
    return true;
}

/* Without one there is nothing else to look at. */
static bool ledger_find(struct doctor *doctor)
{
    struct err err = { 0 };
    bool found = store_find(doctor->dir, &err).code == CODE_OK;

    if (!found)
        find(doctor, &(struct matter){ AILING, "ledger", "`tally init` makes one, `tally restore` one of a backup" },
             "%s", err.text);
    return found;
}

static void key_look(struct doctor *doctor)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct err err = { 0 };
    status s = private_file_open(doctor->dir, SIGNER_KEY_FILE, false, &file, &err);

    if (!s.code)
        find(doctor, &(struct matter){ WELL, "key", NULL }, "%s, its owner's alone (not read)", SIGNER_KEY_FILE);
    else if (s.code == CODE_NOT_FOUND)
        find(doctor,
             &(struct matter){
                 AILING, "key",
                 "put it back from where you keep it; is it lost for good: tally ledger continue … --reason lost" },
             "%s", err.text);
    else
        find(doctor,
             &(struct matter){ AILING, "key",
                               "chmod 600 it; if others could read it: tally ledger continue … --reason key_stolen" },
             "%s", err.text);
}

/* What a witness showed: see service/witnesses. */
static void fork_look(struct doctor *doctor)
{
    if (witnesses_forbid_signing(doctor->dir))
        find(
            doctor,
            &(struct matter){ AILING, "fork",
                              "find out who signed it, as docs/witness.md says; it is moved away when that is settled, "
                              "and not before" },
            "%s is a checkpoint that was signed with this ledger's key and is not of its history: nothing is signed",
            WITNESS_EVIDENCE_FILE);
}

/* The keys of names and private texts. They may lie elsewhere, where `tally serve --keys` says. */
static void vault_look(struct doctor *doctor)
{
    AUTO(struct private_file, private_file_close) file = { 0 };
    struct err err = { 0 };
    status s = private_file_open(doctor->dir, VAULT_FILE, false, &file, &err);

    if (!s.code)
        find(doctor, &(struct matter){ WELL, "texts", NULL }, "%s, its owner's alone (not read)", VAULT_FILE);
    else if (s.code == CODE_NOT_FOUND)
        find(doctor,
             &(struct matter){ NOTED, "texts",
                               "if they do not lie elsewhere, put the newest backup of them back; if they are lost for "
                               "good: tally keys renew" },
             "%s: names and reasons can't be read without it", err.text);
    else
        find(doctor, &(struct matter){ AILING, "texts", "chmod 600 it" }, "%s", err.text);
}

static void disk_look(struct doctor *doctor)
{
    struct space space;
    struct err err = { 0 };
    uint32_t percent;

    if (space_read(doctor->dir, &space, &err).code) {
        find(doctor, &(struct matter){ AILING, "disk", "look at the file system" }, "%s", err.text);
        return;
    }
    percent = space_used_percent(&space);
    if (space.free_bytes < GRANTS_STOP_BYTES)
        find(doctor, &(struct matter){ AILING, "disk", "make room: no seats are granted below 32 MiB" },
             "%" PRIu64 " bytes are free (%u %% in use)", space.free_bytes, percent);
    else if (percent >= WARN_PERCENT)
        find(doctor, &(struct matter){ NOTED, "disk", "make room before it is full" },
             "%u %% in use, %" PRIu64 " MiB free", percent, space.free_bytes >> 20);
    else
        find(doctor, &(struct matter){ WELL, "disk", NULL }, "%u %% in use, %" PRIu64 " MiB free", percent,
             space.free_bytes >> 20);
    if (!ballast_is_there(doctor->dir))
        find(doctor, &(struct matter){ NOTED, "ballast", "a start makes it again, with 128 MiB free" },
             "the 64 MiB to be given up on a full disk are not there");
}

/* ---- The ledger ---- */

/* Whether anybody serves it: then it can't be opened here. */
static bool lock_look(struct doctor *doctor)
{
    struct lock lock = { 0 };
    struct err err = { 0 };
    status s = lock_take(doctor->dir, &lock, &err);

    if (s.code == CODE_BUSY)
        find(doctor,
             &(struct matter){ NOTED, "served",
                               "ask it at /readyz and /metrics; stop it to have its ledger looked into here" },
             "%s", err.text);
    else if (s.code)
        find(doctor, &(struct matter){ AILING, "lock", "run as the directory's owner" }, "%s", err.text);
    else
        find(doctor, &(struct matter){ WELL, "served", NULL }, "by nobody now");
    lock_drop(&lock);
    return s.code == CODE_OK;
}

/* The memory of the key. */
static void head_look(struct doctor *doctor, const struct checkup *checkup)
{
    if (!checkup->head.code)
        find(doctor, &(struct matter){ WELL, "signer", NULL },
             "%" PRIu64 " entries are signed, and the ledger begins with them", checkup->signed_size);
    else if (checkup->signed_size > checkup->size)
        find(
            doctor,
            &(struct matter){
                AILING, "signer",
                "an older copy was put in, or the end is lost. Put the newest data back; if there is none, declare the "
                "loss: tally ledger continue … --reason lost. Never put an older signer.head in: the key would sign a "
                "second history" },
            "%s", checkup->head_err.text);
    else if (checkup->signed_size)
        find(
            doctor,
            &(struct matter){
                AILING, "signer",
                "these are another ledger's entries, or somebody changed them: tally verify says which. Put the newest "
                "backup back" },
            "%s", checkup->head_err.text);
    else
        find(
            doctor,
            &(struct matter){
                AILING, "signer",
                "put the newest signer.head back; if it is lost, nobody knows what was signed: tally ledger continue … "
                "--reason lost" },
            "%s", checkup->head_err.text);
}

static void clock_look(struct doctor *doctor, const struct checkup *checkup)
{
    int64_t ahead_ms = clock_read().wall_ms - checkup->newest_ms;

    if (ahead_ms < -CLOCK_JUMP_BACK_MS)
        find(doctor,
             &(struct matter){ AILING, "clock",
                               "set it right before the start; else expiry is frozen until tally clock confirm" },
             "it is %" PRId64 " s before the newest entry", -ahead_ms / 1000);
    else if (ahead_ms > CLOCK_START_FORWARD_DAYS * DAY_MS)
        find(doctor,
             &(struct matter){ NOTED, "clock", "look at it; at the start expiry is frozen until tally clock confirm" },
             "it is %" PRId64 " days after the newest entry", ahead_ms / DAY_MS);
    else if (checkup->clock_frozen)
        find(doctor, &(struct matter){ NOTED, "clock", "look at it, then: tally clock confirm" },
             "it jumped, and expiry is frozen since");
    else
        find(doctor, &(struct matter){ WELL, "clock", NULL }, "it fits the newest entry");
}

static void rest_look(struct doctor *doctor, const struct checkup *checkup)
{
    if (checkup->snapshot_refused)
        find(doctor,
             &(struct matter){ AILING, "snapshot",
                               "nothing is lost: all was replayed instead. Somebody or something changed the file: "
                               "tally verify, and look at who can write here" },
             "the one of %" PRIu64 " entries is not the one its entry names", checkup->snapshot_size);
    if (checkup->sealed)
        find(doctor,
             &(struct matter){ NOTED, "sealed",
                               "serve the ledger that continues it; keep this one for those who verify" },
             "nothing can be added; it is continued by %s", checkup->successor);
}

static void ledger_look(struct doctor *doctor)
{
    struct checkup checkup;
    struct err err = { 0 };
    status s = engine_checkup(doctor->dir, &checkup, &err);

    if (s.code) {
        find(doctor, &(struct matter){ AILING, "ledger", "tally verify says more; the newest backup: tally restore" },
             "%s", err.text);
        return;
    }
    find(doctor, &(struct matter){ WELL, "ledger", NULL }, "%" PRIu64 " entries, all replayed", checkup.size);
    head_look(doctor, &checkup);
    clock_look(doctor, &checkup);
    rest_look(doctor, &checkup);
}

static int doctor_run(const struct command_line *line, const void *at)
{
    const struct doctor_options *options = at;
    struct doctor doctor = { .dir = options->data, .json = line->json, .text = { .max = REPORT_BYTES } };

    fault_read_environment();
    doctor.out = (struct json_out){ .buf = &doctor.text };
    json_out_object(&doctor.out, NULL);
    json_out_array(&doctor.out, "findings");
    if (directory_look(&doctor) && ledger_find(&doctor)) {
        key_look(&doctor);
        vault_look(&doctor);
        fork_look(&doctor);
        disk_look(&doctor);
        if (lock_look(&doctor))
            ledger_look(&doctor);
    }
    json_out_end(&doctor.out);
    json_out_bool(&doctor.out, "ok", !doctor.ails);
    json_out_end(&doctor.out);
    if (doctor.json)
        (void)printf("%.*s\n", STR_ARG(buf_str(&doctor.text)));
    buf_free(&doctor.text);
    return doctor.ails ? EXIT_FAULT : EXIT_DONE;
}

const struct cli_command doctor_command = {
    .words = "doctor",
    .summary = "what is wrong with a data directory, and what to do",
    .example = "tally doctor --data ./data",
    .options = doctor_rows,
    .option_count = sizeof(doctor_rows) / sizeof(doctor_rows[0]),
    .options_size = sizeof(struct doctor_options),
    .run = doctor_run,
};
