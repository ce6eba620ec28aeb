#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The ways in which clients write a user name, and what the application is told.
use MSDigest::Test;
use Digest::MD5 qw(md5_hex);

my $utf8   = "J\xc3\xa4n";
my $latin1 = "J\xe4n";
my $kana   = "\xe3\x81\x82";                     # beyond ISO 8859-1

# A field with two hashes: this user's clients encode the name in two ways.
my $both = join ',', digest_ha1($utf8, 'private', 'pw-of-jan'),
    digest_ha1($latin1, 'private', 'pw-of-jan');
my $hash_of_alice = md5_hex('alice:hashed');
my $users = join '', map { "$_\n" }
    "$utf8:private:$both",
    "$kana:private:" . digest_ha1($kana, 'private', 'pw-of-kana'),
    "DOM\\dora:private:" . digest_ha1('DOM\\dora', 'private', 'pw-of-dora'),
    'DOM\\dora: :' . digest_ha1('DOM\\dora', '', 'pw-of-dora'),
    'eve@example.com: :' . digest_ha1('eve@example.com', '', 'pw-of-eve'),
    'alice:EXAMPLE:' . digest_ha1('alice', 'EXAMPLE', 'pw-of-another-alice'),
    'frank:EXAMPLE:' . digest_ha1('frank', 'EXAMPLE', 'pw-of-frank'),
    'quo"te:private:' . digest_ha1('quo"te', 'private', 'pw-of-quote'),
    'alice:private:' . digest_ha1('alice', 'private', 'pw-of-alice'),
    'alice:hashed:' . digest_ha1('alice', 'hashed', 'pw-of-alice'),
    "$hash_of_alice:hashed:user=alice," . digest_ha1('alice', 'hashed', 'pw-of-alice');

my $server = private_server(users => $users, files => {
    map { ("htdocs/$_/x.txt" => "$_\n") } qw(realms strip hashed required)
}, conf => join '',
    area('/p/'),
    area('/realms/', 'AuthMSDigestRealm "" EXAMPLE'),
    area('/strip/', 'AuthMSDigestRealm ""', 'AuthMSDigestUserDomain strip'),
    area('/required/', 'AuthMSDigestUserDomain strip', 'Require user dora'),
    area('/hashed/', 'AuthName "hashed"', 'AuthMSDigestUserHash On'));

