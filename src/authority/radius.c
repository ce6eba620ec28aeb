/* SPDX-License-Identifier: Apache-2.0 */
/* Proof at a RADIUS server: whom to ask, and what a reply means. */
#include "authority/radius.h"

#include <string.h>

#include <apr_strings.h>

#include "authority/radiusgrant.h"
#include "authority/radiusudp.h"
#include "digest/username.h"

/* The first pause before a packet is sent again; each later one is double. */
#define FIRST_PAUSE_MS 250

/* One server that is being asked. */
typedef struct {
    msd_radiusroute_t route;
    msd_radiuslink_t link;
    msd_radius_request_t request;
    unsigned char packet[MSD_RADIUS_PACKET_MAX];
    apr_size_t len;
    uint64_t began_ms;
    uint64_t send_ms; /* when to send (again) */
    uint64_t pause_ms;
    bool answered;
    bool over; /* it refuses, or cannot be asked */
} leg_t;

/* One proof on its way. */
typedef struct {
    const msd_radius_t *radius;
    const msd_question_t *question;
    msd_text_t user;
    const msd_radius_server_t *servers[MSD_RADIUS_SERVERS_MAX];
    int count; /* of servers to ask */
    leg_t *legs[MSD_RADIUS_SERVERS_MAX];
    int begun; /* how many of them are asked */
    uint64_t now_ms;
    uint64_t end_ms;
    uint64_t patience_ms; /* until the next one is asked too */
    bool decided;
    msd_proof_t *out;
} talk_t;

/* Over TLS nothing is lost or made up on the way. */
static bool is_tls(const leg_t *leg)
{
    return leg->route.server->tls != NULL;
}

static uint64_t now_of(const msd_radius_t *radius)
{
    return radius->world->now_ms(radius->world->self);
}

static void note(const talk_t *talk, msd_radius_note_t what,
                 const msd_radius_server_t *server, msd_text_t text)
{
    const msd_radius_world_t *world = talk->radius->world;

    world->note(world->self, what, server == NULL ? NULL : server->name, text);
}

static void decide(talk_t *talk, msd_proof_result_t result, const char *reason)
{
    talk->decided = true;
    talk->out->result = result;
    talk->out->reason = reason;
}

static void bury(const talk_t *talk, const leg_t *leg, const char *why)
{
    msd_radius_server_bury(leg->route.server,
                           talk->now_ms + talk->radius->dead_ms);
    note(talk, MSD_RADIUS_DEAD, leg->route.server, msd_text_of(why));
}

static void revive(const talk_t *talk, leg_t *leg)
{
    leg->answered = true;
    if (msd_radius_server_revive(leg->route.server)) {
        note(talk, MSD_RADIUS_BACK, leg->route.server, MSD_TEXT(""));
    }
}

/* ---- Asking */

/* A request of its own for each server, and for each challenge. */
static const char *write_request(talk_t *talk, leg_t *leg, msd_text_t state)
{
    const msd_radius_t *radius = talk->radius;
    msd_radius_request_t *request = &leg->request;

    request->secret = is_tls(leg) ? radius->tls.secret : radius->secret;
    request->nas_identifier = radius->nas_identifier;
    request->user = talk->user;
    request->realm = talk->question->realm;
    request->response = talk->question->response;
    request->state = state;
    if (radius->world->random(radius->world->self, &request->id, 1)
            != APR_SUCCESS
        || radius->world->random(radius->world->self, request->authenticator,
                                 sizeof(request->authenticator))
               != APR_SUCCESS) {
        return "there is no randomness for a RADIUS request";
    }
    leg->send_ms = talk->now_ms;
    leg->pause_ms = FIRST_PAUSE_MS;
    return msd_radius_build(request, leg->packet, &leg->len);
}

static void end_leg(const talk_t *talk, leg_t *leg, const char *why)
{
    leg->over = true;
    bury(talk, leg, why);
}

static apr_status_t open_link(const talk_t *talk, leg_t *leg)
{
    return is_tls(leg) ? msd_radiustls_open(&leg->link, &leg->route,
                                            &talk->radius->tls, talk->now_ms)
                       : msd_radiusudp_open(&leg->link, &leg->route);
}

