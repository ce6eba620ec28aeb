#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# qop=auth-int: a body is checked before it is handed on, and handed on unchanged.
use MSDigest::Test;

use Compress::Zlib ();
use Digest::MD5 qw(md5_hex);

my $KIB = 1024;
my $INT = 'AuthMSDigestQop auth-int';

# Tells what it got, and leaves a line in the file of its runs.
my $ECHO = <<'CGI';
#!/usr/bin/perl
use Digest::MD5 qw(md5_hex);
binmode STDIN;
my $body = do { local $/; <STDIN> } // '';
open my $runs, '>>', "$ENV{RUNS}" or die;
syswrite $runs, "$ENV{REQUEST_METHOD} $ENV{REQUEST_URI} " . length($body) . "\n";
print "Content-Type: text/plain\r\n\r\n$ENV{REQUEST_METHOD} " . length($body) . ' ' . md5_hex($body);
CGI

# Reads in every way that a handler can, as the query says: s10 looks at 10 bytes,
# r10 takes 10, g a line, x all.
my $READER = <<'PERL';
package Reader;
use strict;
use warnings;
use Apache2::Const -compile => qw(OK MODE_READBYTES MODE_GETLINE MODE_SPECULATIVE MODE_EXHAUSTIVE);
use Apache2::Connection ();
use Apache2::Filter ();
use Apache2::RequestIO ();
use Apache2::RequestRec ();
use APR::Brigade ();
use APR::Bucket ();
use APR::Const -compile => qw(BLOCK_READ);
use Digest::MD5 qw(md5_hex);
my %MODE = (s => Apache2::Const::MODE_SPECULATIVE, r => Apache2::Const::MODE_READBYTES,
    g => Apache2::Const::MODE_GETLINE, x => Apache2::Const::MODE_EXHAUSTIVE);
sub handler {
    my ($r) = @_;
    my @said;
    for my $step (split /,/, $r->args) {
        my ($mode, $count) = $step =~ /^(.)(\d*)$/;
        my $bb = APR::Brigade->new($r->pool, $r->connection->bucket_alloc);
        $r->input_filters->get_brigade($bb, $MODE{$mode}, APR::Const::BLOCK_READ, $count || 1);
        my ($data, $eos) = ('', '');
        for (my $b = $bb->first; $b; $b = $bb->next($b)) {
            if ($b->is_eos) { $eos = ' eos' } else { $b->read(my $piece); $data .= $piece }
        }
        push @said, length($data) . ' ' . md5_hex($data) . $eos;
        $bb->destroy;
    }
    $r->content_type('text/plain');
    $r->print(join ', ', @said);
    return Apache2::Const::OK;
}
1;
PERL

