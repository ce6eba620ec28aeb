#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What msdigest passwd writes lets users in: through this module, through
# mod_auth_digest, and beside htdigest.
use MSDigest::Test;
use MSDigest::Tool;

my $server = MSDigest::Server->new(modules => ['auth_digest'], conf => <<'CONF' . join '',
<Location "/stock/">
    AuthType Digest
    AuthName "private"
    AuthDigestProvider file
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
</Location>
CONF
    area('/p/'),
    area('/upn/', 'AuthMSDigestRealm ""'),
    area('/256/', 'AuthMSDigestAlgorithm SHA-256'),
    area('/512/', 'AuthMSDigestAlgorithm SHA-512-256'),
    area('/hashed/', 'AuthMSDigestAlgorithm MD5', 'AuthMSDigestUserHash on'),
);
for my $area (qw(p upn 256 512 hashed stock)) { $server->write("htdocs/$area/x.txt", "$area\n") }
my $file = $server->path('conf/users');
unlink $file;
$server->start;

sub passwd {
    my ($password, @arguments) = @_;
    my $run = tool({ in => "$password\n" }, 'passwd', @arguments);
    die $run->{err} if $run->{status} != 0;
    chmod 0644, $file;    # the workers of root are others
    return;
}

sub curl {
    my ($area, $user, $password) = @_;
    my @command = ('curl', '-s', '--digest', '-u', "$user:$password", 'http://127.0.0.1:' . $server->port . "/$area/x.txt");
    open my $pipe, '-|', @command or die "curl: $!\n";
    return join('', <$pipe>) eq "$area\n" ? 'in' : 'out';
}

# The algorithm that was used shows that it was not another one.
sub by {
    my ($area, $user, $password) = @_;
    my $in = curl($area, $user, $password);
    my @rows = grep { $_->{path} eq "/$area/x.txt" } $server->access;
    return "$in " . ($rows[-1]{algorithm} // '-');
}

# ---- MD5, through all three ----

passwd('open sesame', '-c', $file, 'private', 'alice');
is(curl('p', 'alice', 'open sesame'), 'in', 'MD5: curl gets in through the module');
is(curl('p', 'alice', 'open sesam'), 'out', '... but not with another password');
is(curl('stock', 'alice', 'open sesame'), 'in', '... and through mod_auth_digest');
passwd('changed', $file, 'private', 'alice');
passwd('of bob', $file, 'private', 'bob');
is(curl('stock', 'alice', 'changed') . curl('stock', 'bob', 'of bob'), 'inin', 'a change and a second user, too');

sub htdigest {
    my ($user, $password) = @_;
    my $ask = qr/[Nn]ew password: ?/;
    return terminal([ $ask => "$password\n", $ask => "$password\n" ], 'htdigest', $file, 'private', $user);
}
my $before = slurp($file);
htdigest('carol', 'of carol');
is(slurp($file), $before . 'carol:private:' . hashed('MD5', 'carol', 'private', 'of carol') . "\n",
    'htdigest adds a user to the file');
passwd('new of carol', $file, 'private', 'carol');
is(curl('p', 'carol', 'new of carol'), 'in', '... whose password msdigest changes');
htdigest('carol', 'newer of carol');
is(curl('p', 'carol', 'newer of carol'), 'in', '... and htdigest again');

# ---- more algorithms ----

passwd('open', '-a', 'MD5,SHA-256,SHA-512-256', $file, 'private', 'alice');
is(by('256', 'alice', 'open'), 'in SHA-256', 'SHA-256: curl gets in');
is(curl('p', 'alice', 'open'), 'in', '... and the same user with MD5');
is(curl('256', 'bob', 'of bob'), 'out', '... and nobody who has no such hash');
my $c = $server->client('alice', password => 'open');
is($c->get('/512/x.txt')->what, '200', 'SHA-512-256: a client that computes it gets in');

# ---- hashes of the name ----

is(curl('hashed', 'alice', 'open'), 'out', 'userhash: curl sends a hash of the name, which is not there');
passwd('open', '-u', $file, 'private', 'alice');
is(curl('hashed', 'alice', 'open'), 'in', '... and gets in with -u');
my ($row) = grep { $_->{path} eq '/hashed/x.txt' && $_->{status} == 200 } $server->access_lines(1);
is($row->{user}, 'alice', '... under its name');

# ---- the module and the command read lines alike ----

for my $case (
    [ 'a comment that goes on',          "# note \\\nalice:private:OLD\n" ],
    [ 'two backslashes at the end',      "# note \\\\\nalice:private:OLD\n" ],
    [ 'a line that is broken',           "alice:pri\\\nvate:OLD\n" ],
    [ 'blanks around',                   "  alice:private:OLD \t\r\n" ],
    [ 'several colons',                  "alice::private:::OLD\n" ],
    [ 'a backslash at the end',          "bob:private:OLD\\" ],
    [ 'two users, the first counts',     "alice:private:OLD\nalice:private:00\n" ],
) {
    my ($name, $text) = @$case;
    my $old = hashed('MD5', 'alice', 'private', 'old');
    spew($file, $text =~ s/OLD/$old/r);
    chmod 0644, $file;
    my $was = curl('p', 'alice', 'old');
    my $removed = tool('passwd', '-D', $file, 'private', 'alice')->{status} == 0 ? 'in' : 'out';
    is($removed, $was, "$name: the command knows alice if the module does");
    chmod 0644, $file;
    is(curl('p', 'alice', 'old'), 'out', '... and removes her');
    spew($file, $text =~ s/OLD/$old/r);
    passwd('new', $file, 'private', 'alice');
    is(curl('p', 'alice', 'new') . ' ' . curl('p', 'alice', 'old'), 'in out', '... and a change is one');
}

# ---- Windows: user@domain with an empty realm, which the file keeps as a blank ----

passwd('of eve', $file, '', 'eve@example.com');
like($server->read('conf/users'), qr/^eve\@example\.com: :[0-9a-f]{32}$/m, 'the empty realm is a blank in the file');
my $eve = $server->client('eve@example.com');
$eve->{password} = 'of eve';
$eve->ask('/upn/x.txt');
outcome($eve->send('/upn/x.txt', set => { realm => '' }), '200', 'and lets the user in with an empty realm');
passwd('of eve, changed', $file, '', 'eve@example.com');
is(scalar(() = $server->read('conf/users') =~ /^eve\@/mg), 1, 'the line is found again');

done_testing;
