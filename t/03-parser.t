#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The Authorization header: what is read, what is refused, and nothing is 5xx.
use MSDigest::Test;

my $server = shared;
my $target = '/p/x.txt';
my $client = $server->client('alice', keep => 1);
$client->ask($target);

# Each row is one request with a fresh count on a good challenge.
sub rows {
    my ($expected, @rows) = @_;
    while (my ($name, $options) = splice @rows, 0, 2) {
        outcome($client->send($target, @$options), $expected, $name);
    }
    return;
}

my @NAMES = qw(username realm nonce uri response algorithm opaque qop nc cnonce);

# ---- as clients write it ----

rows('200',
    'the usual form'                    => [],
    'scheme in lower case'              => [ scheme => 'digest' ],
    'scheme in upper case'              => [ scheme => 'DIGEST' ],
    'two blanks after the scheme'       => [ sp => '  ' ],
    'no blanks after the commas'        => [ sep => ',' ],
    'tabs after the commas'             => [ sep => ",\t" ],
    'empty list elements'               => [ sep => ', , ,' ],
    'quoted qop, as Windows sends it'   => [ quote => ['qop'] ],
    'quoted algorithm, as .NET'         => [ quote => ['algorithm'] ],
    'quoted nc'                         => [ quote => ['nc'] ],
    'unquoted cnonce'                   => [ bare => ['cnonce'] ],
    'unquoted opaque and response'      => [ bare => [qw(opaque response)] ],
    'algorithm in lower case'           => [ set => { algorithm => 'md5-sess' } ],
    'no opaque'                         => [ drop => ['opaque'] ],
    'charset, as .NET'                  => [ pre => 'charset=utf-8, ' ],
    'an unknown parameter'              => [ post => ', foo="bar, baz=\\"qux\\""' ],
    'an unknown parameter twice'        => [ pre => 'foo=1, foo=2, ' ],
    'a hundred unknown parameters'      => [ pre => 'foo=bar, ' x 100 ],
    'nc in upper case hex'              => [ set => { nc => '0000003A' } ],
    'a cnonce with blanks and commas'   => [ set => { cnonce => 'a, b="c' } ],
    'an empty cnonce'                   => [ set => { cnonce => '' } ],
    'a cnonce of 1,000 characters'      => [ set => { cnonce => 'x' x 1000 } ],
);
$client->ask($target);
rows('200', 'no algorithm means MD5' => [ drop => ['algorithm'], calc => { algorithm => 'MD5' } ]);

# ---- malformed ----

$client->ask($target);
rows('400', map { ("no $_" => [ drop => [$_], keep_qop => 1 ]) }
    grep { !/^(?:opaque|algorithm)$/ } @NAMES);
rows('400', map { ("$_ twice, the good one first" => [ post => ", $_=\"evil\"" ]) } @NAMES);
rows('400', map { ("$_ twice, the good one last" => [ pre => "$_=\"evil\", " ]) } @NAMES);
rows('400', map { ("$_ twice, in other case" => [ pre => uc($_) . "=\"evil\", " ]) } @NAMES);
rows('400', map { ("$_ without a value" => [ raw => { $_ => '' } ]) } @NAMES);
rows('400', map { ("$_ is one lone quote" => [ raw => { $_ => '"' } ]) } @NAMES);
rows('400', map { ("$_ whose quote is not closed" => [ raw => { $_ => '"x' } ]) } @NAMES);

rows('400', map { ("nc of '$_'" => [ set => { nc => $_ } ]) }
    '', '1', '0000001', '000000001', '100000001', 'ffffffffffffffff', '1' x 5000,
    '-0000001', '+0000001', '0x000001', ' 0000001', '0000000g', '0000000 ', '00 00001', "0000\x{e4}001");
rows('400', map { ("response of '" . substr($_, 0, 40) . "'" => [ set => { response => $_ } ]) }
    '', '0', 'z' x 32, '0' x 31, '0' x 33, '0' x 64, '0' x 5000);
rows('400',
    'empty uri'                         => [ set => { uri => '' } ],
    'RFC 2069: no qop, nc and cnonce'   => [ drop => [qw(qop nc cnonce)] ],
    'nc but no qop, RFC 2069 response'  => [ drop => ['qop'] ],
    'name without a value first'        => [ pre => 'foo, ' ],
    'value without a name'              => [ pre => '="x", ' ],
    'text after a quoted value'         => [ raw => { uri => qq{"$target"x} } ],
    'no comma between two parameters'   => [ sep => ' ' ],
    'user name and username*'           => [ post => ", username*=UTF-8''alice" ],
    'only an equals sign'               => [ authorization => 'Digest =' ],
    'only a name'                       => [ authorization => 'Digest username' ],
    'a backslash at the end'            => [ authorization => 'Digest username="\\' ],
    '7,000 backslashes'                 => [ authorization => 'Digest username="' . '\\' x 7000 . '"' ],
);

# ---- not what is offered: asked again, as a browser from another realm needs ----

