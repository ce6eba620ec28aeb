#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The security context: how it is found, which keys verify, how long it lives.
use MSDigest::Test;
use Time::HiRes qw(sleep);

my $server = private_server(conf => join('',
    area('/p/'),
    area('/short/', 'AuthMSDigestNonceLifetime 1'),
    area('/brief/', 'AuthMSDigestContextLifetime 2'),
    area('/idle/', 'AuthMSDigestContextIdle 1'),
    area('/recheck/', 'AuthMSDigestRevalidate 1'),
    area('/always/', 'AuthMSDigestRevalidate 0'),
    area('/md5/', 'AuthMSDigestAlgorithm MD5')),
    files => { map { ("htdocs/$_/x.txt" => "$_\n") } qw(short brief idle recheck always md5) });
my $target = '/p/x.txt';

# ---- found by opaque, or by the nonce alone ----

my $c = logged_in($server, 'alice');
proven_by($server, $c->send($target), 'context', 'the opaque leads to the context');
proven_by($server, $c->send($target, drop => ['opaque']), 'context',
    'so does the nonce, when the client sends no opaque');

my $silent = $server->client('alice');
$silent->ask($target);
proven_by($server, $silent->send($target, drop => ['opaque']), 'authority',
    'a first answer without an opaque');
proven_by($server, $silent->send($target, drop => ['opaque']), 'context',
    '... makes a context that the nonce finds');
proven_by($server, $silent->send($target), 'context', '... and the opaque finds too');

for my $row (
    [ 'that is not hex'            => 'zz' ],
    [ 'that is too long'           => 'f' x 40 ],
    [ 'with zeros before it'       => '000' . $c->opaque ],
    [ 'with 0x before it'          => '0x' . $c->opaque ],
    [ 'in upper case'              => undef ],
    [ 'that the client chose'      => 'deadbeef' x 4 ],
    [ 'that is empty'              => '' ],
) {
    my ($name, $opaque) = @$row;
    $opaque //= uc $c->opaque =~ s/\d/a/gr;
    my $one = logged_in($server, 'alice');
    my $r = $one->send($target, set => { opaque => $opaque });
    outcome($r, '401 stale', "an opaque $name is refused");
    like($r->challenge->{opaque}, qr/^[0-9a-f]{32}$/,
        '... with a whole opaque in the new challenge');
    $one->adopt($r);
    outcome($one->send($target), '200', '... by which the client gets in');
}
my @flipped = map {
    my $o = $c->opaque;
    substr($o, $_, 1) = substr($o, $_, 1) eq '0' ? '1' : '0';
    $c->send($target, set => { opaque => $o })->what
} 0 .. 31;
is_deeply(\@flipped, [ ('401 stale') x 32 ],
    'an opaque with one digit changed, at any place, is refused');

# ---- which A1 verifies ----

for my $algorithm (qw(MD5-sess MD5)) {
    for my $mode (qw(new keep)) {
        my $client = $server->client('alice', algorithm => $algorithm, cnonce => $mode);
        $client->ask($target);
        proven_by($server, $client->send($target), 'authority',
            "$algorithm, cnonce $mode: first request by the authority");
        proven_by($server, $client->send($target), 'context',
            "$algorithm, cnonce $mode: request $_ by the context") for 2 .. 5;
    }
}
my $first = $server->client('alice', algorithm => 'MD5-sess');
$first->ask($target);
proven_by($server, $first->send($target), 'authority', 'MD5-sess: a first answer');
proven_by($server, $first->send($target, a1 => 'first'), 'context',
    'then another cnonce with the A1 of the first');
proven_by($server, $first->send($target), 'context', '... or with the A1 of its own');
my $old = $first->send($target, nc => 1);
outcome($old, '401 stale', '(a stale challenge)');
$first->adopt($old);
proven_by($server, $first->send($target, a1 => 'first'), 'context',
    'after a stale the A1 of the first nonce and cnonce');
proven_by($server, $first->send($target), 'context', '... or that of the new nonce');
my $old_again = $first->send($target, nc => 1);
$first->adopt($old_again);
proven_by($server, $first->send($target, a1 => 'first'), 'context',
    'after a second stale still the A1 of the first');

my $stranger = $server->client('alice', algorithm => 'MD5-sess');
$stranger->ask($target);
outcome($stranger->send($target, calc => { a1_nonce => $first->nonce, a1_cnonce => 'x' }), '401',
    'an A1 made of another login\'s nonce is a wrong answer');
outcome($stranger->send($target, calc => { plain_a1 => 1 }), '401',
    'MD5-sess with the A1 of MD5 is a wrong answer');
outcome($first->send($target, calc => { plain_a1 => 1 }), '401', '... in a running context too');

my $both = logged_in($server, 'alice', $target, algorithm => 'MD5-sess');
proven_by($server, $both->send($target, set => { algorithm => 'MD5' }), 'context',
    'MD5 is good in a context that MD5-sess began');

# ---- a stale nonce costs no trip to the authority ----

