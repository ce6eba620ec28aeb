#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# AuthMSDigestCompat: each fault passes with its switch, and not without.
use MSDigest::Test;

my @switches = qw(serf plain-md5 uri-escapes);
my $server = private_server(files => {
    map { ("htdocs/$_/x.txt" => "$_\n", "htdocs/$_/a~b c.txt" => "$_\n") } @switches, 'strict', 'all'
}, conf => join('',
    area('/strict/', 'AuthMSDigestAlgorithm MD5-sess'),
    area('/all/', 'AuthMSDigestAlgorithm MD5-sess', "AuthMSDigestCompat @switches"),
    map { area("/$_/", 'AuthMSDigestAlgorithm MD5-sess', "AuthMSDigestCompat $_") } @switches));

# Each fault, as options of one request; target relative to the area.
my %fault = (
    'serf'        => [ 'x.txt', sub { (calc => { plain_a1 => 1 }) } ],
    'plain-md5'   => [ 'x.txt', sub { (set => { algorithm => 'MD5' }) } ],
    'uri-escapes' => [ 'a%7Eb%20c.txt', sub { (uri => "/$_[0]/a~b%20c.txt") } ],
);

for my $fault (@switches) {
    my ($file, $options) = @{ $fault{$fault} };
    for my $area (@switches, 'strict', 'all') {
        my $c = $server->client('alice', keep => 1);
        $c->ask("/$area/$file");
        my @what = map { $c->send("/$area/$file", $options->($area))->what } 1 .. 2;
        if ($area eq $fault || $area eq 'all') {
            is("@what", '200 200', "$fault in /$area/: passes, first and from the context");
        } else {
            unlike("@what", qr/200/, "$fault in /$area/: does not pass");
        }
    }
}

# ---- a switch opens no other door ----

my $c = $server->client('alice', keep => 1);
$c->ask('/all/x.txt');
outcome($c->send('/all/x.txt', calc => { plain_a1 => 1, password => 'wrong' }), '401', 'a wrong password in the way of serf');
outcome($c->send('/all/x.txt', set => { algorithm => 'MD5', password => 'wrong' }), '401', 'a wrong password by MD5');
outcome($c->send('/all/x.txt', set => { algorithm => 'SHA-256' }), '401', 'SHA-256 is not MD5');
outcome($c->send('/all/a%7Eb%20c.txt', uri => '/all/a~b c.txt'), '400', 'an escape that is needed');
outcome($c->send('/all/x%2Ctxt', uri => '/all/x,txt'), '400', 'an escaped comma is not a comma');
outcome($c->send('/all/x.txt', nc => 90, calc => { plain_a1 => 1 }), '200', 'a count in the way of serf');
outcome($c->send('/all/x.txt', nc => 90), '401 stale', 'is used up for every way');

done_testing;
