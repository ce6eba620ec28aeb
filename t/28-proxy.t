#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# In front of mod_proxy: a forward proxy with 407 and CONNECT, a reverse proxy.
use MSDigest::Test;
use IO::Socket::INET;

my $server = private_server(modules => [qw(proxy proxy_http proxy_connect)], ports => 1,
    files => { 'htdocs/behind/x.txt' => "behind\n" }, conf => <<'CONF' . area('/reverse/'));
Listen 127.0.0.1:@PORT1@
<VirtualHost 127.0.0.1:@PORT1@>
    DocumentRoot "@ROOT@/htdocs"
</VirtualHost>
ProxyRequests On
AllowCONNECT @PORT1@
<Proxy "*">
    AuthType MSDigest
    AuthName "private"
    AuthMSDigestProvider file
    AuthUserFile "@ROOT@/conf/users"
    AuthMSDigestRspAuth On
    Require valid-user
</Proxy>
ProxyPass "/reverse/" "http://127.0.0.1:@PORT1@/behind/"
<Location "/reverse/">
    ProxyPassInterpolateEnv Off
</Location>
CONF
my $behind = $server->{more_ports}[0];
my $url = "http://127.0.0.1:$behind/behind/x.txt";

sub headers {
    my ($r, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $r->{headers} };
}

# One request through the forward proxy; the client's Authorization moves over.
sub proxied {
    my ($c, $target, %o) = @_;
    my $bytes = $c->bytes($target, host => "127.0.0.1:$behind", %o);
    $bytes =~ s/^Authorization:/Proxy-Authorization:/m;
    return $c->exchange($bytes, %o);
}

# ---- forward ----

my $c = $server->client('alice');
my $r = proxied($c, $url, authorization => undef);
is($r->status, 407, 'a forward proxy asks with 407');
my @lines = headers($r, 'Proxy-Authenticate');
is(scalar @lines, 2, 'two challenges in Proxy-Authenticate');
is(scalar headers($r, 'WWW-Authenticate'), 0, 'and none in WWW-Authenticate');
$c->{challenge} = MSDigest::Client::parse_challenge($lines[0]);

$r = proxied($c, $url);
outcome($r, '200', 'a right answer goes through');
is($r->body, "behind\n", 'to the server behind');
like((headers($r, 'Proxy-Authentication-Info'))[0] // 'none', qr/^rspauth="[0-9a-f]{32}",/,
    'Proxy-Authentication-Info comes back');
is(scalar headers($r, 'Authentication-Info'), 0, 'and no Authentication-Info');
is(proof($server, proxied($c, $url)), 'context', 'the next one is completed from the context');
is(proxied($c, $url, nc => 1)->status, 407, 'a count that was used: 407');
like(join(' ', headers(proxied($c, $url, nc => 1), 'Proxy-Authenticate')), qr/stale=true/, 'with stale=true');
is(proxied($c, $url, calc => { password => 'wrong' })->status, 407, 'a wrong password: 407');
is(proxied($c, $url, uri => '/behind/x.txt')->status, 200, 'the origin form of the same resource passes');
is(proxied($c, $url, uri => "http://127.0.0.1:$behind/other")->status, 400, 'another resource does not');
my $own = $c->bytes($url, host => "127.0.0.1:$behind");
is($c->exchange($own)->status, 407, 'Authorization is not for the proxy');

# ---- CONNECT ----

sub connect_through {
    my (%o) = @_;
    my $target = "127.0.0.1:$behind";
    my $auth = $c->authorization($target, method => 'CONNECT', %o);
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->port, Timeout => 5)
        or die "connect: $!\n";
    print $s "CONNECT $target HTTP/1.1\r\nHost: $target\r\nProxy-Authorization: $auth\r\n\r\n";
    my $line = <$s> // '';
    return $line =~ /^HTTP\/1\.\d (\d+)/ ? $1 : "no answer: $line" if $line !~ /200/;
    while (defined(my $header = <$s>)) { last if $header eq "\r\n" }
    print $s "GET /behind/x.txt HTTP/1.0\r\n\r\n";
    local $/;
    return <$s> =~ /\r\n\r\nbehind\n\z/ ? 'tunnel' : 'broken tunnel';
}
is(connect_through(), 'tunnel', 'CONNECT host:port with a right answer');
is(connect_through(calc => { password => 'wrong' }), 407, 'with a wrong password');
is(connect_through(uri => '/'), 400, 'with another uri');

# ---- reverse ----

my $u = $server->client('bob', keep => 1);
outcome($u->ask('/reverse/x.txt'), '401', 'a reverse proxy is an origin server: 401');
my @proof = map { proof($server, $u->send('/reverse/x.txt')) } 1 .. 2;
is_deeply(\@proof, [qw(authority context)], 'in, then from the context');
outcome($u->send('/reverse/x.txt', uri => '/behind/x.txt'), '400', 'the uri is the one the client asked for');

done_testing;
