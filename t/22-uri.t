#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The uri of the credentials is the target of the request line, byte for byte.
use MSDigest::Test;

my $server = private_server(modules => ['rewrite'], files => {
    'htdocs/p/sub/x.txt' => "below\n", 'htdocs/p/y.txt' => "y\n", 'htdocs/path/x.txt' => "path\n",
    "htdocs/p/caf\xc3\xa9.txt" => "u\n", 'htdocs/p/a b.txt' => "b\n",
}, conf => area('/p/') . area('/path/', 'AuthMSDigestUriMatch path') . <<'CONF');
AllowEncodedSlashes On
RewriteEngine On
RewriteRule "^/p/moved\.txt$" "/p/x.txt"
CONF
my $host = '127.0.0.1:' . $server->port;
my $c = logged_in($server, 'alice', '/p/x.txt', keep => 1);

# Each row: the target on the request line, the uri sent (the same if not given).
sub rows {
    my ($client, $pattern, @rows) = @_;
    for my $row (@rows) {
        my ($target, $uri) = @$row;
        my $name = defined $uri ? "target $target, uri $uri" : "target $target, uri the same";
        $name =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
        my $r = $client->send($target, defined $uri ? (uri => $uri) : ());
        like($r->what, $pattern, substr $name, 0, 150);
    }
    return;
}

# ---- the same bytes on both sides: authenticated, whatever httpd makes of them ----

rows($c, qr/^(?:200|301|404)$/, map { [$_] }
    '/p/x.txt', '/p/x.txt?', '/p/x.txt?a=1', '/p/x.txt?a=1&b=2', '/p/x.txt?a=%41', '/p/x.txt?a="b"', '/p/x.txt?a=\\b',
    '/p/x.txt??', '/p/x.txt?a=b?c', '/p/%78.txt', '/p/x%2etxt', '//p//x.txt', '/p/./x.txt', '/p/sub/../x.txt',
    '/p/sub%2fx.txt', '/p/sub%2Fx.txt', '/p/sub', '/p/sub/', '/p/caf%c3%a9.txt', "/p/caf\xc3\xa9.txt", '/p/a%20b.txt',
    '/p/a+b.txt', '/p/x.txt/more', '/p/x.txt;v=1', '/p/x.txt,y', "/p/it's", '/p/' . 'l' x 200, '/p/x.txt?' . 'q' x 3000,
    '/p/moved.txt', '/p/moved.txt?a', "http://$host/p/x.txt", "http://$host/p/x.txt?q=1", "HTTP://$host/p/x.txt");
is($c->refused, 1, 'none of these was challenged');

# ---- different bytes: never accepted, whatever they would decode to ----

rows($c, qr/^400$/,
    [ '/p/x.txt',             '/p/y.txt' ],      [ '/p/x.txt',            '/p/X.TXT' ],
    [ '/p/x.txt?a=1',         '/p/x.txt' ],      [ '/p/x.txt',            '/p/x.txt?a=1' ],
    [ '/p/x.txt?a=1',         '/p/x.txt?a=2' ],  [ '/p/x.txt?',           '/p/x.txt' ],
    [ '/p/x.txt',             '/p/x.txt?' ],     [ '/p/x.txt?a=1&b=2',    '/p/x.txt?b=2&a=1' ],
    [ '/p/x.txt?q=1+1',       '/p/x.txt?q=1%2B1' ], [ '/p/%78.txt',       '/p/x.txt' ],
    [ '/p/x.txt',             '/p/%78.txt' ],    [ '/p/sub%2Fx.txt',      '/p/sub/x.txt' ],
    [ '/p/sub%2fx.txt',       '/p/sub%2Fx.txt' ], [ '//p/x.txt',          '/p/x.txt' ],
    [ '/p/x.txt',             '//p/x.txt' ],     [ '/p/sub/../x.txt',     '/p/x.txt' ],
    [ '/p/x.txt',             '/p/./x.txt' ],    [ '/p/x.txt',            'p/x.txt' ],
    [ '/p/x.txt',             '/p/x.txt/' ],     [ '/p/x.txt/more',       '/p/x.txt' ],
    [ '/p/x.txt',             '/p/x.tx' ],       [ '/p/x.txt',            '/p/' ],
    [ '/p/x.txt',             '/' ],             [ '/p/x.txt',            '*' ],
    [ '/p/x.txt',             '/p/x.txt#f' ],    [ '/p/x.txt',            '/p/x.txt ' ],
    [ '/p/x.txt',             ' /p/x.txt' ],     [ '/p/moved.txt',        '/p/x.txt' ],
    [ '/p/x.txt',             '/p/moved.txt' ],  [ '/p/sub/',             '/p/sub' ],
    [ '/p/x.txt',             "//evil.test/p/x.txt" ], [ '/p/x.txt',      'http://[' ],
    [ '/p/x.txt',             'http:///p/x.txt' ], [ '/p/x.txt',          'http:' ],
);

