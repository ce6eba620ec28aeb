#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# msdigest explain: published vectors verify; each thing that a client does
# otherwise is named; nothing that is secret is printed.
use MSDigest::Test;
use MSDigest::Tool;
use Digest::MD5 qw(md5);

my $dir = place();

# ---- a client that can do one thing wrong ----

my %true = (
    user => 'alice', realm => 'private', password => 'open sesame', algorithm => 'MD5',
    nonce => 'bm9uY2U', cnonce => '0a4f113b', nc => '0000000a', qop => 'auth',
    method => 'GET', uri => '/dir/x?a=b', body => '',
);

# calc: what is hashed where it differs; rule: plain, session or binary.
sub response {
    my (%v) = (%true, @_);
    my ($name, $sess) = $v{hash} // $v{algorithm} =~ /^(.*?)(?:-sess)?$/;
    my $rule = $v{rule} // ($v{algorithm} =~ /-sess$/ ? 'session' : 'plain');
    my $a1 = hashed($name, @v{qw(user realm password)});
    $a1 = hashed($name, $rule eq 'binary' ? md5(join ':', @v{qw(user realm password)}) : $a1, @v{qw(nonce cnonce)})
        if $rule ne 'plain';
    my @a2 = @v{qw(method uri)};
    push @a2, hashed($name, $v{body}) if $v{a2} // ($v{qop} eq 'auth-int');
    my $a2 = hashed($name, @a2);
    return $v{qop} eq '' ? hashed($name, $a1, $v{nonce}, $a2)
        : hashed($name, $a1, @v{qw(nonce nc cnonce qop)}, $a2);
}

# The header: sent is what differs on the wire, calc what differs in the hash.
sub header {
    my ($sent, $calc) = @_;
    my %v = (%true, %$sent);
    my $r = response(%v, %{ $calc || {} });
    my $name = exists $v{username} ? $v{username} : qq{username="$v{user}"};
    return qq{Digest $name, realm="$v{realm}", nonce="$v{nonce}", uri="$v{uri}", }
        . qq{response="$r", algorithm=$v{algorithm}, cnonce="$v{cnonce}", nc=$v{nc}, qop=$v{qop}};
}

sub explained { # (header, password, arguments)
    my ($header, $password, @arguments) = @_;
    spew("$dir/password", "$password\n");
    my @from = (grep { $_ eq '-f' } @arguments) ? () : ('-p', "$dir/password");
    my $run = tool({ in => $header }, 'explain', @from, @arguments);
    $run->{said} = $run->{out} . $run->{err};
    return $run;
}

# One assertion about what was said, and one that nothing secret was.
sub says {
    my ($run, $status, $name, @wanted) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @missing = grep { $run->{said} !~ $_ } @wanted;
    ok($run->{status} eq $status && !@missing, $name)
        or diag("status $run->{status}, lacks @missing\n$run->{said}");
    return;
}

my @all;    # everything that was printed, to be searched at the end

# ---- vectors ----

