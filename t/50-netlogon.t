#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A domain controller proves the first answer, through msdigest-netlogond. The
# controller here does what a real one never does; t/testbed/dc.c.
use MSDigest::Test limit => 240;
use MSDigest::Controller;
use Time::HiRes qw(time sleep);

my $SECRET = 'Mach1ne.Secret.WEB1';
my $HELPER = $ENV{NETLOGOND} || "$ENV{builddir}/netlogond/msdigest-netlogond";
my $dc = MSDigest::Controller->new(account => 'WEB1$', secret => $SECRET, users => [
    'alice:ADC:open-sesame-4711:ok', 'ADC\\alice:ADC:open-sesame-4711:ok',
    'alice@adc.test:ADC:open-sesame-4711:ok', "j\xc3\xa4ger:ADC:gr\xc3\xbcn:ok",
    'off:ADC:x:c0000072', 'locked:ADC:x:c0000234', 'stock:ADC:x:c000000d', 'busy:ADC:x:c00002a5',
    'strange:ADC:x:c0ffffff', 'cut:ADC:x:cut', 'other:ADC:x:wrongkey', 'slow:ADC:x:hang',
])->start;
my $closed = MSDigest::Server::free_port();

sub conf {
    my (@servers) = @_;
    return join "\n", 'AuthMSDigestNetlogonDomain ADC', 'AuthMSDigestNetlogonAccount WEB1$',
        'AuthMSDigestNetlogonSecret "file:@ROOT@/conf/secret"', "AuthMSDigestNetlogonHelper $HELPER",
        (map { "AuthMSDigestNetlogonServer 127.0.0.1:$_" } @servers),
        area('/p/', 'AuthName "ADC"', 'AuthMSDigestProvider netlogon');
}

sub server {
    my (@servers) = @_;
    my $s = MSDigest::Server->new(conf => conf(@servers));
    chmod 0600, $s->write('conf/secret', "$SECRET\n");
    $s->write("htdocs/p/$_", "x\n") for 'a' x 200;
    return $s->start;
}

