/*
 * base/log: formats one line and hands it to the kernel in one write(2), so that lines of several threads never mix.
 * A line that can't be written is lost; nothing else depends on it. Any thread.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

/* A line of a terminal or journal that somebody still reads; PIPE_BUF, below which a write to a pipe is atomic, is
 * 4096. */
#define TEXT_MAX_BYTES_LOGGED 1024
#define LINE_MAX_BYTES        4096
/* An escaped byte is four characters ("\x1b"). */
#define ESCAPED_BYTES 4

static enum log_level shown = LOG_INFO;
static const char *const level_names[] = { "error", "warn", "info", "debug" };

void log_set_level(enum log_level level)
{
    shown = level;
}

static void add_time(struct buf *line)
{
    int64_t now_ms = clock_read().wall_ms;
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts = { 0 };

    if (gmtime_r(&seconds, &parts))
        buf_add_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)(now_ms % 1000));
}

/* Also 0x7f; bytes of UTF-8 above it pass. */
static void add_escaped(struct buf *line, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        if (line->len + ESCAPED_BYTES + 1 > line->capacity)
            return;
        if (byte < 0x20 || byte == 0x7f)
            buf_add_format(line, "\\x%02x", byte);
        else
            buf_add_byte(line, (char)byte);
    }
}

void log_write(enum log_level level, const char *room, const char *format, ...)
{
    char text[TEXT_MAX_BYTES_LOGGED];
    char space[LINE_MAX_BYTES];
    struct buf line = BUF_OVER(space);
    va_list args;

    if (level > shown)
        return;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0)
        return;
    add_time(&line);
    buf_add_format(&line, " %s %s: ", level_names[level], room);
    add_escaped(&line, str_of(text));
    buf_add_byte(&line, '\n');
    if (write(STDERR_FILENO, line.at, line.len) < 0)
        return; /* standard error is closed or full: there is no better place to say so */
}