my %rfc2617 = (
    user => 'Mufasa', realm => 'testrealm@host.com', nonce => 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    uri => '/dir/index.html', cnonce => '0a4f113b',
);
sub published {
    my ($response, %v) = @_;
    $v{username} //= qq{username="$v{user}"};
    return qq{Digest $v{username}, realm="$v{realm}", nonce="$v{nonce}", uri="$v{uri}", cnonce="$v{cnonce}", }
        . 'qop=' . ($v{qop} // 'auth') . qq{, nc=00000001, response="$response"}
        . join '', map { qq{, $_=$v{$_}} } grep { defined $v{$_} } qw(algorithm userhash);
}
my %rfc7616 = (
    user => 'Mufasa', realm => 'http-auth@example.org', nonce => '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    uri => '/dir/index.html', cnonce => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
);
my %dpsp = (
    user => 'User123', realm => 'TestDomain', algorithm => 'MD5-sess', uri => '/ResourceA',
    nonce => '91c121b4f47ec601a281ceefaa5d6f2b096897ea0797fdd2ea72bfeec7fda64433a98d4ae57186a1',
    cnonce => '579c5e7723ad0ef8eeb0b7427379bdd4',
);
my %windows = (%dpsp, username => 'username="User123"');
spew("$dir/abc", 'abc');
my $jason = "J\xc3\xa4s\xc3\xb8n Doe";
my %hashed_name = (
    realm => 'api@example.org', nonce => '5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK', uri => '/doe.json',
    cnonce => 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v', algorithm => 'SHA-512-256', userhash => 'true',
    username => 'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"',
);
my $jason_response = '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5';
for my $case (
    [ 'RFC 2617 section 3.5', published('6629fae49393a05397450978507c4ef1', %rfc2617), 'Circle Of Life' ],
    [ 'RFC 7616 section 3.9.1, MD5', published('8ca523f5e9506fed4657c9700eebdbec', %rfc7616), 'Circle of Life' ],
    [ 'RFC 7616 section 3.9.1, SHA-256',
        published('753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1', %rfc7616, algorithm => 'SHA-256'),
        'Circle of Life' ],
    [ 'RFC 7616 section 3.9.2, erratum 4897', published($jason_response, %hashed_name), 'Secret, or not?', '-u', $jason ],
    [ 'Windows, first request', published('baf8e0acea1b950d6aa067ec548beac1', %windows), 'P@ssw0rd', '-t', '/ResourceA' ],
    [ 'Windows, auth-int', published('c1b1c17981afc64f44969fb2db6cb639', %windows, qop => 'auth-int'), 'P@ssw0rd',
        '-m', 'POST', '-b', "$dir/abc" ],
) {
    my ($name, $header, $password, @arguments) = @$case;
    my $run = explained($header, $password, @arguments);
    says($run, 0, $name, qr/^verifies: yes$/m);
    is($run->{err}, '', '... and nothing is amiss');
    push @all, $run->{said};
}
says(explained(published('5160cacd5ff0ce4bd5bfb35f0dd4afec', %windows), 'P@ssw0rd'), 1,
    'Windows, the rule of SASL', qr/verifies: no/, qr/raw bytes.*RFC 2831/, qr/-> .*plain MD5/);
says(explained(published('670fd8c2df070c60b045671b8b24ff02', %rfc2617), 'Circle Of Life'), 1,
    'RFC 2617, the form of RFC 2069 with qop sent', qr/verifies: no/, qr/without qop.*RFC 2069/);
says(explained(published('8b956d8ac4457b518f508304f53cc618', %windows, uri => '/ResourceB',
    cnonce => '00112233445566778899aabbccddeeff'), 'P@ssw0rd'), 1,
    'Windows, a session key of another cnonce', qr/verifies: no/, qr/session key of an earlier nonce or cnonce/);

# ---- one thing wrong ----

my ($u8, $l1) = ("J\xc3\xa4n", "J\xe4n");
my ($p8, $p1) = ("p\xc3\xa4ss", "p\xe4ss");
my $back = { username => 'username="DOM\\alice"' };
my @cases = (
    # name, sent, calc, arguments, said; the password of %true unless sent has one
    [ 'realm in lower case', { realm => 'PRIvate' }, { realm => 'private' }, [],
        qr/realm was hashed in lower case: private/, qr/-> .*AuthName/ ],
    [ 'realm in upper case', {}, { realm => 'PRIVATE' }, [], qr/realm was hashed in upper case: PRIVATE/ ],
    [ 'realm of the server', { realm => 'Wiki' }, { realm => 'wIkI' }, [ '-r', 'wIkI' ],
        qr/another realm was hashed than is sent: wIkI/, qr/AuthMSDigestRealm/ ],
    [ 'empty realm', {}, { realm => '' }, [], qr/realm was hashed as an empty one/ ],
    [ 'realm from the name', { user => 'alice@dom.example' }, { realm => 'dom.example' }, [],
        qr/domain of the user name was hashed as the realm: dom\.example/ ],
    [ 'realm with a quoted-pair', { realm => 'a\\"b' }, {}, [],
        qr/realm was hashed with its backslashes left in: a\\"b/, qr/AuthName without quotes/ ],
    [ 'name in lower case', { user => 'ALICE' }, { user => 'alice' }, [], qr/user name was hashed in lower case: alice/ ],
    [ 'name in upper case', {}, { user => 'ALICE' }, [], qr/user name was hashed in upper case: ALICE/ ],
    [ 'name with a capital', {}, { user => 'Alice' }, [], qr/user name was hashed with a capital letter: Alice/ ],
    [ 'name without NetBIOS domain', $back, { user => 'alice' }, [], qr/hashed without its domain: alice/ ],
    [ 'name without UPN domain', { user => 'alice@dom' }, { user => 'alice' }, [], qr/hashed without its domain: alice/ ],
    [ 'name with the realm', {}, { user => 'private\\alice' }, [], qr/the realm as its domain: private\\alice/ ],
    [ 'name as UPN', {}, { user => 'alice@private' }, [], qr/as a principal name: alice\@private/ ],
    [ 'name in ISO 8859-1', { user => $u8 }, { user => $l1 }, [], qr/user name was hashed in ISO 8859-1: J\\xE4n/,
        qr/-> msdigest passwd stores both/ ],
    [ 'name and password in ISO 8859-1', { user => $u8, password => $p8 }, { user => $l1, password => $p1 }, [],
        qr/user name was hashed in ISO 8859-1/, qr/password was hashed in ISO 8859-1/ ],
    [ 'name sent in ISO 8859-1 and hashed in it', { user => $l1 }, {}, [], qr/user name was hashed in ISO 8859-1/ ],
    [ 'password in ISO 8859-1', { password => $p8 }, { password => $p1 }, [], qr/password was hashed in ISO 8859-1/ ],
    [ 'password with LF', {}, { password => "$true{password}\n" }, [], qr/with a line end behind it/, qr/-> store or type/ ],
    [ 'password with CR LF', {}, { password => "$true{password}\r\n" }, [], qr/with a line end behind it/ ],
    [ 'password with a blank', {}, { password => "$true{password} " }, [], qr/with a blank behind it/ ],
    [ 'password with a blank before', {}, { password => " $true{password}" }, [], qr/with a blank before it/ ],
    [ 'password without its blank', { password => 'open ' }, { password => 'open' }, [], qr/without the blanks at its ends/ ],
    [ 'serf: plain MD5 as MD5-sess', { algorithm => 'MD5-sess' }, { rule => 'plain' }, [],
        qr/computes the plain one/, qr/-> AuthMSDigestCompat serf/ ],
    [ 'MD5-sess with raw bytes', { algorithm => 'MD5-sess' }, { rule => 'binary' }, [], qr/rule of SASL/ ],
    [ 'MD5 as -sess', {}, { rule => 'session' }, [], qr/A1 was bound to nonce and cnonce/ ],
    [ 'libcurl: SHA-256 as SHA-512-256', { algorithm => 'SHA-512-256' }, { hash => 'SHA-256' }, [],
        qr/names SHA-512-256, but computes SHA-256 \(libcurl/, qr/do not offer SHA-512-256/ ],
    [ 'the other way round', { algorithm => 'SHA-256' }, { hash => 'SHA-512-256' }, [], qr/computes SHA-512-256/ ],
    [ 'MD5 as SHA-256', { algorithm => 'SHA-256' }, { hash => 'MD5' }, [],
        qr/malformed: response is not a hash of the algorithm/, qr/at character \d+: +response/,
        qr/names another algorithm, but computes MD5/, qr/AuthMSDigestAlgorithm SHA-256 MD5/ ],
    [ 'MD5-sess as SHA-256-sess', { algorithm => 'SHA-256-sess' }, { hash => 'MD5' }, [], qr/but computes MD5/ ],
    [ 'SHA-256 as MD5', {}, { hash => 'SHA-256' }, [], qr/but computes one of SHA-2/ ],
    [ 'no qop in the hash', {}, { qop => '' }, [], qr/without qop, nc and cnonce, as in RFC 2069/ ],
    [ 'auth as auth-int', { qop => 'auth-int' }, { qop => 'auth' }, [], qr/names auth-int, but computes auth/ ],
    [ 'auth-int without the body', { qop => 'auth-int' }, { a2 => 0 }, [], qr/leaves the body out/ ],
    [ 'auth-int with an empty body', { qop => 'auth-int', body => 'abc' }, { body => '' }, [ '-b', "$dir/abc" ],
        qr/auth-int was computed with an empty body/, qr/body: 3 bytes/, qr/-> AuthMSDigestQop auth/ ],
    [ 'auth-int as auth', {}, { qop => 'auth-int' }, [], qr/names auth, but computes auth-int/ ],
    [ 'auth with the body', { body => 'abc' }, { a2 => 1 }, [ '-b', "$dir/abc" ], qr/names auth, but hashes the body/ ],
    [ 'qop in another case', { qop => 'AUTH' }, { qop => 'auth' }, [], qr/qop was hashed in lower case/ ],
    [ 'nc in upper case', {}, { nc => '0000000A' }, [], qr/nc was hashed in upper case: 0000000A/ ],
    [ 'nc in lower case', { nc => '0000000A' }, { nc => '0000000a' }, [], qr/nc was hashed in lower case: 0000000a/ ],
    [ 'nc without zeros', {}, { nc => 'a' }, [], qr/nc was hashed without its zeros: a$/m ],
    [ 'another method', {}, { method => 'PROPFIND' }, [], qr/for another method: PROPFIND/ ],
    [ 'method in lower case', {}, { method => 'get' }, [], qr/method was hashed in lower case: get/ ],
    [ 'method in upper case', {}, { method => 'GET' }, [ '-m', 'Get' ], qr/method was hashed in upper case: GET/ ],
    [ 'no method', {}, { method => '' }, [], qr/no method was hashed/ ],
    [ 'the target', { uri => '/old' }, { uri => '/new?q' }, [ '-t', '/new?q' ],
        qr/target of the request was hashed, but another uri is sent: \/new\?q/ ],
    [ 'uri without query', {}, { uri => '/dir/x' }, [], qr/uri was hashed without its query: \/dir\/x$/m ],
    [ 'uri in absolute form', { uri => 'http://h/dir/x' }, { uri => '/dir/x' }, [], qr/path of the uri was hashed/ ],
    [ 'uri decoded', { uri => '/a%20b' }, { uri => '/a b' }, [], qr/with its escapes taken away: \/a b/ ],
    [ 'two things at once', { realm => 'Private' }, { realm => 'PRIVATE', method => 'POST' }, [],
        qr/realm was hashed in upper case/, qr/for another method: POST/ ],
    [ 'three things at once', { user => $u8, password => $p8 }, { user => $l1, password => $p1, method => 'PUT' }, [],
        qr/user name was hashed/, qr/password was hashed/, qr/for another method: PUT/ ],
);
for my $case (@cases) {
    my ($name, $sent, $calc, $arguments, @said) = @$case;
    my $calc_of = { %$calc };
    # What is read has no quoted-pair; the client that errs hashes what is sent.
    my $run = explained(header($sent, $calc_of), $sent->{password} // $true{password}, @$arguments);
    says($run, 1, $name, qr/^verifies: no$/m, @said);
    push @all, $run->{said};
}

# ---- nothing wrong ----

for my $case (
    [ 'as it should be', {}, {} ],
    [ 'a bare backslash', $back, { user => 'DOM\\alice' } ],
    [ 'a backslash taken for an escape', $back, { user => 'DOMalice' }, qr/backslashes read in another way: DOMalice/ ],
    [ 'a backslash left doubled', { username => 'username="DOM\\\\alice"' }, { user => 'DOM\\\\alice' } ],
    [ 'username*', { username => "username*=UTF-8''J%C3%A4n" }, { user => $u8 } ],
    [ 'auth-int with no body', { qop => 'auth-int' }, {}, qr/body: 0 bytes; -b gives another/ ],
) {
    my ($name, $sent, $calc, @said) = @$case;
    my $run = explained(header($sent, $calc), $true{password});
    says($run, 0, "verifies: $name", qr/^verifies: yes$/m, @said);
    push @all, $run->{said};
}

# ---- verified, and refused all the same ----

for my $case (
    [ 'uri without the query', [ '-t', '/dir/x?a=b&c' ], { uri => '/dir/x' }, qr/uri is not the target/, qr/AuthMSDigestUriMatch path/ ],
    [ 'uri escaped otherwise', [ '-t', '/%7Ex' ], { uri => '/~x' }, qr/AuthMSDigestCompat uri-escapes/ ],
    [ 'another uri', [ '-t', '/y' ], { uri => '/x' }, qr/a proxy between rewrites the path/ ],
    [ 'another realm', [ '-r', 'PRIVATE' ], {}, qr/realm is not the one of the server: private/, qr/AuthMSDigestRealm/ ],
    [ 'MD5 where MD5-sess is offered', [ '-a', 'MD5-sess' ], {}, qr/not offered: MD5/, qr/AuthMSDigestCompat plain-md5/ ],
    [ 'MD5 where SHA-256 is offered', [ '-a', 'SHA-256,SHA-256-sess' ], {}, qr/not offered: MD5/, qr/AuthMSDigestAlgorithm must name/ ],
) {
    my ($name, $arguments, $sent, @said) = @$case;
    my $run = explained(header($sent), $true{password}, @$arguments);
    says($run, 1, "refused: $name", qr/^verifies: yes$/m, qr/so a server refuses it/, @said);
}
for my $case (
    [ 'the offered algorithm', [ '-a', 'SHA-256,MD5' ], {} ],
    [ 'the realm', [ '-r', 'private' ], {} ],
    [ 'the target', [ '-t', '/dir/x?a=b' ], {} ],
    [ 'absolute form', [ '-t', 'http://h:80/dir/x?a=b' ], {} ],
    [ 'absolute form in the uri', [ '-t', '/dir/x' ], { uri => 'https://h/dir/x' } ],
    [ 'CONNECT', [ '-t', 'h:443', '-m', 'CONNECT' ], { uri => 'h:443', method => 'CONNECT' } ],
) {
    my ($name, $arguments, $sent) = @$case;
    says(explained(header($sent), $true{password}, @$arguments), 0, "fits: $name", qr/^verifies: yes$/m);
}
says(explained(published($jason_response, %hashed_name, username => 'username="' . 'ab' x 32 . '"'), 'Secret, or not?', '-u', $jason),
    1, 'userhash of another name', qr/not the hash of this name/);
says(explained(published($jason_response, %hashed_name), 'Secret, or not?'), 1, 'userhash without a name', qr/-u gives the name/);

# ---- a password file ----

sub file_with { return spew("$dir/users", join '', @_) }
sub entry { # user, realm, kinds
    my ($user, $realm, @kinds) = @_;
    @kinds = 'MD5' if !@kinds;
    return "$user:$realm:" . join(',', map { ($_ eq 'SHA-512-256' ? 'SHA-512-256=' : '') . hashed($_, $user, $realm, $true{password}) } @kinds) . "\n";
}
my $alice = entry('alice', 'private', 'MD5', 'SHA-256', 'SHA-512-256');
for my $algorithm (qw(MD5 MD5-sess SHA-256 SHA-256-sess SHA-512-256 SHA-512-256-sess)) {
    file_with("# users\n", entry('bob', 'private'), $alice);
    says(explained(header({ algorithm => $algorithm }), '', '-f', "$dir/users"), 0, "-f: $algorithm", qr/verifies: yes/);
}
my @stored = (
    [ 'nobody of that name', [ entry('bob', 'private') ], {}, {}, qr/no line for this user and realm/ ],
    [ 'no such hash', [ entry('alice', 'private') ], { algorithm => 'SHA-256' }, {}, qr/no hash of the user for the algorithm: SHA-256/, qr/-> msdigest passwd -a/ ],
    [ 'realm in another case', [ entry('alice', 'PRIVATE') ], {}, { realm => 'PRIVATE' }, qr/realm in another case: alice:PRIVATE/ ],
    [ 'another realm', [ $alice, entry('alice', 'wiki') ], {}, { realm => 'wiki' }, qr/hash of another realm: alice:wiki/ ],
    [ 'name in another case', [ entry('ALICE', 'private') ], {}, { user => 'ALICE' }, qr/user name in another case: ALICE:private/ ],
    [ 'without a domain', [ entry('alice', 'private') ], $back, { user => 'alice' }, qr/another domain, or without one: alice:private/ ],
    [ 'another method', [ $alice ], {}, { method => 'POST' }, qr/for another method: POST/ ],
    [ 'a wrong password', [ $alice ], {}, { password => 'x' }, qr/password \(or stored hash\) is not the one/ ],
);
for my $case (@stored) {
    my ($name, $lines, $sent, $calc, @said) = @$case;
    file_with(@$lines);
    my $run = explained(header($sent, $calc), '', '-f', "$dir/users");
    says($run, 1, "-f: $name", qr/verifies: no/, @said);
    push @all, $run->{said};
}
file_with('');
tool({ in => "Secret, or not?\n" }, 'passwd', '-a', 'SHA-512-256', "$dir/users", 'api@example.org', $jason);
says(explained(published($jason_response, %hashed_name), '', '-f', "$dir/users"), 1, '-f: userhash without a line for it',
    qr/no line under the hash of the name/, qr/msdigest passwd -u/);
tool({ in => "Secret, or not?\n" }, 'passwd', '-u', "$dir/users", 'api@example.org', $jason);
says(explained(published($jason_response, %hashed_name), '', '-f', "$dir/users"), 0, '-f: userhash with one', qr/verifies: yes/);
file_with('');
tool({ in => "$p8\n" }, 'passwd', "$dir/users", 'private', $u8);
for my $case ([ 'UTF-8', $u8, $p8 ], [ 'ISO 8859-1', $l1, $p1 ]) {
    my ($name, $user, $password) = @$case;
    says(explained(header({ user => $user }, { password => $password }), '', '-f', "$dir/users"), 0,
        "-f: a file of msdigest serves $name", qr/verifies: yes/);
}

# ---- how a header may be captured ----

my $plain = header({});
my $folded = $plain =~ s/, nonce/,\r\n\tnonce/r;
for my $case (
    [ 'with its name', "Authorization: $plain\r\n" ],
    [ 'in another case', "AUTHORIZATION:$plain" ],
    [ 'of a proxy', "Proxy-Authorization: $plain\n" ],
    [ 'folded', "Authorization: $folded\r\n" ],
    [ 'a whole request', "GET /dir/x?a=b HTTP/1.1\r\nHost: h\r\nAuthorization: $plain\r\nAccept: */*\r\n\r\n" ],
    [ 'as curl -v prints it', "* Connected\n> GET /dir/x?a=b HTTP/1.1\n> Host: h\n> Authorization: $plain\n> Accept: */*\n>\n< HTTP/1.1 200 OK\n" ],
    [ 'behind Basic for another', "Authorization: Basic eHg6eXk=\nProxy-Authorization: $plain\n" ],
) {
    my ($name, $text) = @$case;
    says(explained($text, $true{password}), 0, "captured $name", qr/verifies: yes/);
}
says(explained("POST /y HTTP/1.1\n> Authorization: $plain", $true{password}), 1, 'method and target come from the request line',
    qr/^method: POST\ntarget: \/y$/m, qr/another method: GET/);
says(explained("POST /y HTTP/1.1\nAuthorization: $plain", $true{password}, '-m', 'GET', '-t', '/dir/x?a=b'), 0,
    'options count for more', qr/verifies: yes/);

# ---- malformed ----

for my $case (
    [ 'no end of a quote', $plain . ', opaque="abc', qr/malformed: quoted value without end\n  at character \d+, in or behind the parameter opaque/ ],
    [ 'twice', $plain . ', realm="private"', qr/malformed: parameter given twice\n  at character (\d+), in or behind the parameter realm/ ],
    [ 'no comma', $plain =~ s/, nonce/ nonce/r, qr/malformed: no comma between parameters\n  at character 35, in or behind the parameter nonce/ ],
    [ 'nc', $plain =~ s/nc=\w+/nc=1/r, qr/malformed: nc is not 8 hexadecimal digits\n  at character \d+:   nc +1$/m ],
    [ 'qop', $plain =~ s/qop=auth/qop=none/r, qr/malformed: qop is unknown\n  at character \d+:   qop +none/ ],
    [ 'algorithm', $plain =~ s/=MD5/=MD9/r, qr/malformed: algorithm is unknown\n  at character \d+:   algorithm +MD9/ ],
    [ 'missing', $plain =~ s/uri="[^"]*", //r, qr/malformed: uri is missing$/m ],
    [ 'a control character', $plain =~ s/alice/al\x1bice/r, qr/malformed: control character\n  at character 13,/, qr/username +al\\x1Bice/ ],
    [ 'username twice over', $plain . ", username*=UTF-8''alice", qr/malformed: username and username\* together/ ],
) {
    my ($name, $header, @said) = @$case;
    my $run = explained($header, $true{password});
    says($run, 1, "malformed: $name", @said);
    push @all, $run->{said};
}
my $old = header({}, { qop => '' }) =~ s/, cnonce=.*//sr;
says(explained($old, $true{password}), 1, 'malformed, but right by RFC 2069',
    qr/malformed: qop is missing/, qr/verifies: no\n  qop is missing: this client knows RFC 2069 only/);
for my $case (
    [ 'no header', "GET / HTTP/1.1\n", qr/no Authorization header with Digest/ ],
    [ 'nothing', '', qr/no Authorization header with Digest/ ],
    [ 'another scheme', "Authorization: Basic dXNlcjpwYXNz\n", qr/scheme is not Digest, but "Basic"$/m ],
    [ 'Digest and nothing else', 'Digest', qr/malformed: username is missing/ ],
) {
    my ($name, $text, $said) = @$case;
    my $run = explained($text, $true{password});
    says($run, 1, $name, $said);
    unlike($run->{said}, qr/dXNl/, '... and its credentials are not shown');
}

# ---- wrong calls ----

for my $case (
    [ 'an unknown option', '-x' ], [ 'a password among the arguments', 'open sesame' ],
    [ '-p and -f', '-p', 'x', '-f', 'y' ], [ 'an unknown algorithm', '-a', 'MD4' ], [ '-m without a method', '-m' ],
) {
    my ($name, @arguments) = @$case;
    my $run = tool({ in => $plain }, 'explain', @arguments);
    is($run->{status}, 2, "$name: exit status 2");
    like($run->{err}, qr/usage: msdigest explain/, '... and the usage');
}
for my $option (qw(-p -f -b -i)) {
    my $run = tool({ in => $plain }, 'explain', $option, "$dir/none");
    is($run->{status}, 1, "$option and no such file: exit status 1");
    like($run->{err}, qr/cannot open \Q$dir\E\/none: No such file/, '... and says so');
}
spew("$dir/header", $plain);
says({ %{ tool({ in => "open sesame\n" }, 'explain', '-i', "$dir/header") }, said => 'verifies' }, 0,
    'with -i the password comes from standard input');

# ---- nothing secret ----

my $said = join '', @all;
my @secret = map { my $h = $_; map { hashed($h, @$_) } [ 'alice', 'private', $true{password} ],
    [ 'Mufasa', 'testrealm@host.com', 'Circle Of Life' ] } qw(MD5 SHA-256 SHA-512-256);
is(join(' ', grep { index($said, $_) >= 0 } $true{password}, 'Circle Of Life', 'P@ssw0rd', $p8, @secret), '',
    'no password and no hash of one is ever printed');
unlike($said, qr/(?<![0-9a-zA-Z+\/])(?:6629fae49393a053|8ca523f5e9506fed|753927fa0e85d155|3798d4131c277846|baf8e0acea1b950d)/,
    'nor is a right response');
unlike($said, qr/[\x00-\x08\x0b-\x1f\x7f]/, 'nor a control character');

done_testing;
