/*
 * write_log DIR SIZE: writes the log of the shared vectors ("entry 0" … "entry <SIZE - 1>") as files, the way a server
 * serves them: DIR/checkpoint, DIR/tile/<L>/<N>[.p/<W>], DIR/tile/entries/<N>[.p/<W>]; then its vkey to standard
 * output.
 *
 * Everything that decides what stands in the files is the product's tlog; this program only knows files.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "log_keys.h"
#include "tlog/bundle.h"
#include "tlog/checkpoint.h"
#include "tlog/edge.h"

#define SIZE_MAX_LEAVES 10000000
#define PATH_MAX_BYTES  4096

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "write_log: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void must(status s, const char *what)
{
    if (!s.code)
        return;
    fprintf(stderr, "write_log: %s: %s\n", what, status_name(s));
    exit(EXIT_FAILURE);
}

static void make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            give_up(path);
        *slash = '/';
    }
}

static void write_file(const char *directory, struct str name, struct str bytes)
{
    char path[PATH_MAX_BYTES];
    FILE *file;

    snprintf(path, sizeof path, "%s%.*s", directory, STR_ARG(name));
    make_directories(path);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes.at, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
        give_up(path);
}

static void write_tile(const char *directory, const struct tile *tile, struct str bytes)
{
    char space[TILE_PATH_MAX_BYTES];
    struct buf path = BUF_OVER(space);

    tile_add_path(&path, tile);
    must(path.status, "path");
    write_file(directory, buf_str(&path), bytes);
}

static void write_bundle(const char *directory, uint64_t n, unsigned width, struct buf *bundle)
{
    must(bundle->status, "bundle");
    write_tile(directory, &(struct tile){ .kind = TILE_ENTRIES, .n = n, .width = width }, buf_str(bundle));
    buf_clear(bundle);
}

static void append(const char *directory, struct edge *edge, struct buf *bundle)
{
    struct edge_full full[TILE_LEVELS];
    uint64_t index = edge->tree.size;
    char text[32];
    struct str entry = { text, (size_t)snprintf(text, sizeof text, "entry %" PRIu64, index) };
    struct hash leaf = hash_leaf(entry);
    unsigned count = edge_append(edge, &leaf, full);

    bundle_add(bundle, entry);
    for (unsigned i = 0; i < count; i++)
        write_tile(directory, &(struct tile){ .level = full[i].level, .n = full[i].n, .width = TILE_WIDTH },
                   (struct str){ (const char *)full[i].hashes, TILE_BYTES });
    if (count > 0)
        write_bundle(directory, index / TILE_WIDTH, TILE_WIDTH, bundle);
}

static void write_partial_tiles(const char *directory, const struct edge *edge)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        uint64_t hashes = tile_level_size(edge->tree.size, level);
        struct tile tile = { .level = level, .n = hashes / TILE_WIDTH, .width = hashes % TILE_WIDTH };
        const struct hash *at = edge_tile(edge, &tile);

        if (at)
            write_tile(directory, &tile, (struct str){ (const char *)at, tile.width * sizeof *at });
    }
}

static void write_checkpoint(const char *directory, const struct edge *edge)
{
    AUTO(struct buf, buf_free) note = { .max = NOTE_MAX_BYTES };
    AUTO(struct skey, skey_close) log = log_skey();
    struct tree_head head = tree_head(&edge->tree);
    char space[VKEY_MAX_BYTES];
    struct buf vkey = BUF_OVER(space);

    must(checkpoint_sign(&note, &head, &log, NULL), "checkpoint");
    write_file(directory, STR("/checkpoint"), buf_str(&note));
    vkey_add(&vkey, &log.vkey);
    printf("%.*s\n", STR_ARG(buf_str(&vkey)));
}

int main(int argc, char **argv)
{
    AUTO(struct buf, buf_free) bundle = { .max = TILE_WIDTH * 64 };
    struct edge *edge = memory_new(1, sizeof *edge);
    uint64_t size = 0;

    if (argc != 3 || str_to_u64(str_of(argv[2]), SIZE_MAX_LEAVES, &size).code) {
        fprintf(stderr, "usage: write_log DIR SIZE\n");
        return 2;
    }
    if (!edge)
        give_up("memory");
    while (edge->tree.size < size)
        append(argv[1], edge, &bundle);
    write_partial_tiles(argv[1], edge);
    if (size % TILE_WIDTH != 0)
        write_bundle(argv[1], size / TILE_WIDTH, size % TILE_WIDTH, &bundle);
    write_checkpoint(argv[1], edge);
    memory_free(edge);
    return 0;
}