# Sends one login; the row says how the name stands in the header and what A1 is
# made of. Returns the response; the last access log line tells the user.
sub login {
    my ($target, $password, %o) = @_;
    my $c = $server->client('alice');
    $c->ask($target);
    return $c->send($target, raw => { username => $o{raw} // qq{"$o{name}"} },
        set => { username => $o{name}, password => $password, %{ $o{set} || {} } },
        calc => { username => $o{a1} // $o{name} }, %{ $o{more} || {} });
}

# Each row: what it is; target; password; options; the user that httpd sees.
my @good = (
    [ 'a backslash sent bare', '/p/', 'pw-of-dora', { name => 'DOM\\dora', raw => '"DOM\\dora"' }, 'DOM\\dora' ],
    [ 'a backslash escaped', '/p/', 'pw-of-dora', { name => 'DOM\\dora', raw => '"DOM\\\\dora"' }, 'DOM\\dora' ],
    [ 'a quote escaped', '/p/', 'pw-of-quote', { name => 'quo"te', raw => '"quo\\"te"' }, 'quo"te' ],
    [ 'UTF-8, hashed as UTF-8', '/p/', 'pw-of-jan', { name => $utf8 }, $utf8 ],
    [ 'UTF-8 on the wire, hashed as ISO 8859-1', '/p/', 'pw-of-jan', { name => $utf8, a1 => $latin1 }, $utf8 ],
    [ 'ISO 8859-1, hashed as that', '/p/', 'pw-of-jan', { name => $latin1 }, $utf8 ],
    [ 'beyond ISO 8859-1', '/p/', 'pw-of-kana', { name => $kana }, $kana ],
    [ 'username* of UTF-8', '/p/', 'pw-of-jan', { name => $utf8, raw => "\0" }, $utf8 ],
    [ 'user@domain and an empty realm', '/realms/', 'pw-of-eve',
        { name => 'eve@example.com', set => { realm => '' } }, 'eve@example.com' ],
    [ 'DOMAIN\\user and an empty realm', '/realms/', 'pw-of-dora',
        { name => 'DOM\\dora', set => { realm => '' } }, 'DOM\\dora' ],
    [ 'a realm that is listed', '/realms/', 'pw-of-frank',
        { name => 'frank', set => { realm => 'EXAMPLE' } }, 'frank' ],
    [ 'AuthName where others are listed', '/realms/', 'pw-of-alice', { name => 'alice' }, 'alice' ],
    [ 'user@domain, stripped', '/strip/', 'pw-of-eve',
        { name => 'eve@example.com', set => { realm => '' } }, 'eve' ],
    [ 'DOMAIN\\user, stripped', '/strip/', 'pw-of-dora', { name => 'DOM\\dora' }, 'dora' ],
    [ 'Require user with the stripped name', '/required/', 'pw-of-dora', { name => 'DOM\\dora' }, 'dora' ],
    [ 'userhash=true', '/hashed/', 'pw-of-alice',
        { name => $hash_of_alice, a1 => 'alice', more => { post => ', userhash=true' } }, 'alice' ],
    [ 'a plain name where userhash is offered', '/hashed/', 'pw-of-alice', { name => 'alice' }, 'alice' ],
);

# username* is not one of the client's parameters: drop the name, append it.
sub extended {
    my ($value, $name, $password) = @_;
    my $c = $server->client('alice');
    $c->ask('/p/x.txt');
    return $c->send('/p/x.txt', drop => ['username'], post => ", username*=$value",
        calc => { username => $name, password => $password });
}

for my $row (@good) {
    my ($name, $area, $password, $o, $user) = @$row;
    my $r = ($o->{raw} // '') eq "\0"
        ? extended("UTF-8'de'J%C3%a4n", $o->{name}, $password)
        : login("${area}x.txt", $password, %$o);
    outcome($r, '200', $name);
    is($server->row($r)->{remote}, logged($user), "$name: REMOTE_USER");
}

# What httpd's access log makes of a name.
sub logged {
    my ($name) = @_;
    $name =~ s/([\\"])/\\$1/g;
    $name =~ s/([\x80-\xff])/sprintf '\\x%02x', ord $1/ge;
    return $name;
}

# ---- never let in ----

my @bad = (
    [ 'a realm that is not listed', '401', login('/p/x.txt', 'pw-of-frank', name => 'frank', set => { realm => 'EXAMPLE' }) ],
    [ 'an empty realm where it is not listed', '401', login('/p/x.txt', 'pw-of-eve', name => 'eve@example.com', set => { realm => '' }) ],
    [ 'a realm in another case', '401', login('/realms/x.txt', 'pw-of-frank', name => 'frank', set => { realm => 'example' }) ],
    [ 'userhash=true where it is not offered', '401', login('/p/x.txt', 'pw-of-alice', name => 'alice', more => { post => ', userhash=true' }) ],
    [ 'the hash of nobody', '401', login('/hashed/x.txt', 'pw-of-alice', name => '0' x 32, a1 => 'alice', more => { post => ', userhash=true' }) ],
    [ 'a wrong password behind a hash', '401', login('/hashed/x.txt', 'wrong', name => $hash_of_alice, a1 => 'alice', more => { post => ', userhash=true' }) ],
    [ 'the domain left out by the client', '401', login('/strip/x.txt', 'pw-of-dora', name => 'dora') ],
    [ 'username* that is not UTF-8', '400', extended("ISO-8859-1''J%E4n", $latin1, 'pw-of-jan') ],
    [ 'username* without a charset', '400', extended($utf8, $utf8, 'pw-of-jan') ],
    [ 'username* with a broken escape', '400', extended("UTF-8''J%C3%a", $utf8, 'pw-of-jan') ],
    [ 'username* that is badly encoded', '400', extended("UTF-8''J%E4n", $latin1, 'pw-of-jan') ],
    [ 'username* with a NUL', '400', extended("UTF-8''alice%00", 'alice', 'pw-of-alice') ],
    [ 'username* with userhash', '400', extended("UTF-8''alice, userhash=true", 'alice', 'pw-of-alice') ],
);
outcome($_->[2], $_->[1], $_->[0]) for @bad;

# ---- the same name in two realms is two users ----

my $one = $server->client('alice', cnonce => 'keep');
$one->{password} = 'pw-of-alice';
outcome($one->get('/realms/x.txt'), '200', 'alice of AuthName is in');
my %other = (set => { realm => 'EXAMPLE', password => 'pw-of-another-alice' });
outcome($one->send('/realms/x.txt', set => { realm => 'EXAMPLE' }, calc => { realm => 'private' }), '401',
    'her key under another realm is not right');
my $r = $one->send('/realms/x.txt', nc => 20, %other);
outcome($r, '401 stale', 'alice of EXAMPLE may not have her context');
isnt($r->challenge->{opaque}, $one->opaque, '... but gets one of her own');
outcome($one->send('/realms/x.txt', nc => 20), '200', '... and uses up none of her counts');
my $two = $server->client('alice');
$two->ask('/realms/x.txt');
$r = $two->send('/realms/x.txt', %other);
is($server->row($r)->{realm}, 'EXAMPLE', 'the note has the realm that was used');

# ---- the context knows the user by the name as it is sent ----

my $c = $server->client('DOM\\dora', cnonce => 'keep');
$c->{password} = 'pw-of-dora';
$c->get('/p/x.txt');
$server->hide('conf/users');
outcome($c->send('/p/x.txt'), '200', 'the next request needs no provider');
$server->unhide('conf/users');
like($server->client('alice')->ask('/hashed/x.txt')->challenge->{line}, qr/,userhash=true$/,
    'userhash stands last in the challenge');

done_testing;
