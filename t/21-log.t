#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The error log: one line for each refusal, with a number, and no secret ever.
use MSDigest::Test;

my $target = '/p/x.txt';

# One process, so that what is counted for the log is counted in one place.
my $server = private_server(modules => ['socache_dbm'],
    files => { 'htdocs/always/x.txt' => "a\n", 'htdocs/lost/x.txt' => "l\n" }, conf => join '',
    "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nLogLevel auth_msdigest:trace8\n",
    area('/p/'), area('/always/', 'AuthMSDigestRevalidate 0'), area('/lost/', 'AuthUserFile "@ROOT@/conf/nothing"'));

# The lines that a piece of code adds to the log.
sub lines_of {
    my ($code) = @_;
    my $before = length $server->log;
    $code->();
    select undef, undef, undef, 0.05;
    return grep { /auth_msdigest/ } split /\n/, substr $server->log, $before;
}

sub one_line {
    my ($name, $level, $pattern, $code) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @lines = lines_of($code);
    is(scalar @lines, 1, "$name: one line") or diag(join "\n", @lines);
    like($lines[0] // '', qr/\[auth_msdigest:$level\] .*\[client 127\.0\.0\.1:\d+\] MSD\d\d\d: /,
        "... at $level, with address and number");
    like($lines[0] // '', $pattern, '... that says what happened');
    return;
}

my $c = logged_in($server, 'alice', $target);

# ---- each refusal ----

one_line('wrong password', 'info', qr/MSD102: user 'alice' denied for \/p\/x\.txt: /,
    sub { $c->send($target, calc => { password => 'wrong' }) });
one_line('unknown user', 'info', qr/MSD102: user 'nobody' denied for \/p\/x\.txt: /,
    sub { $c->send($target, set => { username => 'nobody' }) });
one_line('algorithm not offered', 'info', qr/MSD102: user 'alice' denied .*algorithm/,
    sub { $c->send($target, set => { algorithm => 'SHA-256' }) });
one_line('realm not the one here', 'info', qr/MSD102: user 'alice' denied .*realm/,
    sub { $c->send($target, set => { realm => 'x' }) });
one_line('malformed', 'info', qr/MSD101: malformed .*nc/,
    sub { $c->send($target, set => { nc => 'x' }) });
one_line('malformed, another rule', 'info', qr/MSD101: malformed .*realm/i, sub { $c->send($target, drop => ['realm']) });
one_line('out of range', 'debug', qr/MSD103: user 'alice' gets a new nonce .*range/,
    do { my $far = logged_in($server, 'alice', $target); sub { $far->send($target, set => { nc => '01000000' }) } });
one_line('foreign nonce', 'debug', qr/MSD103: user 'alice' gets a new nonce /,
    sub { $c->send($target, set => { nonce => 'x' }) });
one_line('wrong uri', 'notice', qr/MSD105: user 'alice' refused for \/p\/y\.txt: .*proxy.*AuthMSDigestUriMatch/,
    sub { $c->send('/p/y.txt', uri => $target) });
one_line('wrong uri again on this context', 'debug', qr/MSD105: /,
    sub { $c->send('/p/y.txt', uri => $target) });
one_line('an authority that cannot answer', 'error', qr/MSD106: .*user 'alice' .*503/,
    sub { $server->client->get('/lost/x.txt') });
one_line('... again soon after', 'debug', qr/MSD106: /,
    sub { $server->client->get('/lost/x.txt') });

my @levels = map {
    my ($line) = lines_of(sub { $c->send($target, nc => 1) });
    ($line // '') =~ /auth_msdigest:(\w+)\].*MSD104: user 'alice' / ? $1 : $line
} 1 .. 8;
is(join(' ', @levels[0, 1]), 'debug debug', 'the first two replays are no news');
is($levels[2], 'notice', 'the third is a notice');
my $notices = grep { $_ eq 'notice' } @levels;
cmp_ok($notices, '<=', 3, "... and not each one after it ($notices of 8)");

my @accepted = lines_of(sub { $c->send($target) });
is(scalar(grep { /auth_msdigest:(?!debug|trace)/ } @accepted), 0,
    'an accepted request says nothing above debug');
is(scalar(grep { /auth_msdigest:debug.*MSD\d+: user 'alice' / } @accepted), 1,
    '... and one line at debug');
is(scalar(lines_of(sub { $c->ask($target) })), 0, 'a request without credentials says nothing');

my $always = logged_in($server, 'alice', '/always/x.txt');
$server->hide('conf/users');
my @away = grep { /MSD108/ } lines_of(sub { $always->send('/always/x.txt') });
is(scalar @away, 1, 'an authority that is away when a context is due: one line');
$server->unhide('conf/users');

# ---- what is said once is said once by all processes together ----

my $wide = private_server(conf => "StartServers 4\nThreadsPerChild 8\nMinSpareThreads 32\n"
    . "MaxSpareThreads 64\nMaxRequestWorkers 64\n" . area('/p/'));
my $w = logged_in($wide, 'alice');
at_once($wide->port, map { $w->bytes('/p/y.txt', uri => $target) } 1 .. 32);
at_once($wide->port, map { $w->bytes($target, nc => 1) } 1 .. 32);
my %pids = map { $_->{pid} => 1 } $wide->access_lines(66);
cmp_ok(scalar keys %pids, '>=', 2, '32 wrong uris and 32 replays over ' . keys(%pids) . ' processes');
for my $row ([ 'MSD105', 1, 1, 'one notice for the uris of one context' ],
    [ 'MSD104', 1, 2, 'one notice, or two, for the replays' ]) {
    my ($number, $least, $most, $name) = @$row;
    my $count = grep { /auth_msdigest:notice.*$number/ } split /\n/, $wide->log;
    ok($count >= $least && $count <= $most, "... $name") or diag("$count notices $number");
}

# ---- the name is escaped ----

for my $row (
    [ "tab\there",           'tab\\there' ],
    [ "byte\xff",            'byte\\xff' ],
    [ "caf\xc3\xa9",         'caf\\xc3\\xa9' ],
    [ 'back\\slash',         'back\\\\' ],
    [ "x' denied for /p/x.txt: ok MSD102: user 'y", undef ],
) {
    my ($user, $logged) = @$row;
    my @lines = lines_of(sub { $c->send($target, set => { username => $user }) });
    is(scalar @lines, 1, 'a user name with odd bytes gives one line');
    unlike($lines[0], qr/[^\x20-\x7e]/, '... of printable characters');
    like($lines[0], qr/\Q$logged\E/, "... with $logged in it") if defined $logged;
}
for my $encoded ('%1b%5b31m', '%0d%0aMSD999:%20x', '%00', '%7f', '%c2%9b') {
    my @lines = lines_of(sub { $c->send($target, drop => ['username'], post => ", username*=UTF-8''a$encoded") });
    is(scalar @lines, 1, "username* with $encoded gives one line");
    unlike($lines[0] // '', qr/[^\x20-\x7e]/, '... of printable characters');
}
my @long = lines_of(sub { $c->send($target, set => { username => 'u' x 7000 }) });
is(scalar @long, 1, 'a long user name gives one line');
@long = lines_of(sub { $c->send("/p/\x1b%1b%0aMSD102", authorization => 'Digest x=') });
is(scalar(grep { /[^\x20-\x7e]/ } @long), 0, 'so does an odd path');

# ---- numbers are stable and each means one thing ----

my %texts;
for my $line (split /\n/, $server->log) {
    my ($number, $text) = $line =~ /(MSD\d+): (\S+ \S+)/ or next;
    $text =~ s/'.*?'?$/'...'/;
    $texts{$number}{$text} = 1;
}
cmp_ok(scalar keys %texts, '>=', 6, 'the log has numbers: ' . join ' ', sort keys %texts);
is_deeply([ grep { keys %{ $texts{$_} } > 1 } sort keys %texts ], [],
    '... and each begins one sentence');

# ---- no secret: not the password, not a key, not what would have been right ----

my %secret;
for my $user (keys %PASSWORD) {
    $secret{"password of $user"} = $PASSWORD{$user};
    $secret{"hash of $user"} = digest_ha1($user, 'private', $PASSWORD{$user});
}
for my $case (1 .. 3) {
    my $f = logged_in($server, 'alice', $target, cnonce => 'keep');
    my $right = $f->authorization($target);
    ($secret{"the right response $case"}) = $right =~ /response="(\w+)"/;
    my ($cnonce) = $right =~ /cnonce="(\w+)"/;
    $secret{"session key $case"} = MSDigest::Client::hash_of('MD5',
        digest_ha1('alice', 'private', $PASSWORD{alice}), $f->nonce, $cnonce);
    $secret{"nonce $case"} = $f->nonce;
    $secret{"tag of nonce $case"} = substr $f->nonce, -16;
    $f->exchange($f->bytes($target, authorization => $right =~ s/response="\w+"/'response="' . '0' x 32 . '"'/er));
    $f->send($target, nc => 1) for 1 .. 3;
    $f->send($target, set => { nonce => substr($f->nonce, 0, -1) . 'A' });
    $f->send($target, set => { nc => 'bad' });
    $f->send('/p/y.txt', uri => $target);
}
my $text = $server->log;
is_deeply([ grep { index($text, $secret{$_}) >= 0 } sort keys %secret ], [],
    scalar(keys %secret) . ' secrets and expected values: none is in the log, at trace8');

done_testing;
