#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Groups that a directory or a RADIUS server tells: kept with the context, good
# for Require, the variable and the note, and never a client's word.
use MSDigest::Test limit => 240;
use MIME::Base64 qw(encode_base64);
use MSDigest::Radius;
use MSDigest::Slapd;

my $SECRET = 'a secret of good length';
my @sids = map { sprintf 'S-1-5-21-3623811015-3361044348-30300820-%05d', $_ } 1 .. 100;
my %groups = (
    alice => [ 'staff', 'Domain Users', 'a,b', '100%', "caf\xc3\xa9" ],
    bob   => ['guests'],
    carol => [],
    many  => [@sids],
    huge  => [ 'first', map { "group number $_ " . 'x' x 200 } 1 .. 50 ],
    odd   => [ "two\nlines", 'plain' ],
);
my %password = map { $_ => $PASSWORD{$_} // "secret of $_" } keys %groups;

my $number = 101;
my $slapd = MSDigest::Slapd->new(users => join '', map {
    my $user = $_;
    join("\n", 'dn: employeeNumber=' . $number . ',ou=people,dc=example', 'objectClass: inetOrgPerson',
        'employeeNumber: ' . $number++, "uid: $user", 'cn: x', 'sn: x', "userPassword: $password{$user}",
        map { 'departmentNumber:: ' . encode_base64($_, '') } @{ $groups{$user} }) . "\n\n"
} sort keys %groups);
my $radius = MSDigest::Radius->new(secret => $SECRET, users => <<"USERS")->start;
alice Cleartext-Password := "$password{alice}"
	Filter-Id += "staff", Filter-Id += "Domain Users", Class += 0x6b6c617373
bob Cleartext-Password := "$password{bob}"
	Class += 0x00ff
USERS

my @LDAP = ('AuthMSDigestProvider msdigest-ldap',
    'AuthMSDigestLDAPURL "ldap://127.0.0.1:' . $slapd->port . '/dc=example?uid?sub"',
    'AuthMSDigestLDAPBindDN cn=web,dc=example', 'AuthMSDigestLDAPBindPassword web-secret',
    'AuthMSDigestLDAPHashAttribute userPassword plain', 'AuthMSDigestLDAPGroupAttribute departmentNumber');
my @RADIUS = ('AuthMSDigestProvider radius', 'AuthMSDigestRadiusSecret "file:@ROOT@/conf/secret"',
    'AuthMSDigestRadiusServer 127.0.0.1:' . $radius->port);
sub ldap { my ($path, @lines) = @_; return area("/l/$path/", @LDAP, @lines) }
sub radius { my ($path, @lines) = @_; return area("/l/$path/", @RADIUS, @lines) }

my $server = MSDigest::Server->new(
    modules => [qw(ldap cgid include mime rewrite)],
    users   => users_text('private', %password),
    conf    => join '',
    ldap('any'), ldap('staff', 'Require msdigest-group staff'),
    ldap('quoted', 'Require msdigest-group nobody "Domain Users"'),
    ldap('comma', 'Require msdigest-group a,b'), ldap('percent', 'Require msdigest-group "100%"'),
    ldap('escaped', 'Require msdigest-group "a%2Cb"'), ldap('case', 'Require msdigest-group Staff'),
    ldap('prefix', 'Require msdigest-group staf "Domain"'),
    ldap('expr', 'Require msdigest-group "%{HTTP:X-Wanted}"'),
    ldap('either', '<RequireAny>', 'Require user bob', 'Require msdigest-group staff', '</RequireAny>'),
    ldap('both', '<RequireAll>', 'Require valid-user', 'Require msdigest-group staff', 'Require msdigest-group 100%', '</RequireAll>'),
    ldap('none', '<RequireAll>', 'Require valid-user', '<RequireNone>', 'Require msdigest-group staff', '</RequireNone>', '</RequireAll>'),
    ldap('forbid', 'Require msdigest-group staff', 'AuthzSendForbiddenOnFailure On'),
    ldap('sid', "Require msdigest-group $sids[99]"),
    ldap('now', 'AuthMSDigestRevalidate 0', 'Require msdigest-group guests'),
    ldap('without', 'AuthMSDigestLDAPGroupAttribute roomNumber', 'Require msdigest-group staff'),
    area('/l/file/', 'Require msdigest-group staff'), area('/l/filed/'),
    radius('radius', 'Require msdigest-group "Domain Users"'),
    radius('class', 'AuthMSDigestRadiusGroupAttribute Class', 'Require msdigest-group klass'),
    radius('filter', 'AuthMSDigestRadiusGroupAttribute Filter-Id', 'Require msdigest-group klass'),
    ldap('other', 'AuthName "other"', 'AuthMSDigestProvider file'),
    <<'CONF');
ScriptAliasMatch "^/l/\w+/env$" "@ROOT@/cgi/env"
ScriptAlias "/cgi/" "@ROOT@/cgi/"
ScriptSock "@ROOT@/run/cgisock"
Alias "/l/" "@ROOT@/htdocs/l/"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
<Directory "@ROOT@/htdocs/l">
    Options +Includes
    AddType text/html .shtml
    AddHandler server-parsed .shtml
    RewriteEngine On
    RewriteRule "env-again$" "/l/any/env"
    RewriteRule "again\.txt$" "/l/staff/x.txt"
</Directory>
<Location "/l/staff/">
    DirectoryIndex index.shtml
</Location>
<Files "secret.txt">
    Header set X-Secret "yes"
</Files>
LogFormat "%u groups=%{msdigest-groups}n" groups
CustomLog "@ROOT@/logs/groups_log" groups
CONF
chmod 0600, $server->write('conf/secret', "$SECRET\n");
$server->write("htdocs/l/$_/x.txt", "$_\n") for $server->read('conf/httpd.conf') =~ m{<Location "/l/(\w+)/">}g;
$server->write('htdocs/l/staff/secret.txt', "secret\n");
$server->write('htdocs/l/staff/index.shtml', '<!--#include virtual="/l/staff/x.txt" -->|'
    . '<!--#include virtual="/l/staff/secret.txt" -->|<!--#include virtual="/l/other/x.txt" -->|'
    . '<!--#echo encoding="none" var="MSDIGEST_GROUPS" -->|<!--#include virtual="/cgi/env" -->'
    . '|<!--#include virtual="/l/staff/env" -->|<!--#include virtual="/l/staff/inner.shtml" -->');
$server->write('htdocs/l/staff/inner.shtml', 'inner <!--#echo encoding="none" var="MSDIGEST_GROUPS" -->');
chmod 0755, $server->write('cgi/env', <<'CGI');
#!/usr/bin/perl
print "Content-Type: text/plain\r\n\r\n";
print defined $ENV{MSDIGEST_GROUPS} ? "groups=$ENV{MSDIGEST_GROUPS}\n" : "no groups\n";
CGI
$server->start;

sub client { my ($user, %o) = @_; return $server->client('alice', user => $user, password => $password{$user}, %o) }
sub is_in {
    my ($client, $area, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($client->get("/l/$area/x.txt")->what, $expected, $name) || diag($server->tail);
}

# ---- what the world sees ----

my $ALICE = "staff,Domain Users,a%2Cb,100%25,caf\xc3\xa9";
my $alice = client('alice');
my $first = $alice->get('/l/any/env');
proven_by($server, $first, 'authority', 'the directory proves alice');
is($first->body, "groups=$ALICE\n", '... and her groups are a variable');
my $later = $alice->get('/l/any/env');
proven_by($server, $later, 'context', 'the context does, later');
is($later->body, "groups=$ALICE\n", '... and has her groups');
$server->wait_for(sub { (() = $server->read('logs/groups_log') =~ /^alice groups=staff/mg) >= 2 }, 5);
is(scalar(() = $server->read('logs/groups_log') =~ /^alice groups=staff,Domain Users,a%2Cb,100%25,/mg), 2, 'a note, each time');
my @faked = ('MSDIGEST_GROUPS: staff', 'msdigest-groups: staff', 'Msdigest_Groups: staff');
my $carol = client('carol');
is($carol->get('/l/any/env')->body, "no groups\n", 'a user without groups has no variable');
is($carol->send('/l/any/env', headers => \@faked)->body, "no groups\n", '... whatever headers she sends');
is($server->client('alice')->ask('/cgi/env', headers => \@faked)->body, "no groups\n", 'nor has anybody in an open area');

# ---- Require ----

for my $row (
    [ alice => '200', qw(staff quoted comma percent either both forbid) ],
    [ alice => '401', qw(escaped case prefix none without file) ],
    [ bob   => '200', qw(either none) ],
    [ bob   => '401', qw(staff quoted both) ],
    [ bob   => '403', qw(forbid) ],
    [ carol => '401', qw(staff quoted comma) ],
    [ carol => '403', qw(forbid) ],
    [ many  => '200', qw(sid) ],
) {
    my ($user, $expected, @areas) = @$row;
    for my $area (@areas) {
        my $c = client($user);
        is_in($c, $area, $expected, "$area: $user");
        is_in($c, $area, $expected, '... and on a later request');
    }
}
is($server->client('alice')->ask('/l/forbid/x.txt')->what, '401', 'without credentials 401, not 403');
log_has($server, qr/MSD353: user 'bob' is in none of the groups/, 'the log says who is in no group');
my $expr = client('alice');
$expr->get('/l/any/x.txt');
$expr->ask('/l/expr/x.txt');
is($expr->send('/l/expr/x.txt', headers => ['X-Wanted: staff'])->what, '200', 'an expression');
is($expr->send('/l/expr/x.txt', headers => ['X-Wanted: boss'])->what, '401', '... of another group');

# ---- sub-requests and redirects ----

my $inside = client('alice');
for my $time (1, 2) {
    my $r = $inside->get('/l/staff/');
    is($r->what, '200', "a directory index, request $time");
    like($r->body, qr/^staff\n\|secret\n\|[^|]*\|\Q$ALICE\E\|/, '... includes what her groups allow, and has the variable');
    like($r->body, qr/\|no groups\n\|groups=\Q$ALICE\E\n\|inner \Q$ALICE\E$/, '... which an open area has not, and her own has');
    unlike($r->body, qr/^other$/m, '... but nothing of another realm');
}
is($inside->get('/l/any/env-again')->body, "groups=$ALICE\n", 'a redirect inside the section has the variable');
is($inside->get('/l/any/again.txt')->body, "staff\n", 'a rewrite into a section for a group');
is(client('bob')->get('/l/any/again.txt')->what, '401', '... where bob is not let in');

my $between = client('alice');
is_in($between, 'any', '200', 'a session with one attribute for groups');
is_in($between, 'without', '401', '... says nothing of another attribute');
is_in($between, 'staff', '200', '... nor the other way round');

# ---- bounds ----

is(client('many')->get('/l/any/env')->body, 'groups=' . join(',', @sids) . "\n", 'a hundred SIDs');
my $many = client('many');
$many->get('/l/any/x.txt');
proven_by($server, $many->get('/l/any/x.txt'), 'context', '... fit into a context');
log_lacks($server, qr/MSD35[01]/, 'nothing was left out so far');
my $huge = client('huge')->get('/l/any/env');
like($huge->body, qr/^groups=(?:first|group)/, 'of too many groups those that fit are there');
cmp_ok(length $huge->body, '<=', 8192 + length "groups=\n", '... and no more');
log_has($server, qr/MSD351: \d+ groups of user 'huge' are left out/, '... and the log says so');
is(client('odd')->get('/l/any/env')->body, "groups=plain\n", 'a name with a newline is left out');
log_has($server, qr/MSD350: 1 groups of user 'odd' are left out/, '... and the log says so');

# ---- RADIUS ----

my $r = client('alice', cnonce => 'keep');
is_in($r, 'radius', '200', 'the second Filter-Id is a group');
is_in(client('bob', cnonce => 'keep'), 'radius', '401', '... and who has none is denied');
my $class = client('alice', cnonce => 'keep');
is_in($class, 'class', '200', 'Class, by directive');
is_in(client('alice', cnonce => 'keep'), 'filter', '401', '... and not by Filter-Id');
is_in(client('bob', cnonce => 'keep'), 'class', '401', 'a Class of binary data is no group');
$radius->stop;
is_in($r, 'radius', '200', 'the groups stay while the RADIUS server is away');
is(proof($server, $r->get('/l/radius/x.txt')), 'context', '... by the context');

# ---- the directory away, and changed ----

my ($staff, $now) = (client('alice'), client('bob'));
is_in($staff, 'staff', '200', 'alice is in staff');
is_in($now, 'now', '200', 'bob is in guests, and is asked for each time');
$slapd->stop;
is_in($staff, 'staff', '200', 'alice still is while the directory is away');
is_in($now, 'now', '200', 'so is bob, as nobody says otherwise');
my $change = $slapd->path('change.ldif');
open my $fh, '>', $change or die "$change: $!\n";
my @names = sort keys %groups;
my ($of_alice, $of_bob) = map { my $n = $_; 101 + (grep { $names[$_] eq $n } 0 .. $#names)[0] } qw(alice bob);
print $fh "dn: employeeNumber=$_,ou=people,dc=example\nchangetype: modify\ndelete: departmentNumber\n\n" for $of_alice, $of_bob;
close $fh;
is(system('/usr/sbin/slapmodify', '-f', $slapd->path('slapd.conf'), '-l', $change), 0, 'both lose their groups');
$slapd->start;
is_in($staff, 'staff', '200', 'alice keeps hers until the directory is asked again');
is_in($now, 'now', '401', 'bob, who was asked for, lost his');
is($now->get('/l/any/env')->what, '200', '... but not his session');

# ---- what is refused at the start ----

for my $row (
    [ 'Require msdigest-group', qr/msdigest-group/ ],
    [ 'AuthMSDigestRadiusGroupAttribute Reply-Message', qr/AuthMSDigestRadiusGroupAttribute.*Reply-Message.*Filter-Id or Class/ ],
) {
    my ($line, $says) = @$row;
    my $wrong = MSDigest::Server->new(conf => qq{<Location "/w/">\n$line\n</Location>\n});
    my ($failed, $text) = $wrong->configtest;
    ok($failed, "$line stops the start");
    like($text, $says, '... with a sentence');
}

$server->remove;
$slapd->remove;
done_testing;
