#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# RADIUS over TLS: FreeRADIUS with the listener of conf/radius, and servers that are
# not to be trusted, mute or gone.
use MSDigest::Test limit => 240;
use MSDigest::Certificates;
use MSDigest::Radius;
use MSDigest::Server qw(free_port);
use MSDigest::Slapd qw(fake_server);
use Time::HiRes qw(time sleep);

my $SECRET = 'a secret of good length';
my $USERS = <<"USERS";
alice Cleartext-Password := "$PASSWORD{alice}"
	Reply-Message = "welcome back", Filter-Id = "staff"
locked Cleartext-Password := "x", Auth-Type := Reject
	Reply-Message = "your account is locked"
USERS

# ---- certificates and servers ----

my ($ours, $other) = map { MSDigest::Certificates->new } 1, 2;
$ours->sign('address', names => 'IP:127.0.0.1', subject => 'localhost');
$ours->sign('name', names => 'DNS:localhost');
$ours->sign('expired', names => 'IP:127.0.0.1', expired => 1);
$_->sign('client') for $ours, $other;

# One wants certificates of its clients and has an address in its own; the other
# does not, and has a name.
my $radius = MSDigest::Radius->new(secret => $SECRET, users => $USERS, tls => $ours->files('address'))->start;
my $named = MSDigest::Radius->new(secret => $SECRET, users => $USERS, tls => $ours->files('name'),
    client_cert => 'no')->start;
my ($here, $there) = ($radius->tls_port, $named->tls_port);
my $udp = $radius->port;

my @s_servers;
sub s_server {
    my ($name, @options) = @_;
    my $port = free_port();
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        open STDERR, '>', '/dev/null';
        exec qw(openssl s_server -quiet -accept), "127.0.0.1:$port", '-cert', $ours->path("$name.pem"),
            '-key', $ours->path("$name.key"), @options;
        die "openssl: $!\n";
    }
    push @s_servers, $pid;
    return $port;
}
END { kill 'TERM', @s_servers if @s_servers }
my $expired = s_server('expired');
my $ancient = s_server('address', qw(-tls1_1 -cipher DEFAULT@SECLEVEL=0));

my %fake = (
    silent  => fake_server(sub { }),
    closing => fake_server(sub { close $_[0] }),
    garbage => fake_server(sub { syswrite $_[0], "220 welcome to another service\r\n" x 20 }),
    # The first bytes of a ServerHello, and then nothing more.
    half    => fake_server(sub { syswrite $_[0], pack 'H*', '160303007a0200007603030102' }),
    closed  => free_port(),
);

# ---- the web server ----

my $TRUST = 'AuthMSDigestRadiusCAFile ' . $ours->path('ca.pem');
my $SHOW = 'AuthMSDigestRadiusCertificate ' . join ' ', map { $ours->path("client.$_") } qw(pem key);
my $SHARED = 'AuthMSDigestRadiusSecret "file:@ROOT@/conf/secret"';

sub place {
    my ($path, $servers, @lines) = @_;
    push @lines, 'AuthMSDigestProvider radius' if !grep { /^AuthMSDigestProvider / } @lines;
    return area($path, (map { "AuthMSDigestRadiusServer $_" } @$servers), @lines);
}
sub inside { return qq{<Location "$_[0]">\n$_[1]\n</Location>\n} }

