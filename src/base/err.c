/*
 * base/err: writes the text of a failure. Any thread; the struct belongs to its caller.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* GNU's strerror_r is thread-safe and may or may not use the memory it is given. */
#define SYSTEM_TEXT_BYTES 96

/* A text that was cut may end within a character; what shows it expects UTF-8. */
static void drop_half_character(char *text)
{
    size_t len = strlen(text);
    size_t tail = 0;

    while (tail < len && tail < 3 && ((unsigned char)text[len - 1 - tail] & 0xc0) == 0x80)
        tail++;
    if (tail < len && (unsigned char)text[len - 1 - tail] >= 0xc0 &&
        str_utf8_len(str_from(str_of(text), len - 1 - tail)) != tail + 1)
        text[len - 1 - tail] = '\0';
}

static void write_text(struct err *err, const char *format, va_list args)
{
    int len = vsnprintf(err->text, sizeof err->text, format, args);

    if (len < 0)
        err->text[0] = '\0';
    else if ((size_t)len >= sizeof err->text)
        drop_half_character(err->text);
}

status err_set(struct err *err, enum code code, const char *format, ...)
{
    va_list args;

    if (err) {
        va_start(args, format);
        write_text(err, format, args);
        va_end(args);
        err->member[0] = '\0';
    }
    return (status){ code };
}

status err_member(struct err *err, enum code code, const char *member, const char *format, ...)
{
    va_list args;

    if (err) {
        va_start(args, format);
        write_text(err, format, args);
        va_end(args);
        (void)snprintf(err->member, sizeof err->member, "%s", member);
    }
    return (status){ code };
}

static enum code code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return CODE_DISK_FULL;
    case ENOMEM:
        return CODE_NO_MEMORY;
    default:
        return CODE_IO;
    }
}

status err_system(struct err *err, const char *call, const char *object)
{
    int number = errno;
    char space[SYSTEM_TEXT_BYTES];

    return err_set(err, code_of_errno(number), "%s %s: %s", call, object, strerror_r(number, space, sizeof space));
}
