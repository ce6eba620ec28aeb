#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Every outcome of the decision: status, stale, and which opaque comes back.
use MSDigest::Test;
use Time::HiRes qw(sleep);

my $server = shared;
my $target = '/p/x.txt';
my $ZEROS = '0' x 32;

# ---- one request of a logged-in client, wrong in one thing ----

# after: nothing done here may hurt the client, so its next request is accepted.
for my $row (
    [ 'accepted',                             '200', [] ],
    [ 'wrong password',                       '401', [ calc => { password => 'wrong' } ] ],
    [ 'wrong response',                       '401', [ sent => { response => $ZEROS } ] ],
    [ 'unknown user',                         '401', [ set => { username => 'nobody' } ] ],
    [ 'name of another user',                 '401', [ set => { username => 'bob' } ] ],
    [ 'response made for another method',     '401', [ calc => { method => 'POST' } ] ],
    [ 'response made for another uri',        '401', [ calc => { uri => '/p/y.txt' } ] ],
    [ 'response made for another count',      '401', [ calc => { nc => '00000009' } ] ],
    [ 'response made for another cnonce',     '401', [ calc => { cnonce => 'other' } ] ],
    [ 'response made for another nonce',      '401', [ calc => { nonce => 'other' } ] ],
    [ 'response made for another realm',      '401', [ calc => { realm => 'other' } ] ],
    [ 'realm that is not the one here',       '401', [ set => { realm => 'other' } ] ],
    [ 'empty realm',                          '401', [ set => { realm => '' } ] ],
    [ 'algorithm that is not offered',        '401', [ set => { algorithm => 'SHA-256' } ] ],
    [ 'algorithm that nobody knows',          '400', [ set => { algorithm => 'MD4' } ] ],
    [ 'no credentials',                       '401', [ authorization => undef ] ],
    [ 'credentials of another scheme',        '401', [ authorization => 'Basic YWxpY2U6eA==' ] ],
    [ 'user name missing',                    '400', [ drop => ['username'] ] ],
    [ 'count that is not a number',           '400', [ set => { nc => '0000000g' } ] ],
    [ 'unused count, wrong uri',              '400', [ set => { uri => '/p/y.txt' } ] ],
    [ 'unused count, uri without the query',  '400', [ uri => $target ], "$target?a=1" ],
    [ 'count out of range',                   '401 stale', [ set => { nc => '01000000' } ] ],
    [ 'highest count there is',               '401 stale', [ set => { nc => 'ffffffff' } ] ],
    [ 'foreign nonce, right digest',          '401 stale', [ set => { nonce => 'a' x 64 } ] ],
    [ 'foreign nonce, wrong digest',          '401', [ set => { nonce => 'a' x 64 }, sent => { response => $ZEROS } ] ],
    [ 'out of range and wrong digest',        '401', [ set => { nc => '01000000' }, sent => { response => $ZEROS } ] ],
    [ 'wrong uri and wrong digest',           '401', [ set => { uri => '/p/y.txt' }, sent => { response => $ZEROS } ] ],
) {
    my ($name, $expected, $options, $where) = @$row;
    my $client = logged_in($server, 'alice');
    my $opaque = $client->opaque;
    my $r = $client->send($where // $target, @$options);
    outcome($r, $expected, $name);
    is($r->challenge->{opaque}, $opaque, "... with the same opaque") if $r->stale;
    isnt($r->challenge->{nonce}, $client->nonce, "... and a new nonce") if $r->stale;
    if ($name =~ /^(?:count out of range|highest count there is)$/) {
        outcome($client->send($target), '401 stale', '... which retires the nonce');
        $client->adopt($r);
    }
    outcome($client->send($target), '200', '... and the context lives on');
}

# An algorithm that is right but not offered at this place.
for my $row ([ '/md5/x.txt', 'MD5-sess' ], [ '/sess/x.txt', 'MD5' ]) {
    my ($where, $algorithm) = @$row;
    my $client = $server->client('alice');
    $client->ask($where);
    outcome($client->send($where, set => { algorithm => $algorithm }), '401', "$where: a right answer in $algorithm is denied");
    $client->send($where);
    outcome($client->send($where, set => { algorithm => $algorithm }), '401', '... in a running context too');
    outcome($client->send($where), '200', '... which goes on in the algorithm that is offered');
}

# ---- replays, which take two requests ----

my $client = logged_in($server, 'alice', $target, cnonce => 'keep');
my $opaque = $client->opaque;
my $used = $client->bytes($target, nc => 7);
outcome($client->exchange($used), '200', 'a count is accepted');
my $replay = $client->exchange($used);
outcome($replay, '401 stale', 'the same bytes again are a replay');
is($replay->challenge->{opaque}, $opaque, '... which keeps the opaque');
outcome($client->exchange($used), '401 stale', 'and again');
outcome($client->send($target, nc => 7), '401 stale', 'a used count in a request made anew');
outcome($client->send($target, nc => 7, cnonce => 'f' x 16), '401 stale',
    '... with another cnonce');
outcome($client->send('/p/y.txt', nc => 7), '401 stale', '... for another resource');
outcome($client->send($target, nc => 7, method => 'HEAD'), '401 stale', '... with another method');
outcome($client->send('/p/y.txt', nc => 7, uri => $target), '401 stale',
    'a used count sent to another resource is a replay, as after a redirect');
outcome($client->send('/p/y.txt', nc => 8, uri => $target), '400',
    'an unused count sent to another resource is refused');
outcome($client->send($target, nc => 8), '200', '... and is still unused');
outcome($client->send($target, nc => 7, calc => { password => 'wrong' }), '401',
    'a used count with a wrong password is a wrong password');

outcome($client->send($target, nc => 500), '200', 'a count may run ahead');
outcome($client->send($target, nc => 500 - 128), '401 stale', '128 behind the highest is late');
outcome($client->send($target, nc => 500 - 112), '200', '112 behind is not');
outcome($client->send($target, nc => 500 - 112), '401 stale', '... but only once');

# ---- a stale challenge is enough to go on ----

my $stale = $client->send($target, nc => 7);
$client->adopt($stale);
proven_by($server, $client->send($target), 'context',
    'the answer to a stale challenge is accepted, from the context');
is($client->opaque, $opaque, '... under the opaque of the first login');

# ---- age ----

my $short = logged_in($server, 'alice', '/short/x.txt');
outcome($short->send('/short/x.txt'), '200', 'a nonce within its lifetime of one second');
sleep 1.2;
my $old = $short->send('/short/x.txt');
outcome($old, '401 stale', 'an expired nonce with the right digest is stale');
is($old->challenge->{opaque}, $short->opaque, '... with the same opaque');
outcome($short->send('/short/x.txt', calc => { password => 'wrong' }), '401',
    'an expired nonce with a wrong password is a wrong password');
outcome($short->get('/short/x.txt'), '200', 'an honest client goes on by itself');

my $late = $server->client('alice');
$late->ask('/short/x.txt');
sleep 1.2;
outcome($late->send('/short/x.txt'), '401 stale',
    'a nonce that expired before its first use is stale');

# ---- somebody else's context ----

my $alice = logged_in($server, 'alice');
my $bob = $server->client('bob')->clone(challenge => $alice->{challenge}, nc => 50);
my $other = $bob->send($target);
outcome($other, '401 stale', 'a right digest in the context of another user is stale');
isnt($other->challenge->{opaque}, $alice->opaque, '... with a new opaque');
$bob->adopt($other);
outcome($bob->send($target), '200', '... by which that user gets in');
outcome($alice->send($target), '200', '... and the first user has lost nothing');

my $mixed = $server->client('bob');
$mixed->ask($target);
my $taken = $mixed->send($target, set => { opaque => $alice->opaque });
outcome($taken, '401 stale', 'a fresh nonce with the opaque of another user is stale');
isnt($taken->challenge->{opaque}, $alice->opaque, '... with a new opaque');
outcome($alice->send($target), '200', '... and the owner of the opaque has lost nothing');

# ---- two refusals that must look the same ----

my $c1 = $server->client('alice');
$c1->ask($target);
my $wrong = $c1->send($target, calc => { password => 'wrong' });
my $unknown = $c1->send($target, set => { username => 'nobody' });
is(same_answer($wrong), same_answer($unknown), 'unknown user and wrong password are told the same');

# ---- an authority that cannot answer ----

my $lost = private_server(conf => area('/p/'));
my $in = logged_in($lost, 'alice');
$lost->hide('conf/users');
my $down = $lost->client('bob')->get($target);
outcome($down, '503', 'an authority that cannot answer is 503, not 401');
like($down->header('Retry-After') // '', qr/^\d+$/, '... with Retry-After');
is_deeply([ $down->all('WWW-Authenticate') ], [], '... and without a challenge');
outcome($in->send($target), '200', 'who is logged in is not hurt by it');
outcome($in->send($target, sent => { response => $ZEROS }), '503',
    'what the context cannot prove is left to the authority');
$lost->unhide('conf/users');
outcome($lost->client('bob')->get($target), '200', 'when it is back, logins work again');

done_testing;
