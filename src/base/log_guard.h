/* Unit tests only: every test program is linked with this guard, which keeps the log off the
 * terminal and fails the program at its end when an error was logged that the test had not
 * declared. */
#ifndef PAR_BASE_LOG_GUARD_H
#define PAR_BASE_LOG_GUARD_H

#include <stddef.h>

/* Declares that errors with this event may be logged from now on. event is a literal; at most 32.
 */
void par_log_guard_expect(const char *event);

/* Lines of any level logged with this event so far. */
size_t par_log_guard_count(const char *event);

/* The newest line, whole, without its newline; "" at first. Valid until the next line. */
const char *par_log_guard_last(void);

#endif
