#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# RADIUS proves the first answer: FreeRADIUS with the policy of conf/radius, and
# servers that are wrong, mute or gone.
use MSDigest::Test limit => 240;
use MSDigest::Radius;
use Time::HiRes qw(time sleep);

my $SECRET = 'a secret of good length';
my $HA1 = digest_ha1('bob', 'private', $PASSWORD{bob});
my $radius = MSDigest::Radius->new(secret => $SECRET, users => <<"USERS")->start;
alice Cleartext-Password := "$PASSWORD{alice}"
	Reply-Message = "welcome back", Filter-Id = "staff"
bob Digest-HA1 := "$HA1"
odd Cleartext-Password := 'q"u\\\\o%{User-Name}te \xc3\xa4'
named NAS-Identifier == "web-1", Cleartext-Password := "only by name"
brief Cleartext-Password := "x"
	Session-Timeout = 1
locked Cleartext-Password := "x", Auth-Type := Reject
	Reply-Message = "your account is locked"
USERS
my $mute = MSDigest::Radius->fake(sub { return });
my $garbage = MSDigest::Radius->fake(sub { return "\xa5" x 40 });
my $unsigned = MSDigest::Radius->fake(sub { return MSDigest::Radius::unsigned_accept($_[0], $SECRET) });
my $closed = MSDigest::Radius::free_port();

sub place {
    my ($path, $ports, @lines) = @_;
    push @lines, 'AuthMSDigestProvider radius' if !grep { /^AuthMSDigestProvider / } @lines;
    return area($path,
        'AuthMSDigestRadiusSecret "file:@ROOT@/conf/secret"',
        (map { "AuthMSDigestRadiusServer 127.0.0.1:$_" } @$ports), @lines);
}
sub inside { return qq{<Location "$_[0]">\n$_[1]\n</Location>\n} }

my $here = $radius->port;
my @AREAS = (
    place('/p/', [$here]),
    place('/int/', [$here], 'AuthMSDigestQop auth-int'),
    place('/secret/', [$here], 'AuthMSDigestRadiusSecret "file:@ROOT@/conf/other"'),
    place('/mute/', [ $mute->port ]),
    place('/garbage/', [ $garbage->port ]),
    place('/unsigned/', [ $unsigned->port ]),
    place('/closed/', [$closed]),
    place('/mute2/', [ $mute->port, $here ]),
    place('/closed2/', [ $closed, $here ]),
    place('/unsigned2/', [ $unsigned->port, $here ]),
    place('/gone4/', [ $mute->port, $garbage->port, $unsigned->port, $closed ]),
    place('/before/', [$here], 'AuthMSDigestProvider radius file'),
    place('/after/', [$here], 'AuthMSDigestProvider file radius'),
    place('/muteafter/', [ $mute->port ], 'AuthMSDigestProvider radius file'),
    place('/source/', [$here], 'AuthMSDigestRadiusSource 127.0.0.1', 'AuthMSDigestRadiusNasIdentifier web-1'),
    place('/short/', [ $mute->port ], 'AuthMSDigestRadiusTimeout 1'),
    qq{<Location "/merged">\nAuthMSDigestAlgorithm MD5\n</Location>\n}, place('/merged/', [$here]),
    area('/bare/', 'AuthMSDigestProvider radius'),
    # Nested: one directive set inside, all the others are inherited.
    place('/m/', [ $mute->port ], 'AuthMSDigestRadiusNasIdentifier web-1'),
    inside('/m/server/', "AuthMSDigestRadiusServer 127.0.0.1:$here"),
    inside('/m/server/other/', 'AuthMSDigestRadiusSecret "file:@ROOT@/conf/other"'),
    inside('/m/server/name/', 'AuthMSDigestRadiusNasIdentifier web-2'),
    inside('/m/server/source/', 'AuthMSDigestRadiusSource 192.0.2.1'),
    inside('/m/time/', 'AuthMSDigestRadiusTimeout 1'),
);
my $server = MSDigest::Server->new(conf => join('', @AREAS), users => users_text('private', dave => 'in the file'));
for my $file ([ secret => $SECRET ], [ other => 'not what the server has' ]) {
    chmod 0600, $server->write("conf/$file->[0]", "$file->[1]\n");
}
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