my $good = "127.0.0.1:$here tls";
my @AREAS = (
    place('/p/', [$good], $TRUST, $SHOW),
    place('/groups/', [$good], $TRUST, $SHOW, 'Require msdigest-group staff'),
    place('/name/', ["localhost:$there tls"], $TRUST),
    place('/source/', [$good], $TRUST, $SHOW, 'AuthMSDigestRadiusSource 127.0.0.1'),
    place('/before/', [$good], $TRUST, $SHOW, 'AuthMSDigestProvider radius file'),
    # Not to be trusted.
    place('/othername/', ["localhost:$here tls"], $TRUST, $SHOW),
    place('/otheraddress/', ["127.0.0.1:$there tls"], $TRUST),
    place('/expired/', ["127.0.0.1:$expired tls"], $TRUST),
    place('/otherca/', [$good], 'AuthMSDigestRadiusCAFile ' . $other->path('ca.pem'), $SHOW),
    place('/system/', [$good], $SHOW),
    # Not trusted by the server.
    place('/nocert/', [$good], $TRUST),
    place('/othercert/', [$good], $TRUST, 'AuthMSDigestRadiusCertificate '
        . join ' ', map { $other->path("client.$_") } qw(pem key)),
    place('/secret/', [$good], $TRUST, $SHOW, "$SHARED tls"),
    # No RADIUS over TLS.
    place('/udponly/', ["127.0.0.1:$udp tls"], $TRUST),
    (map { place("/$_/", ["127.0.0.1:$fake{$_} tls"], $TRUST) } sort keys %fake),
    place('/short/', ["127.0.0.1:$fake{silent} tls"], $TRUST, 'AuthMSDigestRadiusTimeout 1'),
    # Lists of both kinds.
    place('/nosecret/', [ $good, "127.0.0.1:$udp" ], $TRUST, $SHOW),
    (map { place("/${_}2/", [ "127.0.0.1:$fake{$_} tls", "127.0.0.1:$udp" ], $TRUST, $SHARED) } sort keys %fake),
    place('/distrusted2/', [ "localhost:$here tls", $good ], $TRUST, $SHOW),
    place('/udp2/', [ "127.0.0.1:$fake{closed}", $good ], $TRUST, $SHOW, $SHARED),
    # Nested: one directive set inside, all the others are inherited.
    place('/m/', [$good], 'AuthMSDigestRadiusCAFile ' . $other->path('ca.pem')),
    inside('/m/trust/', $TRUST),
    inside('/m/trust/cert/', $SHOW),
    inside('/m/trust/cert/secret/', "$SHARED tls"),
    inside('/m/trust/cert/server/', "AuthMSDigestRadiusServer localhost:$there tls"),
);
my $server = MSDigest::Server->new(conf => join('', "StartServers 1\nThreadsPerChild 25\nMinSpareThreads 1\nMaxSpareThreads 25\nMaxRequestWorkers 25\n", @AREAS),
    users => users_text('private', dave => 'in the file'));
chmod 0600, $server->write('conf/secret', "$SECRET\n");
for my $path (map { m{"/([\w/]+)/"} ? $1 : () } @AREAS) {
    $server->write("htdocs/$path/x.txt", "$path\n");
}
$server->start;

