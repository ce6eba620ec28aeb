/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest: password files, explanations and secrets for mod_auth_msdigest. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <apr_general.h>

#include "explain.h"
#include "passwd.h"
#include "secretfile.h"

#define USAGE "msdigest passwd|explain|secret|help ..."

static const char help[] =
    "msdigest - password files, explanations and secrets for\n"
    "mod_auth_msdigest\n"
    "\n"
    "msdigest passwd [-c] [-u] [-a ALGORITHM,...] FILE REALM USER\n"
    "msdigest passwd -D FILE REALM USER\n"
    "    Adds a user to a password file, changes his password, or with -D\n"
    "    removes him. The password comes from the terminal, or from the "
    "first\n"
    "    line of standard input when that is not a terminal; never from the\n"
    "    arguments.\n"
    "    -c  make the file; it must not exist\n"
    "    -a  store hashes for these algorithms: MD5, SHA-256, SHA-512-256.\n"
    "        Without it: those that the user has, for a new user MD5, which\n"
    "        htdigest and mod_auth_digest read, too\n"
    "    -u  also store lines under a hash of the user name, for clients "
    "that\n"
    "        answer userhash=true\n"
    "    -D  remove the user\n"
    "\n"
    "msdigest explain [-m METHOD] [-t TARGET] [-r REALM] [-a OFFERED,...]\n"
    "        [-b BODYFILE] [-u USER] [-i HEADERFILE]\n"
    "        [-p PASSWORDFILE | -f FILE]\n"
    "    Reads a captured request or its Authorization (Proxy-Authorization)\n"
    "    header, and says whether the response verifies, and if not, which\n"
    "    input is wrong. Never prints a password, a hash of one, or the "
    "right\n"
    "    response.\n"
    "    -m  method of the request; else that of a captured request line, or\n"
    "        GET\n"
    "    -t  target of the request, as it stands on the request line\n"
    "    -r  realm of the server\n"
    "    -a  algorithms that the server offered\n"
    "    -b  file with the body, for qop=auth-int\n"
    "    -u  user name, for a header with userhash=true\n"
    "    -i  file with the header; else standard input\n"
    "    -p  file whose first line is the password\n"
    "    -f  password file, in the place of the password\n"
    "    Without -p and -f the password is asked for at the terminal, or "
    "with\n"
    "    -i read from standard input when that is not a terminal.\n"
    "\n"
    "msdigest secret [FILE]\n"
    "msdigest secret -r|-n|-s|-d|-p FILE\n"
    "    Makes a file for AuthMSDigestSecret, for its owner only; it must "
    "not\n"
    "    exist. Without FILE a secret is printed. Else changes the file and\n"
    "    prints the fingerprints of its secrets, which the server logs.\n"
    "    -r  rotate: a new secret first, the current one becomes the other\n"
    "    -n  next: a new secret as the other one, taken but not used yet\n"
    "    -s  swap the two\n"
    "    -d  drop the other one\n"
    "    -p  change nothing\n"
    "\n"
    "msdigest help\n"
    "    Prints this.\n"
    "\n"
    "Exit status: 0 done, or it verifies and the server takes it; 1 not; 2\n"
    "called in a wrong way.\n";

/* Nothing of a password in a core file; a full disk is an answer, not an end.
 */
static bool harden(void)
{
    const struct rlimit none = { 0, 0 };
    struct sigaction ignore;

    memset(&ignore, 0, sizeof(ignore));
    ignore.sa_handler = SIG_IGN;
    return setrlimit(RLIMIT_CORE, &none) == 0
           && sigaction(SIGXFSZ, &ignore, NULL) == 0;
}

static int run(const msdigest_command_t *command)
{
    const char *name = command->argc > 0 ? command->argv[0] : "";

    if (strcmp(name, "passwd") == 0) {
        return msdigest_passwd(command);
    }
    if (strcmp(name, "explain") == 0) {
        return msdigest_explain(command);
    }
    if (strcmp(name, "secret") == 0) {
        return msdigest_secretfile(command);
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0
        || strcmp(name, "-h") == 0) {
        fputs(help, stdout);
        return MSDIGEST_OK;
    }
    return msdigest_command_misuse(NULL, USAGE);
}

int main(int argc, const char *const *argv)
{
    msdigest_command_t command = { .argc = argc - 1, .argv = argv + 1 };
    int status;

    if (!harden() || apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS
        || apr_pool_create(&command.pool, NULL) != APR_SUCCESS) {
        fputs("msdigest: cannot start\n", stderr);
        return MSDIGEST_NO;
    }
    command.hasher = msd_hasher_create(command.pool);
    status = run(&command);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("msdigest: cannot write its output\n", stderr);
        status = MSDIGEST_NO;
    }
    apr_pool_destroy(command.pool);
    apr_terminate();
    return status;
}