for my $user (qw(alice bob)) {
    my $c = $server->client($user, cnonce => 'keep');
    my $first = $c->get('/p/x.txt');
    proven_by($server, $first, 'authority', "$user is proven by RADIUS");
    is($server->row($first)->{user}, $user, '... under that name');
    proven_by($server, $c->get('/p/x.txt'), 'context', '... and then by the session key');
}
is_deeply([ map { $_->{algorithm} } $server->client->ask('/p/x.txt')->challenges ], ['MD5-sess'],
    'only MD5-sess is offered beside radius');
outcome(try_login('p', 'alice', 'wrong'), '401', 'a wrong password is denied');
outcome(try_login('p', 'nobody', 'x'), '401', 'an unknown user is denied');
outcome(try_login('p', 'locked', 'x'), '401', 'a locked one too');
log_has($server, qr/MSD335: RADIUS server \S+ says: your account is locked/, '... and its Reply-Message is in the log');
outcome(try_login('p', 'odd', qq{q"u\\o%{User-Name}te \xc3\xa4}), '200', 'a password with quotes, a backslash and an expansion');
outcome(try_login('p', '%{control:Cleartext-Password}', 'x'), '401', 'a name that is an expansion is denied');
outcome(try_login('source', 'alice'), '200', 'from a source address, under a name');
for my $what (qq{/p/x.txt?a="b\\c%25{User-Name}'}, '/p/x.txt?' . 'q' x 244) {
    my $c = $server->client('alice');
    $c->ask('/p/x.txt');
    outcome($c->send($what), '200', 'the uri ' . substr($what, 0, 30));
}
my $int = $server->client('alice', qop => 'auth-int', cnonce => 'keep');
$int->ask('/int/x.txt');
proven_by($server, $int->send('/int/x.txt', method => 'POST', body => 'a=b'), 'authority', 'auth-int is proven by RADIUS');
outcome($int->send('/int/x.txt', method => 'POST', body => 'a=b', entity => 'a=c'), '401', '... and a changed body is denied');
my $odd = $server->client('alice');
$odd->ask('/p/x.txt');
outcome($odd->send('/p/x.txt', cnonce => 'abc'), '200', 'a cnonce of odd length');

# The policy, asked without us: all four kinds, and the key for MD5-sess only.
for my $algorithm (qw(MD5-sess MD5)) {
    for my $qop (qw(auth auth-int)) {
        my %o = (user => 'alice', password => $PASSWORD{alice}, algorithm => $algorithm, qop => $qop);
        my $key = $algorithm eq 'MD5' ? '' : ' with a key';
        is($radius->ask(%o), "2 signed$key", "$algorithm, $qop: the policy accepts");
        is($radius->ask(%o, password => 'wrong'), '3 signed', '... and rejects a wrong password');
    }
}
is($radius->ask(user => 'alice', password => $PASSWORD{alice}, algorithm => 'MD4', qop => 'auth'), '3 signed',
    'another algorithm is rejected');
is($radius->ask(user => 'alice', password => $PASSWORD{alice}, algorithm => 'MD5-sess', qop => 'auth', unsigned => 1),
    'silence', 'a request that is not signed gets no answer');

# ---- what RADIUS does not carry ----

my $long = '/p/x.txt?' . 'q' x 245;
my $c = $server->client('alice', cnonce => 'keep');
$c->ask('/p/x.txt');
outcome($c->send($long), '503', 'a uri of 254 octets cannot be proven');
outcome($c->send($long), '503', '... nor again');
is(scalar(() = $server->log =~ /auth_msdigest:error.*MSD336: RADIUS cannot be asked for \S+ the uri is longer/g), 1,
    '... which the log says once');
outcome($c->send('/p/x.txt'), '200', 'a login at a shorter one');
proven_by($server, $c->send($long), 'context', '... is good for the long one');
$c = $server->client('alice', algorithm => 'MD5');
outcome($c->get('/merged/x.txt'), '503', 'MD5 of an outer section cannot be proven');
log_has($server, qr/MSD106:.*RADIUS proves MD5-sess only/, '... and the log says why');
outcome(try_login('bare', 'alice'), '503', 'without a server and a secret nobody can be asked');

# ---- nested sections ----

outcome(try_login('m/server', 'named', 'only by name'), '200', 'an inner server; secret and name of the outer section');
outcome(try_login('m/server/name', 'named', 'only by name'), '401', 'an inner name');
outcome(try_login('m/server/name', 'alice'), '200', '... for the same server');
outcome(try_login('m/server/other', 'alice'), '503', 'an inner secret');
outcome(try_login('m/server/source', 'alice'), '503', 'an inner source, which this machine does not have');
outcome(try_login('m/time', 'alice'), '503', 'an inner time limit');
cmp_ok($took, '<', 1.8, sprintf '... of 1 s took %.2f s', $took);

# ---- in a chain ----

outcome(try_login('after', 'dave', 'in the file'), '200', 'file radius: a user of the file');
outcome(try_login('after', 'alice'), '200', '... and one of RADIUS');
outcome(try_login('before', 'alice'), '200', 'radius file: a user of RADIUS');
outcome(try_login('before', 'dave', 'in the file'), '401', '... but not one of the file: a rejection is the last word');
outcome(try_login('muteafter', 'dave', 'in the file'), '503', 'radius that does not answer is not taken for unknown');

# ---- one look-up for each login ----

my $before = $radius->lookups('alice');
my $kept = $server->client('alice', cnonce => 'keep', keep => 1);
outcome($kept->get('/p/x.txt'), '200', 'a login');
is(scalar(grep { $kept->get('/p/x.txt')->status == 200 } 1 .. 100), 100, '... that goes on while the server runs');
is($radius->lookups('alice') - $before, 1, '... is one look-up in the log of the server');
$radius->stop;
my $good = grep { $kept->get('/p/x.txt')->status == 200 } 1 .. 1000;
is($good, 1000, 'with the server stopped, 1,000 of 1,000 requests succeed');
my $r = try_login('p', 'alice');
outcome($r, '503', '... and a new login does not');
ok($r->header('Retry-After'), '... but may be tried later');
cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
$radius->start;
is($radius->lookups('alice') - $before, 1, 'it was one look-up in all');
outcome(try_again('p', 'alice'), '200', 'the server is back, and asked again');

$before = $radius->lookups('alice');
my $browser = $server->client('alice', cnonce => 'new', keep => 1);
is(scalar(grep { $browser->get('/p/x.txt')->status == 200 } 1 .. 20), 20, 'a cnonce that changes with each request');
is($radius->lookups('alice') - $before, 20, '... asks the server each time');
is(scalar(() = $server->log =~ /:warn.*MSD337: the client of user 'alice' draws a new cnonce/g), 1, '... which the log says once');

my $brief = $server->client('alice', user => 'brief', password => 'x', cnonce => 'keep');
proven_by($server, $brief->get('/p/x.txt'), 'authority', 'a login with Session-Timeout = 1');
sleep 1.2;
proven_by($server, $brief->get('/p/x.txt'), 'authority', '... is proven again after a second');

# ---- stopped, mute, refusing, wrong ----

$radius->signal('STOP');
$r = try_login('p', 'alice');
outcome($r, '503', 'a server that hangs');
cmp_ok($took, '<', 5, sprintf '... costs %.2f s', $took);
$radius->signal('CONT');
outcome(try_again('p', 'alice'), '200', '... until it goes on');
for my $path (qw(secret mute garbage unsigned closed gone4 short)) {
    $r = try_login($path, 'alice');
    outcome($r, '503', "$path: nobody can prove it");
    cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
}
log_has($server, qr/MSD334: .*it has no Message-Authenticator; check/, 'the log says what was wrong with a packet')
    or log_has($server, qr/MSD334/, '... at all');
for my $path (qw(mute2 closed2 unsigned2)) {
    $r = try_login($path, 'alice');
    outcome($r, '200', "$path: the next server proves it");
    cmp_ok($took, '<', 2, sprintf '... after %.2f s', $took);
    outcome(try_login($path, 'alice', 'wrong'), '401', '... and denies a wrong password');
}
log_has($server, qr/MSD332: RADIUS server 127\.0\.0\.1:\d+: it (?:does not answer|refuses packets)/, 'the log names a dead server');
cmp_ok($longest, '<', 5, sprintf 'the longest wait of all was %.2f s', $longest);
log_lacks($server, qr/\Q$SECRET\E|\Q$PASSWORD{alice}\E|\Q$HA1\E/, 'no secret, password or key is in the log');

# ---- what one process finds out, the others know ----

my $many = MSDigest::Server->new(mpm => 'prefork', conf => "StartServers 6\nMinSpareServers 6\nMaxRequestWorkers 6\n"
    . place('/p/', [ $mute->port, $here ]) . place('/alone/', [$here]),
    files => { 'conf/secret' => "$SECRET\n", 'htdocs/alone/x.txt' => 'x' });
chmod 0600, $many->path('conf/secret');
$many->start;
my $again = 0;
sub pids {
    my ($proof) = @_;
    my %seen = map { $_->{pid} => 1 } grep { $_->{proof} eq $proof } $many->access;
    return scalar keys %seen;
}
# One at first; then at once, so that several processes must take part.
outcome($many->client('alice')->get('/p/x.txt'), '200', 'one waits for a dead server');
is($many->client('alice')->get('/p/x.txt')->status, 200, '... login again') for 1 .. 12;
cmp_ok(pids('authority'), '>=', 2, '... of several processes');
is(scalar(() = $many->log =~ /MSD332: RADIUS server 127\.0\.0\.1:\d+: it does not answer/g), 1,
    '... and none of them waits for it again');
$radius->stop;
outcome($many->client('alice')->get('/alone/x.txt'), '503', 'the only one is away');
$radius->start;
$many->wait_for(sub { $again = $many->client('alice')->get('/alone/x.txt')->status; $again == 200 }, 20);
is($again, 200, '... and back');
is($many->client('alice')->get('/alone/x.txt')->status, 200, '... login again') for 1 .. 8;
is(scalar(() = $many->log =~ /MSD333/g), 1, '... which is news once');
$many->remove;

# ---- the configuration ----

my $try = MSDigest::Server->new;
my %files = (good => [ 0600, "$SECRET\n" ], short => [ 0600, "short\n" ], open => [ 0644, "$SECRET\n" ],
    empty => [ 0600, '' ], blank => [ 0600, "\n" ], long => [ 0600, 'x' x 257 ]);
chmod $files{$_}[0], $try->write("conf/$_", $files{$_}[1]) for keys %files;

sub try_line {
    my (@lines) = @_;
    $try->configure(area('/p/', @lines));
    return $try->configtest;
}
for my $row (
    [ 'AuthMSDigestRadiusServer 1812',          qr/'1812' is not allowed; give host or host:port/ ],
    [ 'AuthMSDigestRadiusServer host.invalid',  qr/'host.invalid' is not allowed; give a host that can be resolved/ ],
    [ 'AuthMSDigestRadiusSecret tell-nobody',   qr/'\.\.\.' is not allowed; give file:\/path/ ],
    [ 'AuthMSDigestRadiusSecret file:@ROOT@/conf/none',  qr/give file:\/path of a file that can be read/ ],
    [ 'AuthMSDigestRadiusSecret file:@ROOT@/conf/open',  qr/give a file that others can neither read nor write/ ],
    [ 'AuthMSDigestRadiusSecret file:@ROOT@/conf/empty', qr/give a file with the secret in its first line/ ],
    [ 'AuthMSDigestRadiusSecret file:@ROOT@/conf/blank', qr/give a secret of 1 to 256 octets/ ],
    [ 'AuthMSDigestRadiusSecret file:@ROOT@/conf/long',  qr/give a secret of 1 to 256 octets/ ],
    [ 'AuthMSDigestRadiusSource 127.0.0.1:1',   qr/give an address without a port/ ],
    [ 'AuthMSDigestRadiusNasIdentifier ' . 'n' x 254, qr/give 1 to 253 octets/ ],
    [ 'AuthMSDigestRadiusTimeout 31',           qr/give seconds from 1 to 30/ ],
) {
    my ($status, $said) = try_line($row->[0]);
    isnt($status, 0, "$row->[0] stops the start");
    like($said, $row->[1], '... and says why');
    unlike($said, qr/tell-nobody(?! *$)/, '... and not the secret') if $row->[0] =~ /tell-nobody/;
}
for my $lines ([ 'AuthMSDigestProvider radius', 'AuthMSDigestAlgorithm MD5-sess MD5' ],
    [ 'AuthMSDigestAlgorithm MD5', 'AuthMSDigestProvider file radius' ]) {
    my ($status, $said) = try_line(@$lines);
    isnt($status, 0, "@$lines stops the start");
    like($said, qr/give AuthMSDigestAlgorithm MD5-sess alone beside AuthMSDigestProvider radius/, '... and says why');
}
my ($status, $said) = try_line('AuthMSDigestRadiusSecret file:@ROOT@/conf/short');
is($status, 0, 'a short secret is taken');
like($said . $try->log, qr/MSD331: .* is shorter than 16 octets/, '... with a warning');
for my $line ('AuthMSDigestRadiusServer 127.0.0.1', 'AuthMSDigestRadiusServer [::1]:1812 udp',
    'AuthMSDigestRadiusServer localhost:1812', 'AuthMSDigestRadiusSecret file:@ROOT@/conf/good') {
    ($status, $said) = try_line($line);
    is($status, 0, "$line is fine") or diag($said);
}

done_testing;
