#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# AuthMSDigestSecret: what it may be, how it changes, what servers share by it.
use MSDigest::Test limit => 240;
use MSDigest::Memcached;
use MSDigest::Server ();
use File::Temp ();

my $target = '/p/x.txt';
my ($A, $B, $C) = map { $_ x 32 } qw(a1 b2 c3);

# The text of a secret file, and its place in each server.
sub lines { return join '', map { "$_\n" } @_ }
my $FILE = 'AuthMSDigestSecret "file:@ROOT@/conf/secret"' . "\n";

sub set_secret {
    my ($server, $text, $mode) = @_;
    $server->write('conf/secret', $text);
    chmod $mode // 0600, $server->path('conf/secret');
    return $server;
}

# A server that has this secret when it starts.
sub with_secret {
    my ($text, %o) = @_;
    my $server = MSDigest::Server->new(%o, conf => $FILE . ($o{conf} // area('/p/')));
    return set_secret($server, $text)->start;
}

# ---- what stops the start ----

my $tried = MSDigest::Server->new(conf => $FILE . area('/p/'));
my @program = ('conf/program', "#!/bin/sh\n");

sub stops {
    my ($name, $value, $allowed) = @_;
    my ($status, $said) = $tried->configtest;
    isnt($status, 0, "$name stops the start");
    like($said, qr/^AuthMSDigestSecret: '\Q$value\E' is not allowed; give $allowed/m, '... and says why');
    return $said;
}

my $at = 'file:' . $tried->path('conf/secret');
stops('a file that is not there', $at, 'file:/path of a file that can be read \(No such file');
for my $row (
    [ 'an empty file', '', 'at least one secret' ],
    [ 'a file of comments', "# $A\n", 'at least one secret' ],
    [ 'a short secret', substr($A, 1) . "\n", 'lines of 64 hexadecimal digits' ],
    [ 'a secret that is no hexadecimal', 'x' . substr($A, 1) . "\n", 'lines of 64 hexadecimal digits' ],
    [ 'three secrets', lines($A, $B, $C), 'at most two secrets' ],
    [ 'the same secret twice', lines($A, $A), 'two secrets that differ' ],
    [ 'a long file', "#\n" x 4096 . lines($A), 'a file of at most 4096 bytes' ],
) {
    my ($name, $text, $allowed) = @$row;
    set_secret($tried, $text);
    my $said = stops($name, $at, $allowed);
    unlike($said, qr/[0-9a-f]{60}/, '... and does not show the secret');
}
for my $mode (0640, 0604, 0644, 0660, 0620, 0602) {
    set_secret($tried, lines($A), $mode);
    stops(sprintf('a file of mode %04o', $mode), $at,
        'a file that nobody but its owner can read or write: chmod 600');
}
for my $mode (0600, 0400) {
    set_secret($tried, lines($A, $B), $mode);
    is(($tried->configtest)[0], 0, sprintf('a file of mode %04o is fine', $mode));
}
unlink $tried->path('conf/secret');
mkdir $tried->path('conf/secret');
stops('a directory', $at, 'a regular file');
$tried->configure("AuthMSDigestSecret $_\n" . area('/p/')), stops($_, '...', 'file:/path or exec:/path')
    for $A, 'file:secret', 'exec:', '/etc/secret';
$tried->configure(area('/p/', 'AuthMSDigestSecret file:/x'));
isnt(($tried->configtest)[0], 0, 'inside a section it stops the start');
$tried->configure("<VirtualHost *>\nAuthMSDigestSecret file:/x\n</VirtualHost>\n");
isnt(($tried->configtest)[0], 0, 'inside a virtual host it stops the start');

# ---- a program ----

$at = 'exec:' . $tried->path('conf/program');
$tried->configure(qq{AuthMSDigestSecret "exec:\@ROOT\@/conf/program"\n} . area('/p/'));
sub program {
    my ($text, $mode) = @_;
    chmod $mode // 0700, $tried->write('conf/program', $text);
    return;
}
stops('a program that is not there', $at, 'exec:/path of a program that can be run \(No such file');
program("#!/bin/sh\necho $A\n", 0600);
stops('a program that cannot be run', $at, 'exec:/path of a program that can be run');
my $ENDS = 'a program that writes at most 4096 bytes and ends within 10 seconds with status 0';
program("#!/bin/sh\necho $A\nexit 3\n");
stops('a program that fails', $at, $ENDS);
program("#!/bin/sh\nkill -9 \$\$\n");
stops('a program that is killed', $at, $ENDS);
program("#!/bin/sh\nyes 2>/dev/null\n");
stops('a program that never stops writing', $at, $ENDS);
program("#!/bin/sh\necho \$\$ >'\@ROOT\@/logs/pid'\nexec sleep 300\n" =~ s/\@ROOT\@/$tried->root/er);
stops('a program that says nothing', $at, $ENDS);
my ($sleeper) = $tried->read('logs/pid') =~ /(\d+)/;
ok($sleeper && !kill(0, $sleeper), '... and is ended');
program("#!/bin/sh\n");
stops('a program that writes nothing', $at, 'at least one secret');
program("#!/bin/sh\nexec >&-\nexec sleep 300\n");
stops('a program that closes its output and stays', $at, $ENDS);
program("#!/bin/sh\necho $A; sleep 1; echo $B\n");
$tried->start;
log_has($tried, qr/MSD400: .*fingerprint of the current secret is [0-9a-f]{8}, of the other one [0-9a-f]{8}/,
    'a program that takes its time gives two secrets');
outcome($tried->client->get($target), '200', '... and the server works');
$tried->remove;

# ---- fingerprints ----

sub fingerprints {
    my ($server) = @_;
    my @found = $server->log =~ /MSD400: .*current secret is (\w+), of the other one (\w+);/g;
    return @found[-2, -1];
}

my $alone = with_secret(lines($A));
my $two = with_secret(lines($B, $A));
is((fingerprints($alone))[1], 'none', 'the log says that there is one secret');
is((fingerprints($two))[1], (fingerprints($alone))[0], 'servers show the same fingerprint for the same secret');
isnt((fingerprints($two))[0], (fingerprints($alone))[0], '... and another one for another');
log_lacks($_, qr/(?:a1|b2){8}/, 'no log holds a secret') for $alone, $two;
$two->remove;

# ---- rotation by graceful restarts, under a client that is logged in ----

sub rotates {
    my ($server, $name, $by) = @_;
    my $c = logged_in($server, 'alice', $target, cnonce => 'keep');
    my $used = $c->bytes($target);
    outcome($c->exchange($used), '200', "$name: a login");
    my $opaque = $c->opaque;
    set_secret($server, lines($B, $A))->graceful;
    outcome($c->exchange($used), '401 stale', "$name, rotated: what was used is a replay");
    proven_by($server, $c->send($target), $by, '... the next request is accepted without a 401');
    proven_by($server, $c->send($target), 'context', '... and the next');
    outcome($c->exchange($used), '401 stale', '... and a replay is one still');
    outcome($c->send($target, calc => { password => 'wrong' }), '401', '... and a wrong password');
    # Long after, clients have nonces of the new secret; here at once.
    $c->adopt($c->send($target, nc => 1));
    proven_by($server, $c->send($target), 'context', '... a nonce of the new secret leads to the same context');
    is($c->opaque, $opaque, '... under the same opaque');
    set_secret($server, lines($C))->graceful;
    outcome($c->send($target), '401 stale', "$name, all new: a nonce of an unknown secret is stale, no prompt");
    outcome($c->get($target), '200', '... and it goes on');
    $server->remove;
    return;
}

my $memcached = MSDigest::Memcached->start;
rotates($alone, 'shmcb', 'authority');
rotates(with_secret(lines($A), modules => ['socache_memcache'],
    conf => 'AuthMSDigestContextCache memcache:127.0.0.1:' . $memcached->port . "\n" . area('/p/')),
    'memcache', 'context');

# A context in use moves to the new name, and is found there without the old secret.
my $moving = with_secret(lines($A), modules => ['socache_memcache'],
    conf => 'AuthMSDigestContextCache memcache:127.0.0.1:' . $memcached->port . "\n"
        . area('/p/', 'AuthMSDigestContextIdle 40'));
my $mover = logged_in($moving, 'alice');
my @before = $memcached->names;
set_secret($moving, lines($B, $A))->graceful;
$moving->wait_for(sub { sleep 1; accepted($mover->send($target)); "@{[ $memcached->names ]}" ne "@before" }, 60);
my @after = $memcached->names;
isnt("@after", "@before", 'a context that is kept alive gets a name by the new secret');
is(scalar(@after), scalar(@before), '... and leaves no copy under the old one');
set_secret($moving, lines($B))->graceful;
outcome($mover->send($target), '401 stale', '... and without the old secret its old nonce is stale');
$mover->adopt($mover->send($target));
proven_by($moving, $mover->send($target), 'context', '... while the context is found');

# A user who is withdrawn stays out by both names.
$moving->configure($FILE . 'AuthMSDigestContextCache memcache:127.0.0.1:' . $memcached->port . "\n"
    . area('/p/', 'AuthMSDigestRevalidate 0'));
set_secret($moving, lines($C, $B))->graceful;
$moving->write('conf/users', users_text('private', bob => 'x'));
outcome($mover->send($target), '401', 'a user who is gone is refused after a rotation');
$moving->write('conf/users', users_text('private', %PASSWORD));
$moving->configure($FILE . 'AuthMSDigestContextCache memcache:127.0.0.1:' . $memcached->port . "\n" . area('/p/'));
for my $row ([ 'both secrets', $C, $B ], [ 'the old one', $B ], [ 'the new one', $C ]) {
    my ($name, @secrets) = @$row;
    set_secret($moving, lines(@secrets))->graceful;
    my $r = $mover->send($target);
    like($r->what, qr/^401 stale$/, "... a server with $name takes the context for revoked");
    isnt($r->challenge->{opaque}, $mover->opaque, '... and gives the client another') if $r->stale == 1;
}
$moving->remove;

# ---- what a server that has no secret file does ----

my $drawn = private_server();
my $d = logged_in($drawn, 'alice');
$drawn->graceful;
outcome($d->send($target), '200', 'without the directive the drawn secret outlives a graceful restart');
log_lacks($drawn, qr/MSD400/, '... and has no fingerprint');
set_secret($drawn->configure($FILE . area('/p/')), lines($A))->graceful;
outcome($d->send($target), '401 stale', 'a server that gets a secret makes nonces stale, and prompts nobody');
$d->get($target);
$drawn->configure(area('/p/'))->graceful;
outcome($d->get($target), '200', '... as does one that loses it');
$drawn->remove;

# ---- servers that share ----

# $how: the cache; two servers, with the secrets of each.
sub fleet {
    my ($cache, @secrets) = @_;
    my $conf = $cache . "AuthMSDigestScope fleet\n" . area('/p/');
    return map { with_secret($_, modules => [qw(socache_dbm socache_memcache)], conf => $conf) } @secrets;
}

sub moves {
    my ($name, $here, $there) = @_;
    my $c = logged_in($here, 'alice');
    my $used = $c->bytes($target);
    outcome($c->exchange($used), '200', "$name: a login here");
    my $away = $c->clone(port => $there->port);
    outcome($away->exchange($used), '401 stale', '... what was used here is no good there');
    my $stale = $away->send($target);
    outcome($stale, '401 stale', '... the nonce is stale there, no prompt');
    is($stale->challenge->{opaque}, $c->opaque, '... with the same opaque');
    $away->adopt($stale);
    proven_by($there, $away->send($target), 'context', '... and the context is used there');
    proven_by($here, $c->send($target), 'context', '... and here, too');
    return;
}

my $shared = File::Temp::tempdir('msdigest-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0777, $shared;
my @CACHES = (
    [ 'dbm', qq{AuthMSDigestContextCache "dbm:$shared/contexts"\n} ],
    [ 'memcache', 'AuthMSDigestContextCache memcache:127.0.0.1:' . $memcached->port . "\n" ],
);
for my $row (@CACHES) {
    my ($name, $cache) = @$row;
    my ($here, $there) = fleet($cache, lines($A), lines($A));
    moves("$name, one secret", $here, $there);
    moves("$name, one secret, the other way", $there, $here);
    $_->remove for $here, $there;
    ($here, $there) = fleet($cache, lines($A, $B), lines($B, $A));
    moves("$name, in the midst of a rotation", $here, $there);
    moves("$name, in the midst of a rotation, the other way", $there, $here);
    $_->remove for $here, $there;
}

# Times in a shared cache are those of the wall, not of each server's life: a
# context from a server whose clock is an hour ahead is not believed for ever.
my ($sound) = fleet($CACHES[1][1], lines($A));
my $ahead = MSDigest::Server->new(modules => ['socache_memcache'],
    conf => $FILE . $CACHES[1][1] . "AuthMSDigestScope fleet\n" . area('/p/'));
set_secret($ahead, lines($A))->start(faketime => '+1h', monotonic => 1);
my $early = logged_in($ahead, 'bob');
my $later = $early->clone(port => $sound->port);
$later->adopt($later->send($target));
proven_by($sound, $later->send($target), 'authority', 'a context from an hour ahead is proven anew');
$_->remove for $sound, $ahead;

# Other secrets on one machine: no prompt, and the fingerprints differ.
my ($one, $other) = fleet($CACHES[1][1], lines($A), lines($C));
my $c = logged_in($one, 'alice');
my $away = $c->clone(port => $other->port);
my $stale = $away->send($target);
outcome($stale, '401 stale', 'servers of different secrets: stale, no prompt');
$away->adopt($stale);
proven_by($other, $away->send($target), 'authority', '... and the context is unknown there');
isnt((fingerprints($one))[0], (fingerprints($other))[0], '... which the fingerprints show');

sub accepted {
    my ($r) = @_;
    die 'a context moves, and a request of it is answered ' . $r->what . "\n" if $r->status != 200;
    return;
}

done_testing;
