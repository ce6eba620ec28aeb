#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Every algorithm of RFC 7616: offered as configured, answered, and refused.
use MSDigest::Test;

my @all = qw(MD5-sess MD5 SHA-256-sess SHA-256 SHA-512-256-sess SHA-512-256);
my %password = (all => 'every hash', md5 => 'only MD5', sha => 'only SHA-256');

sub field {
    my ($user, @kinds) = @_;
    my %mark = ('MD5' => '', 'SHA-256' => '', 'SHA-512-256' => 'SHA-512-256=');
    return "$user:private:" . join(',', map {
        $mark{$_} . digest_ha1($user, 'private', $password{$user}, $_)
    } @kinds) . "\n";
}
my $users = field('all', 'MD5', 'SHA-256', 'SHA-512-256') . field('md5', 'MD5') . field('sha', 'SHA-256');

my $server = private_server(users => $users, files => {
    map { ("htdocs/$_/x.txt" => "$_\n") } qw(all sess)
}, conf => join '',
    area('/p/'),
    area('/all/', "AuthMSDigestAlgorithm @all"),
    area('/sess/', 'AuthMSDigestAlgorithm MD5-sess'));

sub client {
    my ($user, %o) = @_;
    my $c = $server->client($user, %o);
    $c->{password} = $password{$user};
    return $c;
}

my $r = client('all')->ask('/all/x.txt');
is_deeply([ map { $_->{algorithm} } $r->challenges ], \@all, 'one line each, in the order of the directive');

# ---- each one: a first answer, and later ones from the context ----

for my $algorithm (@all) {
    my $c = client('all', algorithm => $algorithm, keep => 1);
    $c->ask('/all/x.txt');
    my @proof = map { proof($server, $c->send('/all/x.txt')) } 1 .. 3;
    is_deeply(\@proof, [qw(authority context context)], "$algorithm: in, then from the context");
    is($server->row($c->send('/all/x.txt'))->{algorithm}, $algorithm, "$algorithm: the note says so");
    outcome($c->send('/all/x.txt', calc => { password => 'wrong' }), '401', "$algorithm: a wrong password");
    outcome($c->send('/all/x.txt', nc => 1), '401 stale', "$algorithm: a count that was used");
}

# ---- a user without a hash for it: said in the log ----

outcome(client('md5', algorithm => 'SHA-256')->get('/all/x.txt'), '401', 'no SHA-256 hash: denied');
log_has($server, qr/MSD102: user 'md5' denied .*there is no hash of the user for the algorithm/,
    'and the log says that there is no hash');
outcome(client('md5', algorithm => 'MD5')->get('/all/x.txt'), '200', 'the same user by MD5');
outcome(client('sha', algorithm => 'SHA-256-sess')->get('/all/x.txt'), '200', 'SHA-256 serves SHA-256-sess too');
outcome(client('sha', algorithm => 'SHA-512-256')->get('/all/x.txt'), '401', 'but not SHA-512-256, of the same length');

# ---- not offered ----

my $c = client('all', algorithm => 'MD5-sess');
$c->ask('/sess/x.txt');
outcome($c->send('/sess/x.txt', set => { algorithm => $_ }), '401', "$_ where MD5-sess is offered")
    for qw(MD5 SHA-256 SHA-256-sess);
outcome($c->send('/sess/x.txt', sent => { algorithm => 'md5-SESS' }), '200', 'the case of the name does not matter');

done_testing;
