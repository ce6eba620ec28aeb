#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Authentication-Info (RFC 7615): right, on errors too, never on 401.
use MSDigest::Test;
use MSDigest::Client ();

my $server = private_server(modules => ['rewrite'], files => {
    map { ("htdocs/$_/x.txt" => "$_\n") } qw(info other)
}, conf => join '',
    area('/p/'),
    area('/info/', 'AuthMSDigestRspAuth On', 'AuthMSDigestNonceLifetime 1', 'ErrorDocument 404 /info/x.txt'),
    area('/other/', 'AuthMSDigestRspAuth On', 'Require user somebody'),
    qq{RewriteEngine On\nRewriteRule "^/info/forbidden" "-" [F]\n});

# What rspauth must be: the response with an empty method, by this A1.
sub expected {
    my ($c, $uri, %o) = @_;
    return MSDigest::Client::response_of(
        username => $c->{user}, realm => 'private', password => $c->{password},
        nonce => $c->nonce, uri => $uri, qop => 'auth', method => '',
        algorithm => $c->{challenge}{algorithm}, %o);
}

sub info {
    my ($r) = @_;
    my @lines = map { $_->[1] } grep { lc $_->[0] eq 'authentication-info' } @{ $r->{headers} };
    return @lines ? join ' | ', @lines : 'none';
}

for my $algorithm (qw(MD5-sess MD5)) {
    my $c = $server->client('alice', algorithm => $algorithm);
    $c->ask('/info/x.txt');
    for my $n (1, 2) {
        my $r = $c->send('/info/x.txt', nc => $n, cnonce => "cnonce$n");
        my $nc = sprintf '%08x', $n;
        is(info($r), sprintf('rspauth="%s",qop=auth,cnonce="%s",nc=%s',
            expected($c, '/info/x.txt', nc => $nc, cnonce => "cnonce$n"), "cnonce$n", $nc),
            "$algorithm, request $n: by the A1 of the request");
    }
    my $r = $c->send('/info/missing', nc => 3, cnonce => 'c3');
    like(info($r), qr/^rspauth="[0-9a-f]{32}",qop=auth,cnonce="c3",nc=00000003$/, "$algorithm: once on 404 with an error document");
    is($r->status, 404, "$algorithm: and that was a 404");
}

# ---- the A1 of the first nonce, where that verified the request ----

my $c = $server->client('alice', algorithm => 'MD5-sess', cnonce => 'keep');
$c->ask('/info/x.txt');
$c->send('/info/x.txt');
my %first = (a1_nonce => $c->{first}{nonce}, a1_cnonce => $c->{first}{cnonce});
sleep 2;
my $stale = $c->send('/info/x.txt');
outcome($stale, '401 stale', 'the nonce has expired');
is(info($stale), 'none', 'nothing on a stale challenge');
$c->adopt($stale);
my $r = $c->send('/info/x.txt', nc => 1, cnonce => 'later', a1 => 'first');
outcome($r, '200', 'the client kept its first A1');
is(info($r), sprintf('rspauth="%s",qop=auth,cnonce="later",nc=00000001',
    expected($c, '/info/x.txt', nc => '00000001', cnonce => 'later', %first)), 'and gets rspauth by that');

# ---- never on 401, and not unless asked for ----

is(info($server->client('alice')->ask('/info/x.txt')), 'none', 'nothing on a first challenge');
my $other = $server->client('alice');
$other->ask('/other/x.txt');
$r = $other->send('/other/x.txt');
outcome($r, '401', 'a user who is not wanted');
is(info($r), 'none', 'nothing on the 401 of mod_authz_core');
is(info(logged_in($server, 'alice')->send('/p/x.txt')), 'none', 'off by default');

done_testing;
