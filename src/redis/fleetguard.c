/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard of a fleet: one script at one Redis server. */
#include "redis/fleetguard.h"

#include <inttypes.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

/* What a client may send of the future: as the decision allows. */
#define CLOCK_TOLERANCE_MS 1000

/* As text, for the script. */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/*
 * The arguments: see begin and send_count.  The window is that of
 * context/replay.c: 8 words of 16 counts, of which a block pushes out an older
 * one.
 *
 * A copy that can be written has the life of its master, but not its counts:
 * it must not answer.
 */
static const char script[] =
    "local info = redis.call('INFO', 'replication')\n"
    "if not string.find(info, 'role:master', 1, true) then\n"
    "  return redis.error_reply('READONLY not a master')\n"
    "end\n"
    "local id = string.match(info, 'master_replid:(%x+)')\n"
    "local longest = tonumber(ARGV[2])\n"
    "local mark\n"
    "local life = redis.call('GET', KEYS[1])\n"
    "if life then\n"
    "  local was, at, most = string.match(life, '^(%d+) (%x+) (%d+)$')\n"
    "  if at == id and tonumber(most) >= longest then\n"
    "    mark, longest = was, tonumber(most)\n"
    "  end\n"
    "end\n"
    "if not mark then\n"
    "  mark = ARGV[1]\n"
    "  redis.call('SET', KEYS[1],\n"
    "             mark .. ' ' .. id .. ' ' .. string.format('%.0f', longest))\n"
    "end\n"
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
    "local function answer(result) return { result, mark, now } end\n"
    "local mode = ARGV[3]\n"
    "if mode == 'look' then return answer('look') end\n"
    "if ARGV[4] ~= mark then return answer('foreign') end\n"
    "local minted = tonumber(ARGV[5])\n"
    "local lifetime = math.min(tonumber(ARGV[6]), longest)\n"
    "if now > minted + lifetime\n"
    "    or minted > now + " TEXT(CLOCK_TOLERANCE_MS) " then\n"
    "  return answer('expired')\n"
    "end\n"
    "local nc, token = tonumber(ARGV[7]), ARGV[8]\n"
    "local layout = '>c8I4' .. string.rep('I4I2', 8)\n"
    "local v\n"
    "local value = redis.call('GET', KEYS[2])\n"
    "if value then\n"
    "  v = { struct.unpack(layout, value) }\n"
    "else\n"
    "  v = { '', 0 }\n"
    "  for i = 3, 18 do v[i] = 0 end\n"
    "end\n"
    "local function keep(result)\n"
    "  v[1], v[2] = token, nc\n"
    "  redis.call('SET', KEYS[2], struct.pack(layout, unpack(v, 1, 18)),\n"
    "             'PXAT', string.format('%.0f', minted + longest + "
    TEXT(MSD_FLEET_KEEP_MS) "))\n"
    "  return answer(result)\n"
    "end\n"
    "local block, bit = math.floor(nc / 16), 2 ^ (nc % 16)\n"
    "if block > 1048575 then\n"
    "  if mode == 'peek' then return answer('range') end\n"
    "  for i = 3, 17, 2 do v[i], v[i + 1] = 1048575, 65535 end\n"
    "  return keep('range')\n"
    "end\n"
    "local at = 3 + block % 8 * 2\n"
    "local has, bits = v[at], v[at + 1]\n"
    "if bits > 0 and has > block then return answer('late') end\n"
    "if bits > 0 and has == block then\n"
    "  if math.floor(bits / bit) % 2 == 1 then\n"
    "    if v[1] == token and v[2] == nc then return answer('accepted') end\n"
    "    return answer('seen')\n"
    "  end\n"
    "else\n"
    "  bits = 0\n"
    "end\n"
    "if mode == 'sequence' then\n"
    "  for i = 3, 17, 2 do\n"
    "    if v[i + 1] > 0 and (v[i] > block\n"
    "        or v[i] == block and v[i + 1] >= bit * 2) then\n"
    "      return answer('late')\n"
    "    end\n"
    "  end\n"
    "end\n"
    "if mode == 'peek' then return answer('accepted') end\n"
    "v[at], v[at + 1] = block, bits + bit\n"
    "return keep('accepted')\n";