static void begin_leg(talk_t *talk)
{
    leg_t *leg = apr_pcalloc(talk->question->pool, sizeof(*leg));
    const char *fault;

    leg->route = (msd_radiusroute_t){ talk->servers[talk->begun],
                                      talk->radius->source,
                                      talk->question->pool };
    fault = write_request(talk, leg, MSD_TEXT(""));
    leg->began_ms = talk->now_ms;
    talk->legs[talk->begun++] = leg;
    if (fault != NULL) {
        note(talk, MSD_RADIUS_UNSENDABLE, NULL, msd_text_of(fault));
        decide(talk, MSD_PROOF_UNAVAILABLE, fault);
        return;
    }
    if (open_link(talk, leg) != APR_SUCCESS) {
        end_leg(talk, leg, leg->link.fault);
    }
}

/* The next server's turn comes when all before it are over, or slow. */
static bool is_next_due(const talk_t *talk)
{
    const leg_t *last;

    if (talk->begun == talk->count) {
        return false;
    }
    last = talk->begun > 0 ? talk->legs[talk->begun - 1] : NULL;
    return last == NULL || last->over
           || talk->now_ms - last->began_ms >= talk->patience_ms;
}

static void send_packet(const talk_t *talk, leg_t *leg)
{
    leg->send_ms = is_tls(leg) ? UINT64_MAX : talk->now_ms + leg->pause_ms;
    leg->pause_ms *= 2;
    if (leg->link.send(&leg->link, leg->packet, leg->len) != APR_SUCCESS) {
        end_leg(talk, leg, leg->link.fault);
    }
}

static void send_what_is_due(talk_t *talk)
{
    while (!talk->decided && is_next_due(talk)) {
        begin_leg(talk);
    }
    for (int i = 0; !talk->decided && i < talk->begun; i++) {
        leg_t *leg = talk->legs[i];

        if (!leg->over && leg->send_ms <= talk->now_ms) {
            send_packet(talk, leg);
        }
    }
}

/* ---- Replies */

static void take_accept(talk_t *talk, const leg_t *leg,
                        const msd_radius_reply_t *reply)
{
    const char *fault = msd_radius_grant(reply, is_tls(leg),
                                         talk->radius->groups_in,
                                         talk->question, talk->out);

    if (fault != NULL) {
        decide(talk, MSD_PROOF_UNAVAILABLE, fault);
        return;
    }
    talk->out->user = talk->user;
    decide(talk, MSD_PROOF_GRANTED, NULL);
}

/* RFC 2865 section 5.24: the State goes back, once, in a request of its own
 * id and authenticator; the answer to prove is still the same. */
static void take_challenge(talk_t *talk, leg_t *leg,
                           const msd_radius_reply_t *reply)
{
    msd_text_t state = reply->state;

    state.data = apr_pstrmemdup(talk->question->pool, state.data, state.len);
    if (state.len == 0 || leg->request.state.len > 0
        || write_request(talk, leg, state) != NULL) {
        decide(talk, MSD_PROOF_UNAVAILABLE,
               "the RADIUS server wants more than the answer");
    }
}

static void take_reply(talk_t *talk, leg_t *leg,
                       const msd_radius_reply_t *reply)
{
    revive(talk, leg);
    if (reply->message.len > 0) {
        note(talk, MSD_RADIUS_MESSAGE, leg->route.server, reply->message);
    }
    switch (reply->code) {
    case MSD_RADIUS_ACCEPT:
        take_accept(talk, leg, reply);
        return;
    case MSD_RADIUS_REJECT:
        decide(talk, MSD_PROOF_DENIED, "the RADIUS server rejects the user");
        return;
    case MSD_RADIUS_CHALLENGE:
        take_challenge(talk, leg, reply);
        return;
    }
}

/* Nobody knows who sent it; over TLS that is known, and the connection ends
 * with it (RFC 6613 section 2.6.4). */
static void drop_packet(talk_t *talk, leg_t *leg, const char *fault)
{
    talk->out->reason = "no RADIUS server gives a reply that can be believed";
    note(talk, MSD_RADIUS_DROPPED, leg->route.server, msd_text_of(fault));
    if (is_tls(leg)) {
        end_leg(talk, leg, "it sends what cannot be believed");
    }
}

/* One packet; the key may be in it in clear. */
static void receive(talk_t *talk, leg_t *leg)
{
    unsigned char packet[MSD_RADIUS_PACKET_MAX + 1];
    apr_size_t len;
    apr_status_t status = leg->link.receive(&leg->link, packet, &len);
    msd_radius_reply_t reply;
    const char *fault;

    if (APR_STATUS_IS_EAGAIN(status)) {
        return;
    }
    if (status != APR_SUCCESS) {
        end_leg(talk, leg, leg->link.fault);
        return;
    }
    fault = msd_radius_read(&leg->request, packet, len, &reply);
    if (fault != NULL) {
        drop_packet(talk, leg, fault);
    } else {
        take_reply(talk, leg, &reply);
    }
    msd_wipe(&reply, sizeof(reply));
    msd_wipe(packet, len);
}

