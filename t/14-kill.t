#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# kill -9 of workers under load: the server goes on, nothing is accepted twice.
use MSDigest::Test limit => 240;
use List::Util qw(shuffle);

my $KILLS = 25;
my $CONNECTIONS = 24;
my $target = '/p/x.txt';

for my $mpm (qw(event prefork)) {
    my $server = private_server(mpm => $mpm, conf => area('/p/') . ($mpm eq 'prefork'
        ? "StartServers 6\nMinSpareServers 4\nMaxSpareServers 10\nMaxRequestWorkers 16\n"
        : "StartServers 4\nThreadsPerChild 8\nMinSpareThreads 32\nMaxSpareThreads 48\nMaxRequestWorkers 64\n"));
    my @clients = map { logged_in($server, $_, $target) } qw(alice bob carol);
    my (%wrong, %seen, @sent);

    for my $kill (1 .. $KILLS) {
        my ($victim) = shuffle $server->children;
        my @conns = map { MSDigest::Conn->new($server->port) } 1 .. $CONNECTIONS;
        my @bytes = map { $clients[ $_ % @clients ]->bytes($target, close => 1) } 1 .. $CONNECTIONS;
        for my $i (0 .. $#conns) {
            $conns[$i]->write($bytes[$i]);
            kill 'KILL', $victim if $i == $CONNECTIONS / 2;
        }
        for my $i (0 .. $#conns) {
            my $what = $conns[$i]->read_response->what;
            $seen{$what}++;
            push @sent, [ $bytes[$i], $what ];
        }
    }
    is(join(',', sort keys %seen), join(',', sort grep { $seen{$_} } '200', 'closed'),
        "$mpm: $KILLS workers killed under load: requests are answered 200, or the connection is lost");
    cmp_ok($seen{200}, '>', $KILLS * $CONNECTIONS / 2, "... most are answered ($seen{200})");

    # What was answered is used up; what was lost may be good, but once.
    my (%after, %third);
    for my $row (@sent) {
        my ($bytes, $what) = @$row;
        my @r = map { $clients[0]->exchange($bytes)->what } 1, 2;
        $after{"$what, then $r[0]"}++;
        $third{$r[1]}++;
    }
    is_deeply([ grep { /^200, then/ } sort keys %after ], ['200, then 401 stale'],
        '... what was answered is not accepted again');
    is_deeply([ grep { !/^200, then/ && !/then (?:200|401 stale)$/ } keys %after ], [],
        '... what was lost is accepted or stale');
    is_deeply([ keys %third ], ['401 stale'], '... and nothing is accepted twice');

    for my $client (@clients) {
        $client->{refused} = 0;
        outcome($client->get($target), '200', "... $client->{user} goes on");
        is($client->refused, 0, '... without a 401');
    }
    outcome($server->client('alice')->get($target), '200', '... and new logins work');
    log_lacks($server, qr/Segmentation|Bus error|assertion/, '... no worker died by itself');
    $server->remove;
}
done_testing;
