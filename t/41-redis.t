#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A fleet on one Redis: each count once, and what happens when Redis fails.
use MSDigest::Test limit => 300;
use MSDigest::Redis;
use MSDigest::Server ();
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my $target = '/p/x.txt';
my $secret = 'a1' x 32 . "\n";

# $url: of Redis; more lines of the main server.
sub conf {
    my ($url, @lines) = @_;
    return join '', map { "$_\n" } "AuthMSDigestContextCache \"$url\"",
        'AuthMSDigestSecret "file:@ROOT@/conf/secret"', 'AuthMSDigestScope fleet', @lines, area('/p/');
}

sub server {
    my (%o) = @_;
    my $server = MSDigest::Server->new(%o);
    $server->write('conf/secret', $secret);
    chmod 0600, $server->path('conf/secret');
    return $server;
}

sub slurp {
    my ($path) = @_;
    open my $fh, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$fh>;
}

sub url { return 'redis://127.0.0.1:' . $_[0]->port . '/2' }

# ---- what stops the start ----

my $redis = MSDigest::Redis->start;
my $tried = server(conf => conf(url($redis)));
is(($tried->configtest)[0], 0, 'a URL of Redis is fine');
for my $row (
    [ 'redis://u:hush-4711@h:x', 'no port' ], [ 'rediss://127.0.0.1', 'TLS, which is not there yet' ],
    [ 'redis://', 'no host' ], [ 'redis+unix://here', 'no path' ], [ 'redis://no-such-host.invalid', 'unknown host' ],
) {
    my ($url, $name) = @$row;
    $tried->configure(conf($url));
    my ($status, $said) = $tried->configtest;
    like($said, qr/^AuthMSDigestContextCache: 'redis\.\.\.' is not allowed; give /m, "$name stops the start");
    unlike($said, qr/hush-4711/, '... and no password is shown');
}
for my $row ([ 'AuthMSDigestCacheTimeout 0', 'seconds from 0 to 60' ], [ 'AuthMSDigestCacheTimeout x', 'seconds from' ],
    [ 'AuthMSDigestCacheEviction maybe', 'refuse or allow' ]) {
    my ($line, $allowed) = @$row;
    $tried->configure(conf(url($redis), $line));
    like(($tried->configtest)[1], qr/^\Q${\(split ' ', $line)[0]}\E: '.*' is not allowed; give $allowed/m, "$line stops it");
}
$tried->configure(conf(url($redis)) =~ s/AuthMSDigestSecret.*\n//r);
isnt(($tried->configtest)[0], 0, 'without a secret it does not start');
like($tried->log . ($tried->configtest)[1], qr/MSD411.*AuthMSDigestSecret/, '... and says why');

$redis->ask(qw(CONFIG SET maxmemory-policy allkeys-lru));
ok(!eval { $tried->configure(conf(url($redis)))->start; 1 }, 'a Redis that forgets stops the start');
log_has($tried, qr/MSD413.*allkeys-lru/, '... and the log says why');
$tried->configure(conf(url($redis), 'AuthMSDigestCacheEviction allow'))->start;
ok(logged_in($tried, 'alice'), '... unless that is allowed');
$tried->remove;
$redis->ask(qw(CONFIG SET maxmemory-policy noeviction));

# ---- three servers ----

my @fleet = map { server(conf => conf(url($redis)))->start } 1 .. 3;
log_has($_, qr/MSD412/, 'the guarantee is in the log') for $fleet[0];
my $c = logged_in($fleet[0], 'alice');
my @moved = map { $c->clone(port => $_->port) } @fleet;

proven_by($fleet[1], $moved[1]->send($target, nc => 2), 'context', 'a nonce of one server is good at another');
proven_by($fleet[2], $moved[2]->send($target, nc => 3), 'context', '... and at the third');
my $used = $c->bytes($target, nc => 4);
outcome($moved[1]->exchange($used), '200', 'a request is accepted at one');
outcome($moved[$_]->exchange($used), '401 stale', "... and sent again it is stale at server $_") for 0 .. 2;
outcome($moved[1]->send($target, nc => 2), '401 stale', 'a count that another used is stale');
outcome($moved[2]->send($target, nc => 200), '200', 'a count far ahead');
outcome($moved[0]->send($target, nc => 66), '401 stale', '... makes one that is far behind late');
outcome($moved[0]->send($target, nc => 5, calc => { password => 'x' }), '401', 'a wrong digest is wrong');

# A subsequent request is one round trip; a process that has not met the
# context before, or not for 5 seconds, fetches it.
sub calls { return (join ' ', $redis->ask(qw(INFO commandstats))) =~ /cmdstat_$_[0]:calls=(\d+)/ ? $1 : 0 }
my ($scripts, $gets) = (calls('evalsha'), calls('get'));
outcome($moved[0]->send($target, nc => 200 + $_), '200', 'a subsequent request') for 1 .. 40;
is(calls('evalsha') - $scripts, 40, 'each runs the script once');
cmp_ok(calls('get') - $gets - 2 * 40, '<=', 2 * (() = $fleet[0]->children), '... and seldom more');

# Every server has all but one byte of the request before any gets the last.
my $burst = sub {
    my ($bytes) = @_;
    my @conns = map { MSDigest::Conn->new($_->port) } @fleet;
    $_->write(substr $bytes, 0, -1) for @conns;
    $_->write(substr $bytes, -1) for @conns;
    return map { $_->read_response } @conns;
};
my %seen;
for my $round (1 .. 200) {
    my @r = $burst->($c->bytes($target, nc => 300 + $round));
    $seen{ join ' ', sort map { $_->what } @r }++;
}
is_deeply(\%seen, { '200 401 stale 401 stale' => 200 }, 'of one request at three servers at once, one is accepted');

# ---- a count is used only by a right digest ----

$c->ask($target);
outcome($c->send($target, nc => 1, calc => { password => 'guess' }), '401', 'somebody who saw a nonce guesses');
outcome($c->send($target, nc => 1), '200', '... and has not burnt the count');

# ---- what stands in Redis ----

my %held = $redis->contents(2);
cmp_ok(scalar(grep { /^msdigest:context:/ } keys %held), '>=', 1, 'contexts are in Redis');
cmp_ok(scalar(grep { /^msdigest:counts:/ } keys %held), '>=', 2, '... and counts');
my $bytes = join "\n", %held;
for my $known ('alice', 'private', $c->opaque, pack('H*', $c->opaque), $c->nonce, $PASSWORD{alice},
    digest_ha1('alice', 'private', $PASSWORD{alice}), pack('H*', digest_ha1('alice', 'private', $PASSWORD{alice}))) {
    ok(index($bytes, $known) < 0, 'Redis knows no name, key, opaque or nonce') || diag(unpack 'H*', $known);
}

my ($count_key) = grep { /^msdigest:counts:/ } keys %held;
my $left = $redis->in_db(2, 'PTTL', $count_key);
cmp_ok($left, '<=', 360_000, 'counts are kept for the life of the nonce and a minute');
cmp_ok($left, '>', 60_000, '... at least');

# ---- Redis forgets: a new life ----

sub goes_on {
    my ($name, $client, $server) = @_;
    my $used_before = $client->bytes($target);
    outcome($client->exchange($used_before), '200', "$name: it works before");
    return sub {
        outcome($client->exchange($used_before), '401 stale', "$name: what was used before is not accepted after");
        my $r = $client->send($target);
        outcome($r, '401 stale', '... its nonce is foreign, and nobody is prompted');
        $client->adopt($r);
        outcome($client->send($target), '200', '... and it goes on with a new one');
    };
}

my $after = goes_on('emptied', logged_in($fleet[0], 'alice'), $fleet[0]);
$redis->ask('FLUSHALL');
$after->();

$after = goes_on('restarted', logged_in($fleet[1], 'alice'), $fleet[1]);
$redis->stop->up;
sleep 1.1;    # servers leave one that failed alone for a second
$after->();

# ---- Redis does not answer: 503, and nobody else is asked ----

sub unavailable {
    my ($name, $client, $server) = @_;
    my $start = time;
    my $r = $client->send($target);
    outcome($r, '503', "$name: 503");
    ok($r->header('Retry-After'), '... with Retry-After');
    cmp_ok(time - $start, '<', 5, '... soon');
    return;
}

sub comes_back {
    my ($name, $client) = @_;
    my $r;
    ok($fleet[0]->wait_for(sub { $r = $client->get($target); $r->status == 200 }, 20), "$name: it comes back by itself")
        || diag($r->what);
    return;
}

$c = logged_in($fleet[0], 'alice');
my $lost = $c->bytes($target);
kill 'STOP', $redis->pid;
outcome($c->exchange($lost), '503', 'Redis hangs: the outcome is unknown');
unavailable('hangs', $c, $fleet[0]);
outcome($fleet[0]->client('bob')->ask($target), '401', '... while challenges go on');
kill 'CONT', $redis->pid;
comes_back('hangs', $c->clone);
my $r;
$fleet[0]->wait_for(sub { $r = $c->exchange($lost); $r->status != 503 }, 20);
# Redis may have read it while it was stopped, or its context was looked for first.
like($r->what, qr/^(?:200|401 stale)$/, '... and the request without an answer is accepted once at most');
$fleet[0]->wait_for(sub { $r = $c->exchange($lost); $r->status != 503 }, 20);
outcome($r, '401 stale', '... and not again');
log_has($fleet[0], qr/:error.*MSD410.*no answer in time/, '... and the log says what was wrong');

$redis->stop;
unavailable('gone', $c, $fleet[0]);
my $new = $fleet[0]->client('carol');
outcome($new->get($target), '503', '... also for a login');
$redis->up;
comes_back('gone', $c);

$redis->ask(qw(CONFIG SET maxmemory 1));
unavailable('out of memory', $c, $fleet[0]);
$redis->ask(qw(CONFIG SET maxmemory 0));
comes_back('out of memory', $c);

# Something else answers, or breaks off.
for my $row ([ 'garbage', "HTTP/1.1 400 Bad Request\r\n\r\n" ], [ 'an answer that is cut', "*3\r\n\$8\r\nacce" ],
    [ 'a long answer', '$100000' . "\r\n" . 'x' x 100_000 . "\r\n" ], [ 'nothing', '' ]) {
    my ($name, $says) = @$row;
    $redis->stop;
    my $fake = fake($redis->port, $says);
    unavailable($name, $c, $fleet[0]);
    kill 'KILL', $fake;
    waitpid $fake, 0;
    $redis->up;
    comes_back($name, $c);
}

# A server at this port that is a master, and else says only this.
sub fake {
    my ($port, $says) = @_;
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 50, ReuseAddr => 1,
        Proto => 'tcp') || die "port $port: $!\n";
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    alarm 60;
    $SIG{ALRM} = $SIG{PIPE} = 'DEFAULT';
    while (my $conn = $listen->accept) {
        my $got = '';
        while (sysread $conn, $got, 4096, length $got) {
            syswrite $conn, $got =~ /EVAL|GET/ ? $says : $got =~ /ROLE/ ? "*1\r\n\$6\r\nmaster\r\n" : "+OK\r\n";
            last if $got =~ /EVAL|GET/;
            $got = '';
        }
        close $conn;
    }
    POSIX::_exit(0);
}

