/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: from the terminal, from a file, never from arguments. */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/hash.h"
#include "base/utf8.h"

/* How long a key that interrupts may wait, in milliseconds. */
#define INTERRUPT_MS 100

/* Signals that end or stop a program while it waits for its user. */
static const int interrupts[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

#define INTERRUPTS (sizeof(interrupts) / sizeof(interrupts[0]))

msd_text_t msdigest_secret_text(const msdigest_secret_t *secret)
{
    return (msd_text_t){ secret->bytes, secret->len };
}

msd_text_t msdigest_secret_utf8(const msdigest_secret_t *secret,
                                apr_pool_t *pool)
{
    msd_text_t text = msdigest_secret_text(secret);

    return msd_utf8_is_valid(text) ? text : msd_utf8_from_latin1(text, pool);
}

msd_text_t msdigest_secret_latin1(const msdigest_secret_t *secret,
                                  apr_pool_t *pool)
{
    msd_text_t text = msdigest_secret_text(secret);
    msd_text_t latin1 = text;

    if (!msd_utf8_is_valid(text)) {
        return text;
    }
    for (apr_size_t i = 0; i < text.len; i++) {
        /* The first character beyond begins with C4: asked here, because a
         * conversion that fails would leave a part of its copy behind. */
        if ((unsigned char)text.data[i] >= 0xc4) {
            return text;
        }
    }
    if (!msd_utf8_is_ascii(text)) {
        msd_utf8_to_latin1(text, pool, &latin1);
    }
    return latin1;
}

void msdigest_secret_forget(msd_text_t copy)
{
    msd_wipe((void *)(uintptr_t)copy.data, copy.len);
}

void msdigest_secret_wipe(msdigest_secret_t *secret)
{
    msd_wipe(secret, sizeof(*secret));
}

static bool read_some(int fd, msdigest_secret_t *out)
{
    ssize_t n;

    do {
        n = read(fd, out->bytes + out->len, sizeof(out->bytes) - out->len);
    } while (n < 0 && errno == EINTR);
    out->len += n > 0 ? (apr_size_t)n : 0;
    return n > 0 && memchr(out->bytes, '\n', out->len) == NULL
           && out->len < sizeof(out->bytes);
}

/* Cut what was read behind its first line.  Returns NULL or what is wrong. */
static const char *cut_line(msdigest_secret_t *out)
{
    const char *end = memchr(out->bytes, '\n', out->len);

    if (end == NULL && out->len > MSDIGEST_PASSWORD_MAX) {
        return "the password is too long";
    }
    if (end != NULL) {
        out->len = (apr_size_t)(end - out->bytes);
        if (out->len > 0 && out->bytes[out->len - 1] == '\r') {
            out->len--;
        }
    }
    if (out->len == 0) {
        return "there is no password";
    }
    return memchr(out->bytes, '\0', out->len) == NULL
               ? NULL
               : "the password has a NUL in it";
}

const char *msdigest_terminal_read(int fd, const char *name, apr_pool_t *pool,
                                   msdigest_secret_t *out)
{
    const char *fault;

    out->len = 0;
    while (read_some(fd, out)) {
    }
    fault = cut_line(out);
    return fault == NULL ? NULL : apr_pstrcat(pool, name, ": ", fault, NULL);
}

/* ---- The terminal */

typedef struct {
    int fd;
    struct termios shown;  /* as it was */
    struct termios hidden; /* without echo */
    sigset_t mask;         /* as it was */
} terminal_t;

static void block_interrupts(terminal_t *terminal)
{
    sigset_t set;

    sigemptyset(&set);
    for (apr_size_t i = 0; i < INTERRUPTS; i++) {
        sigaddset(&set, interrupts[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &terminal->mask);
}

static bool is_interrupted(void)
{
    sigset_t pending;

    sigemptyset(&pending);
    sigpending(&pending);
    for (apr_size_t i = 0; i < INTERRUPTS; i++) {
        if (sigismember(&pending, interrupts[i]) == 1) {
            return true;
        }
    }
    return false;
}

/* Signals wait while the echo is off, so that none can leave it off. */
static bool hide(terminal_t *terminal)
{
    block_interrupts(terminal);
    if (tcsetattr(terminal->fd, TCSAFLUSH, &terminal->hidden) == 0) {
        return true;
    }
    sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
    return false;
}

static void show(terminal_t *terminal)
{
    tcsetattr(terminal->fd, TCSAFLUSH, &terminal->shown);
    /* A signal that waited ends or stops the process here. */
    sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

static bool say(const terminal_t *terminal, const char *text)
{
    return write(terminal->fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Wait for a line; a terminal that was stopped meanwhile is asked anew. */
static bool wait_for_line(terminal_t *terminal, const char *prompt)
{
    struct pollfd wanted = { .fd = terminal->fd, .events = POLLIN };
    int ready;

    do {
        ready = poll(&wanted, 1, INTERRUPT_MS);
        if (is_interrupted()) {
            show(terminal);
            if (!hide(terminal) || !say(terminal, prompt)) {
                return false;
            }
            ready = 0;
        }
    } while (ready == 0 || (ready < 0 && errno == EINTR));
    return ready > 0;
}

static const char *ask(terminal_t *terminal, const char *prompt,
                       apr_pool_t *pool, msdigest_secret_t *out)
{
    const char *fault = "the terminal cannot be used";

    out->len = 0;
    if (!hide(terminal)) {
        return fault;
    }
    if (say(terminal, prompt) && wait_for_line(terminal, prompt)) {
        fault = msdigest_terminal_read(terminal->fd, "terminal", pool, out);
    }
    say(terminal, "\n");
    show(terminal);
    return fault;
}

static const char *ask_again(terminal_t *terminal, const char *prompt,
                             apr_pool_t *pool, const msdigest_secret_t *first)
{
    msdigest_secret_t second;
    const char *fault = ask(terminal, prompt, pool, &second);

    if (fault == NULL
        && (first->len != second.len
            || !msd_equal((const unsigned char *)first->bytes,
                          (const unsigned char *)second.bytes, first->len))) {
        fault = "the two passwords differ";
    }
    msdigest_secret_wipe(&second);
    return fault;
}

const char *msdigest_terminal_ask(const char *prompt, const char *again,
                                  apr_pool_t *pool, msdigest_secret_t *out)
{
    terminal_t terminal = { .fd = open("/dev/tty", O_RDWR | O_CLOEXEC) };
    const char *fault;

    out->len = 0;
    if (terminal.fd < 0 || tcgetattr(terminal.fd, &terminal.shown) != 0) {
        fault = "there is no terminal to ask for the password";
    } else {
        terminal.hidden = terminal.shown;
        terminal.hidden.c_lflag &= ~(tcflag_t)ECHO;
        terminal.hidden.c_lflag |= ICANON | ISIG;
        fault = ask(&terminal, prompt, pool, out);
        if (fault == NULL && again != NULL) {
            fault = ask_again(&terminal, again, pool, out);
        }
    }
    if (terminal.fd >= 0) {
        close(terminal.fd);
    }
    return fault;
}
