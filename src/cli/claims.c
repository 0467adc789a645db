#include "cli/claims.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A CI system, the variable that tells it, and where it says which job this is. */
struct ci_system {
    const char *name;
    const char *sign;
    const char *run;
    const char *job;
    const char *repository;
};

static const struct ci_system ci_systems[] = {
    { "github", "GITHUB_ACTIONS", "GITHUB_RUN_ID", "GITHUB_JOB", "GITHUB_REPOSITORY" },
    { "gitlab", "GITLAB_CI", "CI_PIPELINE_ID", "CI_JOB_ID", "CI_PROJECT_PATH" },
    { "jenkins", "JENKINS_URL", "BUILD_NUMBER", "JOB_NAME", "GIT_URL" },
    { "buildkite", "BUILDKITE", "BUILDKITE_BUILD_ID", "BUILDKITE_JOB_ID", "BUILDKITE_REPO" },
    { "azure", "TF_BUILD", "BUILD_BUILDID", "SYSTEM_JOBID", "BUILD_REPOSITORY_NAME" },
};

/* Nothing is said that would be refused: control characters, too long, no UTF-8. */
static void claim_add(struct claims *claims, const char *name, const char *text)
{
    struct str value = str_of(text);

    if (value.len && value.len <= TEXT_MAX_BYTES && str_is_text(value) && claims->count < CLAIMS_MAX)
        claims->at[claims->count++] = (struct lease_claim){ str_of(name), value };
}

static void user_find(struct claims *claims)
{
    struct passwd space, *entry = NULL;
    char texts[4096];

    if (getpwuid_r(getuid(), &space, texts, sizeof(texts), &entry) == 0 && entry)
        (void)snprintf(claims->user, sizeof(claims->user), "%s", entry->pw_name);
    else
        (void)snprintf(claims->user, sizeof(claims->user), "%u", (unsigned)getuid());
}

void claims_collect(struct claims *claims, const char *command)
{
    user_find(claims);
    if (gethostname(claims->host, sizeof(claims->host) - 1))
        claims->host[0] = '\0';
    (void)snprintf(claims->pid, sizeof(claims->pid), "%d", (int)getpid());
    claim_add(claims, "user", claims->user);
    claim_add(claims, "host", claims->host);
    claim_add(claims, "pid", claims->pid);
    claim_add(claims, "command", command);
    for (size_t i = 0; i < sizeof(ci_systems) / sizeof(ci_systems[0]); i++) {
        if (!getenv(ci_systems[i].sign))
            continue;
        claim_add(claims, "ci", ci_systems[i].name);
        claim_add(claims, "ci_run", getenv(ci_systems[i].run));
        claim_add(claims, "ci_job", getenv(ci_systems[i].job));
        claim_add(claims, "ci_repository", getenv(ci_systems[i].repository));
        return;
    }
}
