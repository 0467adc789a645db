/*
 * gen_docs: writes the reference documents that are generated: gen_docs DIRECTORY (docs/reference).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/audit_document.h"

#define PATH_BYTES 4096

static void write_file(const char *directory, const char *name, struct str text)
{
    char path[PATH_BYTES];
    FILE *file;

    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path) {
        (void)fprintf(stderr, "gen_docs: the path of %s is too long\n", name);
        exit(EXIT_FAILURE);
    }
    file = fopen(path, "wb");
    if (!file || fwrite(text.at, 1, text.len, file) != text.len || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

/* The schema with a line for each member, so that a change shows where it is. */
static void write_schema(const char *directory)
{
    AUTO(struct buf, buf_free) schema = { .max = AUDIT_DOCUMENT_MAX_BYTES };
    struct json_out out = { .buf = &schema };
    json_t *json;
    char *text;

    audit_schema_out(NULL, &out);
    json = json_loadb(schema.at, schema.len, JSON_REJECT_DUPLICATES, NULL);
    text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    buf_clear(&schema);
    buf_add(&schema, str_of(text));
    buf_add_byte(&schema, '\n');
    free(text);
    json_decref(json);
    if (!text || schema.status.code) {
        (void)fprintf(stderr, "gen_docs: the schema is no JSON, or too large\n");
        exit(EXIT_FAILURE);
    }
    write_file(directory, "entry.schema.json", buf_str(&schema));
}

static void write_codes(const char *directory)
{
    AUTO(struct buf, buf_free) codes = { .max = AUDIT_DOCUMENT_MAX_BYTES };

    if (audit_document_write(&codes).code) {
        (void)fprintf(stderr, "gen_docs: the list of codes is too large\n");
        exit(EXIT_FAILURE);
    }
    write_file(directory, "audit-codes.md", buf_str(&codes));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: gen_docs DIRECTORY\n");
        return EXIT_FAILURE;
    }
    write_codes(argv[1]);
    write_schema(argv[1]);
    return EXIT_SUCCESS;
}
