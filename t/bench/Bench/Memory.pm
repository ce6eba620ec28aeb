# SPDX-License-Identifier: Apache-2.0
# Bytes per nonce and per context, from the memory that a server really holds.
package Bench::Memory;
use strict;
use warnings;
use Bench::Httpd;
use Bench::Load;
use Bench::Report qw(goal note table thousands);
use Digest::MD5 qw(md5_hex);
use Fcntl qw(O_CREAT O_RDWR SEEK_SET);
use MSDigest::Client qw(digest_ha1);
use SDBM_File;

my @LOAD  = qw(--digest MD5-sess --connections 8);
my $SLOTS = 65_536;     # the default of AuthMSDigestReplaySlots
my $USERS = 2_000;
my $ROOM  = 20_000;     # contexts for which the default cache has room
my $FLOOD = 10_000;
my $LARGE = 1 << 20;    # bytes; guard and cache are larger, nothing else is

# ---- The shared memory of a process

# [address, bytes] of each segment.
sub segments {
    my ($server) = @_;
    my $path = '/proc/' . $server->pid . '/maps';
    open my $fh, '<', $path or die "$path: $!\n";
    no warnings 'portable';    # addresses have more than 32 bits
    my @found = map { /^([0-9a-f]+)-([0-9a-f]+) rw-s / ? [ hex $1, hex($2) - hex $1 ] : () } <$fh>;
    die "$path shows no shared memory\n" if !@found;
    return @found;
}

sub shared_bytes {
    my ($server) = @_;
    my $sum = 0;
    $sum += $_->[1] for segments($server);
    return $sum;
}

# What the guard and the context cache hold, as a checksum.
sub content {
    my ($server) = @_;
    my $path = '/proc/' . $server->pid . '/mem';
    my @large = grep { $_->[1] >= $LARGE } segments($server);
    die 'expected guard and cache, found ' . @large . " large segments\n" if @large != 2;
    open my $fh, '<:raw', $path or die "$path: $!\n";
    return md5_hex(map { read_memory($fh, @$_) } @large);
}

sub read_memory {
    my ($fh, $address, $bytes) = @_;
    my $data = '';
    sysseek $fh, $address, SEEK_SET or die "cannot seek in memory: $!\n";
    while (length $data < $bytes) {
        sysread $fh, $data, $bytes - length $data, length $data or die "cannot read memory: $!\n";
    }
    return $data;
}

# ---- Servers

# The users lie in a dbm file, so that a login does not cost a walk through all.
my $SECTION = join "\n    ", 'AuthType MSDigest', 'AuthName "bench"', 'AuthMSDigestProvider dbm',
    'AuthDBMType SDBM', 'AuthDBMUserFile "@ROOT@/dbm"', 'Require valid-user';

sub server {
    my (@lines) = @_;
    return Bench::Httpd->new(kind => 'msdigest', modules => [qw(authn_dbm socache_dbm)],
        section => $SECTION, server => join "\n", @lines);
}

sub make_users {
    my ($server, $prefix) = @_;
    my $path = $server->path('dbm');
    tie my %dbm, 'SDBM_File', $path, O_RDWR | O_CREAT, 0644 or die "$path: $!\n";
    for my $name (map { sprintf '%s%05d', $prefix, $_ } 0 .. $USERS - 1) {
        $dbm{"$name:bench"} = digest_ha1($name, 'bench', $Bench::Httpd::PASSWORD);
    }
    untie %dbm;
    return;
}

# The shared memory of a server with these lines, and nobody served yet.
sub bytes_with {
    my $server = server(@_)->start;
    my $bytes = shared_bytes($server);
    $server->stop;
    return $bytes;
}

