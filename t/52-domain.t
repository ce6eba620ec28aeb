#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A Windows domain, whole: httpd, msdigest-netlogond, and Samba as its controller
# with the testbed's plugin for WDigest.
use MSDigest::Test limit => 240;
use MSDigest::Samba;
use Time::HiRes qw(time sleep);

my $HELPER = $ENV{NETLOGOND} || "$ENV{builddir}/netlogond/msdigest-netlogond";
my $dc = MSDigest::Samba->new(users => { map { ("cub$_" => { password => "Cub.$_" }) } 1 .. 10 });
my $twin = $dc->replica;
my $stock = $dc->replica(stock => 1);
my ($domain, $dns) = ($dc->netbios, $dc->dns);
my %secrets = $dc->machines;

sub conf {
    my ($machine, @controllers) = @_;
    my @lines = ("AuthName \"$domain\"", "AuthMSDigestRealm \"\" Digest $dns", 'AuthMSDigestProvider netlogon');
    return join "\n", "AuthMSDigestNetlogonDomain $domain $dns", "AuthMSDigestNetlogonAccount $machine",
        'AuthMSDigestNetlogonSecret "file:@ROOT@/conf/secret"', "AuthMSDigestNetlogonHelper $HELPER",
        (map { 'AuthMSDigestNetlogonServer ' . $_->address } @controllers),
        'LogFormat "user=%u groups=%{MSDIGEST_GROUPS}e" groups', 'CustomLog "@ROOT@/logs/groups_log" groups',
        area('/p/', @lines), area('/pride/', @lines, 'Require msdigest-group ' . $dc->sid('pride'));
}

# Each httpd is a machine of its own: a second channel would break the first.
sub server {
    my ($machine, @controllers) = @_;
    my $s = MSDigest::Server->new(conf => conf($machine, @controllers));
    chmod 0600, $s->write('conf/secret', "$secrets{$machine}\n");
    $s->write("htdocs/pride/x.txt", "for the pride\n");
    return $s->start;
}

