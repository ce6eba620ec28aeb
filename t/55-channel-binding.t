#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Channel binding over real TLS: who gets in, and that a relayed answer does not.
use MSDigest::Test limit => 240;
use MSDigest::Bound;
use MSDigest::Http2;

my $UNBOUND = $MSDigest::Bound::UNBOUND;
my @LEVELS = qw(none allow require);

sub tls_host {
    my ($address, $name, $certificates, @lines) = @_;
    return join "\n", "<VirtualHost 127.0.0.1:$address>", "ServerName $name", 'DocumentRoot "@ROOT@/htdocs"',
        'SSLEngine on',
        (map { (qq{SSLCertificateFile "\@ROOT\@/conf/$_.pem"}, qq{SSLCertificateKeyFile "\@ROOT\@/conf/$_.key"}) } @$certificates),
        @lines, '</VirtualHost>', '';
}
sub plain_host {
    my ($address, $name, @lines) = @_;
    return join "\n", "<VirtualHost 127.0.0.1:$address>", "ServerName $name", 'DocumentRoot "@ROOT@/htdocs"',
        @lines, '</VirtualHost>', '';
}

# Whoever hands requests on asks for nothing himself.
my @OPEN = ('<Location "/">', 'AuthType None', 'Require all granted', '</Location>');

# 1: TLS. 2: the man in the middle. 3: Ed25519. 4: behind a TLS that ends in
# front, which is 5.
my $server = MSDigest::Server->new(
    ports => 5, modules => [qw(ssl http2 proxy proxy_http)],
    files => { map({ ("htdocs/$_/x.txt" => "$_\n") } @LEVELS), 'htdocs/allow/index.html' => "index\n", 'htdocs/leads/in/x.txt' => "in\n" },
    conf => join('', "SSLSessionCache none\nProtocols h2 http/1.1\n",
        map({ "Listen 127.0.0.1:\@PORT$_\@\n" } 1 .. 5),
        map({ area("/$_/", "AuthMSDigestChannelBinding $_") } @LEVELS),
        area('/leads/', 'AuthMSDigestChannelBinding allow', 'DirectoryIndex in/x.txt'),
        qq{<Location "/leads/in/">\nAuthMSDigestChannelBinding require\n</Location>\n},
        tls_host('@PORT1@', 'www.test', [qw(rsa ec)]),
        tls_host('@PORT1@', 'other.test', ['other']),
        tls_host('@PORT2@', 'evil.test', ['evil'], @OPEN, 'SSLProxyEngine on', 'SSLProxyVerify none',
            'SSLProxyCheckPeerName off', 'ProxyPreserveHost on', 'ProxyPass / https://127.0.0.1:@PORT1@/'),
        tls_host('@PORT3@', 'ed.test', ['ed']),
        plain_host('@PORT4@', 'behind.test', 'AuthMSDigestTLSCertificate conf/front.pem "@ROOT@/conf/other.pem"'),
        tls_host('@PORT5@', 'behind.test', ['front'], @OPEN, 'ProxyPreserveHost on', 'ProxyPass / http://127.0.0.1:@PORT4@/'),
        plain_host('@PORT@', 'plain.test', 'ServerAlias alias.test *.wild.test'),
        plain_host('@PORT@', 'named.test', 'AuthMSDigestServiceName HTTP/public.test HTTP/*.public.test:8080')),
);

sub certificate {
    my ($name, $kind, @options) = @_;
    my $base = $server->path("conf/$name");
    system("openssl req -x509 -newkey $kind @options -nodes -days 2 -subj /CN=$name.test"
        . " -keyout $base.key -out $base.pem.new 2>$base.said") == 0
        or die "openssl cannot make a certificate: " . $server->read("conf/$name.said");
    rename "$base.pem.new", "$base.pem" or die "$base.pem: $!\n";
    return;
}
my @EC = ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
certificate('rsa', 'rsa:2048', '-sha384');
certificate('ec', @EC, '-sha256');
certificate('other', @EC, '-sha512');
certificate('evil', @EC);
certificate('front', @EC);
certificate('ed', 'ed25519');
$server->start;

my %TLS_RSA = (SSL_version => 'TLSv12', SSL_cipher_list => 'ECDHE-RSA-AES128-GCM-SHA256');
my %TLS_EC = (SSL_version => 'TLSv12', SSL_cipher_list => 'ECDHE-ECDSA-AES128-GCM-SHA256');

# A client of one of the ports over TLS; 0 is without.
sub bound {
    my ($port, %o) = @_;
    my $host = $o{host} // ('plain.test', 'www.test', 'www.test', 'ed.test', 'behind.test', 'behind.test')[$port];
    my $tls = $port == 0 || $port == 4 ? undef : { SSL_hostname => $host, %{ $o{tls} || {} } };
    return MSDigest::Bound->new(
        port => $port ? $server->{more_ports}[ $port - 1 ] : $server->port,
        user => 'alice', password => $PASSWORD{alice}, %o, host => $host, tls => $tls);
}

