/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest-netlogond: holds the machine account's secret and the secure
 * channel to the domain, and proves what httpd's processes ask. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "serve.h"
#include "trial.h"

#define USAGE_STATUS 2
#define WORKERS 16

static const char usage[] =
    "usage: msdigest-netlogond OPTIONS --check USER REALM\n"
    "       reads USER's password, asks the domain, and says what it says\n"
    "  --domain NETBIOS     the domain\n"
    "  --dns NAME           its DNS name: finds the domain controllers\n"
    "  --server HOST[:PORT] a domain controller; may be given again\n"
    "  --account NAME$      the machine account\n"
    "  --secret FILE        its password in the first line\n"
    "httpd starts it without --check, with a socket as standard input and\n"
    "  --user NAME          whom to become\n"
    "  --delay SECONDS      how long to wait first\n";

typedef struct {
    msd_domain_config_t domain;
    const char *secret;
    const char *user;
    int delay;
    bool check;
    bool wrong;
} options_t;

static void take(options_t *options, int which, const char *value)
{
    msd_domain_config_t *domain = &options->domain;

    switch (which) {
    case 'd':
        domain->netbios = value;
        return;
    case 'n':
        domain->dns = value;
        return;
    case 'a':
        domain->account = value;
        return;
    case 's':
        options->secret = value;
        return;
    case 'u':
        options->user = value;
        return;
    case 'w':
        options->delay = (int)(apr_strtoi64(value, NULL, 10) % 60);
        return;
    case 'c':
        options->check = true;
        return;
    case 'h':
        if (domain->server_count < MSD_DOMAIN_CONTROLLERS) {
            domain->servers[domain->server_count++] = value;
            return;
        }
        options->wrong = true;
        return;
    default:
        options->wrong = true;
        return;
    }
}

static void read_options(options_t *options, int argc, char **argv)
{
    static const struct option known[] = {
        { "domain", required_argument, NULL, 'd' },
        { "dns", required_argument, NULL, 'n' },
        { "server", required_argument, NULL, 'h' },
        { "account", required_argument, NULL, 'a' },
        { "secret", required_argument, NULL, 's' },
        { "user", required_argument, NULL, 'u' },
        { "delay", required_argument, NULL, 'w' },
        { "check", no_argument, NULL, 'c' },
        { NULL, 0, NULL, 0 },
    };
    int which;

    while ((which = getopt_long(argc, argv, "", known, NULL)) != -1) {
        take(options, which, optarg);
    }
    if (options->domain.netbios == NULL || options->domain.account == NULL
        || options->secret == NULL
        || argc - optind != (options->check ? 2 : 0)) {
        options->wrong = true;
    }
}

static bool stdin_is_socket(void)
{
    struct stat info;

    return fstat(STDIN_FILENO, &info) == 0 && S_ISSOCK(info.st_mode);
}

int main(int argc, char **argv)
{
    options_t options = { .delay = 0 };

    read_options(&options, argc, argv);
    if (options.wrong || (!options.check && !stdin_is_socket())) {
        fputs(usage, stderr);
        return USAGE_STATUS;
    }
    apr_initialize();
    if (options.check) {
        const msd_trial_t trial = { &options.domain, options.secret,
                                    argv[optind], argv[optind + 1] };

        return msd_trial(&trial);
    }
    if (options.delay > 0) {
        sleep((unsigned)options.delay);
    }
    return msd_serve(&(msd_serve_t){ &options.domain, options.secret,
                                     options.user, WORKERS });
}
