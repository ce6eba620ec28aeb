#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Each count is accepted exactly once, whatever arrives together or out of order.
use MSDigest::Test limit => 240;
use List::Util qw(shuffle uniq);

my $ROUNDS = 200;
my $CONNECTIONS = 32;
my $target = '/p/x.txt';

my $server = private_server(conf => join('',
    "StartServers 4\nThreadsPerChild 16\nMaxRequestWorkers 64\n"
    . "MinSpareThreads 64\nMaxSpareThreads 64\n",
    area('/p/'), area('/sequence/', 'AuthMSDigestReplay sequence'), area('/off/', 'AuthMSDigestReplay off')),
    files => { 'htdocs/sequence/x.txt' => "s\n", 'htdocs/off/x.txt' => "o\n" });

# How often each outcome came: "1 x 200, 31 x 401 stale".
sub tally {
    my (@responses) = @_;
    my %count;
    $count{ $_->what }++ for @responses;
    return join ', ', map { "$count{$_} x $_" } sort keys %count;
}

# ---- one request, many connections ----

my $burst = MSDigest::Burst->new($server->port, $CONNECTIONS);
for my $case (
    [ 'a count of a running session', sub { logged_in($server, 'alice', $target, keep => 1) } ],
    [ 'the first count of a new nonce', undef ],
) {
    my ($name, $begin) = @$case;
    my $client = $begin ? $begin->() : $server->client('alice', keep => 1);
    my %seen;
    for my $round (1 .. $ROUNDS) {
        $client->ask($target) if !$begin;
        my $bytes = $client->bytes($target, close => 0);
        $seen{ tally($burst->fire(($bytes) x $CONNECTIONS)) }++;
    }
    is_deeply(\%seen, { '1 x 200, 31 x 401 stale' => $ROUNDS },
        "$name sent on $CONNECTIONS connections at once: one 200 in each of $ROUNDS rounds");
}
my @winners = uniq map { $_->{pid} } grep { $_->{status} == 200 } $server->access_lines(2 * $ROUNDS * $CONNECTIONS);
cmp_ok(scalar @winners, '>=', 2, 'the winners were in ' . @winners . ' processes');
my @pids = uniq map { $_->{pid} } $server->access;
cmp_ok(scalar @pids, '>=', 3, 'the requests were spread over ' . @pids . ' processes');

# ---- many requests, many connections: an honest client ----

my $honest = logged_in($server, 'alice');
my %answers;
for my $round (1 .. 50) {
    my @bytes = map { $honest->bytes($target, close => 0) } 1 .. $CONNECTIONS;
    $answers{ tally($burst->fire(shuffle @bytes)) }++;
}
is_deeply(\%answers, { '32 x 200' => 50 },
    '32 distinct counts at once, shuffled: all accepted, 50 times');
is($honest->nc, 50 * $CONNECTIONS + 1, '... all on one nonce');

for my $round (1 .. 20) {
    my $new = $server->client('alice');
    $new->ask($target);
    my @r = at_once($server->port, map { $new->bytes($target) } 1 .. 12);
    is(tally(@r), '12 x 200',
        "round $round: 12 first requests at once on one new nonce: all accepted");
}

# ---- two users, or two clients, on one nonce ----

my $shared = $server->client('alice');
$shared->ask($target);
my $thief = $server->client('bob')->clone(challenge => { %{ $shared->{challenge} } });
outcome($shared->send($target, nc => 1), '200', 'alice uses count 1 of a nonce');
outcome($thief->send($target, nc => 1), '401 stale', 'bob cannot use her context');
outcome($thief->send($target, nc => $_), '401 stale', "... with count $_ either") for 2, 3;
outcome($shared->send($target, nc => $_), '200', "alice still has count $_") for 2, 3;

# ---- what a failed request leaves behind: nothing ----

my $victim = logged_in($server, 'alice');
for my $nc ('ffffffff', '00ffffff', '00000100', '00000002') {
    outcome($victim->send($target, nc => $nc, sent => { response => '0' x 32 }), '401',
        "a forged count of $nc");
}
outcome($victim->send($target), '200', '... burns no count of the victim');
outcome($victim->send($target, nc => 50, set => { uri => '/elsewhere' }), '400', 'a wrong uri');
outcome($victim->send($target, nc => 50), '200', '... burns no count either');
outcome($victim->send('/p/missing', nc => 51), '404', 'a missing resource');
outcome($victim->send('/p/missing', nc => 51), '401 stale', '... does burn its count');

# ---- out of order ----

my $window = logged_in($server, 'alice');
my @order = shuffle 2 .. 100;
is(tally(map { $window->send($target, nc => $_) } @order), '99 x 200',
    'counts 2 to 100 in any order are accepted');
