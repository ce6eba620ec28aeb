#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Three servers on one Redis behind a balancer without affinity: nobody is
# prompted, whatever happens to one of them.
use MSDigest::Test limit => 300;
use MSDigest::Redis;
use MSDigest::Server ();
use Time::HiRes qw(sleep time);

my $target = '/p/x.txt';
my ($A, $B) = map { $_ x 32 } qw(a1 b2);
my $redis = MSDigest::Redis->start;
my %user = map { ("user$_" => "password of $_") } 1 .. 24;

sub set_secret {
    my ($server, @secrets) = @_;
    $server->write('conf/secret', join '', map { "$_\n" } @secrets);
    chmod 0600, $server->path('conf/secret');
    return $server;
}

sub member {
    my (%o) = @_;
    my $server = MSDigest::Server->new(users => users_text('private', %user), conf => join("\n",
        'AuthMSDigestContextCache redis://127.0.0.1:' . $redis->port,
        'AuthMSDigestSecret "file:@ROOT@/conf/secret"', 'AuthMSDigestScope fleet', area('/p/')));
    return set_secret($server, $A)->start(%o);
}

# The clocks of two are wrong, by a minute each: that of Redis counts.
my @fleet = (member(faketime => '-60s', monotonic => 1), member(), member(faketime => '+60s', monotonic => 1));
my $balancer = MSDigest::Server->new(
    modules => [qw(proxy proxy_http proxy_balancer lbmethod_byrequests slotmem_shm)],
    conf => join("\n", '<Proxy balancer://fleet>',
        (map { 'BalancerMember http://127.0.0.1:' . $_->port . ' retry=0 timeout=20' } @fleet),
        'ProxySet maxattempts=2', '</Proxy>', 'ProxyPass / balancer://fleet/', 'ProxyPreserveHost On', ''),
)->start;

# Clients as programs and as browsers: one cnonce, or one for each request.
my @clients = map {
    $balancer->client($_, password => $user{$_}, keep => 1, cnonce => $_ =~ /[02468]$/ ? 'keep' : 'new')
} sort keys %user;

# Rounds of requests of all; what was answered, each kind counted.
my %said;
my @used;
sub rounds {
    my ($count) = @_;
    for (1 .. $count) {
        for my $c (@clients) {
            my $bytes = $c->bytes($target);
            my $r = $c->exchange($bytes);
            $said{ $r->what }++;
            push @used, [ $c, $bytes ] if $r->status == 200;
            if ($r->what eq '401 stale') { $c->adopt($r) }
        }
    }
    return;
}

sub all_let_in {
    my ($name, %allowed) = @_;
    my %other = %said;
    delete @other{ '200', keys %allowed };
    is_deeply(\%other, {}, "$name: all are let in, and nobody is prompted");
    cmp_ok($said{200}, '>', 0, '... ' . ($said{200} // 0) . ' requests');
    cmp_ok($said{$_} // 0, '<=', $allowed{$_}, "... and at most $allowed{$_} get '$_'") for sort keys %allowed;
    %said = ();
    return;
}

outcome($_->ask($target), '401', 'a challenge') for $clients[0];
outcome($clients[0]->send($target), '200', '... and a login through the balancer');
$_->ask($target) for @clients[1 .. $#clients];
rounds(20);
all_let_in('three servers, clocks two minutes apart');
my @proofs = map { $_->access } @fleet;
my %asked;
$asked{ $_->{user} }++ for grep { $_->{proof} eq 'authority' } @proofs;
is_deeply([ grep { $asked{$_} != 1 } keys %asked ], [], 'the provider was asked once about each user');
is(scalar(keys %asked), scalar(keys %user), '... of all');
my %served = map { $_->port => scalar(grep { $_->{status} == 200 } $_->access) } @fleet;
is(scalar(grep { $_ > 20 } values %served), 3, 'all three served');

# ---- one after the other is restarted, or killed ----

for my $server (@fleet) {
    my $reader = fork // die "fork: $!\n";
    if (!$reader) { sleep 0.3; $server->graceful; POSIX::_exit(0) }
    rounds(6);
    waitpid $reader, 0;
}
rounds(2);
all_let_in('a rolling graceful restart', 503 => 0);

for my $server (@fleet) {
    my ($worker) = $server->children;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) { sleep 0.2; kill 'KILL', $worker; POSIX::_exit(0) }
    rounds(6);
    waitpid $pid, 0;
}
rounds(2);
# What a worker had in hand when it was killed is lost; the proxy may send it again.
all_let_in('workers are killed', 502 => 30, 503 => 30, '401 stale' => 30);

# ---- the secret is replaced ----

for my $step ([ $A, $B ], [ $B, $A ]) {
    for my $server (@fleet) {
        set_secret($server, @$step)->graceful;
        rounds(3);
    }
}
all_let_in('a rotation of the secret', '401 stale' => scalar @clients);

# ---- a user who is withdrawn at one is out at all ----

my $gone = $clients[3];
my %rest = %user;
delete $rest{ $gone->{user} };
for my $server (@fleet) {
    $server->write('conf/users', users_text('private', %rest));
}
my $direct = $gone->clone(port => $fleet[0]->port, keep => 0);
$fleet[0]->configure($fleet[0]{conf} =~ s/AuthType MSDigest/AuthType MSDigest\nAuthMSDigestRevalidate 0/r)->graceful;
$_->{keep} = 0 for $gone;
outcome($direct->send($target), '401', 'a server that asks again withdraws a context');
my $elsewhere = $direct->clone(port => $fleet[1]->port);
my $r;
$fleet[1]->wait_for(sub { $r = $elsewhere->send($target); $r->status == 401 }, 15);
is($r->status, 401, '... and the others have noticed') || diag($r->what);

# ---- nothing that was used is good again, anywhere ----

my %again;
for my $i (map { int rand @used } 1 .. 150) {
    my ($c, $bytes) = @{ $used[$i] };
    my $server = $fleet[ rand @fleet ];
    $again{ $c->clone(port => $server->port, keep => 0, conn => undef)->exchange($bytes)->status }++;
}
is($again{200}, undef, 'of 150 requests that were used none is accepted again') || diag(join ' ', %again);
$_->remove for $balancer, @fleet;

done_testing;
