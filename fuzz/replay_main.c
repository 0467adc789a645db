/*
 * fuzz/replay_main: feeds every file of the directories it is given to the fuzz target it is linked with.
 *
 * Without clang's libFuzzer this makes the kept corpus a test. A directory that is missing or empty is a failure: such
 * a test would pass without having tested anything. An input that breaks the target ends the program.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

/* No kept input is larger; the parsers' own limits are below it. */
#define INPUT_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define PATH_MAX_BYTES  4096

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void replay_file(const char *path)
{
    unsigned char *input = memory_new(INPUT_MAX_BYTES, 1);
    FILE *file = fopen(path, "rb");
    unsigned char *exact = NULL;
    size_t len = 0;

    if (file && input) {
        len = fread(input, 1, INPUT_MAX_BYTES, file);
        exact = memory_resize(NULL, len, 1); /* AddressSanitizer sees a read past the input's end */
    }
    if (!exact || ferror(file)) {
        printf("%s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
    }
    memcpy(exact, input, len);
    (void)LLVMFuzzerTestOneInput(exact, len);
    fclose(file);
    memory_free(exact);
    memory_free(input);
}

static size_t replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *item;
    char name[PATH_MAX_BYTES];
    struct stat kind;
    size_t count = 0;

    if (!directory) {
        printf("%s: %s\n", path, strerror(errno));
        return 0;
    }
    while ((item = readdir(directory))) {
        int len = snprintf(name, sizeof name, "%s/%s", path, item->d_name);
        if (len < 0 || (size_t)len >= sizeof name || stat(name, &kind) || !S_ISREG(kind.st_mode))
            continue;
        replay_file(name);
        count++;
    }
    closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    size_t passed = 0;

    for (int i = 1; i < argc; i++)
        passed += replay_directory(argv[i]);
    printf("%zu passed, 0 failed\n", passed);
    return passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
