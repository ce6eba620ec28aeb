#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Authorities that fail, each in each way: what a client gets, and how long it
# waits. T_WAITS=1 prints the table of docs/authorities.md.
use MSDigest::Test limit => 400;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep time);
use MSDigest::LdapFake qw(done drip entry fake_ldap reference);
use MSDigest::Radius;
use MSDigest::Server qw(free_port);
use MSDigest::Slapd qw(fake_server);

my $ALIAS = qq{AliasMatch "^/l/.*" "\@ROOT\@/htdocs/p/x.txt"\n};
my $BASE = 'dc=example?uid?sub';
my $ENTRY = <<"LDIF";
dn: uid=alice,ou=people,dc=example
objectClass: inetOrgPerson
cn: x
sn: x
uid: alice
userPassword: $PASSWORD{alice}

LDIF
my $slapd = MSDigest::Slapd->new(users => $ENTRY);
my $radius_secret = 'a secret of good length';
my $radius = MSDigest::Radius->new(secret => $radius_secret,
    users => qq{alice Cleartext-Password := "$PASSWORD{alice}"\n})->start;

sub ldap_area {
    my ($name, $url, @lines) = @_;
    my %given = map { (split)[0] => 1 } @lines;
    return area("/l/$name/", "AuthMSDigestLDAPURL $url", (grep { !$given{ (split)[0] } } 'AuthMSDigestProvider msdigest-ldap',
        'AuthMSDigestLDAPBindDN cn=web,dc=example', 'AuthMSDigestLDAPBindPassword web-secret',
        'AuthMSDigestLDAPHashAttribute userPassword plain'), @lines);
}
sub ldap_at { return '"ldap://' . join(' ', map { "127.0.0.1:$_" } @_) . qq{/$BASE"} }

sub radius_area {
    my ($name, $port, @lines) = @_;
    my %given = map { (split)[0] => 1 } @lines;
    return area("/l/$name/", 'AuthMSDigestProvider radius', "AuthMSDigestRadiusServer 127.0.0.1:$port",
        (grep { !$given{ (split)[0] } } 'AuthMSDigestRadiusSecret "file:@ROOT@/conf/secret"'), @lines);
}

sub trust { return 'LDAPTrustedGlobalCert CA_BASE64 "' . $slapd->path($_[0]) . qq{"\n} }
sub ldap_server {
    my ($conf, %o) = @_;
    my $new = MSDigest::Server->new(modules => ['ldap'], conf => $ALIAS . $conf, %o);
    chmod 0600, $new->write('conf/secret', "$radius_secret\n"), $new->write('conf/other', "not what the server has\n");
    return $new->start;
}

my $took;
sub try_login {
    my ($server, $area, %o) = @_;
    my $c = $server->client('alice', %o);
    my $began = time;
    my $r = $c->get("/l/$area/x.txt");
    $took = time - $began;
    return $r;
}
sub login_is {
    my ($server, $area, $expected, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $r = try_login($server, $area, %o);
    outcome($r, $expected, $name) or diag($server->tail);
    return $r;
}

# ---- the table: cases by authorities ----

my ($TLS_PORT, $PORT) = ($slapd->tls_port, $slapd->port);
my %dead = (
    refusing => free_port(),
    silent   => fake_server(sub { }),
    closing  => fake_server(sub { close $_[0] }),
    garbage  => fake_server(sub { syswrite $_[0], "HTTP/1.1 400 Bad Request\r\n\r\n" x 20 }),
    drip     => fake_ldap(sub { drip("\x30\x84\x00\x00\x40\x00" . "\x00" x 200) }),
);
my %url = (plain => ['ldap', ''], starttls => ['ldap', ' STARTTLS'], ldaps => ['ldaps', '']);
sub url_of { my ($kind, $host, $port) = @_; return qq{"$url{$kind}[0]://$host:$port/$BASE"$url{$kind}[1]} }
my %real = (plain => $PORT, starttls => $PORT, ldaps => $TLS_PORT);

my %udp = (
    refusing => MSDigest::Radius::free_port(),
    silent   => MSDigest::Radius->fake(sub { return })->port,
    garbage  => MSDigest::Radius->fake(sub { return "\xa5" x 40 })->port,
    unsigned => MSDigest::Radius->fake(sub { return MSDigest::Radius::unsigned_accept($_[0], $radius_secret) })->port,
);

my $conf = trust('ca.pem');
for my $kind (sort keys %url) {
    $conf .= ldap_area($kind, url_of($kind, '127.0.0.1', $real{$kind}));
    $conf .= ldap_area("$kind-secret", url_of($kind, '127.0.0.1', $real{$kind}), 'AuthMSDigestLDAPBindPassword wrong');
    $conf .= ldap_area("$kind-hidden", url_of($kind, '127.0.0.1', $real{$kind}),
        'AuthMSDigestLDAPBindDN cn=other,dc=example', 'AuthMSDigestLDAPBindPassword other-secret');
    $conf .= ldap_area("$kind-name", url_of($kind, 'localhost', $real{$kind}));
    $conf .= ldap_area("$kind-$_", url_of($kind, '127.0.0.1', $dead{$_})) for sort keys %dead;
}
$conf .= radius_area('radius', $radius->port) . radius_area("radius-secret", $radius->port,
    'AuthMSDigestRadiusSecret "file:@ROOT@/conf/other"');
$conf .= radius_area("radius-$_", $udp{$_}) for sort keys %udp;
# One process, so that a login can meet a connection of the pool.
my $server = ldap_server("StartServers 1\nMinSpareThreads 1\n$conf");
my $distrust = ldap_server(trust('other-ca.pem') . join '', map { ldap_area($_, url_of($_, '127.0.0.1', $real{$_})) } keys %url);

my (%wait, @cases);
sub measure {
    my ($case, $kind, $expected, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $at = delete $o{server} || $server;
    my $area = delete $o{area} // $kind;
    # For some seconds after an outage an authority is spared: that 503 is no wait.
    my $patience = time + (delete $o{again} ? 20 : 0);
    sleep 0.1 while time < $patience && try_login($at, $area, %o)->status == 503;
    login_is($at, $area, $expected, "$kind, $case: $expected", %o);
    cmp_ok($took, '<', 4, sprintf '... after %.2f s', $took);
    push @cases, $case if !grep { $_ eq $case } @cases;
    $wait{$case}{$kind} = [ $took, $expected ] if !$wait{$case}{$kind} || $took > $wait{$case}{$kind}[0];
    return;
}
my @LDAP = sort keys %url;
my @ALL = (@LDAP, 'radius');

for my $kind (@ALL) {
    measure('good', $kind, '200');
    measure('good', $kind, '200');
    measure('wrong password', $kind, '401', password => 'wrong');
    measure('unknown user', $kind, '401', user => 'nobody');
    measure('injection', $kind, '401', user => $_)
        for '*', 'ali*', 'alice)(uid=*', '*)(uid=alice', '\\61lice', '%{User-Name}', "'; --", '', "\xff\xfe", 'x' x 240;
    measure('wrong secret or account', $kind, '503', area => "$kind-secret");
}
for my $kind (@LDAP) {
    measure('very long name', $kind, '401', user => 'x' x 5000);
    measure('hash hidden by an ACL', $kind, '401', area => "$kind-hidden");
    measure($_, $kind, '503', area => "$kind-$_") for sort keys %dead;
}
measure('very long name', 'radius', '401', user => 'x' x 5000);    # longer than RADIUS carries
measure($_, 'radius', '503', area => "radius-$_") for sort keys %udp;
for my $kind (qw(starttls ldaps)) {
    measure('certificate not trusted', $kind, '503', server => $distrust);
    measure('certificate of another name', $kind, '503', area => "$kind-name");
}
login_is($distrust, 'plain', '200', 'without TLS no certificate is asked for');

sub signal { my ($kind, $signal) = @_; return $kind eq 'radius' ? $radius->signal($signal) : kill $signal, $slapd->{pid} }
measure('good', $_, '200') for @ALL;    # so that there is a connection that will hang
my @twenty = map { ($_) x 5 } @ALL;
$slapd->pause;
$radius->signal('STOP');
measure('stopped by a signal', $_, '503') for @ALL;
my @waiting = map { my $c = $server->client('alice'); $c->ask("/l/$_/x.txt"); $c->bytes("/l/$_/x.txt") } @twenty;
my $began = time;
is_deeply([ grep { $_ ne '503' } map { $_->what } at_once($server->port, @waiting) ], [], 'twenty at once: 503');
cmp_ok(time - $began, '<', 6, sprintf '... after %.2f s', time - $began);
# httpd is told to restart while clients wait.
@waiting = map { my $c = $server->client('alice'); $c->ask("/l/$_/x.txt"); $c->bytes("/l/$_/x.txt") } @twenty;
if (!(my $pid = fork)) { sleep 0.5; kill 'USR1', $server->pid; POSIX::_exit(0) }
else { is_deeply([ grep { $_ ne '503' } map { $_->what } at_once($server->port, @waiting) ], [], 'a graceful restart while twenty wait: 503'); waitpid $pid, 0 }
$slapd->go_on;
$radius->signal('CONT');
measure('goes on', $_, '200', again => 1) for @ALL;
$slapd->stop('KILL');
$radius->signal('KILL');
$radius->stop;
measure('killed', $_, '503') for @ALL;
$slapd->start;
$radius->start;
measure('restarted', $_, '200', again => 1) for @ALL;
$server->graceful;
measure('good', $_, '200') for @ALL;
log_lacks($server, qr/exit signal|Segmentation/, 'no worker died');

if ($ENV{T_WAITS}) {
    diag(join ' | ', '', 'case', 'gets', @ALL, '');
    for my $case (@cases) {
        my %gets = map { $_->[1] => 1 } values %{ $wait{$case} };
        diag(join ' | ', '', $case, join('/', sort keys %gets), map({ $wait{$case}{$_} ? sprintf '%.2f', $wait{$case}{$_}[0] : '-' } @ALL), '');
    }
}

# ---- who can read the hash in the directory ----

sub shown_to {
    my (@who) = @_;
    my $said = join '', `ldapsearch -LLL -x -H ldap://127.0.0.1:$PORT @who -b dc=example uid=alice userPassword 2>&1`;
    return $said =~ /^userPassword/m ? 'shown' : 'hidden';
}
is(shown_to('-D', 'cn=web,dc=example', '-w', 'web-secret'), 'shown', 'the service account reads the hash');
is(shown_to(), 'hidden', '... an anonymous client does not');
is(shown_to('-D', 'cn=other,dc=example', '-w', 'other-secret'), 'hidden', '... nor another account');
is(shown_to('-D', 'uid=alice,ou=people,dc=example', '-w', $PASSWORD{alice}), 'hidden', '... nor the user');

# ---- results that a directory gives on a bad day ----

my $good = entry('cn=a', uid => ['alice'], userPassword => [ $PASSWORD{alice} ]);
sub always { my (@said) = @_; return fake_ldap(sub { $_[0] eq 'search' ? @said : done(0) }) }
# Operations error, protocol error, limits, no rights, busy, unavailable ...
my @CODES = (1, 2, 3, 8, 11, 21, 32, 50, 51, 52, 53, 80);
my %fake = (
    (map { my $code = $_; ("later$code" => fake_ldap(sub {
        my ($kind, undef, $nth) = @_;
        return $kind ne 'search' ? done(0) : $nth == 1 ? ($good, done(0)) : done($code);
    })) } @CODES),
    (map { ("all$_" => always(done($_))) } @CODES, 4, 10),
    (map { my $code = $_; ("bind$code" => fake_ldap(sub { $_[0] eq 'bind' ? done($code) : ($good, done(0)) })) } 49, 51, 53),
    good       => always($good, done(0)),
    empty      => always(done(0)),
    two        => always($good, $good, done(0)),
    limit      => always($good, done(4)),
    referred   => always(reference('ldap://127.0.0.1:1/dc=x'), done(0)),
    beside     => always($good, reference('ldap://127.0.0.1:1/dc=x'), done(0)),
    names      => always(entry('cn=a', uid => [ 'robert', 'Alice' ], userPassword => [ $PASSWORD{alice} ]), done(0)),
    others     => always(entry('cn=a', uid => [ 'robert', 'bob' ], userPassword => [ $PASSWORD{alice} ]), done(0)),
    nul        => always(entry('cn=a', uid => ["bob\0"], userPassword => [ $PASSWORD{alice} ]), done(0)),
    silent     => always(),
    (map { ("mark$_" => always(entry('cn=a', uid => ['alice'], userPassword => ["{$_}$PASSWORD{alice}"]), done(0))) }
        qw(CLEARTEXT clear SSHA)),
);
# One worker, so that each login has the connection of the one before.
my $bad = ldap_server(join('', "StartServers 1\nMaxRequestWorkers 1\nKeepAlive Off\n",
    (map { ldap_area($_, ldap_at($fake{$_})) } sort keys %fake),
    ldap_area('nextbusy', ldap_at(@fake{'all51', 'good'})), ldap_area('nextsilent', ldap_at(@fake{qw(silent good)})),
    ldap_area('nextbind', ldap_at(@fake{qw(bind53 good)})), ldap_area('nextnone', ldap_at(@fake{qw(all32 all51)})),
    ldap_area('slapd', ldap_at($PORT))), mpm => 'prefork');
for my $code (@CODES) {
    login_is($bad, "later$code", '200', "result $code on a connection of the pool:") for 1, 2;
    login_is($bad, "later$code", '200', '... a new one is made');
    login_is($bad, "all$code", '503', '... and on each: 503');
}
login_is($bad, 'all10', '503', 'a referral: 503');
login_is($bad, "bind$_", '503', "bind result $_: 503") for 49, 51, 53;
log_has($bad, qr/MSD303: .*ldap:\S+: Server is busy/, 'the log names server and result');
login_is($bad, 'empty', '401', 'no entry: denied');
login_is($bad, 'two', '401', 'two entries: denied');
login_is($bad, 'limit', '401', 'an entry, and more than the server gives: denied');
login_is($bad, 'all4', '503', 'no entry, and more than the server gives: 503');
login_is($bad, 'referred', '503', 'only a reference: 503');
login_is($bad, 'beside', '200', 'a reference beside the entry: 200');
login_is($bad, $_, '200', "several servers, $_: the next one is asked") for qw(nextbusy nextsilent nextbind);
login_is($bad, 'nextnone', '503', 'several servers, none of them knows: 503');
log_has($bad, qr/MSD303: .*ldap:\S+: No such object; ldap:\S+: Server is busy/, '... and the log tells of each');

my $named = login_is($bad, 'names', '200', 'several names in the entry:');
is($bad->row($named)->{remote}, 'Alice', '... the user is the one that was meant, not the first');
login_is($bad, 'names', '200', '... and letter by letter', user => 'robert');
login_is($bad, 'others', '401', 'several names, none of them this: denied');
login_is($bad, 'nul', '401', 'a name with a NUL in it: denied', user => 'BOB');

login_is($bad, 'markCLEARTEXT', '200', 'a password in clear behind the mark of OpenLDAP');
login_is($bad, 'markclear', '200', '... and of 389-ds');
login_is($bad, 'markSSHA', '401', '... but not a hash');

# ---- nothing is left behind ----

sub descriptors { my ($pid) = @_; my @all = glob "/proc/$pid/fd/*"; return scalar @all }
my ($worker) = $bad->children;
login_is($bad, $_, '503', "$_, before counting") for qw(bind49 all51);
login_is($bad, 'slapd', '200', 'slapd, before counting');
my $before = descriptors($worker);
for my $area (qw(bind49 all51 all4 slapd later1) x 20) { try_login($bad, $area) }
is(($bad->children)[0], $worker, 'the worker is the same');
my $end = time + 5;    # connections that are about to be closed
select undef, undef, undef, 0.05 while descriptors($worker) > $before + 1 && time < $end;
cmp_ok(descriptors($worker), '<=', $before + 1, 'a hundred logins leave no descriptor behind');

# The passwords of the users are not in the configuration, so they can only
# come from the directory. (What GnuTLS keeps of a TLS connection is its own.)
sub memory_of {
    my ($pid) = @_;
    open my $maps, '<', "/proc/$pid/maps" or die "maps: $!\n";
    open my $memory, '<:raw', "/proc/$pid/mem" or die "mem: $!\n";
    my $text = '';
    no warnings 'portable';    # addresses of 64 bits
    while (<$maps>) {
        my ($from, $to) = /^(\w+)-(\w+) rw/ or next;
        sysseek $memory, hex $from, 0;
        sysread $memory, my $part, hex($to) - hex $from;
        $text .= $part // '';
    }
    return $text;
}
my $lean = ldap_server("StartServers 1\nMaxRequestWorkers 1\nKeepAlive Off\n" . ldap_area('slapd', ldap_at($PORT)), mpm => 'prefork');
login_is($lean, 'slapd', '200', 'a login') for 1 .. 3;
login_is($lean, 'slapd', '401', 'a wrong password', password => 'wrong');
my $memory = memory_of($lean->children);
like($memory, qr/web-secret/, 'the memory of a worker can be read');
unlike($memory, qr/\Q$PASSWORD{alice}\E/, '... and the password from the directory is not there any more');
$lean->remove;

# ---- hosts with several addresses, and a resolver that does not answer ----

sub resolver {
    my ($port) = @_;
    my $source = $bad->write('resolver.c', <<'CODE');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>
int getaddrinfo(const char *h, const char *p, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    int numeric = hints != 0 && (hints->ai_flags & AI_NUMERICHOST) != 0;
    if (h != 0 && !numeric && strcmp(h, "slow.example") == 0) { sleep(30); return EAI_AGAIN; }
    if (h != 0 && !numeric && strcmp(h, "two.example") == 0) {
        int status = real("127.0.0.2", p, hints, out);
        return status != 0 ? status : real("127.0.0.1", p, hints, &(*out)->ai_next);
    }
    return real(h, p, hints, out);
}
CODE
    my $library = $bad->path('resolver.so');
    my $cc = $ENV{CC} || 'cc';
    my $said = `$cc -shared -fPIC -o $library $source -ldl 2>&1`;
    die "the resolver cannot be compiled:\n$said" if $? != 0;
    return $library;
}
my $mute = IO::Socket::INET->new(LocalAddr => '127.0.0.2', LocalPort => $PORT, Listen => 5, ReuseAddr => 1, Proto => 'tcp')
    or die "127.0.0.2: $!\n";
my $named_hosts;
{
    local $ENV{LD_PRELOAD} = resolver();
    $named_hosts = ldap_server(ldap_area('slow', qq{"ldap://slow.example:$PORT/$BASE"})
        . ldap_area('two', qq{"ldap://two.example:$PORT/$BASE"})
        . ldap_area('unknown', qq{"ldap://no-such-host.invalid:$PORT/$BASE"}));
}
login_is($named_hosts, 'two', '200', 'a host with two addresses, of which the first hangs: the second is asked');
cmp_ok($took, '<', 4, sprintf '... after %.2f s', $took);
login_is($named_hosts, 'slow', '503', 'a resolver that does not answer: 503');
cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
login_is($named_hosts, 'unknown', '503', 'a host that is not there: 503');
log_has($named_hosts, qr/MSD301: .*slow\.example\S*: its address cannot be found/, '... and the log says so');
$named_hosts->stop;
log_lacks($named_hosts, qr/exit signal|Segmentation/, 'no worker died');

# ---- virtual hosts: the account of the server, a directory each ----

sub vhost {
    my ($name, @lines) = @_;
    return join "\n", '<VirtualHost 127.0.0.1:@PORT@>', "ServerName $name", 'DocumentRoot "@ROOT@/htdocs"', @lines,
        '<Location "/p/">', 'AuthType MSDigest', 'AuthName "private"', 'Require valid-user', '</Location>', '</VirtualHost>', '';
}
my $hosts = ldap_server(join '', map({ "$_\n" } 'AuthMSDigestProvider msdigest-ldap', 'AuthMSDigestLDAPBindDN cn=web,dc=example',
    'AuthMSDigestLDAPBindPassword web-secret', 'AuthMSDigestLDAPHashAttribute userPassword plain', "AuthMSDigestLDAPURL " . ldap_at($PORT)),
    vhost('base.test'), vhost('empty.test', 'AuthMSDigestLDAPURL ' . ldap_at($fake{empty})),
    vhost('down.test', 'AuthMSDigestLDAPURL ' . ldap_at($dead{refusing})),
    vhost('other.test', 'AuthMSDigestLDAPBindDN cn=other,dc=example', 'AuthMSDigestLDAPBindPassword other-secret'));
for my $row ([ 'base.test', '200' ], [ 'empty.test', '401' ], [ 'down.test', '503' ], [ 'other.test', '401' ], [ 'base.test', '200' ]) {
    outcome($hosts->client('alice', host => $row->[0])->get('/p/x.txt'), $row->[1], "virtual host $row->[0]");
}
$hosts->remove;

# ---- a program that prints the password of the account ----

sub program {
    my ($name, $text) = @_;
    chmod 0700, $bad->write("conf/$name", "#!/bin/sh\n$text\n");
    return $bad->path("conf/$name");
}
for my $row (
    [ hangs  => 'echo web-secret; exec sleep 60', 'ends within 10 seconds' ],
    [ floods => 'exec yes web-secret',           'at most 4096 bytes' ],
    [ fails  => 'echo web-secret; exit 3',        'with status 0' ],
    [ mute   => 'echo',                           'a program that writes the password' ],
) {
    my ($name, $text, $allowed) = @$row;
    $bad->configure(ldap_area('x', ldap_at($PORT), 'AuthMSDigestLDAPBindPassword "exec:' . program($name, $text) . '"'));
    my $starts = time;
    my ($status, $said) = $bad->configtest;
    isnt($status, 0, "a program that $name stops the start");
    like($said, qr/^AuthMSDigestLDAPBindPassword: 'exec:\.\.\.' is not allowed; give .*\Q$allowed\E/m, '... and says why');
    cmp_ok(time - $starts, '<', 30, sprintf '... after %.1f s', time - $starts);
}
my $exec = ldap_server(ldap_area('x', ldap_at($PORT),
    'AuthMSDigestLDAPBindPassword "exec:' . program('prints', 'printf "%s\\r\\nsecond line\\n" "$1-$2"') . ' web secret"'));
login_is($exec, 'x', '200', 'the first line of a program with arguments is the password');

# ---- the configuration ----

for my $row (
    [ "AuthMSDigestLDAPURL ldap://h/foo?uid",              'a distinguished name as the base' ],
    [ "AuthMSDigestLDAPURL ldap://h/dc=a?uid?sub?(uid)",   'a filter such as' ],
    [ "AuthMSDigestLDAPURL ldap://h/dc=a?uid?sub?(&(uid)", 'parentheses match' ],
    [ 'AuthMSDigestLDAPBindDN "cn=web,oops"',              'a distinguished name' ],
) {
    $exec->configure(area('/p/', $row->[0]));
    my ($status, $said) = $exec->configtest;
    isnt($status, 0, "$row->[0] stops the start");
    like($said, qr/is not allowed; give .*\Q$row->[1]\E/, '... and says why');
}
# ---- the configurations in docs/authorities.md ----

# The indented block that begins with this, with other hosts and paths.
sub from_docs {
    my ($start, %instead) = @_;
    open my $fh, '<', "$ENV{srcdir}/docs/authorities.md" or die "docs/authorities.md: $!\n";
    my $docs = do { local $/; <$fh> };
    my ($block) = $docs =~ /^((?: {4}\Q$start\E)(?:.*\n)(?: {4}.*\n|\n)*)/m or die "docs: nothing begins with $start\n";
    $block =~ s/^ {4}//gm;
    for my $old (sort keys %instead) {
        ok($block =~ s/\Q$old\E/$instead{$old}/g, "docs: '$old' is there");
    }
    return $block;
}

my $hash = 'Example:' . digest_ha1('alice', 'Example', $PASSWORD{alice});
my $strict = MSDigest::Slapd->new(site => from_docs('attributetype'), users => <<"LDIF");
dn: uid=alice,ou=people,dc=example
objectClass: inetOrgPerson
objectClass: digestUser
cn: x
sn: x
uid: alice
userPassword: of-alice
digestRealmHash: $hash

LDIF
my ($first, $second) = ('127.0.0.1:' . $strict->port, '127.0.0.1:' . free_port());
my %there = ('LoadModule ldap_module modules/mod_ldap.so' => '', 'conf/ldap-ca.pem' => $strict->path('ca.pem'),
    'ldap1.example:389' => $second, 'ldap2.example:389' => $first,
    '/etc/msdigest/ldap-password' => program('strict', 'echo web-secret'));
my %private = ('htdocs/private/x.txt' => "private\n");
my $open = MSDigest::Server->new(modules => ['ldap'], files => \%private, conf => from_docs('LoadModule ldap_module', %there))->start;
outcome($open->client('alice')->get('/private/x.txt'), '200', 'OpenLDAP as in the docs: a user logs in');
outcome($open->client('alice', password => 'wrong')->get('/private/x.txt'), '401', '... a wrong password is denied');
outcome($open->client('bob')->get('/private/x.txt'), '401', '... an unknown user too');
$open->remove;
$open = MSDigest::Server->new(modules => ['ldap'], files => \%private,
    conf => from_docs('LoadModule ldap_module', %there, ' STARTTLS' => ''))->start;
outcome($open->client('alice')->get('/private/x.txt'), '503', '... without TLS the account cannot bind');
log_has($open, qr/MSD301: .*Confidentiality required/, '... which the log explains');
$open->remove;
for my $who ([ '-D', 'cn=web,dc=example', '-w', 'web-secret', 'shown' ], [ '-D', 'cn=other,dc=example', '-w', 'other-secret', 'hidden' ],
    [ '-D', 'uid=alice,ou=people,dc=example', '-w', 'of-alice', 'hidden' ], ['hidden']) {
    my $expected = pop @$who;
    local $ENV{LDAPTLS_CACERT} = $strict->path('ca.pem');
    my $said = join '', `ldapsearch -LLL -x -ZZ -H ldap://$first @$who -b dc=example uid=alice digestRealmHash 2>&1`;
    unlike($said, qr/Invalid credentials|Can't contact|Confidentiality/, "... (@{[ $who->[1] // 'anonymous' ]} is heard)");
    is($said =~ /^digestRealmHash/m ? 'shown' : 'hidden', $expected, '... and the hash is ' . $expected);
}
$strict->remove;

my $documented = MSDigest::Radius->new(secret => 'the long and random one', users => qq{alice Cleartext-Password := "$PASSWORD{alice}"\n},
    clients => from_docs('client web {', '192.0.2.10' => '127.0.0.1'))->start;
my $asking = MSDigest::Server->new(files => { %private, 'conf/radius.secret' => "the long and random one\n" },
    conf => from_docs(qq{<Location "/private/">\n        AuthType MSDigest\n        AuthName "Example"\n        AuthMSDigestProvider radius},
        '192.0.2.1:1812' => '127.0.0.1:' . MSDigest::Radius::free_port(), '192.0.2.2:1812' => '127.0.0.1:' . $documented->port,
        '/etc/apache2/radius.secret' => '@ROOT@/conf/radius.secret'));
chmod 0600, $asking->path('conf/radius.secret');
$asking->start;
outcome($asking->client('alice')->get('/private/x.txt'), '200', 'FreeRADIUS as in the docs: a user logs in');
outcome($asking->client('alice', password => 'wrong')->get('/private/x.txt'), '401', '... a wrong password is denied');
outcome($asking->client('bob')->get('/private/x.txt'), '401', '... an unknown user too');
$asking->remove;
$documented->stop;

$_->remove for $exec, $named_hosts, $bad, $distrust, $server;
$slapd->remove;
done_testing;