my $server = server('WEB1$', $dc);
my ($client, $took);
# What else is said, as for MSDigest::Client; realm, another than the challenge's.
sub try_login {
    my ($user, $password, %o) = @_;
    my $realm = delete $o{realm};
    my $began = time;
    $client = $server->client('alice', user => $user, password => $password, cnonce => 'keep');
    my $r = $client->get(delete $o{path} // '/p/x.txt', %o, defined $realm ? (set => { realm => $realm }) : ());
    $took = time - $began;
    return $r;
}
# An authority that was away is spared for a moment.
sub comes_back {
    my $end = time + 40;
    my $r = try_login(@_);
    until ($r->status == 200 || time > $end) { sleep 0.2; $r = try_login(@_) }
    return $r;
}
my @SIMBA = ('simba', $dc->password('simba'));

# ---- who is let in ----

my ($jaen, $lion) = ("j\xc3\xa4n", "\xe3\x83\xa9\xe3\x82\xa4\xe3\x82\xaa\xe3\x83\xb3");
for my $row (
    [ 'simba',               undef,    'simba' ],
    [ 'SIMBA',               undef,    'simba' ],
    [ 'rafiki',              undef,    'Rafiki' ],
    [ 'nala',                undef,    'nala' ],
    [ $jaen,                 undef,    $jaen ],
    [ $lion,                 undef,    $lion ],
    [ "odd #name'(x)",       undef,    "odd #name'(x)" ],
    [ 'simba',               $dns,     'simba' ],
    [ 'simba',               'Digest', 'simba' ],
    [ "$domain\\simba",      '',       'simba' ],
    [ "$domain\\$jaen",      '',       $jaen ],
    [ "$domain\\simba",      'Digest', 'simba' ],
    [ "simba\@$dns",         '',       'simba' ],
    [ "$jaen\@$dns",         '',       $jaen ],
    [ 'queen@pride.example', '',       'nala' ],
) {
    my ($user, $realm, $account) = @$row;
    my @realm = defined $realm ? (realm => $realm) : ();
    my $name = qq{"$user" in "} . ($realm // $domain) . '"';
    proven_by($server, try_login($user, $dc->password($account), @realm), 'authority', "$name is let in");
    # Completed with the key that the controller gave; the client computes its own.
    proven_by($server, $client->send('/p/x.txt', @realm ? (set => { @realm }) : ()), 'context',
        '... and the session key is the one computed here');
}
outcome(try_login("$domain\\simba", $SIMBA[1], realm => '', raw => { username => qq{"$domain\\simba"} }), '200',
    'a backslash that is not escaped');
for my $row ([ 1, 'simba', $domain ], [ 8, 'simba', $dns ], [ 15, "simba\@$dns", '' ],
    [ 18, "$domain\\simba", '' ], [ 21, 'simba', 'Digest' ]) {
    my ($number, $user, $realm) = @$row;
    my ($stored) = $dc->stored_hashes('simba', $number);
    my ($hash) = $stored =~ /^\Q$user:$realm:\E([0-9a-f]{32})$/;
    outcome(try_login($user, 'none', realm => $realm, calc => { ha1 => $hash }), '200',
        "hash $number, as samba-tool tells it, instead of the password");
}

outcome(try_login(@SIMBA, path => '/p/x.txt?' . 'q' x 7000), '200', 'a question of several fragments');

# ---- one channel ----

my $channels = sub { return scalar(() = $server->log =~ /MSD451/g) };
# Each has a challenge of its own, so each is proven at the controller; those of
# one user would be asked one after the other.
my @users = ('simba', 'nala', 'Rafiki', $jaen, $lion, "odd #name'(x)", map { "cub$_" } 1 .. 10);
sub logins_at_once {
    my $asked = sub { my $n = 0; $n += $dc->questions($_) for @users; return $n };
    my $before = $asked->();
    my @clients = map { $server->client('alice', user => $_, password => $dc->password($_)) } @users;
    $_->ask('/p/x.txt') for @clients;
    my @r = at_once($server->port, map { $_->bytes('/p/x.txt') } @clients);
    my $good = grep { $_->status == 200 } @r;
    return "$good let in after " . ($asked->() - $before) . ' questions, ' . $channels->() . ' channels';
}
is(logins_at_once(), '16 let in after 16 questions, 1 channels', 'many logins at once, on one channel');
my $thief = $dc->client('WEB1$');
is($thief->{status}, 'open', 'another program opens a channel with the same account');
outcome(try_login(@SIMBA), '200', '... so ours is opened anew');
is($channels->(), 2, '... once');

# ---- who is not ----

for my $row (
    [ 'simba',  'wrong',                 'a wrong password',         qr/wrong password/ ],
    [ 'nobody', 'x',                     'an unknown user' ],
    [ 'scar',   $dc->password('scar'),   'a disabled account',       qr/the account is disabled/ ],
    [ 'scar',   'wrong',                 'and with a wrong password' ],
    [ 'zira',   $dc->password('zira'),   'a locked account',         qr/the account is locked/ ],
    [ 'mufasa', $dc->password('mufasa'), 'an expired account',       qr/the account has expired/ ],
    [ 'kovu',   $dc->password('kovu'),   'a password to be changed', qr/the password must be changed/ ],
    [ 'SiMba',  $SIMBA[1],               'a form without a stored hash' ],
    [ '*)(sAMAccountName=simba', $SIMBA[1], 'a filter is a name' ],
) {
    my ($user, $password, $name, $said) = @$row;
    my $before = $dc->questions($user);
    outcome(try_login($user, $password), '401', "$name: 401");
    is($dc->questions($user) - $before, 1, '... after one question');
    log_has($server, $said, '... and the log says why') if $said;
}
outcome(try_login('OTHER\\simba', $SIMBA[1], realm => ''), '401', 'a user of another domain');
log_has($server, qr/user is unknown/, '... is unknown');

# ---- groups ----

outcome(try_login(@SIMBA, path => '/pride/x.txt'), '200', 'Require msdigest-group S-1-...: a member');
outcome(try_login('nala', $dc->password('nala'), path => '/pride/x.txt'), '401', '... and nobody else');
# The groups of the first request and of one completed from the context.
sub groups {
    my ($user) = @_;
    $server->write('logs/groups_log', '');
    try_login($user, $dc->password($user));
    $client->send('/p/x.txt');
    my $lines = sub { $server->read('logs/groups_log') =~ /^user=\Q$user\E groups=(.*)$/mg };
    $server->wait_for(sub { return $lines->() == 2 }, 5);
    return map { join ',', sort split /,/ } $lines->();
}
for my $row ([ 'simba', qw(pride elders animals savanna) ], [ 'nala', 'hunters' ], ['Rafiki']) {
    my ($user, @groups) = @$row;
    my $expected = join ',', sort map { $dc->sid($_) } 'Domain Users', @groups;
    is_deeply([ groups($user) ], [ ($expected) x 2 ], "MSDIGEST_GROUPS of $user");
}

# ---- a controller that goes away ----

try_login(@SIMBA);
my $simba = $client;
$dc->pause;
outcome(try_login(@SIMBA), '503', 'a controller that is stopped');
cmp_ok($took, '<', 8, sprintf '... after %.1f s', $took);
proven_by($server, $simba->send('/p/x.txt'), 'context', '... sessions go on');
$dc->go_on;
outcome(comes_back(@SIMBA), '200', 'it goes on');
$dc->kill;
outcome(try_login(@SIMBA), '503', 'a controller that is killed');
my $good = grep { $simba->send('/p/x.txt')->status == 200 } 1 .. 1000;
is($good, 1000, 'without it, 1000 of 1000 later requests succeed');
$dc->start;
outcome(comes_back(@SIMBA), '200', 'a controller that is back, with nothing remembered');

# ---- the machine account ----

$dc->set_password('WEB1$', 'N3w.Secret');
$dc->restart;
my $end = time + 20;
my $r = try_login(@SIMBA);
until ($server->log =~ /MSD450/ || time > $end) { sleep 0.2; $r = try_login(@SIMBA) }
outcome($r, '503', 'a machine whose password was changed');
log_has($server, qr/MSD450: .*it refuses the machine account's secret/, '... and the log says so');
$server->write('conf/secret', "N3w.Secret\n");
outcome(comes_back(@SIMBA), '200', '... is in the domain again with the new one in its file');
log_lacks($server, qr/N3w\.Secret|\Q$secrets{'WEB1$'}\E|\Q$SIMBA[1]\E/, 'no secret is in the log');

sub check {
    my ($machine, $secret, $controller, $user, $password) = @_;
    chmod 0600, my $tried = $server->write('conf/tried', "$secret\n");
    my @options = ("--domain=$domain", '--server=' . $controller->address, "--account=$machine",
        "--secret=$tried", '--check', $user, $domain);
    my $file = $server->write('conf/password', "$password\n");
    my $said = do { local $_ = join ' ', map { "'$_'" } $HELPER, @options; `$_ < $file 2>/dev/null` };
    return ($? >> 8) . " $said";
}
my @web4 = ('WEB4$', $secrets{'WEB4$'});
my $said = check(@web4, $dc, @SIMBA);
like($said, qr/^0 granted; the session key is right$/m, '--check: granted');
is(join(',', sort $said =~ /^group (\S+)$/mg), join(',', sort map { $dc->sid($_) }
    'Domain Users', qw(pride elders animals savanna)), '... with the groups');
like(check(@web4, $dc, 'simba', 'wrong'), qr/^1 not granted: status 0xc000006d, wrong password$/m,
    '--check: wrong password');
like(check('WEB4$', 'wrong', $dc, @SIMBA), qr/cannot be asked: .*refuses the machine account's secret/,
    '--check: a wrong machine secret');
like(check('NONE$', 'x', $dc, @SIMBA), qr/cannot be asked: .*no such machine account/, '--check: no such machine');
like(check(@web4, $stock, @SIMBA), qr/^1 not granted: status 0xc000000d, .*does not do WDigest/,
    '--check: stock Samba');

# ---- two controllers ----

my $first = $server;
$server = server('WEB2$', $dc, $twin);
my @asked = map { $_->questions('simba') } $dc, $twin;
outcome(try_login(@SIMBA), '200', 'with two controllers');
is($dc->questions('simba') - $asked[0], 1, '... the first is asked');
$dc->pause;
outcome(try_login(@SIMBA), '200', '... when it is stopped, the second');
is($twin->questions('simba') - $asked[1], 1, '... is asked');
log_has($server, qr/MSD452: domain controller \Q@{[ $dc->address ]}\E: /, '... and the log says why');
$dc->go_on;
$twin->kill;
outcome(comes_back(@SIMBA), '200', '... and the first again when the second is killed');

# ---- as Debian ships it ----

my $second = $server;
$server = server('WEB3$', $stock);
outcome(try_login(@SIMBA), '503', 'stock Samba');
log_has($server, qr/MSD106: .*does not do WDigest: .*Samba with a plugin/, '... and the log advises');

done_testing;
