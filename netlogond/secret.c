/* SPDX-License-Identifier: Apache-2.0 */
/* The machine account's secret: a file that only root need be able to read. */
#include "secret.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "stream.h"

#define LINE_MAX_SIZE 1100
#define WAIT_MS 1000

/* What the parent says: a byte, and with 0 the hash. */
#define REPLY_SIZE (1 + MSD_MACHINEKEY_SIZE)

static const char *const faults[] = {
    NULL,
    "the file of the secret cannot be read",
    "the file of the secret can be read or written by others: chmod 600",
    "the file of the secret has no password of 1 to 1024 bytes in UTF-8, and "
    "no nthash: with 32 hexadecimal digits",
    "the process that reads the secret is gone",
};

static unsigned char read_file(const char *path, unsigned char *out)
{
    char line[LINE_MAX_SIZE];
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char code = 0;
    ssize_t n;

    if (file < 0) {
        return 1;
    }
    n = read(file, line, sizeof(line) - 1);
    if (n < 0 || fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
        code = 1;
    } else if ((info.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
        code = 2;
    } else {
        line[n] = '\0';
        line[strcspn(line, "\r\n")] = '\0';
        code = msd_machinekey_read(msd_text_of(line), out) == NULL ? 0 : 3;
    }
    close(file);
    msd_wipe(line, sizeof(line));
    return code;
}

const char *msd_secret_read(const char *path, unsigned char *out)
{
    return faults[read_file(path, out)];
}

/* Until the child closes its end, which it does when it dies. */
static void serve_child(int line, const char *path)
{
    unsigned char reply[REPLY_SIZE];
    char asked;

    while (read(line, &asked, 1) == 1) {
        memset(reply, 0, sizeof(reply));
        reply[0] = read_file(path, reply + 1);
        if (!msd_stream_write(line, reply, sizeof(reply),
                              msd_stream_now_ms() + WAIT_MS)) {
            break;
        }
        msd_wipe(reply, sizeof(reply));
    }
}

int msd_secret_part(const char *path)
{
    int ends[2];
    int status = 0;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    child = fork();
    if (child == 0) {
        close(ends[0]);
        return ends[1];
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return -1;
    }
    close(STDIN_FILENO);
    serve_child(ends[0], path);
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

const char *msd_secret_ask(int line, unsigned char *out)
{
    unsigned char reply[REPLY_SIZE];
    uint64_t deadline_ms = msd_stream_now_ms() + WAIT_MS;
    const char *fault = faults[4];

    if (msd_stream_write(line, "r", 1, deadline_ms)
        && msd_stream_read(line, reply, sizeof(reply), deadline_ms)
               == sizeof(reply)
        && reply[0] < 4) {
        memcpy(out, reply + 1, MSD_MACHINEKEY_SIZE);
        fault = faults[reply[0]];
    }
    msd_wipe(reply, sizeof(reply));
    return fault;
}
