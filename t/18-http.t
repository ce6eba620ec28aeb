#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# HTTP/1.0 and 1.1, methods and bodies, WebDAV, OPTIONS, and a forward proxy.
use MSDigest::Test;

my $server = MSDigest::Server->new(modules => [qw(cgid dav dav_fs dav_lock proxy proxy_http)], ports => 1, files => {
    'cgi/echo' => "#!/usr/bin/perl\nlocal \$/; my \$b = <STDIN> // '';\n"
        . "print qq{Content-Type: text/plain\\r\\n\\r\\n\$ENV{REQUEST_METHOD} } . length(\$b) . ' ' . substr(\$b, 0, 20);\n",
    'htdocs/dav/.keep' => '', 'htdocs/p/sub/x.txt' => "below\n",
}, conf => area('/p/') . area('/cgi/') . area('/dav/', 'Dav On') . <<'CONF');
ScriptAlias "/cgi/" "@ROOT@/cgi/"
ScriptSock "@ROOT@/run/cgisock"
DavLockDB "@ROOT@/davlock/db"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
Listen 127.0.0.1:@PORT1@
<VirtualHost 127.0.0.1:@PORT1@>
    ServerName proxy.test
    ProxyRequests On
    <Proxy "*">
        AuthType MSDigest
        AuthName "private"
        AuthMSDigestProvider file
        AuthUserFile "@ROOT@/conf/users"
        Require valid-user
    </Proxy>
</VirtualHost>
CONF
chmod 0755, $server->path('cgi/echo');
mkdir $server->path('davlock');
chmod 0777, map { $server->path($_) } qw(davlock htdocs/dav);
$server->start;
my $target = '/p/x.txt';

# ---- HTTP/1.0 ----

my $old = $server->client('alice');
outcome($old->ask($target, version => '1.0'), '401', 'HTTP/1.0: challenged');
outcome($old->send($target, version => '1.0'), '200', 'HTTP/1.0: accepted');
my $used = $old->bytes($target, version => '1.0');
outcome($old->exchange($used), '200', 'HTTP/1.0: a further request');
outcome($old->exchange($used), '401 stale', 'HTTP/1.0: a replay is stale');
outcome($old->exchange($used =~ s{HTTP/1\.0}{HTTP/1.1}r), '401 stale', '... as HTTP/1.1 as well');
outcome($old->send($target, version => '1.0', host => undef), '200',
    'HTTP/1.0 without a Host header');
my $kept = $old->clone(keep => 1);
outcome($kept->send($target, version => '1.0', headers => ['Connection: keep-alive']), '200',
    'HTTP/1.0 with keep-alive');
outcome($kept->send($target, version => '1.0', headers => ['Connection: keep-alive']), '200',
    '... twice on one connection');
my $nine = MSDigest::Conn->new($server->port);
$nine->write("GET $target\r\n\r\n");
unlike($nine->rest, qr/protected/, 'HTTP/0.9 shows nothing');

# ---- keep-alive and pipelining: a login is not of the connection ----

my $c = logged_in($server, 'alice', $target, keep => 1);
outcome($c->send($target), '200', 'with credentials on a kept connection');
outcome($c->ask($target), '401', '... the next request without them is challenged');
my $conn = MSDigest::Conn->new($server->port);
my $p = logged_in($server, 'alice');
$conn->write(join '', map { $p->bytes($target, close => 0, $_ == 3 ? (authorization => undef) : ()) } 1 .. 5);
is(join(' ', map { $conn->read_response->what } 1 .. 5), '200 200 401 200 200',
    'five pipelined requests, the third without credentials');

# ---- methods ----

