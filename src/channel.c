/* SPDX-License-Identifier: Apache-2.0 */
/* The channel in the decision. */
#include "channel.h"

#include <string.h>

#include <apr_strings.h>

msd_text_t msd_channel_scope(const msd_channel_t *channel, msd_text_t scope,
                             apr_pool_t *pool)
{
    const apr_size_t prefix = MSD_BINDING_PREFIX_LENGTH;
    char *text;
    apr_size_t len;

    if (channel == NULL) {
        return scope;
    }
    len = scope.len + prefix
          + MSD_BINDING_LENGTH * (apr_size_t)channel->binding_count;
    text = apr_palloc(pool, len);
    if (scope.len > 0) {
        memcpy(text, scope.data, scope.len);
    }
    memcpy(text + scope.len, MSD_BINDING_PREFIX, prefix);
    for (int i = 0; i < channel->binding_count; i++) {
        memcpy(text + scope.len + prefix + MSD_BINDING_LENGTH * i,
               channel->bindings[i], MSD_BINDING_LENGTH);
    }
    return (msd_text_t){ text, len };
}

static msd_text_t cut_prefix(msd_text_t nonce)
{
    const apr_size_t prefix = MSD_BINDING_PREFIX_LENGTH;

    if (nonce.len < prefix
        || memcmp(nonce.data, MSD_BINDING_PREFIX, prefix) != 0) {
        return (msd_text_t){ "", 0 };
    }
    return (msd_text_t){ nonce.data + prefix, nonce.len - prefix };
}

static msd_verdict_t read_binding(msd_attempt_t *attempt)
{
    msd_binding_t *binding = &attempt->binding;
    msd_text_t text;
    const char *fault;

    /* The syntax was read already. */
    msd_header_is_digest(attempt->request->authorization, &text);
    fault = msd_binding_read(text, &attempt->credentials, attempt->world->pool,
                             binding);
    if (fault != NULL) {
        return msd_proof_refuse(attempt, MSD_MALFORMED, fault);
    }
    if (binding->upgraded
        && !msd_binding_is_whole(attempt->world->hasher, binding)) {
        return msd_proof_refuse(attempt, MSD_BAD_BINDING,
                                "the cnonce is not of this service-name and "
                                "channel-binding");
    }
    return MSD_ACCEPTED;
}

msd_verdict_t msd_channel_read(msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    apr_pool_t *pool = attempt->world->pool;

    attempt->scope = policy->scope;
    attempt->previous_scope = policy->previous_scope;
    attempt->wire_nonce = attempt->credentials.nonce;
    if (policy->channel == NULL) {
        return MSD_ACCEPTED;
    }
    attempt->scope = msd_channel_scope(policy->channel, policy->scope, pool);
    attempt->previous_scope = msd_channel_scope(
        policy->channel, policy->previous_scope, pool);
    attempt->wire_nonce = cut_prefix(attempt->credentials.nonce);
    return read_binding(attempt);
}

uint64_t msd_channel_mark(const msd_attempt_t *attempt, const msd_keys_t *keys)
{
    if (attempt->policy->channel == NULL || !attempt->binding.upgraded) {
        return 0;
    }
    return msd_context_mark(attempt->binding.hashed, keys->user);
}

msd_verdict_t msd_channel_check(msd_attempt_t *attempt)
{
    const char *fault;

    if (attempt->policy->channel == NULL || !attempt->nonce_is_ours) {
        return MSD_ACCEPTED;
    }
    fault = msd_binding_judge(attempt->policy->channel, &attempt->binding);
    return fault == NULL ? MSD_ACCEPTED
                         : msd_proof_refuse(attempt, MSD_BAD_BINDING, fault);
}