# ---- absolute form equals origin form of this very host ----

rows($c, qr/^200$/,
    [ '/p/x.txt',              "http://$host/p/x.txt" ], [ '/p/x.txt?a', "http://$host/p/x.txt?a" ],
    [ "http://$host/p/x.txt",  '/p/x.txt' ],             [ "http://$host/p/x.txt?a", '/p/x.txt?a' ]);
rows($c, qr/^400$/,
    [ '/p/x.txt',              'http://evil.test/p/x.txt' ],
    [ '/p/x.txt',              'http://127.0.0.1:1/p/x.txt' ],
    [ '/p/x.txt',              'http://127.0.0.1/p/x.txt' ],
    [ '/p/x.txt',              "https://$host/p/x.txt" ],
    [ '/p/x.txt',              "ftp://$host/p/x.txt" ],
    [ '/p/x.txt',              "http://u:p\@$host/p/x.txt" ],
    [ '/p/x.txt',              "http://$host.evil.test/p/x.txt" ],
    [ '/p/x.txt',              "http://evil.test\@$host/p/x.txt" ],
    [ '/p/x.txt',              "http://$host/p/y.txt" ],
    [ '/p/x.txt?a',            "http://$host/p/x.txt" ],
    [ "http://$host/p/x.txt",  '/p/y.txt' ],
    [ "http://$host/p/x.txt",  'http://evil.test/p/x.txt' ]);

my $foreign = $c->send('http://evil.test/p/x.txt', uri => '/p/x.txt', host => $host);
like($foreign->what, qr/^(?:200|400)$/, 'a request line that names another host is answered (' . $foreign->what . ')');

# ---- AuthMSDigestUriMatch path: the query may be missing, and only that ----

my $p = logged_in($server, 'alice', '/path/x.txt', keep => 1);
rows($p, qr/^200$/, [ '/path/x.txt' ], [ '/path/x.txt?a=1' ], [ '/path/x.txt?a=1', '/path/x.txt' ],
    [ '/path/x.txt?', '/path/x.txt' ], [ "http://$host/path/x.txt?a", '/path/x.txt' ]);
rows($p, qr/^400$/, [ '/path/x.txt?a=1', '/path/x.txt?a=2' ], [ '/path/x.txt?a=1', '/path/x.txt?' ],
    [ '/path/x.txt?a=1', '/path/x.tx' ], [ '/path/x.txt', '/path/x.txt?a=1' ], [ '/path/x.txt?a=1', '/path/' ],
    [ '/path/x.txt?a=1', '/p/x.txt' ], [ '/path/x.txt', '/path/y.txt' ], [ '/path/x.txt?/p/y', '/p/y' ]);
my $reused = $p->bytes('/path/x.txt?a=1', uri => '/path/x.txt', close => 0);
outcome($p->exchange($reused), '200', 'path: a header without the query is accepted');
outcome($p->exchange($reused =~ s/\?a=1/?a=2/r), '401 stale', '... once, also for another query');

outcome($c->get('/p/x.txt'), '200', 'after all of this the session goes on');
log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