my $m = logged_in($server, 'alice', $target, keep => 1);
my $head = $m->send($target, method => 'HEAD');
outcome($head, '200', 'HEAD is accepted');
is($head->header('Content-Length'), length "protected\n", '... with the length of the body');
my $bare = $m->ask($target, method => 'HEAD');
outcome($bare, '401', 'HEAD without credentials is challenged');
is(scalar $bare->challenges, 2, '... with two challenges');
$m->send($target);
for my $method (qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND)) {
    my $r = $m->send($target, method => $method);
    isnt($r->status, 401, "$method signed as $method is authenticated (" . $r->status . ')');
    cmp_ok($r->status, '<', 600, '... and answered');
    my $other = $method eq 'GET' ? 'POST' : 'GET';
    outcome($m->send($target, method => $method, calc => { method => $other }), '401',
        "$method signed as $other is not");
}
my $foo = $m->send($target, method => 'FOO');
isnt($foo->status, 401, 'an unknown method signed as itself is authenticated (' . $foo->status . ')');
outcome($m->send($target, method => 'BAR', calc => { method => 'FOO' }), '401',
    'BAR signed as FOO is not');
outcome($m->send($target, method => 'GET', calc => { method => 'get' }), '401',
    'GET signed as get is not');
outcome($m->send($target, headers => ['X-HTTP-Method-Override: DELETE']), '200',
    'an override header changes nothing');

# ---- bodies ----

for my $length (0, 1, 1000, 300_000) {
    my $body = 'x' x $length;
    my $poster = $server->client('alice', keep => 1);
    outcome($poster->ask('/cgi/echo', method => 'POST', body => $body), '401',
        "POST of $length bytes without credentials");
    my $r = $poster->send('/cgi/echo', method => 'POST', body => $body);
    is($r->body, "POST $length " . substr($body, 0, 20),
        '... and with them: the program gets the body');
    outcome($poster->send('/cgi/echo', method => 'POST', body => $body), '200',
        '... and again on the connection');
    my $bad = $poster->send('/cgi/echo', method => 'POST', body => $body, calc => { password => 'x' });
    outcome($bad, '401', '... a wrong password');
    outcome($poster->send('/cgi/echo'), '200', '... leaves nothing of the body on the connection');
}

sub with_expect {
    my ($client, $path, $auth, $body) = @_;
    my $tcp = MSDigest::Conn->new($server->port);
    $tcp->write("PUT $path HTTP/1.1\r\nHost: $client->{host}\r\nExpect: 100-continue\r\nConnection: close\r\n"
        . (defined $auth ? "Authorization: $auth\r\n" : '') . 'Content-Length: ' . length($body) . "\r\n\r\n");
    my $interim = '';
    if ($tcp->readable(10)) {
        $tcp->fill;
        $interim = $1 if $tcp->{buf} =~ m{^HTTP/1\.1 (100)};
    }
    $tcp->write($body) if $interim;
    return ($interim, $tcp->read_response);
}

my $d = $server->client('alice');
my ($interim, $r) = with_expect($d, '/dav/a.txt', undef, 'must not arrive');
is("$interim," . $r->what, ',401',
    'PUT with Expect and without credentials: challenged before the body is sent');
ok(!-e $server->path('htdocs/dav/a.txt'), '... and nothing is stored');
$d->adopt($r);
($interim, $r) = with_expect($d, '/dav/a.txt', $d->authorization('/dav/a.txt', method => 'PUT'), 'expected content');
is("$interim," . $r->what, '100,201',
    'PUT with Expect and credentials: the body is asked for, and taken');
is($server->read('htdocs/dav/a.txt'), 'expected content', '... and stored');
($interim, $r) = with_expect($d, '/dav/a.txt', $d->authorization('/dav/a.txt', method => 'PUT', calc => { password => 'x' }), 'evil');
is("$interim," . $r->what, ',401', 'PUT with Expect and a wrong password: refused before the body');
is($server->read('htdocs/dav/a.txt'), 'expected content', '... and what was stored stays');

outcome($d->send('/dav/b.txt', method => 'PUT', body => 'plain content'), '201',
    'PUT without Expect');