my $server = MSDigest::Server->new(ports => 1, modules => [qw(cgid dav dav_fs dav_lock proxy
    proxy_http deflate filter actions rewrite include http2 perl)], files => {
    'cgi/echo' => $ECHO, 'htdocs/dir/index.cgi' => $ECHO, 'conf/Reader.pm' => $READER, 'runs' => '', 'tmp/.keep' => '',
    'htdocs/dav/.keep' => '', 'htdocs/ssi/page.shtml' => qq{[<!--#include virtual="/both/in.txt" -->]\n},
    'htdocs/both/in.txt' => 'inside',
    'conf/users-sha256' => join('', map {
        "$_:private:" . digest_ha1($_, 'private', $PASSWORD{$_}, 'SHA-256') . "\n" } 'alice'),
}, conf => area('/int/', $INT) . area('/both/', 'AuthMSDigestQop auth auth-int')
    . area('/auth/') . area('/small/', $INT, 'AuthMSDigestMaxBody 1000')
    . area('/large/', $INT, 'AuthMSDigestMaxBody 4194304')
    . area('/sha/', $INT, 'AuthMSDigestAlgorithm SHA-256', 'AuthUserFile "@ROOT@/conf/users-sha256"')
    . area('/dav/', $INT, 'Dav On') . area('/proxy/', $INT) . area('/gzip/', $INT, 'SetInputFilter DEFLATE')
    . area('/action/', $INT, 'SetHandler echo') . area('/ssi/', $INT)
    . area('/reader/', $INT, 'SetHandler perl-script', 'PerlResponseHandler Reader')
    . area('/limited/', $INT, 'LimitRequestBody 500') . area('/page/', $INT, 'ErrorDocument 401 /plain/error')
    . <<'CONF');
Protocols h2c http/1.1
SetEnv RUNS "@ROOT@/runs"
ScriptAliasMatch "^/(?:int|both|auth|small|large|sha|gzip|limited|page|plain)/\w+(/.*)?$" "@ROOT@/cgi/echo$1"
ScriptSock "@ROOT@/run/cgisock"
Action echo /plain/action virtual
PerlRequire "@ROOT@/conf/Reader.pm"
DavLockDB "@ROOT@/davlock/db"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
<Directory "@ROOT@/htdocs/ssi">
    Options +Includes
    SetOutputFilter INCLUDES
</Directory>
<Directory "@ROOT@/htdocs/dir">
    Options +ExecCGI
    DirectoryIndex index.cgi
    RewriteEngine On
    RewriteRule "^front$" "index.cgi"
    <Files "index.cgi">
        SetHandler cgi-script
        AuthType MSDigest
        AuthName "private"
        AuthMSDigestProvider file
        AuthUserFile "@ROOT@/conf/users"
        AuthMSDigestQop auth-int
        Require valid-user
    </Files>
</Directory>
ProxyPass "/proxy/" "http://127.0.0.1:@PORT1@/plain/"
Listen 127.0.0.1:@PORT1@
<VirtualHost 127.0.0.1:@PORT1@>
    ServerName behind.test
    <Location "/plain/">
        Require all granted
    </Location>
</VirtualHost>
CONF
chmod 0755, map { $server->path($_) } qw(cgi/echo htdocs/dir/index.cgi);
mkdir $server->path('davlock');
chmod 0777, map { $server->path($_) } qw(davlock htdocs/dav tmp);
chmod 0666, $server->path('runs');
{
    local @ENV{qw(TMP TEMP TMPDIR)} = ($server->path('tmp')) x 3;
    $server->start;
}

sub runs { return scalar(() = $server->read('runs') =~ /\n/g) }

# Bytes without a pattern that a wrong order of pieces would keep.
sub bytes_of {
    my ($length) = @_;
    my $bytes = '';
    $bytes .= pack 'NN', length $bytes, $length while length $bytes < $length;
    return substr $bytes, 0, $length;
}

sub echo { return "$_[0] " . length($_[1]) . ' ' . md5_hex($_[1]) }

sub chunks {
    my ($body, $size) = @_;
    my $out = '';
    for (my $at = 0; $at < length $body; $at += $size) {
        my $piece = substr $body, $at, $size;
        $out .= sprintf "%x\r\n%s\r\n", length $piece, $piece;
    }
    return "${out}0\r\n\r\n";
}

sub new_client {
    my ($path, %o) = @_;
    my $client = $server->client('alice', qop => 'auth-int', keep => 1, %o);
    my $r = $client->ask($path // '/int/echo');
    die 'not challenged: ' . $r->what if $r->status != 401;
    return $client;
}

sub post { my ($c, $path, $body, %o) = @_; return $c->send($path, method => 'POST', body => $body, %o) }

# A POST in chunks; the credentials are for $body, what is sent is $wire.
sub post_chunked {
    my ($c, $path, $body, $wire, %o) = @_;
    my $bytes = $c->bytes($path, method => 'POST', entity => $body,
        headers => ['Transfer-Encoding: chunked'], %o);
    return $c->exchange($bytes . $wire);
}

sub accepted {
    my ($r, $method, $body, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($r->status == 200 ? $r->body : $r->what, echo($method, $body), $name);
}

# The request is refused, and no handler ran.
sub refused {
    my ($send, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $before = runs();
    my $r = $send->();
    my $ran = runs() - $before;
    is($r->what . ($ran ? ", and $ran ran" : ''), $expected, $name);
    return $r;
}

# ---- the challenge ----

my $plain = $server->client('alice');
is_deeply([ map { $_->{line} =~ /^Digest (qop="[^"]*")/ } $plain->ask('/int/echo')->challenges ],
    [ ('qop="auth-int"') x 2 ], 'the challenges offer auth-int');
is_deeply([ map { $_->{line} =~ /^Digest (qop="[^"]*")/ } $plain->ask('/both/echo')->challenges ],
    [ ('qop="auth,auth-int"') x 2 ], '... or both');
$plain->ask('/int/echo');
refused(sub { post($plain, '/int/echo', 'x') }, '401', 'where auth-int alone is offered, auth is refused');
my $both = new_client('/both/echo');
accepted(post($both, '/both/echo', 'hello'), 'POST', 'hello', 'where both are offered, auth-int is accepted');
accepted(post($both, '/both/echo', 'hello', set => { qop => 'auth' }), 'POST', 'hello', '... and auth');
refused(sub { post($both, '/both/echo', 'hello', sent => { qop => 'auth' }) }, '401',
    '... but not one under the name of the other');
my $auth = $server->client('alice', qop => 'auth-int');
$auth->ask('/auth/echo');
refused(sub { post($auth, '/auth/echo', 'x') }, '401', 'where auth alone is offered, auth-int is refused');

# ---- every length, with Content-Length and in chunks, on one connection ----

my $c = new_client();
accepted($c->send('/int/echo'), 'GET', '', 'GET without a body');
outcome($c->send('/int/echo', method => 'HEAD'), '200', 'HEAD');
accepted($c->send('/int/echo', headers => ['Content-Length: 0']), 'GET', '', 'GET with an empty body');
accepted($c->send('/int/echo', body => 'b'), 'GET', 'b', 'GET with a body');
for my $length (0, 1, 100, 8192, 64 * $KIB - 1, 64 * $KIB, 64 * $KIB + 1, 300_000, 1024 * $KIB) {
    my $body = bytes_of($length);
    accepted(post($c, '/int/echo', $body), 'POST', $body, "POST of $length bytes");
    accepted(post_chunked($c, '/int/echo', $body, chunks($body, 10_007)), 'POST', $body, '... in chunks');
    refused(sub { post($c, '/int/echo', $body, calc => { entity => "$body." }) }, '401', '... changed');
    accepted($c->send('/int/echo'), 'GET', '', '... and nothing of it is left on the connection');
    next if !$length;
    my $other = $body;
    substr($other, -1) = 'X';
    refused(sub { post_chunked($c, '/int/echo', $body, chunks($other, 10_007)) }, '401', '... the last byte changed, in chunks');
    accepted($c->send('/int/echo'), 'GET', '', '... and nothing is left');
}
is($c->refused, 0, 'no request needed a second try');
my $tiny = bytes_of(3000);
accepted(post_chunked($c, '/int/echo', $tiny, chunks($tiny, 1)), 'POST', $tiny, 'chunks of one byte');
accepted(post_chunked($c, '/int/echo', 'abc', "3;name=value\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"), 'POST', 'abc',
    'chunks with an extension and a trailer');
my $same = $c->authorization('/int/echo', method => 'POST', body => 'first');
accepted(post($c, '/int/echo', 'first', authorization => $same), 'POST', 'first', 'a body');
refused(sub { post($c, '/int/echo', 'other', authorization => $same) }, '401', '... the header does not serve for another');
refused(sub { post($c, '/int/echo', 'first', authorization => $same) }, '401 stale', '... and for this one only once');

# ---- limits: 413, and the connection ends ----

my $over = bytes_of(1024 * $KIB + 1);
refused(sub { post(new_client(), '/int/echo', $over) }, '413', 'a byte more than AuthMSDigestMaxBody allows');
refused(sub { post_chunked(new_client(), '/int/echo', $over, chunks($over, 50_000)) }, '413', '... in chunks');
my $small = new_client('/small/echo');
my $thousand = bytes_of(1000);
accepted(post($small, '/small/echo', $thousand), 'POST', $thousand, 'a limit of 1000: 1000 bytes');
refused(sub { post($small, '/small/echo', "$thousand.") }, '413', '... 1001 bytes');
refused(sub { post_chunked(new_client('/small/echo'), '/small/echo', "$thousand.", chunks("$thousand.", 100)) }, '413',
    '... in chunks');
my $huge = bytes_of(4096 * $KIB);
accepted(post(new_client('/large/echo'), '/large/echo', $huge), 'POST', $huge, 'a limit of 4 MiB: 4 MiB');
my $limited = new_client('/limited/echo');
accepted(post($limited, '/limited/echo', 'x' x 500), 'POST', 'x' x 500, 'LimitRequestBody 500: 500 bytes');
refused(sub { post_chunked($limited, '/limited/echo', 'x' x 501, chunks('x' x 501, 100)) }, '413', '... 501 bytes');

# ---- bodies that break off or are no bodies ----

# Sends these bytes, then nothing more for ever; returns the response.
sub half {
    my ($bytes) = @_;
    my $conn = MSDigest::Conn->new($server->port);
    $conn->write($bytes);
    shutdown $conn->{sock}, 1;
    return $conn->read_response;
}

my $cut = new_client();
for my $length (10, 200_000) {
    my $body = bytes_of($length);
    my $whole = sub { $cut->bytes('/int/echo', method => 'POST', body => $body) };
    refused(sub { half(substr $whole->(), 0, -1) }, '400', "the last of $length bytes does not come");
    refused(sub { half($whole->() =~ s/\r\n\r\n.*/\r\n\r\n/sr) }, '400', '... none of them comes');
    refused(sub { half($whole->() =~ s/^Content-Length: \d+/'Content-Length: ' . ($length + 1)/mer) }, '400',
        '... Content-Length promises one more');
    refused(sub { half($whole->() =~ s/^Content-Length: \d+/'Content-Length: ' . ($length - 1)/mer) }, '401',
        '... Content-Length promises one less');
    my $head = sub { $cut->bytes('/int/echo', method => 'POST', entity => $body,
        headers => ['Transfer-Encoding: chunked']) };
    my $chunks = chunks($body, 1000);
    refused(sub { half($head->() . substr $chunks, 0, -5) }, '400', '... the last chunk does not come');
    refused(sub { half($head->() . substr $chunks, 0, -10) }, '400', '... a chunk is cut');
    refused(sub { half($head->() . $chunks =~ s/0\r\n\r\n$/zz\r\n/r) }, '400', '... a chunk has no size');
    refused(sub { half($head->() . $chunks =~ s/0\r\n\r\n$/fffffffffffffffff\r\n/r) }, '413',
        '... a chunk is of no size that there is');
}
{
    my $before = runs();
    my $conn = MSDigest::Conn->new($server->port);
    $conn->write(substr $cut->bytes('/int/echo', method => 'POST', body => bytes_of(100_000)), 0, -1);
    $conn->close;
    accepted($cut->send('/int/echo'), 'GET', '', 'a client that hangs up disturbs nobody');
    is(runs() - $before, 1, '... and its body reaches nobody');
}

# ---- Expect: 100-continue ----

# (how many interim responses came before the body was sent, the response)
sub with_expect {
    my ($client, $path, $body, %o) = @_;
    my $bytes = $client->bytes($path, method => 'POST', body => $body, headers => ['Expect: 100-continue'], %o);
    my ($head) = $bytes =~ /^(.*?\r\n\r\n)/s;
    my $conn = MSDigest::Conn->new($server->port);
    $conn->write($head);
    my $asked = $conn->readable(10) && $conn->fill // 1 && $conn->{buf} =~ /^HTTP\S+ 100/ ? 1 : 0;
    $conn->write($body) if $asked;
    return ($asked, $conn->read_response);
}

for my $length (5, 100_000) {
    my $body = bytes_of($length);
    my ($asked, $r) = with_expect($c, '/int/echo', $body);
    is("$asked " . $r->body, '1 ' . echo('POST', $body), "Expect: $length bytes are asked for, and taken");
    ($asked, $r) = with_expect($c, '/int/echo', $body, authorization => undef);
    is("$asked " . $r->what, '0 401', '... not without credentials');
    ($asked, $r) = with_expect($c, '/int/echo', $body, calc => { entity => '' });
    is("$asked " . $r->what, '1 401', '... refused when they are not the ones');
}
my ($asked, $too_large) = with_expect($c, '/small/echo', bytes_of(1001));
is("$asked " . $too_large->what, '0 413', '... a body that is too large is not asked for');

# ---- algorithms ----

for my $row ([ '/int/echo', 'MD5' ], [ '/int/echo', 'MD5-sess' ], [ '/sha/echo', 'SHA-256' ]) {
    my ($path, $algorithm) = @$row;
    my $client = new_client($path, algorithm => $algorithm);
    my $body = bytes_of(70_000);
    accepted(post($client, $path, $body), 'POST', $body, "$algorithm: a body");
    accepted(post($client, $path, ''), 'POST', '', '... none');
    refused(sub { post($client, $path, $body, calc => { entity => '' }) }, '401', '... another');
    refused(sub { post($client, $path, $body, calc => { password => 'x' }) }, '401', '... a wrong password');
}

# ---- handlers ----

for my $length (0, 11, 64 * $KIB, 700_000) {
    my $body = bytes_of($length);
    my $put = sub { $c->send("/dav/f$length", method => 'PUT', body => $body, @_) };
    outcome($put->(calc => { entity => "$body." }), '401', "mod_dav: a changed PUT of $length bytes");
    ok(!-e $server->path("htdocs/dav/f$length"), '... stores nothing');
    outcome($put->(), '201', '... a true one');
    is(md5_hex($server->read("htdocs/dav/f$length")), md5_hex($body), '... is stored, unchanged');
    accepted(post($c, '/proxy/echo', $body), 'POST', $body, '... mod_proxy_http');
    accepted(post_chunked($c, '/proxy/echo', $body, chunks($body, 9999)), 'POST', $body, '... in chunks');
    refused(sub { post($c, '/proxy/echo', $body, calc => { entity => "$body." }) }, '401', '... changed');
    my $zipped = Compress::Zlib::memGzip($body);
    accepted(post($c, '/gzip/echo', $zipped, headers => ['Content-Encoding: gzip']), 'POST', $body,
        '... DEFLATE: the digest covers what is sent, the program gets it decoded');
    refused(sub { post($c, '/gzip/echo', $zipped, headers => ['Content-Encoding: gzip'], calc => { entity => $body }) },
        '401', '... not the other way') if $length;
    accepted(post($c, '/action/x', $body), 'POST', $body, '... Action, an internal redirect');
    accepted(post($c, '/dir/front', $body), 'POST', $body, '... a rewritten request: protected is what it becomes');
    refused(sub { post($c, '/dir/front', $body, calc => { entity => "$body." }) }, '401', '... changed');
    accepted(post($c, '/dir/', $body), 'POST', $body, '... a directory index, seen in a sub-request first');
    refused(sub { post($c, '/dir/', $body, calc => { entity => "$body." }) }, '401', '... changed');
    is(post($c, '/ssi/page.shtml', $body)->body, "[inside]\n", '... decided anew in a sub-request, read once');
}

# Random bytes do not compress: the program sees the whole stream.
my $random = join '', map { chr int rand 256 } 1 .. 100_000;
my $gzip = Compress::Zlib::memGzip($random);
accepted(post_chunked($c, '/gzip/echo', $gzip, chunks($gzip, 7777), headers => ['Transfer-Encoding: chunked',
    'Content-Encoding: gzip']), 'POST', $random, 'DEFLATE, spooled, in chunks');

# ---- every way to read ----

# What the reader should say: [bytes taken or looked at, eos] for each step.
sub read_as {
    my ($body, $steps, @pieces) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $expected = join ', ', map { length($_->[0]) . ' ' . md5_hex($_->[0]) . ($_->[1] ? ' eos' : '') } @pieces;
    return is(post($c, "/reader/?$steps", $body)->body, $expected, "read of " . length($body) . " bytes: $steps");
}

my $long = "first line\nsecond\n" . bytes_of(150_000);
read_as($long, 's5,s20,r5,g,g,x,r1,x,g,s1', [ 'first' ], [ substr $long, 0, 20 ], [ 'first' ], [ " line\n" ], [ "second\n" ],
    [ bytes_of(150_000), 1 ], ([ '', 1 ]) x 4);
read_as($long, 'r65535,s2,r1,s2,r2,s70000,r90000,s1', [ substr $long, 0, 65535 ], [ substr $long, 65535, 2 ],
    [ substr $long, 65535, 1 ], [ substr $long, 65536, 2 ], [ substr $long, 65536, 2 ], [ substr $long, 65538, 70_000 ],
    [ substr($long, 65538), 1 ], [ '', 1 ]);
read_as("a\n\nb", 'g,g,g,g', [ "a\n" ], [ "\n" ], [ 'b', 1 ], [ '', 1 ]);
read_as('abc', 'r3,s1,r3,r3', [ 'abc' ], [ '', 1 ], [ '', 1 ], [ '', 1 ]);
read_as('', 's1,g,r1,x', ([ '', 1 ]) x 4);

my $before = $server->read('runs');
outcome(post($c, '/page/echo', 'secret', calc => { entity => '' }), '401', 'a changed body, and a page for it');
is(substr($server->read('runs'), length $before), "GET /page/echo 0\n", '... which does not see the body');

# ---- HTTP/2 ----

my $url = 'http://127.0.0.1:' . $server->port . '/int/echo';
sub curl {
    my ($body, %o) = @_;
    my $file = $server->write('post', $body);
    my $header = $c->authorization('/int/echo', method => 'POST', body => $body, %o);
    open my $curl, '-|', qw(curl -s --http2-prior-knowledge --max-time 30 -w), ' %{http_version} %{http_code}', '-H',
        "Authorization: $header", '--data-binary', "\@$file", $url or die "curl: $!\n";
    local $/;
    return <$curl>;
}
for my $length (1, 200_000) {
    my $body = bytes_of($length);
    is(curl($body), echo('POST', $body) . ' 2 200', "HTTP/2: POST of $length bytes");
    my $count = runs();
    like(curl($body, calc => { entity => '' }), qr/ 2 401$/, '... changed');
    is(runs(), $count, '... reaches nobody');
}
# curl does not see an answer that comes before it has sent all.
curl($over);
ok($server->wait_for(sub { ($server->access)[-1]{status} == 413 }, 10), 'HTTP/2: a byte too many');

# ---- the temporary file ----

# What the workers have open of ours.
sub open_files {
    return grep { /msdigest-body/ } map { readlink $_ // () } map { glob "/proc/$_/fd/*" } $server->children;
}
sub named_files { return grep { m{/[^.][^/]*$} } glob $server->path('tmp') . '/*' }

my $slow = MSDigest::Conn->new($server->port);
my $bytes = $c->bytes('/int/echo', method => 'POST', body => bytes_of(500_000));
$slow->write(substr $bytes, 0, 300_000);
ok($server->wait_for(sub { open_files() == 1 }, 10), 'a large body waits in a file');
is(scalar named_files(), 0, '... that has no name: who kills the server leaves none');
$slow->write(substr $bytes, 300_000);
accepted($slow->read_response, 'POST', bytes_of(500_000), '... and is taken when it is complete');
$slow->close;
ok($server->wait_for(sub { open_files() == 0 }, 10), 'no file is open afterwards');
is(join(' ', named_files()), '', 'none is left behind');

accepted($c->send('/int/echo'), 'GET', '', 'the session goes on');
log_has($server, qr/MSD109: user 'alice' refused for /, 'a body that is too large is logged');
log_has($server, qr/MSD101: .*the body cannot be read/, 'so is one that breaks off');
log_lacks($server, qr/MSD11[01]/, 'the server had no trouble');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