/* ---- Waiting */

/* The time of the next thing to do. */
static uint64_t next_ms(const talk_t *talk)
{
    uint64_t next = talk->end_ms;

    for (int i = 0; i < talk->begun; i++) {
        const leg_t *leg = talk->legs[i];

        if (!leg->over && leg->send_ms < next) {
            next = leg->send_ms;
        }
    }
    if (talk->begun > 0 && talk->begun < talk->count) {
        uint64_t due = talk->legs[talk->begun - 1]->began_ms
                       + talk->patience_ms;

        next = due < next ? due : next;
    }
    return next > talk->now_ms ? next : talk->now_ms + 1;
}

/* Returns false when there is nobody left to wait for. */
static bool wait_for_replies(talk_t *talk)
{
    apr_pollfd_t set[MSD_RADIUS_SERVERS_MAX];
    apr_int32_t ready = 0;
    int n = 0;

    for (int i = 0; i < talk->begun; i++) {
        if (!talk->legs[i]->over) {
            set[n++] = (apr_pollfd_t){
                .p = talk->question->pool,
                .desc_type = APR_POLL_SOCKET,
                .reqevents = talk->legs[i]->link.events,
                .desc.s = talk->legs[i]->link.socket,
                .client_data = talk->legs[i],
            };
        }
    }
    if (n == 0) {
        return talk->begun < talk->count;
    }
    if (apr_poll(set, n, &ready,
                 (apr_interval_time_t)(next_ms(talk) - talk->now_ms) * 1000)
        != APR_SUCCESS) {
        return true;
    }
    for (int i = 0; !talk->decided && i < n; i++) {
        if (set[i].rtnevents != 0) {
            receive(talk, set[i].client_data);
        }
    }
    return true;
}

/* Whoever had the time to answer, and did not, is dead; give the links
 * back, as the pool may live as long as a long download. */
static void end_talk(talk_t *talk)
{
    talk->now_ms = now_of(talk->radius);
    for (int i = 0; i < talk->begun; i++) {
        leg_t *leg = talk->legs[i];

        if (!leg->answered && !leg->over
            && talk->now_ms - leg->began_ms >= talk->patience_ms) {
            bury(talk, leg, "it does not answer");
        }
        if (leg->link.close != NULL) {
            leg->link.close(&leg->link, talk->now_ms,
                            leg->answered && !leg->over);
        }
    }
}

static void converse(talk_t *talk)
{
    const msd_radius_t *radius = talk->radius;

    talk->count = msd_radius_server_choose(radius->servers, radius->count,
                                           talk->now_ms, radius->dead_ms,
                                           talk->servers);
    talk->patience_ms = radius->deadline_ms / (uint64_t)(talk->count + 1);
    do {
        send_what_is_due(talk);
        if (talk->decided || !wait_for_replies(talk)) {
            break;
        }
        talk->now_ms = now_of(talk->radius);
    } while (!talk->decided && talk->now_ms < talk->end_ms);
    end_talk(talk);
}

void msd_radius_prove(void *self, const msd_question_t *question,
                      msd_proof_t *out)
{
    const msd_radius_t *radius = self;
    msd_text_t forms[MSD_USERNAME_FORMS];
    talk_t talk = { .radius = radius, .question = question, .out = out };

    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNAVAILABLE;
    out->reason = "no RADIUS server answers";
    if (question->response->algorithm != MSD_ALGORITHM_MD5_SESS) {
        out->reason = "RADIUS proves MD5-sess only: see "
                      "AuthMSDigestAlgorithm";
        return;
    }
    /* The form that is most likely meant: each try may count as a wrong
     * password of somebody. */
    msd_username_forms(question->username, question->pool, forms);
    talk.user = forms[0];
    if (talk.user.len > MSD_RADIUS_VALUE_MAX) {
        out->result = MSD_PROOF_UNKNOWN;
        out->reason = "user is unknown: no name in RADIUS is so long";
        return;
    }
    talk.now_ms = now_of(radius);
    talk.end_ms = talk.now_ms + radius->deadline_ms;
    converse(&talk);
}