# Makes that many contexts, empties the file of users and uses each context again:
# who is let in then was completed from the context.
sub log_in {
    my ($server, $contexts, $prefix) = @_;
    make_users($server, $prefix);
    $server->start;
    my $users = $server->path('dbm.pag');
    my $result = Bench::Load::login($server, sub { truncate $users, 0 or die "$users: $!\n" }, @LOAD,
        '--user', $prefix, '--users', $USERS, '--login', $contexts);
    $server->stop;
    die "$result->{logins} of $contexts logins\n" if $result->{logins} != $contexts;
    $result->{letters} = length($prefix) + 5;
    $result->{kept} = $result->{'at-once'} + $result->{'new-nonce'};
    return $result;
}

# ---- Measurements

sub guard {
    my $slots = 2 * $SLOTS;
    my ($default, $double) = map { bytes_with(@$_) } [], ["AuthMSDigestReplaySlots $slots"];
    my $each = ($double - $default) / $SLOTS;
    table('Replay guard (shared memory of the parent process, from /proc)',
        [ 'slots', 'shared bytes' ],
        [ thousands($SLOTS), thousands($default) ], [ thousands($slots), thousands($double) ],
        [ 'bytes for each more', sprintf '%.2f', $each ]);
    goal('bytes per live nonce (guard)', '<= 72', $each <= 72, '%.2f', $each);
    return $default;
}

# Whether unanswered challenges leave a trace; a login must, or it shows nothing.
sub flood {
    my $server = server();
    make_users($server, 'user');
    $server->start;
    my $before = content($server);
    Bench::Load::run($server, qw(--connections 8 --expect 401 --requests), $FLOOD / 8);
    my $flooded = content($server);
    Bench::Load::run($server, qw(--digest MD5-sess --requests 1 --user user00000));
    my $used = content($server);
    $server->stop;
    die "a login changed neither guard nor cache\n" if $used eq $flooded;
    goal('bytes of guard and cache changed by ' . thousands($FLOOD) . ' bare 401s', 'none',
        $before eq $flooded, '%s', $before eq $flooded ? 'none' : 'some');
    return;
}

# $default: shared bytes with the default cache.
sub cache {
    my ($default) = @_;
    my $bytes = $default - bytes_with('AuthMSDigestContextCache "dbm:@ROOT@/run/contexts"');
    my $room  = log_in(server(), $ROOM, 'user');
    my @full  = map { fill($_) } 'user', 'u' x 59;
    table('Context cache (default, ' . thousands($bytes) . ' bytes of shared memory), '
            . thousands($USERS) . ' users',
        [ 'logins', 'letters of a name', 'used at once', 'with a new nonce', 'lost', 'bytes for each' ],
        row($room, ''), map { row($_, sprintf '%.1f', $bytes / $_->{kept}) } @full);
    note('After the logins all users are removed from the file and each context is used once',
        'more: "lost" would have to be proven again. A new nonce is needed where younger ones',
        'have pushed the old one out of the guard. Logins beyond the room of the cache show',
        'how many it keeps when it is full, and so the bytes for each.');
    goals($bytes, $room, @full);
    return;
}

sub goals {
    my ($bytes, $room, @full) = @_;
    goal('of ' . thousands($ROOM) . ' contexts the default cache keeps', 'all', $room->{kept} == $ROOM,
        '%s', thousands($room->{kept}));
    for my $run (@full) {
        my $each = $bytes / $run->{kept};
        goal("bytes per context (cache), names of $run->{letters}", '<= 512', $each <= 512, '%.1f', $each);
    }
    return;
}

sub row {
    my ($run, $each) = @_;
    return [ thousands($run->{logins}), $run->{letters},
        (map { thousands($run->{$_}) } 'at-once', 'new-nonce', 'lost'), $each ];
}

# More logins than the cache holds. The guard has room for all of them.
sub fill {
    my ($prefix) = @_;
    my $run = log_in(server('AuthMSDigestReplaySlots ' . 16 * $SLOTS), 3 * $ROOM, $prefix);
    die "the cache is not full with $run->{logins} contexts\n" if !$run->{lost};
    return $run;
}

sub run {
    my $default = guard();
    flood();
    cache($default);
    return;
}

1;