my $server = server($dc->port);
my $took;
sub try_login {
    my ($user, $password, $path) = @_;
    my $began = time;
    my $r = $server->client('alice', user => $user, password => $password)->get($path // '/p/x.txt');
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
my @GOOD = ('alice', 'open-sesame-4711');

# ---- what the controller says ----

my $alice = $server->client('alice', password => $GOOD[1], cnonce => 'keep');
outcome($alice->ask('/p/x.txt'), '401', 'a challenge');
my $r = $alice->get('/p/x.txt');
proven_by($server, $r, 'authority', 'a user of the domain is let in');
like($server->row($r)->{algorithm}, qr/^MD5-sess$/, 'by MD5-sess');
proven_by($server, $alice->get('/p/x.txt'), 'context', 'the next request is completed from the context');
is(scalar(() = try_login(@GOOD)->challenges), 0, 'no challenge is left');
for my $row (
    [ 'alice',          'wrong',    '401', 'a wrong password' ],
    [ 'nobody',         'x',        '401', 'an unknown user' ],
    [ 'off',            'x',        '401', 'a disabled account' ],
    [ 'locked',         'x',        '401', 'a locked account' ],
    [ 'ADC\\alice',     $GOOD[1],   '200', 'DOMAIN\\user' ],
    [ 'alice@adc.test', $GOOD[1],   '200', 'user@domain' ],
    [ "j\xc3\xa4ger",   "gr\xc3\xbcn", '200', 'a name in UTF-8' ],
    [ 'stock',          'x',        '503', 'a controller without WDigest' ],
    [ 'strange',        'x',        '503', 'a status that nobody knows' ],
    [ 'cut',            'x',        '503', 'a reply that is cut' ],
    [ 'other',          'x',        '503', 'a session key that does not fit' ],
) {
    outcome(try_login($row->[0], $row->[1]), $row->[2], "$row->[3]: $row->[2]");
}
log_has($server, qr/MSD106: .*the domain controller does not do WDigest/, 'the log advises about WDigest');
log_has($server, qr/the account is locked/, 'and says that an account is locked');
outcome(try_login(@GOOD, '/p/x.txt?' . 'q' x 7000), '200', 'a request of several fragments');

# ---- it goes away and comes back ----

$dc->signal('USR1');
outcome(try_login(@GOOD), '200', 'a controller that forgot the session key is asked for another');
my $slow = fork // die "fork: $!\n";
if (!$slow) {
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
    require POSIX;
    POSIX::_exit(try_login('slow', 'x')->status == 503 && $took < 8 ? 0 : 1);
}
sleep 0.3;
outcome(comes_back(@GOOD), '200', 'while one proof hangs, others go on');
waitpid $slow, 0;
is($?, 0, 'the one that hangs is answered 503 at its deadline');

$dc->signal('STOP');
outcome(try_login(@GOOD), '503', 'a controller that is stopped');
cmp_ok($took, '<', 8, sprintf '... after %.1f s', $took);
$dc->signal('CONT');
outcome(comes_back(@GOOD), '200', 'it goes on');
$dc->stop;
outcome(try_login(@GOOD), '503', 'a controller that is gone');
my $good = grep { $alice->get('/p/x.txt')->status == 200 } 1 .. 1000;
is($good, 1000, 'without it, 1000 of 1000 later requests succeed');
$dc->start;
outcome(comes_back(@GOOD), '200', 'a controller that is back, with nothing remembered');

# ---- the helper ----

sub helpers { return map { /^\s*(\d+)\s+(\d+)/ ? [ $1, $2 ] : () }
    grep { index($_, $server->path('conf/secret')) >= 0 } `ps -eo pid,ppid,args` }
my $pids = sub { return join ' ', sort map { $_->[0] } helpers() };
my $before = $pids->();
is(scalar(split ' ', $before), 2, 'the helper is two processes');
SKIP: {
    skip 'not root', 1 if $> != 0;
    my @users = map { chomp; s/\s//gr } map { `ps -o user= -p $_` } split ' ', $before;
    is(join(' ', sort @users), 'root www-data', '... of which the one with the channel is nobody');
}
kill 'KILL', (helpers())[0][0];
my $end = time + 30;
sleep 0.1 until ($pids->() ne $before && helpers() == 2) || time > $end;
outcome(comes_back(@GOOD), '200', 'a helper that was killed is there again');
log_has($server, qr/MSD459/, '... and the log says so');
$before = $pids->();
$server->graceful;
outcome(comes_back(@GOOD), '200', 'after a graceful restart');
isnt($pids->(), $before, '... another one serves');
my $socket = (glob $server->path('run/msdigest-netlogond.*.sock'))[0];
is(sprintf('%o', (stat $socket)[2] & 0777), '600', 'its socket is of mode 600');

# ---- the secret ----

$server->write('conf/secret', "wrong\n");
$server->restart;
outcome(try_login(@GOOD), '503', 'a wrong machine secret');
log_has($server, qr/MSD450: .*it refuses the machine account's secret/, '... and the log says so');
$server->write('conf/secret', "$SECRET\n");
outcome(comes_back(@GOOD), '200', 'a secret that was changed is picked up');
log_lacks($server, qr/\Q$SECRET\E|open-sesame/, 'no secret is in the log');

# ---- more than one ----

my $first = $server;
$server = server($closed, $dc->port);
outcome(try_login(@GOOD), '200', 'the next controller is asked');
log_has($server, qr/MSD452: domain controller 127\.0\.0\.1: there is no way to its address/, '... and the log says why');
outcome(try_login('busy', 'x'), '503', 'all are busy');
$_->stop for $server, $first;
is(scalar(grep { -e } glob $first->path('run/msdigest-netlogond.*')), 0, 'nothing is left when httpd ends');
is(scalar(helpers()), 0, '... and nobody');

# ---- for an administrator ----

sub check {
    my ($user, $password) = @_;
    my @options = ("--domain=ADC", "--server=127.0.0.1:" . $dc->port, '--account=WEB1$',
        '--secret=' . $first->path('conf/secret'), '--check', $user, 'ADC');
    my $file = $first->write('password', "$password\n");
    my $said = do { local $_ = join ' ', map { "'$_'" } $HELPER, @options; `$_ < $file 2>/dev/null` };
    return ($? >> 8) . " $said";
}
like(check(@GOOD), qr/^0 granted; the session key is right$/m, '--check: granted');
like(check('alice', 'wrong'), qr/^1 not granted: status 0xc000006d, wrong password$/m, '--check: wrong password');
like(check('stock', 'x'), qr/^1 not granted: .*WDigest/, '--check: no WDigest');

# ---- the configuration ----

my $try = MSDigest::Server->new;
chmod 0600, $try->write('conf/secret', "$SECRET\n");
chmod 0644, $try->write('conf/open', "$SECRET\n");
sub try_lines {
    $try->configure(join "\n", @_, area('/p/'));
    return $try->configtest;
}
for my $row (
    [ 'AuthMSDigestNetlogonDomain too.long.for.netbios', qr/give the NetBIOS name of a domain/ ],
    [ 'AuthMSDigestNetlogonDomain ADC adc',          qr/give the DNS name of the domain/ ],
    [ 'AuthMSDigestNetlogonAccount WEB1',            qr/give the name of a computer/ ],
    [ 'AuthMSDigestNetlogonServer 135',              qr/give host or host:port/ ],
    [ 'AuthMSDigestNetlogonSecret tell-nobody',      qr/'\.\.\.' is not allowed; give file:\/path/ ],
    [ 'AuthMSDigestNetlogonSecret file:@ROOT@/none', qr/give file:\/path of a file/ ],
    [ 'AuthMSDigestNetlogonSecret file:@ROOT@/conf/open', qr/give a file that others can neither read/ ],
    [ 'AuthMSDigestNetlogonHelper here',             qr/give an absolute path/ ],
    [ "<VirtualHost *>\nAuthMSDigestNetlogonDomain ADC\n</VirtualHost>", qr/cannot occur within/ ],
) {
    my ($status, $said) = try_lines($row->[0]);
    isnt($status, 0, "$row->[0] stops the start");
    like($said, $row->[1], '... and says why');
}
my ($status, $said) = try_lines('AuthMSDigestNetlogonDomain ADC adc.test', 'AuthMSDigestNetlogonAccount WEB1$');
isnt($status, 0, 'a directive that is missing stops the start');
like($said . $try->log, qr/MSD457: AuthMSDigestNetlogonSecret is missing/, '... and is named');
($status, $said) = try_lines("<Location /q/>\nAuthMSDigestProvider netlogon\nAuthMSDigestAlgorithm MD5\n</Location>");
isnt($status, 0, 'MD5 beside netlogon stops the start');
like($said, qr/MD5-sess alone beside AuthMSDigestProvider netlogon/, '... and says why');

done_testing;
