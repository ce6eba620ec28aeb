#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A nonce proves that this server made it, for this realm; nothing else passes.
use MSDigest::Test limit => 180;

my $server = shared;
my $target = '/p/x.txt';
my $client = $server->client('alice', keep => 1);
$client->ask($target);
my $nonce = $client->nonce;
my $opaque = $client->opaque;
my $ZEROS = '0' x 32;

# With the right digest a bad nonce is stale, with a wrong one a wrong password;
# it is never accepted, be there an opaque that names a context or not.
my $counts = 0;

sub bad_nonces {
    my ($name, @nonces) = @_;
    my (%right, %wrong, %bare);
    for my $bad (@nonces) {
        my $r = $client->send($target, set => { nonce => $bad })->what;
        my $w = $client->send($target, set => { nonce => $bad }, sent => { response => $ZEROS })->what;
        my $b = $client->send($target, set => { nonce => $bad, nc => sprintf '%08x', ++$counts }, drop => ['opaque']);
        $right{$r}++;
        $bare{ $b->what }++;
        $wrong{$w}++;
    }
    is_deeply(\%right, { '401 stale' => scalar @nonces }, "$name: stale when the digest is right");
    is_deeply(\%bare, { '401 stale' => scalar @nonces }, '... also without an opaque');
    is_deeply(\%wrong, { '401' => scalar @nonces }, "$name: denied when it is wrong");
    return;
}

my @alphabet = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
my %place = map { $alphabet[$_] => $_ } 0 .. $#alphabet;

# Changes one bit of one character, within the alphabet.
sub flip {
    my ($text, $at, $bit) = @_;
    my $new = $alphabet[ $place{ substr $text, $at, 1 } ^ 1 << $bit ];
    return substr($text, 0, $at) . $new . substr $text, $at + 1;
}

bad_nonces('one bit changed, at any place',
    map { my $at = $_; map { flip($nonce, $at, $_) } 0, 5 } 0 .. length($nonce) - 1);
bad_nonces('cut at any place', map { substr $nonce, 0, $_ } 1 .. length($nonce) - 1);
bad_nonces('with one character missing',
    map { substr($nonce, 0, $_) . substr $nonce, $_ + 1 } 0 .. length($nonce) - 1);
bad_nonces('longer', $nonce . 'A', $nonce . '=', $nonce . "A" x 4, $nonce x 2, $nonce . "\t", " $nonce");
bad_nonces('of any length', map { 'A' x $_ } 1 .. 200);
bad_nonces('not base64url', map { substr($nonce, 0, 20) . $_ . substr $nonce, 21 }
    '+', '/', '=', ' ', '.', '"', '\\', "\xff", ':', ',');
bad_nonces('of other makers', 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    'NdMaBQAA' . 'A' x 64, ('f' x 124), '+Upgraded+v1' . '0' x 112, lc $nonce, uc $nonce,
    scalar reverse $nonce);

my $fresh = $server->client('alice');
$fresh->ask($target);
my $half = length($nonce) / 2;
bad_nonces('two halves of two nonces', substr($nonce, 0, $half) . substr($fresh->nonce, $half),
    substr($fresh->nonce, 0, $half) . substr $nonce, $half);

# ---- realms ----

my $there = $server->client('alice');
$there->ask('/other/x.txt');
bad_nonces('a nonce of another realm', $there->nonce);
outcome($there->get('/other/x.txt'), '200', '(which is good over there)');
bad_nonces('a nonce of another realm that has logged in there', $there->nonce);
outcome($there->send($target), '401', 'the other realm\'s login is not one here');

# ---- stale is no way in ----

my $r = $client->send($target, set => { nonce => 'made-up' });
outcome($r, '401 stale', 'a made-up nonce is stale');
is($r->challenge->{opaque}, $opaque, '... and the opaque that was sent comes back');
$client->adopt($r);
outcome($client->send($target), '200', '... the new nonce is good');

my $bare = $client->send($target, set => { nonce => 'made-up' }, drop => ['opaque']);
outcome($bare, '401 stale', 'without an opaque too');
like($bare->challenge->{opaque}, qr/^[0-9a-f]{32}$/, '... then with an opaque of the server');

# ---- another server, another life ----

my $one = private_server(conf => area('/p/'));
my $two = private_server(conf => area('/p/'));
my $of_one = logged_in($one, 'alice');
my $at_two = $of_one->clone(port => $two->port);
outcome($at_two->send($target), '401 stale', 'a nonce of another server is stale');
outcome($at_two->send($target, calc => { password => 'wrong' }), '401', '... or denied');
outcome($at_two->get($target), '200', '... and its user goes on without a prompt');
my $captured = $of_one->bytes($target);
outcome($of_one->exchange($captured), '200', 'a request is accepted here');
$of_one->{port} = $two->port;
outcome($of_one->exchange($captured), '401 stale', '... and is not accepted over there');

done_testing;
