/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a file so that nobody ever sees half of it, nor loses a change. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#define FIRST_READ 4096

const char *msdigest_replace_fault(apr_pool_t *pool, const char *what,
                                   const char *path)
{
    char reason[256];

    apr_strerror(errno, reason, sizeof(reason));
    return apr_pstrcat(pool, what, " ", path, ": ", reason, NULL);
}

/* ---- Where the file is */

static const char *real_path(const char *path, apr_pool_t *pool)
{
    char *found = realpath(path, NULL);
    const char *copy = found != NULL ? apr_pstrdup(pool, found) : NULL;

    free(found);
    return copy;
}

/* Of a file that is not there yet: its directory must be. */
static const char *new_path(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *directory = ".";

    if (slash != NULL) {
        directory = apr_pstrmemdup(
            pool, path, slash > path ? (apr_size_t)(slash - path) : 1);
    }
    directory = real_path(directory, pool);
    return directory == NULL ? NULL
                             : apr_pstrcat(pool, directory, "/", name, NULL);
}

static const char *resolve(const char *path, apr_pool_t *pool,
                           const char **out)
{
    struct stat link;

    *out = real_path(path, pool);
    if (*out != NULL) {
        return NULL;
    }
    if (errno == ENOENT && lstat(path, &link) != 0) {
        *out = new_path(path, pool);
    }
    return *out != NULL ? NULL
                        : msdigest_replace_fault(pool, "cannot find", path);
}

static const char *check_mode(const char *path, bool exists,
                              msdigest_replace_mode_t mode, apr_pool_t *pool)
{
    if (exists && mode == MSDIGEST_REPLACE_NEW) {
        return apr_pstrcat(pool, path, " exists: leave out -c to change it",
                           NULL);
    }
    if (!exists && mode == MSDIGEST_REPLACE_OLD) {
        return apr_pstrcat(pool, path, " does not exist: -c makes it", NULL);
    }
    return NULL;
}

const char *msdigest_replace_check(const char *path,
                                   msdigest_replace_mode_t mode,
                                   apr_pool_t *pool)
{
    const char *resolved;
    struct stat found;
    const char *fault = resolve(path, pool, &resolved);

    if (resolved == NULL) {
        return fault;
    }
    return check_mode(resolved, stat(resolved, &found) == 0, mode, pool);
}

/* ---- The lock */

/* Whether the open file is still the one of that name. */
static bool is_current(int fd, const char *path)
{
    struct stat ours;
    struct stat named;

    return fstat(fd, &ours) == 0 && lstat(path, &named) == 0
           && ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static bool wait_for_lock(int fd)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int result;

    do {
        result = fcntl(fd, F_SETLKW, &whole);
    } while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Whoever holds the lock takes its file away at the end; who waited for it
 * then holds a file without a name, and begins anew. */
static const char *lock(msdigest_replace_t *replace)
{
    for (;;) {
        replace->lock = open(replace->lock_path,
                             O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (replace->lock < 0 || !wait_for_lock(replace->lock)) {
            return msdigest_replace_fault(replace->pool, "cannot lock",
                                          replace->lock_path);
        }
        if (is_current(replace->lock, replace->lock_path)) {
            return NULL;
        }
        close(replace->lock);
    }
}

void msdigest_replace_end(msdigest_replace_t *replace)
{
    if (replace->lock < 0) {
        return;
    }
    if (is_current(replace->lock, replace->lock_path)) {
        unlink(replace->lock_path);
    }
    close(replace->lock);
    replace->lock = -1;
}

/* ---- Reading */

const char *msdigest_replace_read(int fd, const char *name, apr_pool_t *pool,
                                  msd_text_t *out)
{
    apr_size_t size = FIRST_READ;
    apr_size_t len = 0;
    char *bytes = apr_palloc(pool, size);
    ssize_t n;

    while ((n = read(fd, bytes + len, size - len)) != 0) {
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return msdigest_replace_fault(pool, "cannot read", name);
        }
        len += (apr_size_t)n;
        if (len == size) {
            char *larger = apr_palloc(pool, 2 * size);

            memcpy(larger, bytes, len);
            bytes = larger;
            size *= 2;
        }
    }
    *out = (msd_text_t){ bytes, len };
    return NULL;
}

static const char *read_old(msdigest_replace_t *replace)
{
    int fd = open(replace->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *fault = NULL;

    if (fd < 0) {
        return errno == ENOENT
                   ? NULL
                   : msdigest_replace_fault(replace->pool, "cannot open",
                                            replace->path);
    }
    replace->exists = true;
    if (fstat(fd, &replace->was) != 0 || !S_ISREG(replace->was.st_mode)) {
        fault = apr_pstrcat(replace->pool, replace->path,
                            " is not a regular file", NULL);
    } else {
        fault = msdigest_replace_read(fd, replace->path, replace->pool,
                                      &replace->text);
    }
    close(fd);
    return fault;
}

const char *msdigest_replace_begin(const char *path,
                                   msdigest_replace_mode_t mode,
                                   apr_pool_t *pool, msdigest_replace_t *out)
{
    const char *fault;

    memset(out, 0, sizeof(*out));
    out->lock = -1;
    out->pool = pool;
    fault = resolve(path, pool, &out->path);
    if (fault != NULL) {
        return fault;
    }
    out->lock_path = apr_pstrcat(pool, out->path, ".lock", NULL);
    fault = lock(out);
    if (fault == NULL) {
        fault = read_old(out);
    }
    return fault != NULL ? fault
                         : check_mode(out->path, out->exists, mode, pool);
}

/* ---- Writing */

static bool write_all(int fd, msd_text_t text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            text = (msd_text_t){ text.data + n, text.len - (apr_size_t)n };
        }
    }
    return true;
}