is(tally(map { $window->send($target, nc => $_) } shuffle 1 .. 100), '100 x 401 stale',
    '... and none of them twice');
is(tally(map { $window->send($target, nc => $_) } map { 101 + $_ * 50 } 0 .. 20), '21 x 200',
    'gaps are accepted');
outcome($window->send($target, nc => 1), '401 stale', 'the first count long after is late');
my $top = logged_in($server, 'alice');
outcome($top->send($target, set => { nc => '00ffffff' }), '200',
    'the highest count that is told apart');
outcome($top->send($target, set => { nc => '00ffffff' }), '401 stale', '... only once');
outcome($top->send($target, set => { nc => '01000000' }), '401 stale',
    'the next one is out of range');
outcome($top->send($target, set => { nc => $_ }), '401 stale',
    "no wrap: $_") for '01000001', '80000001', 'ffffffff';
outcome($top->send($target, set => { nc => $_ }), '401 stale', "... and nothing of that nonce after it: $_")
    for '00000000', '00000001', '00000002', '00fffffe';
outcome($top->get($target), '200', '... and the stale challenge lets the client go on');

# ---- many nonces in turn, few of them alive ----

my $many = logged_in($server, 'alice');
my @captured;
for my $n (1 .. 100) {
    push @captured, $many->bytes($target);
    $many->exchange($captured[-1]);
    $many->ask($target);
    $many->send($target);
}
is(tally(map { $many->exchange($_) } @captured), '100 x 401 stale',
    'of a hundred nonces none takes its request again');

# ---- more live nonces than the guard has slots ----

my $small = private_server(conf => "AuthMSDigestReplaySlots 1024\n" . area('/p/'));
my (@crowd, @used, %outcomes);
for my $n (1 .. 3000) {
    my $new = $small->client('alice');
    $new->ask($target);
    my $bytes = $new->bytes($target);
    my $what = $new->exchange($bytes)->what;
    $outcomes{$what}++;
    push @used, $bytes if $what eq '200';
    push @crowd, $new;
}
is(join(',', grep { !/^(?:200|401 stale)$/ } keys %outcomes), '',
    '3,000 logins with 1,024 slots: accepted or stale');
cmp_ok($outcomes{200}, '>', 2900,
    "... nearly all accepted ($outcomes{200}): a bucket takes 8 new nonces in 256 ms");
is(tally(map { $small->client->exchange($_) } @used), @used . ' x 401 stale',
    '... and none of them twice');
my @back = map { $_->get($target) } @crowd;
my @again = map { $back[$_]->status == 200 ? () : $crowd[$_]->get($target) } 0 .. $#crowd;
is(scalar(grep { $_->status == 200 } @back, @again), 3000, '... and each client goes on');
cmp_ok(scalar @again, '<=', 10, '... nearly all at the price of a stale challenge or two');
$small->remove;

# ---- the other modes ----

my $s = logged_in($server, 'alice', '/sequence/x.txt');
my $s_path = '/sequence/x.txt';
outcome($s->send($s_path, nc => 5), '200', 'sequence: a count may skip');
outcome($s->send($s_path, nc => 4), '401 stale', 'sequence: a lower one is late');
outcome($s->send($s_path, nc => 5), '401 stale', 'sequence: the same one is a replay');
outcome($s->send($s_path, nc => 6), '200', 'sequence: the next one is good');
my %one;
for my $round (1 .. 50) {
    my $bytes = $s->bytes($s_path, nc => 6 + $round, close => 0);
    $one{ tally($burst->fire(($bytes) x $CONNECTIONS)) }++;
}
is_deeply(\%one, { '1 x 200, 31 x 401 stale' => 50 },
    'sequence: one 200 of 32 in each of 50 rounds');

my $seq_at_p = logged_in($server, 'alice');
outcome($seq_at_p->send($target, nc => 9), '200', 'a nonce used where the window rules');
outcome($seq_at_p->send($s_path, nc => 9), '401 stale',
    '... has used that count where sequence rules');
outcome($seq_at_p->send($s_path, nc => 12), '200', 'and one used under sequence');
outcome($seq_at_p->send($target, nc => 12), '401 stale', '... is used under the window');

my $o = logged_in($server, 'alice', '/off/x.txt');
my $again = $o->bytes('/off/x.txt');
is(tally(map { $o->exchange($again) } 1 .. 5), '5 x 200',
    'off: the same request is accepted again');
outcome($o->exchange($o->bytes('/off/x.txt', set => { uri => '/off/y.txt' })), '400',
    'off: the uri still counts');
log_has($server, qr/AuthMSDigestReplay.*off/i, 'off is said in the log at start-up');

log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
