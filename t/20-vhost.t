#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Virtual hosts and realms are apart, unless AuthMSDigestScope joins them.
use MSDigest::Test;

my @REALMS = ('private', 'private admin', 'privat', 'Private', 'two words', "caf\xc3\xa9", 'comma, semicolon; colon',
    'quote " and backslash', '%41', q{it's});
my @HOSTS = qw(one.test two.test joined.test also-joined.test);

sub section {
    my ($path, $realm, @lines) = @_;
    (my $quoted = $realm) =~ s/(["\\])/\\$1/g;
    return area($path, qq{AuthName "$quoted"}, @lines);
}

sub vhost {
    my ($name, $address, @lines) = @_;
    return join "\n", "<VirtualHost $address>", "ServerName $name", 'DocumentRoot "@ROOT@/htdocs"', @lines, '</VirtualHost>', '';
}

my $server = private_server(ports => 1,
    users => join('', map { users_text($_, alice => $PASSWORD{alice}) } grep { !/colon/ } @REALMS)
        . users_text('admin.test', alice => $PASSWORD{alice}) . users_text('realm of one.test', alice => $PASSWORD{alice}),
    files => { map({ ("htdocs/r$_/x.txt" => "realm $_\n") } 0 .. $#REALMS), 'htdocs/byhost/x.txt' => "h\n" },
    conf => join '', "Listen 127.0.0.1:\@PORT1\@\n", area('/p/'),
        area('/header/', 'AuthName "%{HTTP:X-Realm}"'),
        area('/byhost/', 'AuthName "realm of %{HTTP_HOST}"'),
        map({ section("/r$_/", $REALMS[$_]) } 0 .. $#REALMS),
        vhost('one.test', '127.0.0.1:@PORT@ 127.0.0.1:@PORT1@', 'ServerAlias alias.test'),
        vhost('two.test', '127.0.0.1:@PORT@'),
        vhost('joined.test', '127.0.0.1:@PORT@', 'AuthMSDigestScope shared'),
        vhost('also-joined.test', '127.0.0.1:@PORT@', 'AuthMSDigestScope shared'),
        vhost('other-scope.test', '127.0.0.1:@PORT@', 'AuthMSDigestScope another'),
);
my $target = '/p/x.txt';

# The session of a client, taken to another host (and port).
sub at {
    my ($client, $host, %o) = @_;
    return $client->clone(host => $host, %o);
}

# ---- virtual hosts ----

my $one = logged_in($server, 'alice', $target, host => 'one.test');
outcome($one->send($target), '200', 'a session of one.test');
outcome(at($one, 'alias.test')->send($target, nc => 10), '200', '... is good under its alias');
outcome(at($one, 'one.test', port => $server->{more_ports}[0])->send($target, nc => 11), '200',
    '... and on its other port');
outcome(at($one, 'alias.test')->send($target, nc => 10), '401 stale',
    '... where its counts are used up too');
outcome(at($one, 'two.test')->send($target, nc => 12), '401 stale', 'at two.test it is stale');
outcome(at($one, 'joined.test')->send($target, nc => 12), '401 stale',
    '... at joined.test as well');
outcome(at($one, 'two.test')->send($target, nc => 13, calc => { password => 'x' }), '401',
    '... a wrong password there is a wrong password');
outcome($one->send($target, nc => 12), '200', '... and nothing of it is used up at home');
my $guest = at($one, 'two.test');
outcome($guest->get($target), '200', 'by the stale challenge the client goes on at two.test');
outcome($guest->send($target), '200', '... and on');
outcome($one->send($target, nc => 20), '200', '... and has still its session at one.test');

# ---- joined on purpose ----

my $joined = logged_in($server, 'alice', $target, host => 'joined.test');
proven_by($server, at($joined, 'also-joined.test')->send($target, nc => 10), 'context',
    'AuthMSDigestScope: a session is good at the other host, from the same context');
outcome($joined->send($target, nc => 10), '401 stale',
    '... and a count that was used there is used here');
outcome(at($joined, 'other-scope.test')->send($target, nc => 11), '401 stale',
    '... but not at a host of another scope');
outcome(at($joined, 'one.test')->send($target, nc => 11), '401 stale', '... nor at one without');
outcome($joined->send($target, nc => 11), '200', '... and nothing is used up by that');

# ---- realms ----

for my $i (0 .. $#REALMS) {
    next if $REALMS[$i] =~ /colon/;
    my $c = $server->client('alice');
    my $bare = $c->ask("/r$i/x.txt");
    (my $quoted = $REALMS[$i]) =~ s/(["\\])/\\$1/g;
    like($bare->header('WWW-Authenticate'), qr/,realm="\Q$quoted\E",opaque=/,
        "realm '$REALMS[$i]' stands in the challenge");
    outcome($c->send("/r$i/x.txt"), '200', '... and takes a login');
    outcome($c->send("/r$i/x.txt"), '200', '... and a second request');
}
my %crossed;
for my $from (0 .. $#REALMS) {
    next if $REALMS[$from] =~ /colon/;
    my $c = logged_in($server, 'alice', "/r$from/x.txt");
    for my $to (0 .. $#REALMS) {
        next if $to == $from;
        $crossed{ $c->send("/r$to/x.txt")->what }++;
        $crossed{ $c->send("/r$to/x.txt", set => { realm => $REALMS[$to] })->what }++ if $REALMS[$to] !~ /colon/;
    }
}
is(join(',', sort keys %crossed), '401,401 stale',
    'no session of a realm is one of another, also of a similar name');

# ---- a realm that depends on the request ----

my $by = logged_in($server, 'alice', '/byhost/x.txt', host => 'one.test');
is($by->{challenge}{realm}, 'realm of one.test', 'AuthName may be an expression');
outcome($by->send('/byhost/x.txt'), '200', '... and takes a session');
outcome(at($by, 'two.test')->send('/byhost/x.txt'), '401',
    '... that is not one under another name');
outcome(at($by, 'alias.test')->send('/byhost/x.txt', nc => 30), '401',
    '... also of the same virtual host');

for my $row ([ 'a",stale=true,x="', 'a\",stale=true,x=\"' ], [ 'a\\', 'a\\\\' ], [ '', '' ]) {
    my ($header, $realm) = @$row;
    my $r = $server->client->ask('/header/x.txt', headers => ["X-Realm: $header"]);
    like($r->header('WWW-Authenticate'), qr/,realm="\Q$realm\E",opaque="[0-9a-f]{32}"$/,
        "a realm of '$header' from the request cannot leave its quotes");
}

done_testing;
