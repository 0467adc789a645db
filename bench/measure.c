#include "measure.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/str.h"

void must(bool good, const char *what)
{
    if (good)
        return;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(EXIT_FAILURE);
}

void must_ok(status s, const struct err *err)
{
    must(s.code == CODE_OK, err && err->text[0] ? err->text : status_name(s));
}

uint64_t must_number(const char *text, uint64_t max, const char *what)
{
    uint64_t number = 0;

    must(str_to_u64(str_of(text), max, &number).code == CODE_OK && number > 0, what);
    return number;
}

double seconds_since(int64_t began_us)
{
    return (double)(clock_running_us() - began_us) / 1e6;
}

void scratch_make(const char *parent, const char *name, char *ret_dir)
{
    must(snprintf(ret_dir, SCRATCH_BYTES, "%s/bench-%s-XXXXXX", parent, name) < SCRATCH_BYTES, "the path is too long");
    must(mkdtemp(ret_dir) != NULL, ret_dir);
}

void scratch_remove(const char *dir)
{
    DIR *directory = opendir(dir);
    const struct dirent *item;

    while (directory && (item = readdir(directory)))
        (void)unlinkat(dirfd(directory), item->d_name, 0);
    if (directory)
        (void)closedir(directory);
    (void)rmdir(dir);
}

static double processor_time(int whose)
{
    struct rusage usage;

    must(getrusage(whose, &usage) == 0, "getrusage");
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double processor_seconds(void)
{
    return processor_time(RUSAGE_SELF);
}

double thread_seconds(void)
{
    return processor_time(RUSAGE_THREAD);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

double at_share(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share + 0.5)];
}

void sample(const char *name, double value)
{
    const char *path = getenv("TALLY_BENCH_SAMPLES");
    FILE *file;

    if (!path)
        return;
    file = fopen(path, "ae");
    must(file != NULL, "TALLY_BENCH_SAMPLES can't be opened");
    (void)fprintf(file, "{\"name\":\"%s\",\"value\":%.9g}\n", name, value);
    must(fclose(file) == 0, "TALLY_BENCH_SAMPLES can't be written");
}

uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128] = "";
    struct str rest;
    uint64_t pages = 0;

    must(file != NULL && fgets(line, sizeof(line), file) != NULL, "/proc/self/statm");
    (void)fclose(file);
    rest = str_of(line);
    (void)str_take(&rest, ' ');
    must_ok(str_to_u64(str_take(&rest, ' '), UINT64_MAX, &pages), NULL);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