my ($took, $longest) = (0, 0);
sub try_login {
    my ($path, $user, $password) = @_;
    my $c = $server->client('alice', user => $user, password => $password // $PASSWORD{$user});
    my $began = time;
    my $r = $c->get("/$path/x.txt");
    $took = time - $began;
    $longest = $took if $took > $longest;
    return $r;
}

# The same, once it is not spared any more.
sub try_again {
    my $end = time + 20;
    my $r;
    do { sleep 0.1; $r = try_login(@_) } until $r->status != 503 || time > $end;
    return $r;
}

# ---- good and bad ----

my $c = $server->client('alice', cnonce => 'keep');
my $first = $c->get('/p/x.txt');
proven_by($server, $first, 'authority', 'alice is proven over TLS');
is($server->row($first)->{user}, 'alice', '... under that name');
proven_by($server, $c->get('/p/x.txt'), 'context', '... and then by the session key');
outcome(try_login('p', 'alice', 'wrong'), '401', 'a wrong password is denied');
outcome(try_login('p', 'nobody', 'x'), '401', 'an unknown user is denied');
outcome(try_login('p', 'locked', 'x'), '401', 'a locked one too');
log_has($server, qr/MSD335: RADIUS server \S+ \(TLS\) says: your account is locked/, '... and its Reply-Message is in the log');
outcome(try_login('groups', 'alice'), '200', 'groups come over TLS too');
outcome(try_login('name', 'alice'), '200', 'a server by its name, which wants no certificate of ours');
outcome(try_login('source', 'alice'), '200', 'from a source address');
outcome(try_login('before', 'dave', 'in the file'), '401', 'a rejection is the last word');

# ---- who must not be asked ----

my $refused = qr/its certificate is refused:/;
for my $row (
    [ othername    => qr/localhost:$here \(TLS\): $refused hostname mismatch/, 'a name that is not in the certificate' ],
    [ otheraddress => qr/127\.0\.0\.1:$there \(TLS\): $refused IP address mismatch/, 'an address that is not in it' ],
    [ expired      => qr/:$expired \(TLS\): $refused certificate has expired/, 'a certificate that has expired' ],
    [ otherca      => qr/:$here \(TLS\): $refused /, 'a certificate of another authority' ],
    [ system       => qr/:$here \(TLS\): $refused (?:unable to get local issuer|self-signed)/, 'a certificate that the system does not trust' ],
    [ nocert       => qr/:$here \(TLS\): (?:TLS with it fails|it closes the connection)/, 'a server that wants our certificate' ],
    [ othercert    => qr/:$here \(TLS\): (?:TLS with it fails|it closes the connection)/, '... and another than this' ],
    [ udponly      => qr/:$udp \(TLS\): it refuses connections/, 'a server that speaks UDP only' ],
    [ closed       => qr/:$fake{closed} \(TLS\): it refuses connections/, 'nobody there' ],
    [ garbage      => qr/:$fake{garbage} \(TLS\): TLS with it fails: wrong version number/, 'another service' ],
    [ closing      => qr/:$fake{closing} \(TLS\): it closes the connection/, 'a server that closes the connection' ],
    [ silent       => qr/:$fake{silent} \(TLS\): it does not answer/, 'a handshake that stalls' ],
    [ half         => qr/:$fake{half} \(TLS\): it does not answer/, 'a handshake that stalls half way' ],
    [ secret       => qr/:$here \(TLS\): it does not answer|MSD334/, 'another secret' ],
) {
    my ($path, $line, $name) = @$row;
    outcome(try_login($path, 'alice'), '503', "$name: nobody can prove it");
    cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
    log_has($server, qr/MSD332: RADIUS server .*$line/, '... and the log says why');
}
outcome(try_login('short', 'alice'), '503', 'a time limit of 1 s');
cmp_ok($took, '<', 1.8, sprintf '... took %.2f s', $took);
is(scalar(() = $server->log =~ /MSD333/g), 0, 'nobody was taken for alive');

# A policy of OpenSSL that allows everything does not bring TLS 1.1 back.
my $lax = MSDigest::Server->new(conf => place('/p/', ["127.0.0.1:$ancient tls"], $TRUST));
$lax->write('htdocs/p/x.txt', "x\n");
{
    local $ENV{OPENSSL_CONF} = $lax->write('conf/openssl.cnf', <<'CNF');
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = lax
[lax]
MinProtocol = TLSv1
CipherString = DEFAULT@SECLEVEL=0
CNF
    $lax->start;
}
outcome($lax->client('alice')->get('/p/x.txt'), '503', 'a server that speaks TLS 1.1 only');
log_has($lax, qr/MSD332: .*:$ancient \(TLS\): TLS with it fails: .*(?:protocol|version)/, '... and the log says why');

# ---- lists of both kinds ----

outcome(try_login('nosecret', 'alice'), '503', 'UDP without a secret');
log_has($server, qr/MSD106:.*over UDP AuthMSDigestRadiusSecret/, '... and the log says so');
for my $path (map({ "${_}2" } sort keys %fake), 'distrusted2', 'udp2') {
    outcome(try_login($path, 'alice'), '200', "$path: the next server proves it");
    cmp_ok($took, '<', 2, sprintf '... after %.2f s', $took);
    outcome(try_login($path, 'alice', 'wrong'), '401', '... and denies a wrong password');
    cmp_ok($took, '<', 0.6, sprintf '... after %.2f s, as the first is known to be dead', $took);
}

# ---- nested sections ----

outcome(try_login('m', 'alice'), '503', 'an outer section trusts the wrong authority');
outcome(try_login('m/trust', 'alice'), '503', 'an inner one the right one, without a certificate of ours');
outcome(try_again('m/trust/cert', 'alice'), '200', '... with one');
outcome(try_login('m/trust/cert/server', 'alice'), '200', '... for another server');
outcome(try_login('m/trust/cert/secret', 'alice'), '503', '... with another secret');

# ---- connections that wait ----

sub connections { return scalar(() = $radius->log =~ /adding new socket/g) }
outcome(try_again('p', 'alice'), '200', 'a login');
my $before = connections();
is(scalar(grep { try_login('p', 'alice')->status == 200 } 1 .. 20), 20, '... and 20 more');
cmp_ok(connections() - $before, '<=', 1, '... over one connection');

$radius->signal('STOP');
outcome(try_login('p', 'alice'), '503', 'a server that hangs, on a connection that waited');
cmp_ok($took, '<', 5, sprintf '... costs %.2f s', $took);
$radius->signal('CONT');
outcome(try_again('p', 'alice'), '200', '... until it goes on');

# Killed and there again, between two logins: nobody notices.
$radius->signal('KILL');
$radius->stop;
$radius->start;
outcome(try_login('p', 'alice'), '200', 'a server that was killed and started again');
cmp_ok($took, '<', 2, sprintf '... after %.2f s', $took);
$radius->stop;
my $r = try_login('p', 'alice');
outcome($r, '503', 'a server that is away');
ok($r->header('Retry-After'), '... but a login may be tried later');
cmp_ok($took, '<', 2, sprintf '... after %.2f s', $took);
outcome($c->get('/p/x.txt'), '200', '... and the session of before goes on');
$radius->start;
outcome(try_again('p', 'alice'), '200', '... and when it is back it is asked again');

my @many = map { $server->client('alice') } 1 .. 20;
$_->ask('/p/x.txt') for @many;
is(scalar(grep { $_->status == 200 } at_once($server->port, map { $_->bytes('/p/x.txt') } @many)), 20,
    '20 logins at once');

cmp_ok($longest, '<', 5, sprintf 'the longest wait of all was %.2f s', $longest);
log_lacks($server, qr/\Q$SECRET\E|\Q$PASSWORD{alice}\E|PRIVATE KEY/, 'no secret, password or key is in the log');
$server->graceful;
outcome(try_again('p', 'alice'), '200', 'after a graceful restart');
$server->stop;
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');

# ---- many processes: more connections than FreeRADIUS allows by itself ----

for my $mpm (qw(prefork worker prefork)) {
    my $many = private_server(mpm => $mpm, conf => place('/p/', [$good], $TRUST, $SHOW));
    my $ok = grep { $many->client('alice')->get('/p/x.txt')->status == 200 } 1 .. 10;
    $many->graceful;
    $ok += grep { $many->client('alice')->get('/p/x.txt')->status == 200 } 1 .. 10;
    is($ok, 20, "$mpm: 20 logins, before and after a graceful restart");
    log_lacks($many, qr/exit signal|Segmentation|assertion|MSD332/, '... and nothing went wrong');
    $many->remove;
}
unlike($radius->log, qr/Ignoring new connection/, 'the server has refused no connection');
cmp_ok(connections(), '>', 16, '... of ' . connections());

# ---- the configuration ----

my $try = MSDigest::Server->new;
chmod 0600, $try->write('conf/secret', "short\n");
chmod 0644, $try->write('conf/open.key', 'x');
my $locked = $try->path('conf/locked.key');
$ours->openssl('ec', '-in', $ours->path('client.key'), qw(-aes128 -passout pass:x -out), $locked);
chmod 0600, $locked;

sub try_line {
    my (@lines) = @_;
    $try->configure(area('/p/', @lines));
    return $try->configtest;
}
my ($certificate, $key) = map { $ours->path("client.$_") } qw(pem key);
for my $row (
    [ 'AuthMSDigestRadiusServer 127.0.0.1 tcp', qr/'tcp' is not allowed; give udp or tls/ ],
    [ 'AuthMSDigestRadiusServer 127.0.0.1 udp tls', qr/takes 1-2 arguments/ ],
    [ "AuthMSDigestRadiusSecret file:$key tcp", qr/'tcp' is not allowed; give udp or tls/ ],
    [ 'AuthMSDigestRadiusCAFile none.pem', qr/'none.pem' is not allowed; give a file with certificates of authorities/ ],
    [ "AuthMSDigestRadiusCAFile $key", qr/give a file with certificates of authorities/ ],
    [ "AuthMSDigestRadiusCertificate none.pem $key", qr/'none.pem' is not allowed; give a file with a certificate/ ],
    [ "AuthMSDigestRadiusCertificate $certificate conf/none.key", qr/give a certificate and a file with its key/ ],
    [ "AuthMSDigestRadiusCertificate $certificate $locked", qr/give a certificate and a file with its key, without a pass/ ],
    [ "AuthMSDigestRadiusCertificate $certificate conf/open.key",
        qr/'conf\/open.key' is not allowed; give a key that others can neither read nor write/ ],
    [ "AuthMSDigestRadiusCertificate $certificate " . $other->path('client.key'), qr/give a certificate and the key that belongs/ ],
) {
    my ($status, $said) = try_line($row->[0]);
    isnt($status, 0, "$row->[0] stops the start");
    like($said, $row->[1], '... and says why');
}
for my $line ('AuthMSDigestRadiusServer 127.0.0.1 tls', 'AuthMSDigestRadiusServer [::1]:2083 TLS', $TRUST,
    "AuthMSDigestRadiusCertificate $certificate $key", 'AuthMSDigestRadiusSecret file:@ROOT@/conf/secret tls') {
    my ($status, $said) = try_line($line);
    is($status, 0, "$line is fine") or diag($said);
    unlike($said . $try->log, qr/MSD331/, '... without a warning') if $line =~ /Secret/;
}

done_testing;
