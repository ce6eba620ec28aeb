#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Restarts: 200 or stale, never a replay accepted, never a prompt.
use MSDigest::Test limit => 240;
use Time::HiRes qw(time);

my $target = '/p/x.txt';
my $conf = area('/p/');
my $server = private_server(conf => $conf);

# A client that is logged in, a request of it that was accepted, one that was
# captured before it arrived.
sub session {
    my ($s) = @_;
    my $c = logged_in($s, 'alice', $target, cnonce => 'keep');
    my $used = $c->bytes($target);
    die "not accepted\n" if $c->exchange($used)->status != 200;
    return { client => $c, used => $used, first => $c->bytes($target, nc => 1), unused => $c->bytes($target) };
}

# ---- graceful (USR1) and hard (HUP) restart: nothing is lost but the cache ----

for my $how (qw(graceful restart)) {
    my $session = session($server);
    my $c = $session->{client};
    my $opaque = $c->opaque;
    for my $nth (1 .. 3) {
        $server->$how;
        outcome($c->exchange($session->{used}), '401 stale',
            "$how $nth: a request from before is a replay");
        outcome($c->exchange($session->{first}), '401 stale',
            '... the first of the session as well');
        outcome($c->send($target, calc => { password => 'wrong' }), '401',
            '... a wrong password is a wrong password');
        proven_by($server, $c->send($target), 'authority',
            '... the session goes on without a 401, proven anew');
        proven_by($server, $c->send($target), 'context', '... and then from the cache');
    }
    outcome($c->exchange($session->{unused}), '200',
        "$how: a request that was on its way is accepted");
    outcome($c->exchange($session->{unused}), '401 stale', '... once');
    is($c->opaque, $opaque, '... all under one opaque');
}

# ---- a size that changes on reload ----

my $sized = private_server(conf => "AuthMSDigestReplaySlots 1024\n$conf");
my $session = session($sized);
for my $slots (2048, 65_536, 1024) {
    $sized->configure("AuthMSDigestReplaySlots $slots\n$conf");
    $sized->graceful;
    my $c = $session->{client};
    outcome($c->exchange($session->{used}), '401 stale',
        "1,024 slots, now $slots: a request from before is a replay");
    outcome($c->exchange($session->{first}), '401 stale', '... the first of the session as well');
    outcome($c->send($target), '200', '... and the session goes on');
    my $warned = grep { /MSD203: AuthMSDigestReplaySlots is now $slots, but .* 1024 slots/ } split /\n/, $sized->log;
    $slots == 1024 ? ok(!$warned, '... without a warning, as it is again what it was')
                   : ok($warned, '... and the log says that the size waits for a cold start');
}
$sized->configure("AuthMSDigestReplaySlots 2048\n$conf");
$sized->stop;
$sized->write('logs/error_log', '');
$sized->start;
log_lacks($sized, qr/MSD203/, 'after a stop and start the new size is in force');
outcome($session->{client}->get($target), '200', '... and the session goes on');

# ---- requests that arrive while it happens ----

my $busy = private_server(conf => $conf);
my $c = logged_in($busy, 'alice', $target);
my (%seen, %twice);
for my $reload (1 .. 6) {
    my $before = $busy->generations;
    kill($reload % 2 ? 'USR1' : 'HUP', $busy->pid);
    my $end = time + 10;
    my $more = 20;
    while (time < $end && $more > 0) {
        $more-- if $busy->generations > $before;
        my $bytes = $c->bytes($target);
        my @both = map { try_exchange($c, $bytes) } 1, 2;
        $seen{$_}++ for @both;
        $twice{"@both"}++ if 2 == grep { $_ eq '200' } @both;
    }
}
is_deeply(\%twice, {}, 'during six reloads no request was accepted twice');
is($seen{401} // 0, 0, '... and no answer was a 401 without stale');
cmp_ok($seen{200}, '>', 100, "... of $seen{200} accepted ones");
is(join(',', grep { !/^(?:200|401 stale|closed|timeout|refused|.*reset.*)$/ } sort keys %seen), '',
    '... and nothing else came');

# A server that reloads may refuse or drop a connection: that is no answer.
sub try_exchange {
    my ($client, $bytes) = @_;
    my $r = eval { $client->exchange($bytes) } or return 'refused';
    return $r->what;
}

# ---- stop and start: another life ----

my %CLOCK = (
    'the clock as it is'                      => {},
    'the clock an hour back'                  => { faketime => '-1h' },
    'the clock an hour back, uptime going on' => { faketime => '-1h', monotonic => 1 },
    'the clock an hour ahead'                 => { faketime => '+1h' },
);
for my $clock (sort keys %CLOCK) {
    my $s = private_server(conf => $conf);
    my $life = session($s);
    my $client = $life->{client};
    my ($opaque, $nonce) = ($client->opaque, $client->nonce);
    $s->stop;
    $s->start(%{ $CLOCK{$clock} });
    outcome($client->exchange($life->{used}), '401 stale',
        "stop and start, $clock: a request from before is stale");
    outcome($client->exchange($life->{first}), '401 stale', '... the first of the session as well');
    outcome($client->exchange($life->{unused}), '401 stale',
        '... and one that was captured unused');
    outcome($client->send($target, calc => { password => 'wrong' }), '401',
        '... a wrong password is a wrong password');
    my $stale = $client->send($target);
    outcome($stale, '401 stale', '... the session itself is stale');
    is($stale->challenge->{opaque}, $opaque, '... and keeps its opaque');
    isnt($stale->challenge->{nonce}, $nonce, '... with a new nonce');
    $client->adopt($stale);
    outcome($client->send($target), '200', '... by which it goes on without a prompt');
    outcome($client->send($target), '200', '... and on');
    outcome($client->exchange($life->{used}), '401 stale', '... and what was captured stays out');
    $s->remove;
}

# ---- a parent that is killed ----

my $killed = private_server(conf => $conf);
my $last = session($killed);
my @children = $killed->children;
kill 'KILL', $killed->pid, @children;
$killed->wait_for(sub { !$killed->running }, 5);
unlink $killed->path('run/httpd.pid');
$killed->start;
outcome($last->{client}->exchange($last->{used}), '401 stale',
    'kill -9 of the whole server, then start: a replay is stale');
outcome($last->{client}->get($target), '200', '... and the session goes on');

done_testing;
