#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Two users on many threads never get each other's identity.
use MSDigest::Test limit => 180;

my $THREADS = 64;
my $ROUNDS = 60;

my $server = private_server(modules => [qw(include mime)], files => {
    'htdocs/p/who.shtml' => '<!--#echo var="REMOTE_USER" -->',
}, conf => area('/p/') . <<"CONF" . <<'CONF');
StartServers 1
ThreadsPerChild $THREADS
MaxRequestWorkers $THREADS
CONF
<Directory "@ROOT@/htdocs/p">
    Options +Includes
    AddHandler server-parsed .shtml
</Directory>
CONF
my $target = '/p/who.shtml';
my @clients = map { logged_in($server, $_ % 2 ? 'alice' : 'bob', $target) } 1 .. $THREADS;
my $burst = MSDigest::Burst->new($server->port, $THREADS);

my (%wrong, $answers);
for my $round (1 .. $ROUNDS) {
    my @responses = $burst->fire(map { $_->bytes($target, close => 0) } @clients);
    for my $i (0 .. $#clients) {
        $answers++;
        my $got = $responses[$i]->status == 200 ? $responses[$i]->body : $responses[$i]->what;
        $wrong{"$clients[$i]{user} is $got"}++ if $got ne $clients[$i]{user};
    }
}
is_deeply(\%wrong, {},
    "$answers requests of two users, $THREADS at a time: each has its own REMOTE_USER");

# First logins at once, when the authority is asked in all threads.
%wrong = ();
for my $round (1 .. 10) {
    my @new = map { $server->client($_ % 2 ? 'alice' : 'bob') } 1 .. $THREADS;
    $_->ask($target) for @new;
    my @responses = $burst->fire(map { $_->bytes($target, close => 0) } @new);
    for my $i (0 .. $#new) {
        my $got = $responses[$i]->status == 200 ? $responses[$i]->body : $responses[$i]->what;
        $wrong{"$new[$i]{user} is $got"}++ if $got ne $new[$i]{user};
    }
}
is_deeply(\%wrong, {}, 'ten times 64 first logins at once: the same');

# A right and a wrong password at once.
%wrong = ();
for my $round (1 .. 10) {
    my @bytes = map {
        $clients[$_]->bytes($target, close => 0, $_ % 3 ? () : (sent => { response => '0' x 32 }))
    } 0 .. $#clients;
    my @responses = $burst->fire(@bytes);
    for my $i (0 .. $#clients) {
        my $expected = $i % 3 ? $clients[$i]{user} : '401';
        my $got = $responses[$i]->status == 200 ? $responses[$i]->body : $responses[$i]->what;
        $wrong{"$got for $expected"}++ if $got ne $expected;
    }
}
is_deeply(\%wrong, {}, 'right and wrong passwords at once: each gets its own answer');

my %pids = map { $_->{pid} => 1 } $server->access;
is(scalar keys %pids, 1, '(all of it in one process)');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
