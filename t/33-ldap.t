#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The provider msdigest-ldap, against a real slapd and servers that misbehave.
use MSDigest::Test limit => 240;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(time);
use MSDigest::Server qw(free_port);
use MSDigest::Slapd qw(fake_server);

# ---- the directory ----

my $ODD = "st*r (x) \xc3\xa9";
my %password = (%PASSWORD, $ODD => "p\xc3\xa4ss:w,rd", 'Doe, Jane' => 'comma');

my $number = 101;
sub entry {
    my ($user) = @_;
    my $pass = $password{$user};
    my @lines = (
        "dn: employeeNumber=$number,ou=people,dc=example",
        'objectClass: inetOrgPerson', 'objectClass: digestUser',
        'employeeNumber: ' . $number++, 'uid:: ' . encode_base64($user, ''), 'cn: x', 'sn: x',
        'userPassword:: ' . encode_base64($pass, ''),
        'digestHash: ' . digest_ha1($user, 'private', $pass),
        (map { 'digestRealmHash:: ' . encode_base64("$_:" . digest_ha1($user, $_, $pass), '') } 'private', 'a:b'),
        'departmentNumber: one', 'departmentNumber: two,three',
    );
    return join("\n", @lines) . "\n\n";
}
my $slapd = MSDigest::Slapd->new(users => join '', map { entry($_) } 'alice', grep { $_ ne 'alice' } sort keys %password);
my ($port, $tls_port) = ($slapd->port, $slapd->tls_port);

# ---- servers that only look like one ----

# The answer to the StartTLS request, and then nothing more.
my $START_TLS_DONE = pack 'H*', '300c02010178070a010004000400';
my %fake = (
    refusing => free_port(),
    silent   => fake_server(sub { }),
    closing  => fake_server(sub { close $_[0] }),
    garbage  => fake_server(sub { syswrite $_[0], "HTTP/1.1 400 Bad Request\r\n\r\n" x 20 }),
    half     => fake_server(sub { syswrite $_[0], pack 'H*', '308400001000020101' }),
    starttls => fake_server(sub { sysread $_[0], my $request, 100; syswrite $_[0], $START_TLS_DONE }),
);

# ---- the web server ----

sub ldap_area {
    my ($path, $url, @lines) = @_;
    my %given = map { (split)[0] => 1 } @lines;
    my @usual = grep { !$given{ (split)[0] } } 'AuthMSDigestProvider msdigest-ldap',
        'AuthMSDigestLDAPBindDN cn=web,dc=example', 'AuthMSDigestLDAPBindPassword web-secret',
        'AuthMSDigestLDAPHashAttribute userPassword plain';
    return area($path, "AuthMSDigestLDAPURL $url", @usual, @lines);
}

