/* SPDX-License-Identifier: Apache-2.0 */
/* The domain: its controllers, and whom to ask. */
#include "domain.h"

#include <string.h>

#include "finder.h"
#include "log.h"
#include "netlogon/ntstatus.h"

/* How long a controller that did not answer is asked last. */
#define DOWN_MS 30000

/* The most controllers that one question is put to. */
#define TRIES 3

/* A NetBIOS name. */
#define NAME_MAX_SIZE 15

static bool is_name(const char *text, apr_size_t n)
{
    if (n == 0 || n > NAME_MAX_SIZE) {
        return false;
    }
    for (apr_size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] >= 127
            || strchr("\\/:*?\"<>|", text[i]) != NULL) {
            return false;
        }
    }
    return true;
}

const char *msd_domain_begin(msd_domain_t *domain,
                             const msd_domain_config_t *config,
                             const msd_controller_secret_t *secret)
{
    apr_size_t n = strlen(config->account);

    memset(domain, 0, sizeof(*domain));
    if (!is_name(config->netbios, strlen(config->netbios))) {
        return "the domain is a NetBIOS name of 1 to 15 ASCII characters";
    }
    if (n < 2 || config->account[n - 1] != '$'
        || !is_name(config->account, n - 1)) {
        return "the account is a computer's name of 1 to 15 ASCII characters "
               "and $";
    }
    if (config->server_count == 0 && config->dns == NULL) {
        return "without a server, the domain needs its DNS name";
    }
    domain->config = *config;
    domain->secret = *secret;
    memcpy(domain->computer, config->account, n - 1);
    pthread_mutex_init(&domain->mutex, NULL);
    for (int i = 0; i < MSD_DOMAIN_CONTROLLERS; i++) {
        pthread_mutex_init(&domain->controllers[i].mutex, NULL);
    }
    return NULL;
}

/* ---- The list.  A place keeps its host for ever: connections and keys belong
 * to it.  Only the address of a host may change. */

static void take_host(msd_domain_t *domain, const msd_finder_host_t *found)
{
    int i = 0;

    while (i < domain->count
           && (strcmp(domain->controllers[i].host, found->host) != 0
               || domain->controllers[i].fixed_port != found->port)) {
        i++;
    }
    if (i == MSD_DOMAIN_CONTROLLERS) {
        return;
    }
    if (i == domain->count) {
        msd_controller_t *controller = &domain->controllers[i];

        memcpy(controller->host, found->host, sizeof(controller->host));
        memcpy(controller->name, found->name, sizeof(controller->name));
        controller->fixed_port = found->port;
        controller->address = found->address;
        domain->count++;
    }
}

int msd_domain_find(msd_domain_t *domain)
{
    msd_finder_host_t found[MSD_DOMAIN_CONTROLLERS];
    int n = msd_finder_find(&domain->config, found);
    int count;

    pthread_mutex_lock(&domain->mutex);
    for (int i = 0; i < n; i++) {
        take_host(domain, &found[i]);
    }
    count = domain->count;
    pthread_mutex_unlock(&domain->mutex);
    return count;
}

/* ---- Asking */

/* The controllers to ask: those that are up, else all. */
static int choose(msd_domain_t *domain, int *order)
{
    uint64_t now = msd_stream_now_ms();
    int n = 0;

    pthread_mutex_lock(&domain->mutex);
    for (int i = 0; i < domain->count; i++) {
        if (domain->controllers[i].down_until_ms <= now) {
            order[n++] = i;
        }
    }
    for (int i = 0; n == 0 && i < domain->count; i++) {
        order[i] = i;
    }
    n = n == 0 ? domain->count : n;
    pthread_mutex_unlock(&domain->mutex);
    return n < TRIES ? n : TRIES;
}

static void note_down(msd_domain_t *domain, msd_controller_t *controller,
                      const char *why)
{
    uint64_t now = msd_stream_now_ms();
    bool was;

    pthread_mutex_lock(&domain->mutex);
    was = controller->down_until_ms > now;
    controller->down_until_ms = now + DOWN_MS;
    pthread_mutex_unlock(&domain->mutex);
    if (!was) {
        msd_log_line("warn", MSD_LOGNO(452) "domain controller %s: %s; "
                     "others are asked before it for %d seconds",
                     controller->host, why, DOWN_MS / 1000);
    }
}

static void note_up(msd_domain_t *domain, msd_controller_t *controller)
{
    bool was;

    pthread_mutex_lock(&domain->mutex);
    was = controller->down_until_ms > 0;
    controller->down_until_ms = 0;
    pthread_mutex_unlock(&domain->mutex);
    if (was) {
        msd_log_line("notice", MSD_LOGNO(453) "domain controller %s answers "
                     "again", controller->host);
    }
}

/* Whether the search is over. */
static bool ask_one(msd_domain_t *domain, int place,
                    msd_domain_lines_t *lines, msd_controller_question_t *q)
{
    msd_controller_t *controller = &domain->controllers[place];
    const msd_calls_names_t names = { controller->name, domain->computer,
                                      domain->config.account,
                                      domain->config.netbios };
    msd_controller_result_t result;

    q->names = &names;
    q->secret = &domain->secret;
    result = msd_controller_ask(controller, &lines->lines[place], lines->pool,
                                q);
    q->names = NULL;
    switch (result) {
    case MSD_CONTROLLER_ANSWERED:
        if (msd_ntstatus_find(q->status)->kind == MSD_NTSTATUS_ELSEWHERE) {
            note_down(domain, controller,
                      msd_ntstatus_find(q->status)->meaning);
            return false;
        }
        note_up(domain, controller);
        return true;
    case MSD_CONTROLLER_DOWN:
        note_down(domain, controller, q->why);
        return false;
    case MSD_CONTROLLER_REFUSES:
    default:
        return false;
    }
}

void msd_domain_ask(msd_domain_t *domain, msd_domain_lines_t *lines,
                    msd_controller_question_t *question)
{
    int order[MSD_DOMAIN_CONTROLLERS];
    int n = choose(domain, order);
    uint64_t end_ms = question->deadline_ms;

    question->has_status = false;
    question->why = n == 0 ? "no domain controller has been found"
                           : "the time is over";
    for (int i = 0; i < n; i++) {
        uint64_t now = msd_stream_now_ms();

        if (now >= end_ms) {
            return;
        }
        question->has_status = false;
        question->deadline_ms = now + (end_ms - now) / (uint64_t)(n - i);
        if (ask_one(domain, order[i], lines, question)) {
            return;
        }
    }
}