sub bad_bindings {
    my ($reason) = @_;
    return scalar(() = $server->log =~ /:warn\].*MSD480: user 'alice' refused for \S+: bad channel binding: \Q$reason\E/g);
}

# ---- the challenge ----

for my $level (@LEVELS) {
    my $r = bound(1)->ask("/$level/x.txt");
    my @nonces = map { $_->{nonce} } $r->challenges;
    my $form = $level eq 'none' ? qr/^[\w-]{64}$/ : qr/^\+Upgraded\+v1[\w-]{64}$/;
    is(scalar(grep { $_ =~ $form } @nonces), 2, "$level: the nonce " . ($level eq 'none' ? 'is plain' : 'asks for binding'));
}

# ---- over TLS: the table ----

my $OTHERS = 'e513620e394353301b0b429acf4cdfe4';
my @TLS = (
    # what the client does                  none      allow     require
    [ 'legacy',            { legacy => 1 },         '200', '200', '401' ],
    [ 'all zeros',         { value => $UNBOUND },   '200', '401', '401' ],
    [ 'match',             {},                      '200', '200', '200' ],
    [ 'mismatch',          { value => $OTHERS },    '200', '401', '401' ],
    [ 'match, another service', { service => 'HTTP/evil.test' }, '200', '200', '200' ],
    [ 'match, no service', { service => '' },       '200', '200', '200' ],
    [ 'match, RSA',        { tls => {%TLS_RSA} },   '200', '200', '200' ],
    [ 'match, ECDSA',      { tls => {%TLS_EC} },    '200', '200', '200' ],
    [ 'match, another name and certificate', { host => 'other.test' }, '200', '200', '200' ],
);
my @PLAIN = (
    [ 'legacy',            { legacy => 1 },                     '200', '200', '401' ],
    [ 'no service',        { service => '' },                   '200', '200', '401' ],
    [ 'ServerName',        {},                                  '200', '200', '200' ],
    [ 'its case',          { service => 'http/PLAIN.test' },    '200', '200', '200' ],
    [ 'ServerAlias',       { service => 'HTTP/alias.test' },    '200', '200', '200' ],
    [ 'ServerAlias with a star', { service => 'HTTP/a.wild.test' }, '200', '200', '200' ],
    [ 'http/localhost',    { service => 'http/localhost' },     '200', '200', '200' ],
    [ 'another host',      { service => 'HTTP/named.test' },    '200', '401', '401' ],
    [ 'with a port',       { service => 'HTTP/plain.test:80' }, '200', '401', '401' ],
    [ 'bound to TLS',      { value => $OTHERS },                '200', '200', '200' ],
    [ 'a given name',      { host => 'named.test', service => 'HTTP/public.test' }, '200', '200', '200' ],
    [ 'a given name with a star and a port', { host => 'named.test', service => 'HTTP/a.public.test:8080' }, '200', '200', '200' ],
    [ 'given names in place of ServerName', { host => 'named.test' }, '200', '401', '401' ],
);
my @ED = (
    [ 'legacy',            { legacy => 1 },                 '200', '200', '401' ],
    [ 'all zeros',         {},                              '200', '200', '401' ],
    [ 'another service',   { service => 'HTTP/evil.test' }, '200', '401', '401' ],
);
my @FRONT = (
    [ 'legacy',            { legacy => 1 },         '200', '200', '401' ],
    [ 'all zeros',         { value => $UNBOUND },   '200', '401', '401' ],
    [ 'match',             {},                      '200', '200', '200' ],
    [ 'mismatch',          { value => $OTHERS },    '200', '401', '401' ],
);
for my $table ([ 1, 'TLS', @TLS ], [ 0, 'no TLS', @PLAIN ], [ 3, 'Ed25519', @ED ], [ 5, 'TLS in front', @FRONT ]) {
    my ($port, $way, @rows) = @$table;
    for my $row (@rows) {
        my ($what, $options, @expected) = @$row;
        for my $i (0 .. 2) {
            my $c = bound($port, %$options);
            $c->ask("/$LEVELS[$i]/x.txt");
            outcome($c->send("/$LEVELS[$i]/x.txt"), $expected[$i], "$way, $what: $LEVELS[$i]");
        }
    }
}
for my $reason ('the client sends no channel binding', 'the client saw no TLS, but the request came over TLS',
    'the client is bound to the TLS of another certificate', 'the client names a service that is not this one',
    'the client names no service', 'the certificate has no tls-server-end-point') {
    cmp_ok(bad_bindings($reason), '>', 0, "the log warns: $reason");
}
is(scalar(() = $server->log =~ /MSD481/g), 1, 'the certificate without an end point is named once');

