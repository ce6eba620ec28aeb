#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# event, worker and prefork: the exchange, replays over processes, restarts.
use MSDigest::Test;
use List::Util qw(uniq);
use POSIX ();

my $target = '/p/x.txt';
my %SIZE = (
    prefork => "StartServers 8\nMinSpareServers 8\nMaxSpareServers 16\nMaxRequestWorkers 16\n",
    map { ($_ => "StartServers 3\nThreadsPerChild 8\nMinSpareThreads 24\nMaxSpareThreads 48\nMaxRequestWorkers 48\n") } qw(event worker),
);
for my $mpm (qw(event worker prefork)) {
    my $server = private_server(mpm => $mpm, conf => $SIZE{$mpm} . area('/p/'),
        files => { 'htdocs/p/index.html' => "index\n" });
    my $c = $server->client('alice');
    my @proofs = map { proof($server, $c->get($target)) } 1 .. 20;
    is_deeply(\@proofs, [ 'authority', ('context') x 19 ],
        "$mpm: 20 requests, one trip to the authority");
    outcome($c->get('/p/'), '200', "$mpm: a directory index");
    is($c->refused, 1, "$mpm: one 401 in all");
    my %rounds;
    for my $round (1 .. 20) {
        my $bytes = $c->bytes($target);
        my @r = at_once($server->port, ($bytes) x 16);
        $rounds{ join ' and ', map { my $w = $_; grep({ $_->what eq $w } @r) . " x $w" } '200', '401 stale' }++;
    }
    is_deeply(\%rounds, { '1 x 200 and 15 x 401 stale' => 20 },
        "$mpm: one of 16 equal requests is accepted, 20 times");
    my @pids = uniq map { $_->{pid} } $server->access;
    cmp_ok(scalar @pids, '>=', 2, "$mpm: (" . @pids . ' processes took part)');
    my $captured = $c->bytes($target);
    outcome($c->exchange($captured), '200', "$mpm: before a graceful restart");
    $server->graceful;
    outcome($c->exchange($captured), '401 stale', "$mpm: after it a replay is refused");
    outcome($c->send($target), '200', "$mpm: ... and the session goes on");
    log_lacks($server, qr/exit signal|Segmentation|assertion/, "$mpm: no worker died");
    $server->remove;
}

# httpd -X, as debuggers and callgrind run it: one process, everything in it.
my $single = MSDigest::Server->new(mpm => 'prefork', conf => area('/p/'));
my $pid = fork // die "fork: $!\n";
if (!$pid) {
    open STDERR, '>', $single->path('logs/said.txt');
    my @command = (MSDigest::Server::httpd_path(), '-X', '-d', $single->root, '-f', $single->path('conf/httpd.conf'));
    exec { $command[0] } @command or POSIX::_exit(1);
}
ok($single->wait_for(sub { $single->answers }, 20), '-X: it comes up');
my $c = logged_in($single, 'alice', $target);
outcome($c->get($target), '200', '-X: the second request');
is($c->refused, 1, '-X: one 401 in all');
kill 'TERM', $pid;
waitpid $pid, 0;
done_testing;
