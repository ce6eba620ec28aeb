#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What spares an authority: limits, turns and the breaker, with a real slapd, a
# real FreeRADIUS and a server that says nothing.
use MSDigest::Test limit => 240;
use MSDigest::Radius;
use MSDigest::Slapd;
use Time::HiRes qw(time sleep);

my $SECRET = 'a secret of good length';
my $radius = MSDigest::Radius->new(secret => $SECRET, users => <<"USERS")->start;
alice Cleartext-Password := "$PASSWORD{alice}"
bob Cleartext-Password := "$PASSWORD{bob}"
USERS
my $asked = "$ENV{T_TMP}/msdigest-asked-$$";
my $mute = MSDigest::Radius->fake(sub { open my $fh, '>>', $asked; print $fh "x\n"; return });
my $slapd = MSDigest::Slapd->new(users => <<"LDIF");
dn: uid=alice,ou=people,dc=example
objectClass: inetOrgPerson
uid: alice
cn: x
sn: x
userPassword: $PASSWORD{alice}

dn: uid=bob,ou=people,dc=example
objectClass: inetOrgPerson
uid: bob
cn: x
sn: x
userPassword: $PASSWORD{bob}

LDIF

sub radius_area {
    my ($path, $port, @lines) = @_;
    return area($path, 'AuthMSDigestProvider radius', qq{AuthMSDigestRadiusSecret "file:\@ROOT\@/conf/secret"},
        "AuthMSDigestRadiusServer 127.0.0.1:$port", @lines);
}
my $url = 'ldap://127.0.0.1:' . $slapd->port . '/dc=example?uid?sub';
my $server = MSDigest::Server->new(
    users => users_text('private', alice => $PASSWORD{alice}, bob => $PASSWORD{bob}),
    modules => [qw(ldap remoteip)],
    conf => join('', "RemoteIPHeader X-From\nRemoteIPInternalProxy 127.0.0.1\n",
        radius_area('/r/', $radius->port),
        radius_area('/quick/', $radius->port, 'AuthMSDigestFailureLimit 2', 'AuthMSDigestFailureWindow 2'),
        radius_area('/proof/', $radius->port, 'AuthMSDigestReproofLimit 3'),
        radius_area('/mute/', $mute->port, 'AuthMSDigestRevalidate 1'),
        area('/file/'), area('/file2/', 'AuthMSDigestFailureLimit 2'),
        area('/address/', 'AuthMSDigestFailureLimit 0 3'),
        area('/names/', 'AuthMSDigestFailureLimit 3'),
        qq{<Location "/tenant/">\nAuthType MSDigest\nAuthName tenant\nAuthMSDigestProvider file\n},
        qq{AuthUserFile "\@ROOT\@/conf/tenant"\nAuthMSDigestFailureLimit 3\nRequire valid-user\n</Location>\n},
        qq{<Location "/file2/inner/">\nAuthMSDigestFailureLimit 0\n</Location>\n},
        area('/l/', 'AuthMSDigestProvider msdigest-ldap', qq{AuthMSDigestLDAPURL "$url"},
            'AuthMSDigestLDAPBindDN cn=web,dc=example', 'AuthMSDigestLDAPBindPassword web-secret',
            'AuthMSDigestLDAPHashAttribute userPassword plain', 'AuthMSDigestRevalidate 1'),
    ));
chmod 0600, $server->write('conf/secret', "$SECRET\n");
$server->write("htdocs/$_/x.txt", "$_\n") for qw(r quick proof mute file file2 file2/inner address l names tenant);
$server->write('conf/tenant', users_text('tenant', bob => 'of another bob'));
$server->start;