#define LIFE_KEY "msdigest:life"
#define COUNTS_KEY "msdigest:counts:"

#define TOKEN_SIZE 8

/* A number as text.  Room for any. */
typedef struct {
    char text[24];
} number_t;

void msd_fleet_script_name(char *out)
{
    unsigned char sum[EVP_MAX_MD_SIZE];

    out[0] = '\0';
    if (EVP_Digest(script, sizeof(script) - 1, sum, NULL, EVP_sha1(), NULL)
        == 1) {
        msd_hex_encode(sum, (MSD_FLEET_SCRIPT_NAME_SIZE - 1) / 2, out);
        out[MSD_FLEET_SCRIPT_NAME_SIZE - 1] = '\0';
    }
}

static void add_number(msd_redis_command_t *command, uint64_t value,
                       number_t *number)
{
    apr_snprintf(number->text, sizeof(number->text), "%" APR_UINT64_T_FMT,
                 value);
    msd_redis_command_add(command, msd_text_of(number->text));
}

/* ---- Answers */

static msd_replay_result_t find_result(const char *word)
{
    static const struct {
        const char *word;
        msd_replay_result_t result;
    } words[] = {
        { "accepted", MSD_REPLAY_ACCEPTED }, { "seen", MSD_REPLAY_SEEN },
        { "late", MSD_REPLAY_LATE },         { "range", MSD_REPLAY_RANGE },
        { "foreign", MSD_REPLAY_FOREIGN },   { "expired", MSD_REPLAY_EXPIRED },
        { "look", MSD_REPLAY_ACCEPTED },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            return words[i].result;
        }
    }
    return MSD_REPLAY_UNAVAILABLE;
}

/* Ten digits at most. */
static uint32_t read_life(const redisReply *reply)
{
    uint64_t life = 0;

    if (reply->len > 10) {
        return 0;
    }
    for (size_t i = 0; i < (size_t)reply->len; i++) {
        if (reply->str[i] < '0' || reply->str[i] > '9') {
            return 0;
        }
        life = 10 * life + (uint64_t)(reply->str[i] - '0');
    }
    return life <= UINT32_MAX ? (uint32_t)life : 0;
}

static bool is_sane(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 3
           && reply->element[0]->type == REDIS_REPLY_STRING
           && reply->element[1]->type == REDIS_REPLY_STRING
           && reply->element[2]->type == REDIS_REPLY_INTEGER
           && reply->element[2]->integer > 0
           && read_life(reply->element[1]) != 0;
}

/* Words that all threads read are written only when they changed. */
static void learn(msd_fleet_use_t *use, const redisReply *reply)
{
    msd_fleet_t *fleet = use->fleet;
    uint64_t life = read_life(reply->element[1]);
    uint64_t ahead_ms =
        (uint64_t)reply->element[2]->integer - use->now_ms();
    int64_t change = (int64_t)(ahead_ms - atomic_load(&fleet->ahead_ms));

    use->guard.life = (uint32_t)life;
    if (atomic_load(&fleet->life) != life) {
        atomic_store(&fleet->life, life);
    }
    if (change > 20 || change < -20) {
        atomic_store(&fleet->ahead_ms, ahead_ms);
    }
}

static msd_replay_result_t judge(msd_fleet_use_t *use,
                                 const msd_redis_answer_t *answer)
{
    msd_replay_result_t result;

    if (!is_sane(answer->reply)) {
        use->complain(use->complain_self,
                      "the answer is not that of the script");
        return MSD_REPLAY_UNAVAILABLE;
    }
    learn(use, answer->reply);
    result = find_result(answer->reply->element[0]->str);
    /* The request that took the count may be one of those that got 503. */
    return result == MSD_REPLAY_SEEN
                   && use->now_ms()
                          < atomic_load(&use->fleet->unsure_until_ms)
               ? MSD_REPLAY_UNSURE
               : result;
}

/* ---- Questions */