is($server->read('htdocs/dav/b.txt'), 'plain content', '... is stored');
outcome($d->send('/dav/c.txt', method => 'PUT', authorization => undef, body => ''), '401',
    'an empty PUT without credentials');
ok(!-e $server->path('htdocs/dav/c.txt'), '... stores nothing');
my $chunked = MSDigest::Conn->new($server->port);
$chunked->write("PUT /dav/d.txt HTTP/1.1\r\nHost: $d->{host}\r\nTransfer-Encoding: chunked\r\nAuthorization: "
    . $d->authorization('/dav/d.txt', method => 'PUT') . "\r\n\r\n5\r\nchunk\r\n3\r\ned!\r\n0\r\n\r\n");
outcome($chunked->read_response, '201', 'a chunked PUT');
is($server->read('htdocs/dav/d.txt'), 'chunked!', '... is stored');
outcome($d->send('/dav/dir/', method => 'MKCOL'), '201', 'MKCOL');
outcome($d->send('/dav/', method => 'PROPFIND', headers => ['Depth: 1']), '207',
    'PROPFIND, which looks at each member');
outcome($d->send('/dav/b.txt', method => 'MOVE', headers => ["Destination: http://$d->{host}/dav/dir/b.txt"]), '201',
    'MOVE');
outcome($d->send('/dav/dir/b.txt', method => 'COPY', headers => ["Destination: http://$d->{host}/dav/e.txt"]), '201',
    'COPY');
outcome($d->send('/dav/dir/', method => 'DELETE'), '204', 'DELETE');
my $lock = $d->send('/dav/e.txt', method => 'LOCK', headers => ['Content-Type: text/xml'], body =>
    '<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>');
outcome($lock, '200', 'LOCK');
is(scalar(grep { $_->{status} == 401 } grep { $_->{path} =~ m{^/dav/(?:dir|e|b)} } $server->access), 0,
    'of these none was challenged');

# ---- OPTIONS, and targets of other forms ----

my $o = $server->client('alice');
outcome($o->ask('*', method => 'OPTIONS'), '200',
    'OPTIONS * asks for no login: it names no resource');
outcome($o->ask($target, method => 'OPTIONS'), '401', 'OPTIONS of a protected resource does');
outcome($o->send($target, method => 'OPTIONS'), '200', '... and takes it');
outcome($o->send('*', method => 'OPTIONS'), '200', 'OPTIONS * with credentials');
my $connect = $o->send($target, method => 'CONNECT');
like($connect->what, qr/^4\d\d$|^closed$/, 'CONNECT is refused');

# ---- a forward proxy: 407, with the absolute uri ----

my $port = $server->{more_ports}[0];
my $url = 'http://127.0.0.1:' . $server->port . '/open.txt';
my $px = $server->client('alice', port => $port, host => '127.0.0.1:' . $server->port);
my $need = $px->exchange($px->bytes($url, authorization => undef));
outcome($need, '407', 'a forward proxy asks with 407');
is_deeply([ map { $_->{algorithm} } $need->challenges ], [qw(MD5-sess MD5)],
    '... with the two challenges');
is(scalar $need->all('Proxy-Authenticate'), 2, '... in Proxy-Authenticate');
is(scalar $need->all('WWW-Authenticate'), 0, '... and not in WWW-Authenticate');
$px->adopt($need);
sub via_proxy {
    my (%o) = @_;
    my $auth = $px->authorization($url, %o);
    return $px->exchange($px->bytes($url, authorization => undef, headers => ["Proxy-Authorization: $auth"]));
}
my $through = via_proxy();
outcome($through, '200', '... and lets in who answers');
is($through->body, "open\n", '... to the resource behind');
outcome(via_proxy(nc => 1), '407 stale', '... a replay is stale');
outcome(via_proxy(calc => { password => 'x' }), '407', '... a wrong password is denied');
outcome(via_proxy(), '200', '... and the session goes on');
outcome($px->send($url), '407', 'Authorization is not for the proxy');

log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
