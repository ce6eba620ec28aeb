/* SPDX-License-Identifier: Apache-2.0 */
/* The helper's lines in httpd's error log, which is its stderr. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void msd_log_line(const char *level, const char *format, ...)
{
    char text[1024];
    char when[64];
    time_t now = time(NULL);
    struct tm local;
    va_list arguments;

    localtime_r(&now, &local);
    strftime(when, sizeof(when), "%a %b %d %H:%M:%S %Y", &local);
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    /* One write, so that lines of several processes do not mix. */
    dprintf(STDERR_FILENO, "[%s] [auth_msdigest:%s] [pid %d] "
            "msdigest-netlogond: %s\n", when, level, (int)getpid(), text);
}