my $seen = bound(1, host => 'other.test');
$seen->ask('/none/x.txt');
my $other = bound(4, value => $seen->binding);
$other->ask('/require/x.txt');
outcome($other->send('/require/x.txt'), '200', 'TLS in front: the second of its certificates');

# A real client that knows nothing of it.
for my $i (0 .. 2) {
    my $url = "https://127.0.0.1:$server->{more_ports}[0]/$LEVELS[$i]/x.txt";
    open my $curl, '-|', 'curl', '-sSk', '--digest', '-u', "alice:$PASSWORD{alice}", '--max-time', 30,
        '-o', '/dev/null', '-w', '%{http_code}', $url or die "curl: $!\n";
    is(scalar(<$curl>), (200, 200, 401)[$i], "curl: $LEVELS[$i]");
}

# ---- the attack ----

for my $level (qw(allow require)) {
    my $before = bad_bindings('the client is bound to the TLS of another certificate');
    my $victim = bound(2);
    outcome($victim->ask("/$level/x.txt"), '401', "relay, $level: the man in the middle hands the challenge on");
    like($victim->nonce, qr/^\+Upgraded\+v1/, '... as it is');
    outcome($victim->send("/$level/x.txt"), '401', '... and the answer, which is refused');
    is(bad_bindings('the client is bound to the TLS of another certificate'), $before + 1, '... with a warning');
    outcome($victim->get("/$level/x.txt"), '401', '... however often the victim tries');
}
outcome(bound(2)->get('/none/x.txt'), '200', 'relay, none: nothing stops him, so it is he who is refused above');

my $target = '/allow/x.txt';
my $session = bound(1);
outcome($session->get($target), '200', 'a session with the server');
my $stolen = $session->clone(port => $server->{more_ports}[1], host => 'www.test');
$stolen->connect;    # it looks at the certificate before it answers
outcome($stolen->send($target), '401', '... is refused when the same client is led over him');
outcome($session->send($target), '200', '... and is not harmed by it');

# He cuts the prefix off, so that the client answers as an old one does.
my $cut = bound(1);
$cut->ask($target);
$cut->{challenge}{nonce} =~ s/^\+Upgraded\+v1//;
outcome($cut->send($target), '401 stale', 'a nonce without its prefix is not good');
my $elsewhere = bound(1);
$elsewhere->ask('/none/x.txt');
outcome($elsewhere->send($target), '401 stale', '... nor one of a place that does not ask');
$elsewhere->{challenge}{nonce} = "+Upgraded+v1$elsewhere->{challenge}{nonce}";
outcome($elsewhere->send($target), '401 stale', '... nor that with a prefix');

# He changes what the client says.
my $c = bound(1);
my $right = $c->ask($target) && $c->binding;
outcome($c->send($target, bind => { hash => Digest::MD5::md5_hex("$c->{service}:$OTHERS") }), '401',
    'values that the cnonce does not hold are refused');
cmp_ok(bad_bindings('the cnonce is not of this service-name and channel-binding'), '>', 0, '... with a warning');
outcome($c->send($target, bind => { value => $OTHERS }, calc => { password => 'guess' }), '401', 'a wrong password is a wrong password');
log_has($server, qr/MSD102: user 'alice' denied for \Q$target\E/, '... in the log too');
for my $params ('', 'x=1', qq{hashed-dirs="service-name", service-name="HTTP/a", channel-binding="$right"},
    qq{hashed-dirs="service-name,channel-binding", service-name="a b", channel-binding="$right"},
    qq{hashed-dirs="service-name,channel-binding", service-name="HTTP/a", channel-binding="x"},
    qq{hashed-dirs="service-name,channel-binding", service-name="HTTP/a", service-name="HTTP/a", channel-binding="$right"}) {
    outcome($c->send($target, bind => { params => $params }), '400', "malformed: $params");
}
$c->ask('/none/x.txt');
outcome($c->send('/none/x.txt', post => ', channel-binding=1, channel-binding=2'), '200', 'none: nothing of it is looked at');

# ---- subsequent requests ----