/* The new file looks like the old one to everybody who may read it. */
static bool take_over(int fd, const msdigest_replace_t *replace)
{
    const struct stat *was = &replace->was;
    struct stat is;

    if (!replace->exists) {
        return true; /* mkstemp made it for its owner only */
    }
    return fstat(fd, &is) == 0
           && ((is.st_uid == was->st_uid && is.st_gid == was->st_gid)
               || fchown(fd, was->st_uid, was->st_gid) == 0)
           && fchmod(fd, was->st_mode & 07777) == 0;
}

/* The new name is safe only when its directory is on the disk too. */
static const char *sync_directory(const msdigest_replace_t *replace)
{
    const char *slash = strrchr(replace->path, '/');
    const char *directory = apr_pstrmemdup(
        replace->pool, replace->path,
        slash > replace->path ? (apr_size_t)(slash - replace->path) : 1);
    int fd = open(directory, O_RDONLY | O_CLOEXEC);
    bool fine = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    const char *fault = fine ? NULL
                             : msdigest_replace_fault(
                                 replace->pool,
                                 "written, but perhaps not yet on the "
                                 "disk:",
                                 directory);

    if (fd >= 0) {
        close(fd);
    }
    return fault;
}

static const char *give_up(const msdigest_replace_t *replace, const char *path)
{
    const char *fault = msdigest_replace_fault(replace->pool, "cannot write",
                                               path);

    unlink(path);
    if (!replace->exists) {
        return fault;
    }
    return apr_pstrcat(replace->pool, fault, "; ", replace->path,
                       " is as it was", NULL);
}

static const char *write_new(const msdigest_replace_t *replace, char *path,
                             msd_text_t text)
{
    int fd = mkstemp(path);

    if (fd < 0) {
        return msdigest_replace_fault(replace->pool, "cannot make", path);
    }
    if (!take_over(fd, replace) || !write_all(fd, text) || fsync(fd) != 0) {
        const char *fault = give_up(replace, path);

        close(fd);
        return fault;
    }
    if (close(fd) != 0 || rename(path, replace->path) != 0) {
        return give_up(replace, path);
    }
    return sync_directory(replace);
}

const char *msdigest_replace_write(const msdigest_replace_t *replace,
                                   msd_text_t text)
{
    char *path = apr_pstrcat(replace->pool, replace->path, ".XXXXXX", NULL);
    const char *fault;
    sigset_t all;
    sigset_t before;

    /* Nothing but a kill leaves the new file behind half written. */
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    fault = write_new(replace, path, text);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return fault;
}