# ---- a start without Redis ----

$redis->stop;
$fleet[2]->stop->start;
log_has($fleet[2], qr/MSD415/, 'a server starts without Redis, and says so');
unavailable('not there at the start', $c->clone(port => $fleet[2]->port), $fleet[2]);
$redis->up;
comes_back('not there at the start', $fleet[2]->client('bob'));
$_->remove for @fleet;

# ---- fail-over, a password, a unix socket ----

my $main = MSDigest::Redis->start;
my $replica = MSDigest::Redis->start('--replicaof', '127.0.0.1 ' . $main->port);
my $two = server(conf => conf('redis://127.0.0.1:' . $replica->port . ',127.0.0.1:' . $main->port))->start;
$c = logged_in($two, 'alice');
my $before = $c->bytes($target);
outcome($c->exchange($before), '200', 'the master of two is found');
$two->wait_for(sub { () = $replica->ask(qw(KEYS msdigest:counts:*)) }, 20);
cmp_ok(scalar(() = $replica->ask(qw(KEYS msdigest:counts:*))), '>', 0, '... and the replica has what it knows');
$main->stop;
$replica->ask(qw(REPLICAOF NO ONE));
$two->wait_for(sub { $r = $c->exchange($before); $r->status != 503 }, 20);
outcome($r, '401 stale', 'after a fail-over what was used before is not accepted');
$c->adopt($r);
proven_by($two, $c->send($target), 'context', '... and the context is still known');
log_has($two, qr/MSD103.*another life of the guard/, '... for the guard has begun another life');
$two->remove;
$replica->stop;

# The account may do what docs/fleet.md says, and no more.
my $closed = MSDigest::Redis->start;
my ($rights) = slurp("$ENV{srcdir}/docs/fleet.md") =~ /The account needs `([^`]*)`/;
$closed->ask(qw(ACL SETUSER web on >hush%4711 -@all), split ' ', $rights);
$closed->ask(qw(ACL SETUSER default off));
my $local = server(conf => conf('redis+unix://web:hush%254711@' . $closed->path . '?db=3'))->start;
$c = logged_in($local, 'alice');
outcome($c->send($target), '200', 'by a unix socket, as a user with a password and few rights');
$local->graceful;
outcome($c->send($target), '200', '... and a graceful restart changes nothing');
log_lacks($local, qr/MSD41[05]/, '... and it has all that it needs');
$local->remove;
my $wrong = server(conf => conf('redis://:wrong@127.0.0.1:' . $closed->port))->start;
outcome($wrong->client('alice')->get($target), '503', 'with a wrong password nobody gets in');
log_has($wrong, qr/MSD41[05].*(?:WRONGPASS|AUTH <password>)/, '... and the log says why');
log_lacks($wrong, qr/hush|:wrong/, '... without the password');
$wrong->remove;

done_testing;