rows('401',
    'scheme with a longer name'         => [ scheme => 'Digestx' ],
    'scheme alone'                      => [ authorization => 'Digest' ],
    'scheme and blanks'                 => [ authorization => 'Digest   ' ],
    'Basic'                             => [ authorization => 'Basic YWxpY2U6c2VjcmV0' ],
    'empty user name, whom nobody knows' => [ set => { username => '' } ],
    'Negotiate'                         => [ authorization => 'Negotiate TlRMTVNTUAABAAAA' ],
);
rows('200', 'nc of zero, with which mechanize begins' => [ set => { nc => '00000000' } ]);
rows('401 stale', '... but not twice' => [ set => { nc => '00000000' } ]);
rows('401 stale',
    'empty nonce, which nobody made'    => [ set => { nonce => '' } ],
);
for my $qop ('auth-int', 'auth-conf', 'auth,auth-int', 'aut', 'none', '') {
    like($client->send($target, set => { qop => $qop })->what, qr/^40[01]$/,
        "qop '$qop' is refused");
}
for my $algorithm ('SHA-256', 'SHA-256-sess', 'SHA-512-256', 'MD5-ses', 'MD5-sess ', 'MD4', '') {
    like($client->send($target, set => { algorithm => $algorithm })->what, qr/^40[01]$/,
        "algorithm '$algorithm' is refused");
}

# ---- refused one way or another, never accepted, never 5xx ----

for my $row (
    [ 'name one letter short'           => post => ', usernam="bob"', sent => { response => '0' x 32 } ],
    [ 'n= is not nonce'                 => raw => { nonce => '' }, pre => 'n="x", ' ],
    [ 'user name of 7,000 characters'   => set => { username => 'u' x 7000 } ],
    [ 'nonce of 7,000 characters'       => set => { nonce => 'A' x 7000 }, sent => { response => '0' x 32 } ],
    [ 'uri of 7,000 characters'         => set => { uri => "/" . 'A' x 7000 } ],
    [ 'opaque of 7,000 characters'      => set => { opaque => 'a' x 7000 }, sent => { response => '0' x 32 } ],
    [ 'user name with a colon'          => set => { username => 'alice:x' } ],
    [ 'user name of a comment'          => set => { username => '#' } ],
    [ 'Latin-1 user name'               => set => { username => "j\xe4s" } ],
    [ 'overlong UTF-8 user name'        => set => { username => "\xc0\xaf" } ],
    [ 'username* with a bad escape'     => drop => ['username'], post => q{, username*=UTF-8''%zz%} ],
    [ 'username* with NUL'              => drop => ['username'], post => q{, username*=UTF-8''alice%00x} ],
    [ 'username* with CR LF'            => drop => ['username'], post => q{, username*=UTF-8''a%0d%0aX:%201} ],
    [ 'username* without a charset'     => drop => ['username'], post => ', username*=alice' ],
    [ 'two Authorization lines'         => headers => ['Authorization: Basic YWxpY2U6eA=='] ],
    [ 'a header beyond the limit'       => set => { username => 'u' x 60_000 } ],
    [ 'a hundred commas and quotes'     => authorization => 'Digest ' . ',"' x 100 ],
    [ 'bytes of all values'             => authorization => 'Digest ' . join('', map { chr } 0x21 .. 0xff) ],
) {
    my ($name, @options) = @$row;
    like($client->send($target, @options)->what, qr/^4\d\d( stale)?$/, "$name: refused");
}
for my $row (
    [ 'blanks around the equals sign'   => authorization => do {
        my $a = $client->authorization($target); $a =~ s/(\w+)=/$1 = /g; $a } ],
    [ 'folded header lines'             => sep => ",\r\n " ],
    [ 'username* of a good user'        => drop => ['username'], post => q{, username*=UTF-8''alice} ],
    [ 'a quoted pair in the user name'  => raw => { username => '"al\\ice"' } ],
    [ 'unquoted user name'              => bare => ['username'] ],
    [ 'response in upper case'          => do {
        my $a = $client->authorization($target); $a =~ s/response="(\w+)"/'response="' . uc($1) . '"'/e;
        (authorization => $a) } ],
) {
    my ($name, @options) = @$row;
    like($client->send($target, @options)->what, qr/^(?:200|4\d\d( stale)?)$/, "$name: an answer");
}

# ---- every subset of the ten parameters ----

my %wrong;
for my $subset (0 .. 2**@NAMES - 1) {
    my @absent = grep { !($subset >> $_ & 1) } 0 .. $#NAMES;
    my $r = $client->send($target, drop => [ @NAMES[@absent] ], keep_qop => 1);
    $client->ask($target) if $client->nc > 1000;
    my $needed = !grep { $NAMES[$_] !~ /^(?:opaque|algorithm)$/ } @absent;
    my $ok = $needed ? $r->what =~ /^(?:200|401)$/ : $subset == 0 ? $r->what eq '401' : $r->what eq '400';
    $wrong{ join ',', @NAMES[@absent] } = $r->what if !$ok;
}
is_deeply(\%wrong, {}, 'of all 1,024 subsets only the complete ones are read, the others are 400');

# ---- every cut of a good header ----

my $whole = $client->authorization($target);
my %odd;
for my $length (0 .. length($whole) - 1) {
    my $what = $client->send($target, authorization => substr $whole, 0, $length)->what;
    $odd{$length} = $what if $what !~ /^40[01]$/;
}
is_deeply(\%odd, {}, 'a header cut at any place is refused');

outcome($client->get($target), '200', 'after all of this the server still serves');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');

done_testing;