my $short = logged_in($server, 'alice', '/short/x.txt');
my $opaque = $short->opaque;
for my $round (1 .. 2) {
    sleep 1.2;
    proven_by($server, $short->get('/short/x.txt'), 'context',
        "expiry $round: the client goes on, from the context");
    is($short->opaque, $opaque, '... under the same opaque');
}
is($short->refused, 3, 'one 401 at the start and one for each expiry');

# ---- how long a context lives ----

my $brief = logged_in($server, 'alice', '/brief/x.txt');
proven_by($server, $brief->send('/brief/x.txt'), 'context',
    'within AuthMSDigestContextLifetime: by the context');
sleep 2.3;
my ($id, $nonce) = ($brief->opaque, $brief->nonce);
proven_by($server, $brief->send('/brief/x.txt'), 'authority',
    'after it: proven anew, without a 401');
proven_by($server, $brief->send('/brief/x.txt'), 'context',
    '... and the context is back under the same opaque');
outcome($brief->send('/brief/x.txt', nc => 1), '401 stale', '... while used counts stay used');

my $idle = logged_in($server, 'alice', '/idle/x.txt');
proven_by($server, $idle->send('/idle/x.txt'), 'context',
    'within AuthMSDigestContextIdle: by the context');
for my $step (1 .. 8) {
    sleep 0.4;
    $idle->send('/idle/x.txt');
}
proven_by($server, $idle->send('/idle/x.txt'), 'context',
    'a context in use outlives its idle time');
sleep 2.3;
proven_by($server, $idle->send('/idle/x.txt'), 'authority', 'one that is idle for longer does not');

my $recheck = logged_in($server, 'alice', '/recheck/x.txt');
proven_by($server, $recheck->send('/recheck/x.txt'), 'context',
    'within AuthMSDigestRevalidate: by the context');
sleep 1.2;
proven_by($server, $recheck->send('/recheck/x.txt'), 'authority',
    'after it the authority is asked at the next request');
proven_by($server, $recheck->send('/recheck/x.txt'), 'context', '... once');
my $always = logged_in($server, 'alice', '/always/x.txt');
proven_by($server, $always->send('/always/x.txt'), 'authority', "AuthMSDigestRevalidate 0: request $_ by the authority")
    for 2 .. 3;

# ---- a password that changes ----

my $users = $server->read('conf/users');
my $fresh = digest_ha1('alice', 'private', 'a new password');
my $changed = $users =~ s/^alice:private:\K\w+/$fresh/mr;

my $kept = logged_in($server, 'alice');
my $checked = logged_in($server, 'alice', '/always/x.txt');
my $withdrawn = $checked->{challenge};
$server->write('conf/users', $changed);
outcome($kept->get($target), '200', 'a context lives on when the password changes');
outcome($checked->get('/always/x.txt'), '401',
    '... unless the authority is asked again: then a plain 401');
my $lost = $checked->send('/always/x.txt');
outcome($lost, '401', 'the old password is denied from then on');
my $new = $server->client('alice', password => 'a new password');
outcome($new->get('/always/x.txt'), '200', 'the new password is good');
my $same = $new->clone(challenge => $withdrawn, nc => 90);
my $revoked = $same->send('/always/x.txt');
outcome($revoked, '401 stale', 'the new password in the withdrawn context: stale');
isnt($revoked->challenge->{opaque}, $withdrawn->{opaque}, '... with a new opaque');
$server->write('conf/users', $users);

# ---- what one worker learns, all know ----

my $wide = private_server(conf => "StartServers 4\nThreadsPerChild 8\nMinSpareThreads 32\n"
    . "MaxSpareThreads 64\nMaxRequestWorkers 64\n" . area('/p/') . area('/always/', 'AuthMSDigestRevalidate 0'),
    files => { 'htdocs/always/x.txt' => "a\n" });
my $everywhere = logged_in($wide, 'alice');
sub in_all_workers {
    my %seen;
    $seen{ $_->what }++ for at_once($wide->port, map { $everywhere->bytes($target) } 1 .. 48);
    return \%seen;
}
is_deeply(in_all_workers(), { 200 => 48 }, 'a context is used by several workers');
$wide->write('conf/users', $changed);
outcome($everywhere->send('/always/x.txt'), '401', 'one of them learns that the password is no more');
is_deeply(in_all_workers(), { 401 => 48 }, '... and at once none of them takes it any longer');
my %workers = map { $_->{pid} => 1 } $wide->access_lines(99);
cmp_ok(scalar keys %workers, '>=', 2, '... of ' . keys(%workers));

# ---- an authority that is away when a context is due ----

my $due = logged_in($server, 'alice', '/always/x.txt');
$server->hide('conf/users');
proven_by($server, $due->send('/always/x.txt'), 'context',
    'when the authority cannot answer, its last word stands');
outcome($server->client('bob')->get('/always/x.txt'), '503', '... for those who have one');
$server->unhide('conf/users');

done_testing;