for my $kept (0, 1) {
    my $way = $kept ? 'on one connection' : 'each on a new connection';
    my $login = bound(1, keep => $kept);
    proven_by($server, $login->get('/require/x.txt'), 'authority', "a bound login, $way");
    proven_by($server, $login->send('/require/x.txt?2'), 'context', '... goes on from the context') for 1 .. 3;
    my $used = $login->nc;
    outcome($login->send('/require/x.txt?2', nc => $used), '401 stale', '... each count once');
    outcome($login->send('/require/x.txt', bind => { value => $OTHERS }), '401', '... bound to another certificate it is refused');
    outcome($login->send('/require/x.txt', bind => { service => 'HTTP/x' }), '401 stale', '... with another name it begins anew');
    proven_by($server, $login->send('/require/x.txt'), 'context', '... and is as it was');
}
my $both = bound(1);
$both->get('/allow/x.txt');
proven_by($server, $both->send('/require/x.txt'), 'context', 'allow and require share a session');
proven_by($server, $both->send('/allow/'), 'context', '... a directory index');
my $old = bound(1, legacy => 1);
outcome($old->get('/allow/x.txt'), '200', 'the session of an old client');
proven_by($server, $old->send('/allow/x.txt'), 'context', '... goes on');
outcome($old->send('/require/x.txt'), '401', '... but not where binding is required');

outcome(bound(1, legacy => 1)->get('/leads/'), '401', '... nor by a sub-request from where it is not');
outcome(bound(1)->get('/leads/'), '200', '... which a bound client may make');

# A client may come with the other certificate of the server.
my $two = bound(1, tls => {%TLS_RSA});
$two->get($target);
$two->{tls} = { SSL_hostname => 'www.test', %TLS_EC };
outcome($two->get($target), '200', 'a session comes to the other certificate of the server');
is($two->refused, 2, '... by one stale challenge');

# ---- HTTP/2: streams on the one connection ----

my $over = bound(1, tls => { SSL_alpn_protocols => ['h2'] });
my $h2 = MSDigest::Http2->new(0, conn => $over->connect);
$over->{challenge} = bound(1)->ask('/require/x.txt')->challenge;
$over->{kept_cnonce} = MSDigest::Client::random_hex(16);
# The end point is that of the certificate that this client saw.
my $same = bound(1); $same->ask('/require/x.txt');
is($over->binding, $same->binding, 'HTTP/2 and HTTP/1.1 are shown the same certificate');
sub streams { return [ map { $_->{status} } $h2->requests('www.test', @_) ] }
is_deeply(streams([ '/require/x.txt', $over->authorization('/require/x.txt') ]), [200], 'HTTP/2: a bound login');
is_deeply(streams(map { [ "/require/x.txt?$_", $over->authorization("/require/x.txt?$_") ] } 1 .. 30), [ (200) x 30 ],
    '... thirty streams at once');
is_deeply(streams([ '/require/x.txt', $over->authorization('/require/x.txt', bind => { value => $OTHERS }) ],
    [ '/require/x.txt', $over->authorization('/require/x.txt', bind => { value => $UNBOUND }) ],
    [ '/require/x.txt', $over->authorization('/require/x.txt', legacy => 1) ]), [ 401, 401, 401 ], '... and what is not bound');

# ---- a renewed certificate ----

my $renewing = bound(1, host => 'other.test');
outcome($renewing->get('/require/x.txt'), '200', 'a session before the certificate is renewed');
my $before = $renewing->binding;
certificate('other', @EC, '-sha256');
$server->graceful;
outcome($renewing->send('/require/x.txt'), '401 stale', '... gets a new nonce after that, and nobody is asked for a password');
isnt($renewing->binding, $before, '... for the new certificate');
outcome($renewing->get('/require/x.txt'), '200', '... by which it goes on');
outcome(bound(1, host => 'other.test', value => $before)->get('/require/x.txt'), '401', 'the old certificate is good no more');

# ---- sections ----

my $merged = MSDigest::Server->new(modules => ['ssl'], conf => "AuthMSDigestServiceName HTTP/a.test\n"
    . area('/p/', 'AuthMSDigestChannelBinding require') . <<'CONF')->start;
<Location "/p/none/">
    AuthMSDigestChannelBinding none
</Location>
<Location "/p/inherits/">
    AuthMSDigestReplay sequence
</Location>
<VirtualHost *>
    ServerName v.test
</VirtualHost>
CONF
like($merged->client->ask('/p/x.txt')->challenge->{nonce}, qr/^\+Up/, 'a section that asks');
unlike($merged->client->ask('/p/none/x.txt')->challenge->{nonce}, qr/^\+Up/, '... none inside overrides it');
like($merged->client->ask('/p/inherits/x.txt')->challenge->{nonce}, qr/^\+Up/, '... what is set otherwise inside inherits it');
for my $name ([ 'HTTP/a.test', '200' ], [ 'HTTP/v.test', '401' ]) {
    my $there = MSDigest::Bound->new(port => $merged->port, user => 'alice', password => $PASSWORD{alice}, service => $name->[0], host => 'v.test');
    $there->ask('/p/x.txt');
    outcome($there->send('/p/x.txt'), $name->[1], "a virtual host has the names of the main server: $name->[0]");
}

log_lacks($server, qr/AddressSanitizer|exit signal/, 'no worker ended');
done_testing;
