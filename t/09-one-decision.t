#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# One decision for one client request: directory indexes, internal redirects,
# error pages, SSI and rewriting inherit it and never use up a second count.
use MSDigest::Test;

my $server = private_server(modules => [qw(rewrite include mime autoindex negotiation)], files => {
    'htdocs/p/index.html'        => "index of p\n",
    'htdocs/p/part.txt'          => "part in p\n",
    'htdocs/p/secret.txt'        => "file with a section of its own\n",
    'htdocs/p/files.shtml'       => qq{<!--#include virtual="/p/part.txt" -->|<!--#include virtual="/p/secret.txt" -->|<!--#echo var="REMOTE_USER" -->},
    'htdocs/p/elsewhere.shtml'   => qq{<!--#include virtual="/strict/part.txt" -->|here},
    'htdocs/p/other-realm.shtml' => qq{<!--#include virtual="/other/part.txt" -->|here},
    'htdocs/p/open.shtml'        => qq{<!--#include virtual="/open.txt" -->|here},
    'htdocs/p/list/a.txt'        => "a\n",
    'htdocs/p/list/b.txt'        => "b\n",
    'htdocs/p/deep/index.html'   => "index of deep\n",
    'htdocs/p/lang/page.html.en' => "in English\n",
    'htdocs/p/401.html'          => "please log in (inside the area)\n",
    'htdocs/p/404.html'          => "no such page (inside the area)\n",
    'htdocs/errors/401.html'     => "please log in\n",
    'htdocs/strict/part.txt'     => "part in strict\n",
    'htdocs/bobs/part.txt'       => "part in bobs\n",
    'htdocs/p/bobs.shtml'        => qq{<!--#include virtual="/bobs/part.txt" -->|here},
    'htdocs/other/part.txt'      => "part in other\n",
    'htdocs/rw/target.txt'       => "rewritten\n",
    'htdocs/p/inner/part.txt'    => "part in inner\n",
    'htdocs/p/inner.shtml'       => qq{<!--#include virtual="/p/inner/part.txt" -->|here},
    'htdocs/u/x.txt'             => "u\n",
    'htdocs/other/401.html'      => "in another realm\n",
    'htdocs/q/x.txt'             => "q\n",
    'htdocs/r/x.txt'             => "r\n",
    'htdocs/s/x.txt'             => "s\n",
    'htdocs/off/empty/x'         => "x\n",
    'htdocs/md5/part.txt'        => "part in md5\n",
    'htdocs/p/md5.shtml'         => qq{<!--#include virtual="/md5/part.txt" -->|here},
    'conf/users'                 => users_text('private', %PASSWORD) . users_text('other', %PASSWORD),
}, conf => area('/p/', 'ErrorDocument 404 /p/404.html')
    . area('/rw/') . area('/q/', 'ErrorDocument 401 /p/401.html') . area('/r/', 'ErrorDocument 401 /errors/401.html')
    . area('/s/', 'Require user bob', 'ErrorDocument 401 /p/401.html')
    . area('/u/', 'ErrorDocument 401 /other/401.html')
    . area('/strict/', 'AuthMSDigestReplay sequence')
    . area('/bobs/', 'Require user bob')
    . area('/off/', 'AuthMSDigestReplay off', 'DirectoryIndex /p/part.txt')
    . area('/md5/', 'AuthMSDigestAlgorithm MD5')
    . area('/other/', 'AuthName "other"') . <<'CONF');
<Location "/p/inner/">
    AuthName "other"
</Location>
<Files "index.html">
    Header set X-Files-Section "yes"
</Files>
<Directory "@ROOT@/htdocs/p">
    Options +Includes +Indexes +MultiViews
    AddType text/html .html .shtml
    AddLanguage en .en
    AddHandler server-parsed .shtml
    <Files "secret.txt">
        Header set X-Secret "yes"
    </Files>
    <If "%{REQUEST_URI} =~ m#/if#">
        Header set X-If "yes"
    </If>
</Directory>
<Directory "@ROOT@/htdocs/p/deep">
    Options -Indexes
    SetEnv DEEP yes
</Directory>
<Directory "@ROOT@/htdocs/rw">
    Options +FollowSymLinks
    RewriteEngine On
    RewriteRule "^from\.txt$" "/rw/target.txt"
    RewriteRule "^to-p\.txt$" "/p/part.txt"
    RewriteRule "^to-strict\.txt$" "/strict/part.txt"
    RewriteRule "^to-open\.txt$" "/open.txt"
</Directory>
CONF

my $c = logged_in($server, 'alice', '/p/part.txt', keep => 1);
my $first = $c->refused;

# ---- what one request may lead to inside httpd ----

for my $row (
    [ '/p/',                  qr/^index of p$/,                    'a directory index, whose index.html has a <Files> section' ],
    [ '/p/deep/',             qr/^index of deep$/,                 'a directory index in a directory with other settings' ],
    [ '/p/list/',             qr/a\.txt.*b\.txt/s,                 'a listing, which looks at each file' ],
    [ '/p/files.shtml',       qr/^part in p\n\|file with a section of its own\n\|alice$/, 'SSI that includes two protected files' ],
    [ '/p/open.shtml',        qr/^open\n\|here$/,                  'SSI that includes an open file' ],
    [ '/p/elsewhere.shtml',   qr/^part in strict\n\|here$/,        'SSI that includes a file under another replay policy' ],
    [ '/p/md5.shtml',         qr/^part in md5\n\|here$|\|here$/,   'SSI that includes a file under another algorithm policy' ],
    [ '/rw/from.txt',         qr/^rewritten$/,                     'a per-directory rewrite' ],
    [ '/rw/to-p.txt',         qr/^part in p$/,                     'a per-directory rewrite to another area' ],
    [ '/rw/to-strict.txt',    qr/^part in strict$/,                'a per-directory rewrite to another replay policy' ],
    [ '/rw/to-open.txt',      qr/^open$/,                          'a per-directory rewrite out of the area' ],
    [ '/p/lang/page.html',    qr/^in English$/,                    'content negotiation' ],
) {
    my ($path, $body, $name) = @$row;
    for my $time (1, 2) {
        my $bytes = $c->bytes($path, close => 0);
        my $r = $c->exchange($bytes);
        outcome($r, '200', "$name, request $time");
        like($r->body, $body, '... with its content');
        outcome($c->exchange($bytes), '401 stale', '... and its count is used up') if $time == 2;
    }
}

# ---- what must not be inherited ----

my $inner = $c->send('/p/bobs.shtml');
outcome($inner, '200', 'SSI that includes a file for bob, asked by alice');
unlike($inner->body, qr/part in bobs/, '... does not show it');
$inner = $c->send('/p/other-realm.shtml');
outcome($inner, '200', 'SSI that includes a file of another realm');
unlike($inner->body, qr/part in other/, '... does not show it');
$inner = $c->send('/p/inner.shtml');
outcome($inner, '200', 'SSI that includes a file of a nested section with another realm');
unlike($inner->body, qr/part in inner/, '... does not show it');
outcome($c->send('/p/part.txt'), '200', '... and the client goes on');

# ---- the slash redirect of mod_dir is one of the client's own ----

my $slash = $c->send('/p/deep');
outcome($slash, '301', 'a directory without its slash is redirected');
my $used = $c->authorization('/p/deep');
outcome($c->send('/p/deep', authorization => $used), '301',
    'a client follows it with the header it has, as python-requests does:');
outcome($c->send('/p/deep/', authorization => $used), '401 stale',
    '... stale, by which it recovers');
outcome($c->get('/p/deep/'), '200', 'a client that makes a new header is let in');

# ---- error pages ----

my $missing = $c->send('/p/nothing');
outcome($missing, '404', 'a missing page inside the area');
like($missing->body, qr/no such page \(inside the area\)/,
    '... with its error page, which is protected as well');
is(scalar $missing->challenges, 0, '... and without a challenge');
my $bytes = $c->bytes('/p/nothing', close => 0);
outcome($c->exchange($bytes), '404', 'a 404 uses up one count');
outcome($c->exchange($bytes), '401 stale', '... exactly');

my $anyone = $server->client('alice');
for my $row (
    [ '/q/x.txt', qr/401/,              'a 401 whose error page is protected as well' ],
    [ '/r/x.txt', qr/^please log in$/,  'a 401 whose error page is open' ],
    [ '/p/nothing', qr/401/,            'a missing page without credentials' ],
) {
    my ($path, $body, $name) = @$row;
    my $r = $anyone->ask($path);
    outcome($r, '401', $name);
    is_deeply([ map { $_->{algorithm} } $r->challenges ], [qw(MD5-sess MD5)],
        '... has the two challenges once');
    like($r->body, $body, '... with the page that can be shown');
    outcome($anyone->send($path), $path eq '/p/nothing' ? '404' : '200',
        '... and they are good for a login');
}
my $realm = $server->client('alice');
is_deeply([ map { $_->{realm} } $realm->ask('/u/x.txt')->challenges ], [ ('private') x 2 ],
    'a 401 whose error page is in another realm asks for the realm of the request');
outcome($realm->send('/u/x.txt'), '200', '... and takes its answer');
my $wrong = $anyone->send('/q/x.txt', calc => { password => 'wrong' });
outcome($wrong, '401', 'a wrong password with a protected error page');
is(scalar $wrong->challenges, 2, '... has the challenges once');
my $stale = $anyone->send('/q/x.txt', nc => 1);
outcome($stale, '401 stale', 'a replay with a protected error page stays stale');
is(scalar $stale->challenges, 2, '... with the challenges once');

my $barred = logged_in($server, 'alice', '/p/part.txt')->send('/s/x.txt');
outcome($barred, '401', 'a user who is not the one required, with a protected error page');
is(scalar $barred->challenges, 2, '... has the challenges once');
like($barred->body, qr/please log in \(inside the area\)/,
    '... and may see the page, being logged in');

# ---- a section without the guard does not open one with it ----

my $off = logged_in($server, 'alice', '/p/part.txt');
my $again = $off->bytes('/off/empty/');
is_deeply([ map { $off->exchange($again)->what } 1 .. 3 ], [ '200', '401 stale', '401 stale' ],
    'replay off redirects into a section with the guard: the count is used there');

# ---- sections of sub-requests that are gone, and whose memory is used again ----

my $nested = private_server(modules => [qw(include mime)], files => {
    'conf/strict' => users_text('private', bob => $PASSWORD{bob}),
    (map { ("htdocs/p/$_/x.txt" => "x\n") } qw(one two)),
    map { ("htdocs/p/$_.shtml" => join "\n", (qq{<!--#flastmod virtual="/p/one/x.txt" -->}) x $_,
        (qq{<!--#flastmod virtual="/p/two/x.txt" -->}) x 3) } 1 .. 4,
}, conf => qq{<AuthnProviderAlias file strict>\nAuthUserFile "\@ROOT\@/conf/strict"\n</AuthnProviderAlias>\n}
    . area('/p/') . <<'CONF');
<Location "/p/one/">
    AuthMSDigestNonceLifetime 200
</Location>
<Location "/p/two/">
    AuthMSDigestProvider strict
</Location>
<Directory "@ROOT@/htdocs/p">
    Options +Includes
    AddType text/html .shtml
    AddHandler server-parsed .shtml
</Directory>
SSIErrorMsg denied
CONF
my $visitor = logged_in($nested, 'alice');
for my $before (1 .. 4) {
    my @lines = split /\n/, $visitor->get("/p/$before.shtml")->body;
    is(scalar(grep { $_ eq 'denied' } @lines), 3,
        "after $before sub-requests that alice may make, the three that she may not are refused");
}

# ---- requests that fail before the hooks run ----

for my $row (
    [ "GET /p/x HTTP/1.1\r\n\r\n",                               'no Host' ],
    [ "GET /p/" . 'x' x 9000 . " HTTP/1.1\r\nHost: a\r\n\r\n",    'a target that is too long' ],
    [ "GET /p/x HTTP/1.1\r\nHost: a\r\nX: " . 'x' x 9000 . "\r\n\r\n", 'a header that is too long' ],
    [ "GET /p/x#y HTTP/1.1\r\nHost: a\r\n\r\n",                  'a fragment' ],
    [ "POST /p/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 'a bad chunk' ],
) {
    my ($raw, $name) = @$row;
    my $conn = MSDigest::Conn->new($server->port);
    $conn->write($raw);
    like($conn->read_response->what, qr/^4\d\d$/, "$name: an error of the client");
}

is($c->refused, $first, 'in all of this the client was never asked for its password again');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