/* By the script's name, and where Redis does not know it, by its text. */
static bool run_script(const msd_fleet_use_t *use,
                       msd_redis_command_t *command,
                       msd_redis_answer_t *answer)
{
    command->words[0] = MSD_TEXT("EVALSHA");
    command->words[1] = msd_text_of(use->script_name);
    if (use->script_name[0] != '\0') {
        if (msd_redis_run(use->redis, command, answer)
            || !msd_redis_answer_is(answer, "NOSCRIPT")) {
            return answer->reply != NULL;
        }
        msd_redis_answer_end(answer);
    }
    command->words[0] = MSD_TEXT("EVAL");
    command->words[1] = (msd_text_t){ script, sizeof(script) - 1 };
    return msd_redis_run(use->redis, command, answer);
}

static msd_replay_result_t ask(msd_fleet_use_t *use,
                               msd_redis_command_t *command)
{
    msd_replay_result_t result = MSD_REPLAY_UNAVAILABLE;
    msd_redis_answer_t answer;

    if (run_script(use, command, &answer)) {
        result = judge(use, &answer);
    } else {
        if (answer.unknown) {
            atomic_store(&use->fleet->unsure_until_ms,
                         use->now_ms() + MSD_FLEET_UNSURE_MS);
        }
        use->complain(use->complain_self, answer.fault);
    }
    msd_redis_answer_end(&answer);
    return result;
}

/* What each run is told first: a number for a life, never 0, should one begin;
 * and for how long it must keep what it is told. */
static bool begin(const msd_fleet_use_t *use, msd_redis_command_t *command,
                  number_t numbers[2])
{
    uint32_t life;

    if (use->redis == NULL) {
        return false;
    }
    if (use->random(use->random_self, (unsigned char *)&life, sizeof(life))
        != APR_SUCCESS) {
        use->complain(use->complain_self, "OpenSSL gave no randomness");
        return false;
    }
    add_number(command, life | 1u, &numbers[0]);
    add_number(command, use->longest_ms, &numbers[1]);
    return true;
}

static msd_replay_result_t send_count(msd_fleet_use_t *use,
                                      const msd_count_t *count,
                                      const char *mode)
{
    char name[sizeof(COUNTS_KEY) - 1 + sizeof(count->key)] = COUNTS_KEY;
    char token[TOKEN_SIZE];
    number_t numbers[6];
    msd_redis_command_t command = {
        .count = 5,
        .words = { MSD_TEXT(""), MSD_TEXT(""), MSD_TEXT("2"),
                   MSD_TEXT(LIFE_KEY), { name, sizeof(name) } },
    };

    memcpy(name + sizeof(COUNTS_KEY) - 1, &count->key, sizeof(count->key));
    if (!begin(use, &command, numbers)
        || use->random(use->random_self, (unsigned char *)token,
                       sizeof(token))
               != APR_SUCCESS) {
        return MSD_REPLAY_UNAVAILABLE;
    }
    msd_redis_command_add(&command, msd_text_of(mode));
    add_number(&command, count->life, &numbers[2]);
    add_number(&command, count->minted_ms, &numbers[3]);
    add_number(&command, count->lifetime_ms, &numbers[4]);
    add_number(&command, count->nc, &numbers[5]);
    msd_redis_command_add(&command, (msd_text_t){ token, sizeof(token) });
    return ask(use, &command);
}

static msd_replay_result_t fleet_accept(void *self, const msd_count_t *count)
{
    return send_count(self, count,
                      count->mode == MSD_REPLAY_SEQUENCE ? "sequence"
                                                         : "window");
}

static msd_replay_result_t fleet_peek(void *self, const msd_count_t *count)
{
    return send_count(self, count, "peek");
}

const msd_guard_t *msd_fleet_guard(msd_fleet_use_t *use)
{
    use->guard = (msd_guard_t){ use, (uint32_t)atomic_load(&use->fleet->life),
                                fleet_accept, fleet_peek };
    return &use->guard;
}

bool msd_fleet_look(msd_fleet_use_t *use)
{
    number_t numbers[2];
    msd_redis_command_t command = {
        .count = 4,
        .words = { MSD_TEXT(""), MSD_TEXT(""), MSD_TEXT("1"),
                   MSD_TEXT(LIFE_KEY) },
    };

    if (!begin(use, &command, numbers)) {
        return false;
    }
    msd_redis_command_add(&command, MSD_TEXT("look"));
    return ask(use, &command) == MSD_REPLAY_ACCEPTED;
}
