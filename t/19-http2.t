#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# HTTP/2: the two challenges, a hundred streams on one context, uri and replay.
use MSDigest::Test;

use MSDigest::Http2;

my $STREAMS = 100;
my $target = '/p/x.txt';
my $server = private_server(modules => ['http2'],
    conf => "Protocols h2c http/1.1\nH2MaxSessionStreams 200\n" . area('/p/'),
    files => { 'htdocs/p/index.html' => "index\n" });
my $host = '127.0.0.1:' . $server->port;
my $h2 = MSDigest::Http2->new($server->port);

# Statuses of these requests, sent as streams of the one connection.
sub streams {
    return map { $_->{status} } $h2->requests($host, @_);
}

# ---- the challenge, as curl shows it ----

open my $curl, '-|', 'curl', '-sS', '--http2-prior-knowledge', '--max-time', 30, '-D', '-', '-o', '/dev/null',
    "http://$host$target" or die "curl: $!\n";
my @head = map { s/\s+$//r } <$curl>;
close $curl;
is($head[0], 'HTTP/2 401', 'HTTP/2: a request without credentials is challenged');
my @challenges = map { s/^www-authenticate: //ir } grep { /^www-authenticate:/i } @head;
my ($parsed) = map { MSDigest::Client::parse_challenge($_) } @challenges;
is_deeply(\@challenges, [ challenge_pair('private', $parsed->{nonce}, $parsed->{opaque}) ],
    '... with the same two challenges as over HTTP/1.1, in two fields');

# ---- a login ----

my $c = $server->client('alice');
$c->{challenge} = $parsed;
my ($r) = $h2->requests($host, [ $target, $c->authorization($target) ]);
is($r->{status}, 200, 'the answer to it is accepted');
is($r->{body}, "protected\n", '... with the resource');
is_deeply([ streams([ $target ], [ $target, $c->authorization($target) ], [ $target ]) ], [ 401, 200, 401 ],
    'a login is not of the connection: streams without credentials are challenged');
is_deeply([ streams([ '/p/', $c->authorization('/p/') ]) ], [200], 'a directory index');

# ---- a hundred streams at once ----

my @requests = map { [ "$target?$_", $c->authorization("$target?$_") ] } 1 .. $STREAMS;
my @statuses = streams(@requests);
is_deeply(\@statuses, [ (200) x $STREAMS ], "$STREAMS streams on one context: all are accepted");
is_deeply([ streams(@requests) ], [ (401) x $STREAMS ], '... once');
my @rows = grep { $_->{status} == 200 && $_->{path} eq $target } $server->access_lines(2 * $STREAMS);
is(scalar(grep { $_->{proof} eq 'authority' } @rows), 1,
    '... with one trip to the authority in all');

my $new = $server->client('bob');
$new->ask($target);
is_deeply([ streams(map { [ "$target?$_", $new->authorization("$target?$_") ] } 1 .. $STREAMS) ], [ (200) x $STREAMS ],
    "$STREAMS first requests at once on a new nonce: all are accepted");

# ---- the same request in many streams ----

my $auth = $c->authorization("$target?same");
my @same = sort { $a <=> $b } streams(map { [ "$target?same", $auth ] } 1 .. 32);
is_deeply(\@same, [ 200, (401) x 31 ], 'one request in 32 streams at once: one is accepted');
outcome($c->send("$target?same", authorization => $auth), '401 stale',
    '... and none over HTTP/1.1');
my $first = $c->authorization($target);
outcome($c->send($target, authorization => $first), '200', 'a request over HTTP/1.1');
is_deeply([ streams([ $target, $first ]) ], [401], '... is a replay over HTTP/2');

# ---- uri and method against :path and :method ----

for my $row (
    [ 'a uri that is not the :path is refused',      400, '/p/y.txt', $c->authorization($target) ],
    [ 'nor is one without the query',                400, "$target?a", $c->authorization($target) ],
    [ 'a wrong password is denied',                  401, $target, $c->authorization($target, calc => { password => 'x' }) ],
    [ 'HEAD signed as GET is denied',                401, $target, $c->authorization($target), 'HEAD' ],
    [ 'HEAD signed as HEAD is accepted',             200, $target, $c->authorization($target, method => 'HEAD'), 'HEAD' ],
    [ 'an absolute uri of this host is accepted',    200, $target, $c->authorization($target, uri => "http://$host$target") ],
    [ 'an absolute uri of another host is refused',  400, $target, $c->authorization($target, uri => "http://evil.test$target") ],
    [ 'a path with dots is compared as it is sent',  200, '/p/../p/x.txt', $c->authorization('/p/../p/x.txt') ],
    [ 'OPTIONS * asks for no login',                 200, '*', undef, 'OPTIONS' ],
) {
    my ($name, $expected, @request) = @$row;
    is((streams(\@request))[0], $expected, $name);
}

outcome($c->get($target), '200', 'the session goes on');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
# ---- WebSockets: extended CONNECT (RFC 8441), which httpd makes a GET of ----

my $sockets = private_server(modules => ['http2'], conf => "Protocols h2c http/1.1\nH2WebSockets on\n" . area('/p/'));
my $visitor = $sockets->client('alice');
$visitor->ask($target);
is(MSDigest::Http2->new($sockets->port)->websocket('127.0.0.1:' . $sockets->port, $target,
    $visitor->authorization($target, method => 'GET')), 502,
    'an answer for GET goes on to whatever serves WebSockets (here nothing)');
is(MSDigest::Http2->new($sockets->port)->websocket('127.0.0.1:' . $sockets->port, $target,
    $visitor->authorization($target, method => 'CONNECT')), 401, 'one for CONNECT does not');

done_testing;
