#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The exchange: what a challenge looks like, one login, and what follows it.
use MSDigest::Test;

my $server = shared;

# ---- the challenge ----

my $client = $server->client('alice');
my $bare = $client->ask('/p/x.txt');
my @lines = $bare->all('WWW-Authenticate');
my ($sess, $md5) = $bare->challenges;

outcome($bare, '401', 'a request without credentials is challenged, not stale');
is_deeply(\@lines, [
    (challenge_pair('private', $sess->{nonce}, $sess->{opaque}))[0],
    (challenge_pair('private', $md5->{nonce}, $md5->{opaque}))[1],
], 'the two challenges are, byte for byte, MD5-sess and then MD5');
is($sess->{opaque}, $md5->{opaque}, 'both challenges name the same context');
like($sess->{opaque}, qr/^[0-9a-f]{32}$/, 'opaque is 128 bits in hex');
like($sess->{nonce}, qr/^[A-Za-z0-9_-]+$/, 'nonce is base64url');
cmp_ok(length $sess->{nonce}, '<', 256, 'nonce is shorter than 256 characters');
is(length($sess->{nonce}) % 2, 0, 'nonce is of even length');
is_deeply([ $bare->all('Authentication-Info') ], [], 'a 401 has no Authentication-Info');
is_deeply([ $bare->all('Set-Cookie') ], [], 'nor a cookie');

my @seen = map { $client->ask('/p/x.txt')->challenge } 1 .. 50;
for my $name (qw(nonce opaque)) {
    my %distinct = map { $_->{$name} => 1 } @seen;
    is(scalar keys %distinct, 50, "50 challenges have 50 different ${name}s");
}
outcome($client->ask('/open/x.txt'), '200', 'a place without AuthType is open');

# ---- one login with each algorithm offered ----

for my $case (
    [ 'MD5-sess, offered by default',        '/p/x.txt',      'MD5-sess' ],
    [ 'MD5, offered by default',             '/p/x.txt',      'MD5' ],
    [ 'MD5 alone',                           '/md5/x.txt',    'MD5' ],
    [ 'MD5-sess alone',                      '/sess/x.txt',   'MD5-sess' ],
    [ 'MD5 beside SHA-256',                  '/sha256/x.txt', 'MD5' ],
    [ 'SHA-256 from SHA-256 hashes',         '/sha256only/x.txt', 'SHA-256' ],
) {
    my ($name, $path, $algorithm) = @$case;
    my $c = $server->client('alice', algorithm => $algorithm);
    outcome($c->get($path), '200', "login with $name");
    outcome($c->get($path), '200', "... and the second request");
    is($c->refused, 1, '... at the price of one 401');
}

my @offered = map { $_->{algorithm} } $client->ask('/sha256/x.txt')->challenges;
is_deeply(\@offered, [qw(SHA-256 MD5)], 'AuthMSDigestAlgorithm says what is offered, in its order');
is($client->ask('/domain/x.txt')->challenge->{domain}, '/domain/ /p/',
    'AuthMSDigestDomain is sent as domain');
ok(!exists $sess->{domain}, 'without it there is none');

# ---- a realm that is hard to quote (httpd itself halves backslashes twice) ----

my $odd = private_server(users => 'alice:A\\B:' . digest_ha1('alice', 'A\\B', $PASSWORD{alice}) . "\n"
    . 'alice:C"D:' . digest_ha1('alice', 'C"D', $PASSWORD{alice}) . "\n",
    files => { 'htdocs/q/x.txt' => "q\n" },
    conf => area('/p/', 'AuthName "A\\\\\\\\B"') . area('/q/', 'AuthName "C\"D"'));
for my $case ([ '/p/x.txt', 'A\\B' ], [ '/q/x.txt', 'C"D' ]) {
    my ($path, $realm) = @$case;
    is($odd->client('alice')->ask($path)->challenge->{realm}, $realm, "AuthName $realm is sent whole");
    outcome($odd->client('alice')->get($path), '200', '... and lets a user in');
}

# ---- the provider is asked once ----

my $c = $server->client('alice', keep => 1);
proven_by($server, $c->get('/hidden/x.txt'), 'authority',
    'login with the file of users in its place');
ok($server->hide('conf/users-hidden'), '(the file is taken away)');
for my $nth (2 .. 10) {
    proven_by($server, $c->get('/hidden/x.txt'), 'context',
        "request $nth is completed without the file");
}
outcome($server->client('alice')->get('/hidden/x.txt'), '503', 'a new login is not possible now');
ok($server->unhide('conf/users-hidden'), '(the file is put back)');
is($c->refused, 1, 'the client has seen one 401 in all');

# ---- Authentication-Info, where it is sent, is right and renews nothing ----

my $r = $c->get('/hidden/x.txt');
my @info = $r->all('Authentication-Info');
is(scalar(grep { /nextnonce/ } @info), 0, 'no nextnonce');

done_testing;
