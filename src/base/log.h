/*
 * base/log: operational messages on standard error, one line each: time, level, room, text.
 *
 * Not the audit log: losing a line here loses nothing that was promised. Control bytes are escaped, so input can't
 * forge lines.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); /* default LOG_INFO; call before threads start */
void log_write(enum log_level level, const char *room, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
