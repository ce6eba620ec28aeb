/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a domain's controllers. */
#include "finder.h"

#include <ctype.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

#include <apr_strings.h>
#include <arpa/inet.h>

#include "log.h"

#define NETBIOS_MAX 15

/* What stands before the target in the data of SRV (RFC 2782). */
#define SRV_FIXED 6

typedef struct {
    char host[256];
    unsigned priority;
    unsigned weight;
} target_t;

/* The name of a host for the calls; an address stays as it is. */
static void make_name(msd_finder_host_t *host)
{
    unsigned char address[16];
    apr_size_t n = strcspn(host->host, ".");

    if (inet_pton(AF_INET, host->host, address) == 1
        || inet_pton(AF_INET6, host->host, address) == 1) {
        apr_cpystrn(host->name, host->host, sizeof(host->name));
        return;
    }
    if (n > NETBIOS_MAX) {
        n = NETBIOS_MAX;
    }
    for (apr_size_t i = 0; i < n; i++) {
        host->name[i] = (char)toupper((unsigned char)host->host[i]);
    }
    host->name[n] = '\0';
}

static bool resolve(msd_finder_host_t *host)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    int error = getaddrinfo(host->host, NULL, &hints, &list);

    if (error != 0) {
        msd_log_line("warn", MSD_LOGNO(454) "domain controller %s has no "
                     "address: %s", host->host, gai_strerror(error));
        return false;
    }
    memcpy(&host->address.address, list->ai_addr, list->ai_addrlen);
    host->address.len = list->ai_addrlen;
    freeaddrinfo(list);
    make_name(host);
    return true;
}

/* host, host:port, [address]:port */
static void split(const char *server, msd_finder_host_t *out)
{
    const char *end = strrchr(server, ':');
    bool brackets = server[0] == '[';
    apr_size_t n = strlen(server);

    memset(out, 0, sizeof(*out));
    if (end != NULL && (brackets ? end[-1] == ']'
                                 : strchr(server, ':') == end)) {
        out->port = (uint16_t)apr_strtoi64(end + 1, NULL, 10);
        n = (apr_size_t)(end - server);
    }
    if (brackets) {
        server++;
        n -= server[n - 2] == ']' ? 2 : 1;
    }
    if (n >= sizeof(out->host)) {
        n = sizeof(out->host) - 1;
    }
    memcpy(out->host, server, n);
    out->host[n] = '\0';
}

/* Sorted in: by priority, then the heavier first. */
static int insert(target_t *targets, int n, const target_t *target)
{
    int at = n < MSD_DOMAIN_CONTROLLERS ? n : MSD_DOMAIN_CONTROLLERS - 1;

    while (at > 0
           && (target->priority < targets[at - 1].priority
               || (target->priority == targets[at - 1].priority
                   && target->weight > targets[at - 1].weight))) {
        targets[at] = targets[at - 1];
        at--;
    }
    targets[at] = *target;
    return n < MSD_DOMAIN_CONTROLLERS ? n + 1 : n;
}

static int read_records(const unsigned char *reply, int len,
                        target_t *targets)
{
    ns_msg message;
    int n = 0;

    if (ns_initparse(reply, len, &message) != 0) {
        return 0;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        ns_rr record;
        target_t target;

        if (ns_parserr(&message, ns_s_an, i, &record) != 0
            || ns_rr_type(record) != ns_t_srv
            || ns_rr_rdlen(record) <= SRV_FIXED
            || dn_expand(ns_msg_base(message), ns_msg_end(message),
                         ns_rr_rdata(record) + SRV_FIXED, target.host,
                         sizeof(target.host))
                   <= 0) {
            continue;
        }
        target.priority = ns_get16(ns_rr_rdata(record));
        target.weight = ns_get16(ns_rr_rdata(record) + 2);
        n = insert(targets, n, &target);
    }
    return n;
}

static int find_targets(const char *dns, target_t *targets)
{
    unsigned char reply[NS_MAXMSG];
    char name[300];
    struct __res_state state;
    int len;

    memset(&state, 0, sizeof(state));
    if (res_ninit(&state) != 0) {
        return 0;
    }
    apr_snprintf(name, sizeof(name), "_ldap._tcp.dc._msdcs.%s.", dns);
    len = res_nquery(&state, name, ns_c_in, ns_t_srv, reply, sizeof(reply));
    res_nclose(&state);
    if (len < 0 || len > (int)sizeof(reply)) {
        msd_log_line("error", MSD_LOGNO(455) "DNS has no domain controllers: "
                     "no SRV record of %s", name);
        return 0;
    }
    return read_records(reply, len, targets);
}

int msd_finder_find(const msd_domain_config_t *config,
                    msd_finder_host_t *out)
{
    target_t targets[MSD_DOMAIN_CONTROLLERS];
    int found = 0;

    if (config->server_count > 0) {
        for (int i = 0; i < config->server_count; i++) {
            split(config->servers[i], &out[found]);
            found += resolve(&out[found]);
        }
        return found;
    }
    for (int i = 0, n = find_targets(config->dns, targets); i < n; i++) {
        split(targets[i].host, &out[found]);
        found += resolve(&out[found]);
    }
    return found;
}