my $base = 'dc=example?uid?sub';
my $plain = qq{"ldap://127.0.0.1:$port/$base"};
my %urls = (
    clear    => $plain,
    starttls => "$plain STARTTLS",
    ldaps    => qq{"ldaps://127.0.0.1:$tls_port/$base"},
    ssl      => qq{"ldaps://127.0.0.1:$tls_port/$base" SSL},
    ldapi    => '"ldapi://' . $slapd->socket . qq{/$base"},
);
my $conf = join '', qq{AliasMatch "^/l/.*" "\@ROOT\@/htdocs/p/x.txt"\n},
    'LDAPTrustedGlobalCert CA_BASE64 "' . $slapd->path('ca.pem') . qq{"\n},
    (map { ldap_area("/l/$_/", $urls{$_}, 'AuthMSDigestAlgorithm MD5-sess MD5 SHA-256 SHA-512-256') } sort keys %urls),
    ldap_area('/l/ha1/', $plain, 'AuthMSDigestLDAPHashAttribute digestHash ha1'),
    ldap_area('/l/squid/', $plain, 'AuthMSDigestLDAPHashAttribute digestRealmHash realm:ha1'),
    ldap_area('/l/colon/', $plain, 'AuthMSDigestLDAPHashAttribute digestRealmHash realm:ha1', 'AuthName "a:b"'),
    ldap_area('/l/filter/', qq{"ldap://127.0.0.1:$port/$base?departmentNumber=none"}),
    ldap_area('/l/noattr/', $plain, 'AuthMSDigestLDAPHashAttribute roomNumber plain'),
    ldap_area('/l/hidden/', $plain, 'AuthMSDigestLDAPBindDN cn=other,dc=example',
        'AuthMSDigestLDAPBindPassword other-secret'),
    ldap_area('/l/badbind/', $plain, 'AuthMSDigestLDAPBindPassword wrong'),
    ldap_area('/l/exec/', $plain, 'AuthMSDigestLDAPBindPassword "exec:/bin/echo web-secret"'),
    ldap_area('/l/nobase/', qq{"ldap://127.0.0.1:$port/ou=nowhere,dc=example?uid"}),
    ldap_area('/l/away/', qq{"ldap://127.0.0.1:$port/dc=away?uid"}),
    ldap_area('/l/several/', qq{"ldap://127.0.0.1:$fake{refusing} 127.0.0.1:$port/$base"}),
    ldap_area('/l/stalled/', qq{"ldap://127.0.0.1:$fake{silent} 127.0.0.1:$port/$base"}),
    ldap_area('/l/order/', $plain, 'AuthMSDigestProvider msdigest-ldap file'),
    ldap_area('/l/orderdown/', qq{"ldap://127.0.0.1:$fake{refusing}/$base"}, 'AuthMSDigestProvider msdigest-ldap file'),
    (map { ldap_area("/l/fake-$_/", qq{"ldap://127.0.0.1:$fake{$_}/$base"}) } sort keys %fake),
    ldap_area('/l/stall-starttls/', qq{"ldap://127.0.0.1:$fake{starttls}/$base" STARTTLS}),
    ldap_area('/l/stall-ldaps/', qq{"ldaps://127.0.0.1:$fake{silent}/$base"}),
    ldap_area('/l/groups/', $plain, 'AuthMSDigestLDAPGroupAttribute departmentNumber'),
    ldap_area('/l/beside/', $plain, 'Require ldap-group cn=staff,dc=example', 'AuthLDAPGroupAttribute member',
        "AuthLDAPURL $plain", 'AuthLDAPBindDN cn=web,dc=example', 'AuthLDAPBindPassword web-secret'),
    area('/l/nourl/', 'AuthMSDigestProvider msdigest-ldap'),
    ldap_area('/l/stock/', $plain, 'AuthType Digest', 'AuthDigestProvider msdigest-ldap'),
    qq{LogFormat "groups=%{msdigest-groups}n" groups\nCustomLog "\@ROOT\@/logs/groups_log" groups\n};

my %options = (modules => [qw(ldap authnz_ldap auth_digest)], users => users_text('private', filed => 'in the file'));
my $server = private_server(%options, conf => $conf);

my $longest = 0;
sub try_login {
    my ($area, $user, $pass, %o) = @_;
    my $from = $o{server} || $server;
    my $c = $from->client('alice', user => $user, password => $pass, %o);
    my $began = time;
    my $what = $c->get("/l/$area/x.txt")->what;
    my $took = time - $began;
    $longest = $took if $took > $longest;
    return ($what, $c, $took);
}
sub login_is {
    my ($area, $user, $pass, $expected, $name, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($what, $c) = try_login($area, $user, $pass, %o);
    is($what, $expected, $name) or diag(($o{server} || $server)->tail);
    return $c;
}

# ---- logins ----

for my $area (sort keys %urls) {
    for my $user (sort keys %password) {
        my $c = login_is($area, $user, $password{$user}, '200', "$area: $user logs in");
        outcome($c->get("/l/$area/x.txt"), '200', '... and stays in');
    }
    for my $algorithm (qw(MD5-sess MD5 SHA-256 SHA-512-256)) {
        login_is($area, $ODD, $password{$ODD}, '200', "$area: with $algorithm", algorithm => $algorithm);
    }
    login_is($area, 'alice', 'wrong', '401', "$area: a wrong password is denied");
    login_is($area, 'nobody', 'x', '401', "$area: an unknown user is denied");
}
for my $area (qw(ha1 squid colon)) {
    for my $user (sort keys %password) {
        login_is($area, $user, $password{$user}, '200', "$area: $user logs in");
    }
    login_is($area, 'alice', 'wrong', '401', "$area: a wrong password is denied");
}
login_is('exec', 'alice', $password{alice}, '200', 'a password of the account by exec:');

# ---- names that are more than names ----

for my $name ('*', 'ali*', '*)(uid=alice', 'alice)(|(uid=*', 'alice)(objectClass=*', "\\61lice", "alice\x00",
    'alice)', '', '*)(userPassword=*') {
    (my $shown = $name) =~ s/\0/\\0/g;
    my ($what) = try_login('clear', $name, $password{alice});
    isnt($what, '200', "injection: '$shown' finds nobody");
}
my $upper = login_is('clear', 'ALICE', $password{alice}, '200', 'another spelling of a name');
is($server->row($upper->get('/l/clear/x.txt'))->{remote}, 'alice', '... is the user as the directory spells him');
login_is('clear', 'DOE, JANE', 'comma', '401', '... except where that name cannot be passed on');
log_has($server, qr/MSD304: .*'DOE, JANE'.*spelled otherwise/, '... which the log explains');

# ---- denied, with an explanation ----

login_is('clear', 'twin', 'twin-secret', '401', 'two entries: denied');
log_has($server, qr/MSD304: .*'twin'.*more than one entry/, '... which the log explains');
login_is('filter', 'alice', $password{alice}, '401', 'a user outside of the filter is denied');
login_is('noattr', 'alice', $password{alice}, '401', 'an attribute that is not there: denied');
log_has($server, qr/MSD304: .*does not show the attribute of AuthMSDigestLDAPHashAttribute/, '... and explained');
login_is('hidden', 'alice', $password{alice}, '401', 'an attribute that the account may not read: denied');
login_is('clear', 'bare', 'x', '401', 'a user without a password: denied');
login_is('clear', 'crypted', 'x', '401', 'a password that is stored as {SSHA}: denied');
log_has($server, qr/MSD304: .*'crypted'.*no value of the attribute/, '... and explained');

# ---- who cannot be asked is not an unknown user ----

login_is('badbind', 'alice', $password{alice}, '503', 'a wrong password of the account: 503');
log_has($server, qr/MSD301: .*AuthMSDigestLDAPBindDN cannot bind: Invalid credentials/, '... and explained');
login_is('nobase', 'alice', $password{alice}, '503', 'a base that is not there: 503');
login_is('away', 'alice', $password{alice}, '503', 'a referral is not followed: 503');
log_has($server, qr/MSD30[23]: the directory .*(?:refers to another|No such object)/, '... and explained');
login_is('nourl', 'alice', $password{alice}, '503', 'no URL: 503');
log_has($server, qr/MSD305: .*no AuthMSDigestLDAPURL/, '... and explained');
login_is('order', 'alice', $password{alice}, '200', 'before file: a user of the directory');
login_is('order', 'filed', 'in the file', '200', '... and one of the file');
login_is('orderdown', 'filed', 'in the file', '503', '... but not while the directory cannot tell');

for my $area ((map { "fake-$_" } sort keys %fake), 'stall-starttls', 'stall-ldaps') {
    my ($what, undef, $took) = try_login($area, 'alice', $password{alice});
    is($what, '503', "$area: 503");
    cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
}
my @stalled = map { my $c = $server->client('alice'); $c->ask('/l/stall-starttls/x.txt'); $c->bytes('/l/stall-starttls/x.txt') } 1 .. 20;
my $began = time;
is_deeply([ grep { $_ ne '503' } map { $_->what } at_once($server->port, @stalled) ], [], 'twenty at once in a handshake that stalls: 503');
cmp_ok(time - $began, '<', 5, '... none of them waits longer');

login_is('several', 'alice', $password{alice}, '200', 'several hosts: the first one refuses');
my (undef, undef, $waited) = try_login('stalled', 'bob', $password{bob});
login_is('stalled', 'alice', $password{alice}, '200', 'several hosts: the first one stalls');
cmp_ok($waited, '<', 5, sprintf '... after %.2f s', $waited);

my $distrust = private_server(%options, conf => join '', qq{AliasMatch "^/l/.*" "\@ROOT\@/htdocs/p/x.txt"\n},
    'LDAPTrustedGlobalCert CA_BASE64 "' . $slapd->path('other-ca.pem') . qq{"\n},
    map { ldap_area("/l/$_/", $urls{$_}) } qw(starttls ldaps));
for my $area (qw(starttls ldaps)) {
    login_is($area, 'alice', $password{alice}, '503', "$area: a certificate that is not trusted: 503", server => $distrust);
}
log_has($distrust, qr/MSD301: .*TLS cannot be established/, '... and explained');
is(scalar(() = $slapd->log =~ /BIND dn="cn=web,dc=example" method=128/g) > 0, 1, 'slapd logs binds');
$distrust->remove;

# ---- groups; mod_authnz_ldap; mod_auth_digest ----

login_is('groups', 'alice', $password{alice}, '200', 'with an attribute for groups');
# The line is written after the answer.
$server->wait_for(sub { $server->read('logs/groups_log') =~ /^groups=one/m }, 5);
like($server->read('logs/groups_log'), qr/^groups=one,two%2Cthree$/m, '... they are a note, commas escaped');
login_is('beside', 'alice', $password{alice}, '200', 'beside Require ldap-group: a member');
login_is('beside', 'bob', $password{bob}, '401', '... and no member');
login_is('stock', 'alice', $password{alice}, '200', 'mod_auth_digest can use the provider');
login_is('stock', 'alice', 'wrong', '401', '... a wrong password is denied');

log_lacks($server, qr/\Q$password{alice}\E|web-secret/, 'no password is in the log');

# ---- the server away and back ----

$slapd->stop('KILL');
login_is('clear', 'alice', $password{alice}, '503', 'slapd killed: 503');
$slapd->start;
login_is('clear', 'alice', $password{alice}, '200', 'slapd back: 200 at once');
login_is('starttls', 'alice', $password{alice}, '200', '... by StartTLS too');
$slapd->stop;
$slapd->start;
login_is($_, 'bob', $password{bob}, '200', "slapd restarted: $_ 200 at once") for qw(clear starttls ldaps ldapi);
$slapd->pause;
for my $area (qw(clear starttls ldaps ldapi)) {
    my ($what, undef, $took) = try_login($area, 'alice', $password{alice});
    is($what, '503', "slapd stopped by a signal: $area 503");
    cmp_ok($took, '<', 5, sprintf '... after %.2f s', $took);
}
$slapd->go_on;
for my $area (qw(clear starttls ldaps ldapi)) {
    my $end = time + 20;    # it is spared for a while
    my $what;
    do { select undef, undef, undef, 0.1; ($what) = try_login($area, 'alice', $password{alice}) }
        until $what ne '503' || time > $end;
    is($what, '200', "slapd goes on: $area 200");
}

# ---- a session asks once, and goes on without the directory ----

my $before = $slapd->searches('uid=carol');
my $c = $server->client('carol', keep => 1);
outcome($c->get('/l/clear/x.txt'), '200', 'carol logs in');
is(scalar(grep { $c->get('/l/clear/x.txt')->status == 200 } 1 .. 100), 100, '... and goes on while slapd runs');
$slapd->stop;
my %seen;
$seen{ $c->get('/l/clear/x.txt')->what }++ for 1 .. 1000;
is_deeply(\%seen, { 200 => 1000 }, '1,000 requests with slapd stopped succeed');
is($slapd->searches('uid=carol') - $before, 1, "... and slapd's log shows one search");

log_lacks($server, qr/Segmentation|exit signal/, 'no worker died');
my $prefork = private_server(%options, mpm => 'prefork', conf => qq{AliasMatch "^/l/.*" "\@ROOT\@/htdocs/p/x.txt"\n}
    . ldap_area('/l/stall/', qq{"ldap://127.0.0.1:$fake{starttls}/$base" STARTTLS}));
login_is('stall', 'alice', $password{alice}, '503', 'prefork: a handshake that stalls: 503', server => $prefork);
my $stops = time;
$prefork->stop;
cmp_ok(time - $stops, '<', 5, '... and the server stops when it is told to');
cmp_ok($longest, '<', 5, sprintf 'the longest wait was %.2f s', $longest);

# ---- the configuration ----

my $FORM = 'ldap://host:port/base?attribute?scope?filter';
for my $row (
    [ 'AuthMSDigestLDAPURL http://x/dc=a',                 $FORM ],
    [ 'AuthMSDigestLDAPURL ldap://127.0.0.1:389',          $FORM ],
    [ 'AuthMSDigestLDAPURL ldap:///dc=a',                  $FORM ],
    [ 'AuthMSDigestLDAPURL ldap://h:0/dc=a',               'the port from 1 to 65535' ],
    [ 'AuthMSDigestLDAPURL ldap://h:x/dc=a',               'the port from 1 to 65535' ],
    [ 'AuthMSDigestLDAPURL ldap://[::1/dc=a',              'a ] after the address' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a?uid,cn',          'one attribute' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a?uid?tree',        'sub, one or base' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a?uid?sub?(a=b',    'parentheses match' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a?uid?sub?a=b)(c=d', 'parentheses match' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a TLS',             'NONE, STARTTLS or SSL' ],
    [ 'AuthMSDigestLDAPURL ldap://h/dc=a SSL',             'an ldaps:// URL for SSL' ],
    [ 'AuthMSDigestLDAPURL ldaps://h/dc=a STARTTLS',       'an ldap:// URL for STARTTLS' ],
    [ 'AuthMSDigestLDAPURL ldapi://run/dc=a',              'path of a socket' ],
    [ 'AuthMSDigestLDAPBindDN web',                        'a distinguished name' ],
    [ 'AuthMSDigestLDAPBindPassword exec:echo',            'the full path' ],
    [ 'AuthMSDigestLDAPBindPassword exec:/bin/false',      'a program that' ],
    [ 'AuthMSDigestLDAPHashAttribute a md5',               'plain, ha1 or realm:ha1' ],
    [ 'AuthMSDigestLDAPHashAttribute a plain MD5',         'no algorithm after plain' ],
    [ 'AuthMSDigestLDAPHashAttribute a ha1 MD4',           'MD5, SHA-256 or SHA-512-256' ],
    [ 'AuthMSDigestLDAPHashAttribute "a b" ha1',           'the name of one attribute' ],
    [ 'AuthMSDigestLDAPGroupAttribute a,b',                'the name of one attribute' ],
    [ 'AuthMSDigestLDAPTimeout 0',                         'seconds from 1 to 60' ],
) {
    my ($line, $allowed) = @$row;
    my ($name) = split ' ', $line;
    $server->configure(area('/p/', $line));
    my ($status, $said) = $server->configtest;
    isnt($status, 0, "$line stops the start");
    like($said, qr/^\Q$name\E: '.*' is not allowed; give .*\Q$allowed\E/m, '... and says why');
}
for my $line (
    'AuthMSDigestLDAPURL ldap://[::1]:389/dc=a?uid?one?(a=b)', 'AuthMSDigestLDAPURL ldap://h/',
    'AuthMSDigestLDAPURL "LDAP://h:1 i:2/dc=a%20b??sub?a=%25" none', 'AuthMSDigestLDAPTimeout 500ms',
) {
    $server->configure(area('/p/', $line));
    my ($status, $said) = $server->configtest;
    is($status == 0 ? 1 : 0, $line =~ /500ms/ ? 0 : 1, $line . ($line =~ /500ms/ ? ' is too short' : ' is fine')) or diag($said);
}
my $without = MSDigest::Server->new(conf => area('/p/', 'AuthMSDigestProvider msdigest-ldap'));
my ($status, $said) = $without->configtest;
isnt($status, 0, 'without mod_ldap, AuthMSDigestProvider msdigest-ldap stops the start');
like($said, qr/msdigest-ldap.*mod_ldap is not loaded/, '... and says why');

# ---- members merge one by one ----

my $slapd2 = MSDigest::Slapd->new(users => '');
$slapd->start;
my $nested = private_server(%options, conf => qq{AliasMatch "^/l/.*" "\@ROOT\@/htdocs/p/x.txt"\n}
    . "AuthMSDigestLDAPURL $plain\nAuthMSDigestLDAPBindDN cn=web,dc=example\n"
    . "AuthMSDigestLDAPBindPassword web-secret\nAuthMSDigestLDAPHashAttribute userPassword plain\n"
    . area('/l/server/', 'AuthMSDigestProvider msdigest-ldap')
    . area('/l/hash/', 'AuthMSDigestProvider msdigest-ldap', 'AuthMSDigestLDAPHashAttribute digestHash ha1')
    . area('/l/dn/', 'AuthMSDigestProvider msdigest-ldap', 'AuthMSDigestLDAPBindDN cn=other,dc=example')
    . area('/l/pass/', 'AuthMSDigestProvider msdigest-ldap', 'AuthMSDigestLDAPBindPassword x')
    . area('/l/url/', 'AuthMSDigestProvider msdigest-ldap',
        'AuthMSDigestLDAPURL "ldap://127.0.0.1:' . $slapd2->port . '/dc=example?uid"'));
for my $row ([ server => 200 ], [ hash => 200 ], [ dn => 503 ], [ pass => 503 ], [ url => 401 ]) {
    login_is($row->[0], 'alice', $password{alice}, $row->[1], "one member inside: $row->[0]", server => $nested);
}
$slapd2->remove;
$slapd->remove;
done_testing;