# From an address of its own, so that the tests do not count together.
my $address = 0;
sub login {
    my ($path, $user, $password, $from) = @_;
    $from //= '10.0.0.' . ++$address;
    my $c = $server->client('alice', user => $user, password => $password // $PASSWORD{$user}, cnonce => 'keep');
    return $c->get("/$path/x.txt", headers => ["X-From: $from"]);
}
sub wrong { my ($path, $user, $n, $from) = @_; return join ' ', map { login($path, $user, 'wrong', $from)->status } 1 .. $n }

# ---- wrong answers for a user ----

my $session = $server->client('alice', cnonce => 'keep');
outcome($session->get('/r/x.txt'), '200', 'alice logs in');
is(wrong('r', 'alice', 8), '401 ' x 7 . '401', 'eight wrong answers are denied');
my $before = $radius->lookups('alice');
cmp_ok($before, '>=', 9, '... by the server');
my $r = login('r', 'alice', 'wrong');
outcome($r, '429', 'the ninth is not judged');
my $wait = $r->header('Retry-After');
ok($wait > 590 && $wait <= 600, '... and may be tried after ten minutes') or diag($wait);
ok(!$r->challenges, '... without a challenge, which would prompt');
$r = login('r', 'alice');
outcome($r, '429', 'a right one gets the same');
cmp_ok(abs($r->header('Retry-After') - $wait), '<=', 5, '... and the same time');
outcome(login('r', $_, $PASSWORD{alice}), '429', "as does $_") for 'ALICE', 'DOM\\alice', 'alice@dom';
is($radius->lookups('alice'), $before, 'the server was not asked about them');
proven_by($server, $session->get('/r/x.txt'), 'context', 'the session of alice goes on');
outcome(login('r', 'bob'), '200', 'and bob may log in');
is(wrong('r', 'nobody', 9), '401 ' x 8 . '429', 'an unknown user has the same limit');
log_has($server, qr/:warn.*MSD112: the provider is not asked about user '\w+' for \S+: too many wrong answers/, 'the log says so');

is(wrong('r', 'bob', 7), '401 ' x 6 . '401', 'seven wrong ones');
outcome(login('r', 'bob'), '200', '... and a right one');
is(wrong('r', 'bob', 7), '401 ' x 6 . '401', '... which forgets them');
my $c = $server->client('bob');
for (1 .. 10) {
    $c->ask('/r/x.txt');
    $c->send('/r/x.txt', drop => ['cnonce']);
}
outcome(login('r', 'bob'), '200', 'questions without credentials and malformed ones count for nothing');

is(wrong('quick', 'carol', 3), '401 401 429', 'a limit of two');
sleep 3;
is(wrong('quick', 'carol', 1), '401', '... of which the window lets go');

# ---- where it applies ----

is(wrong('file', 'alice', 12), '401 ' x 11 . '401', 'a file has nothing to spare');
is(wrong('file2', 'alice', 3), '401 401 429', '... but may have a limit');
is(wrong('file2/inner', 'alice', 1), '401', '... and an inner section none');
is(wrong('address', $_, 1, '10.9.9.9'), '401', "one address: $_ is wrong") for qw(u1 u2 u3);
outcome(login('address', 'bob', undef, '10.9.9.9'), '429', '... and then nobody there is judged');
outcome(login('address', 'bob', undef, '10.9.9.8'), '200', '... but at the next one');
is(wrong('address', "v$_", 1, "2001:db8::$_"), '401', "IPv6: address $_") for 1 .. 3;
outcome(login('address', 'bob', undef, '2001:db8::4'), '429', '... 64 bits are one subscriber');
outcome(login('address', 'bob', undef, '2001:db8:0:1::4'), '200', '... and not another');

# ---- names ----

sub named { my ($path, $as, $password) = @_; return login($path, $as, $password // 'wrong')->what }
is(join(' ', map { named('names', 'DOM\\carol') } 1 .. 4), '401 401 401 429', 'DOMAIN\\user counts once');
is(named('l', ' bob ', $PASSWORD{bob}), '200', 'slapd sees no blanks around a name');
is(join(' ', map { named('l', $_) } 'bob', map { (' ' x $_ . 'bob', 'bob' . ' ' x $_) } 1 .. 4),
    '401 ' x 7 . '401 429', '... nor does the limit');
is(join(' ', map { named('names', 'bob'), named('tenant', 'bob', 'of another bob') } 1 .. 4),
    '401 200 401 200 401 429 429 429', 'a namesake in another realm forgets nothing here');

# ---- restarts ----

$server->graceful;
outcome(login('r', 'alice'), '429', 'a graceful restart forgets no limit');

# ---- changing cnonces ----

my $browser = $server->client('bob', cnonce => 'new');
is(join(' ', map { $browser->get('/proof/x.txt')->status } 1 .. 5), '200 200 200 200 429',
    'a login and three proofs for new cnonces, then no more');
outcome(login('proof', 'bob'), '200', 'a new login is another matter');

# ---- first answers at once ----

my @clients = map { my $c = $server->client('alice'); $c->ask('/l/x.txt'); $c } 1 .. 8;
$before = $slapd->searches('uid=alice');
$slapd->pause;
my $helper = fork // die "fork: $!\n";
if (!$helper) {
    sleep 0.5;
    $slapd->go_on;
    require POSIX;
    POSIX::_exit(0);
}
my %seen;
$seen{ $_->what }++ for at_once($server->port, map { $_->bytes('/l/x.txt') } @clients);
waitpid $helper, 0;
is_deeply(\%seen, { 200 => 8 }, 'eight first answers of one user at once') or diag(explain(\%seen));
is($slapd->searches('uid=alice') - $before, 1, '... ask once');
my $stamp = $slapd->searches('uid=alice');
is(join(' ', map { $_->send('/l/x.txt')->status } @clients), '200 ' x 7 . '200', '... and each has its context');
cmp_ok($slapd->searches('uid=alice') - $stamp, '<=', 8, '... (which are due after a second)');

# ---- a directory that does not answer ----

sub timed { my $began = time; my $r = login(@_); return ($r, time - $began) }

my $kept = $server->client('alice', cnonce => 'keep');
outcome($kept->get('/l/x.txt'), '200', 'a session');
sleep 1.2;
$slapd->pause;
my ($first, $took) = timed('l', 'alice');
outcome($first, '503', 'a directory that hangs');
ok($first->header('Retry-After'), '... may be tried again');
my $longest = 0;
my %answers;
for (1 .. 5) {
    my ($r, $took) = timed('l', 'alice');
    $answers{ $r->what }++;
    $longest = $took if $took > $longest;
}
is_deeply(\%answers, { 503 => 5 }, '... is spared');
cmp_ok($longest, '<', 1, sprintf '... by answers within %.3f s', $longest);
outcome($kept->get('/l/x.txt'), '200', 'a session that is due goes on');
log_has($server, qr/MSD108: the provider is not available to confirm user 'alice'/, '... which the log says');
$slapd->go_on;
my $end = time + 20;
my $back;
do { sleep 0.2; $back = login('l', 'alice') } until $back->status == 200 || time > $end;
outcome($back, '200', 'it is back');

# ---- one that never answers: one try at a time ----

unlink $asked;
my @many = map { my $c = $server->client('alice', user => "user$_"); $c->ask('/mute/x.txt'); $c } 1 .. 6;
outcome(login('mute', 'alice'), '503', 'a server that says nothing');
my $packets = -s $asked;
my $began = time;
is(join(' ', map { $_->what } at_once($server->port, map { $_->bytes('/mute/x.txt') } @many)), '503 ' x 5 . '503',
    '... is not asked by the next six');
cmp_ok(time - $began, '<', 1.8, '... who need not wait');
is(-s $asked, $packets, '... not once');
sleep 2.5;
$_->ask('/mute/x.txt') for @many;
at_once($server->port, map { $_->bytes('/mute/x.txt') } @many);
my $tried = (-s $asked) - $packets;
cmp_ok($tried, '>', 0, 'later it is tried');
cmp_ok($tried, '<=', $packets, '... by one of them');

# ---- other letters for the same user ----

my $FULL = "\xef\xbd\x81lice";    # with a fullwidth a, which slapd takes for a
outcome(login('l', $FULL, $PASSWORD{alice}), '200', 'slapd knows alice in other letters');
is(join(' ', map { wrong('l', $_, 4) } $FULL, 'alice'), join(' ', (401) x 8), 'four wrong answers in each');
outcome(login('l', $FULL, $PASSWORD{alice}), '429', '... and eight are enough');
outcome(login('l', 'alice'), '429', '... for both');

# ---- the configuration ----

my $try = MSDigest::Server->new;
for my $row (
    [ 'AuthMSDigestFailureLimit -1',      qr/'-1' is not allowed; give numbers from 1 to 4000, 0 for no limit/ ],
    [ 'AuthMSDigestFailureLimit 8 many',  qr/'many' is not allowed/ ],
    [ 'AuthMSDigestFailureLimit 4001',    qr/'4001' is not allowed/ ],
    [ 'AuthMSDigestFailureWindow 0',      qr/give seconds from 1 to 86400/ ],
    [ 'AuthMSDigestReproofLimit 1x',      qr/'1x' is not allowed/ ],
) {
    $try->configure(area('/p/', $row->[0]));
    my ($status, $said) = $try->configtest;
    isnt($status, 0, "$row->[0] stops the start");
    like($said, $row->[1], '... and says why');
}
unlink $asked;

done_testing;
