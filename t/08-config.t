#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The configuration: a wrong value stops the start with a sentence that names
# the directive, the value and what is allowed; .htaccess cannot weaken.
use MSDigest::Test;

my $ALGORITHMS = 'one or more of MD5-sess, MD5, SHA-256-sess, SHA-256, SHA-512-256-sess, SHA-512-256';
my $UNITS = ', or a number with the unit ms, s, min or h';
my $NONCE = "seconds from 1 to 86400$UNITS";
my $CONTEXT = "seconds from 1 to 2592000$UNITS";
my $RECHECK = "seconds from 0 to 2592000$UNITS";
my $QOPS = 'auth, auth-int or both';
my $COMPAT = 'none, or one or more of serf, plain-md5, uri-escapes';
my $BYTES = 'bytes from 1 to 1099511627776';
my $BINDINGS = 'none, allow or require';
my $NAMES = 'a service and a host, such as HTTP/www.example.com or HTTP/*.example.com';
my $CERTIFICATE = 'a readable file with a certificate in PEM, and an OpenSSL that has MD5';
my $SLOTS = 'a number from 1024 to 16777216';
my $PROVIDER = 'a provider whose module is loaded, or an <AuthnProviderAlias> that stands above';
my $HASHES = 'a provider that keeps realm hashes, such as file, dbm, dbd or socache';
my $URIS = 'absolute paths or absolute URIs, without quotes, backslashes and blanks';

my $server = MSDigest::Server->new(
    modules => [qw(authn_anon authn_dbm ldap authnz_ldap info)],
    files => { 'conf/empty' => '' });

# Status and text of httpd -t with this text in the configuration.
sub try_conf {
    my ($text) = @_;
    $server->configure($text);
    return $server->configtest;
}

# ---- wrong values ----

my @WRONG = (
    # directive                     arguments           the wrong one       allowed
    [ 'AuthMSDigestProvider',        'nosuch',           'nosuch',           $PROVIDER ],
    [ 'AuthMSDigestProvider',        'file nosuch',      'nosuch',           $PROVIDER ],
    [ 'AuthMSDigestProvider',        'anon',             'anon',             $HASHES ],
    [ 'AuthMSDigestProvider',        'ldap',             'ldap',             $HASHES ],
    [ 'AuthMSDigestProvider',        'file ldap',        'ldap',             $HASHES ],
    [ 'AuthMSDigestAlgorithm',       'MD4',              'MD4',              $ALGORITHMS ],
    [ 'AuthMSDigestAlgorithm',       'MD5,MD5-sess',     'MD5,MD5-sess',     $ALGORITHMS ],
    [ 'AuthMSDigestAlgorithm',       'MD5 MD5',          'MD5',              'each algorithm once' ],
    [ 'AuthMSDigestAlgorithm',       'MD5-sess md5-SESS', 'md5-SESS',        'each algorithm once' ],
    [ 'AuthMSDigestQop',             'none',             'none',             $QOPS ],
    [ 'AuthMSDigestQop',             'auth auth-conf',   'auth-conf',        $QOPS ],
    [ 'AuthMSDigestCompat',          'firefox',          'firefox',          $COMPAT ],
    [ 'AuthMSDigestCompat',          'serf ie6',         'ie6',              $COMPAT ],
    [ 'AuthMSDigestUserDomain',      'cut',              'cut',              'keep or strip' ],
    [ 'AuthMSDigestMaxBody',         '0',                '0',                $BYTES ],
    [ 'AuthMSDigestMaxBody',         '-1',               '-1',               $BYTES ],
    [ 'AuthMSDigestMaxBody',         '10k',              '10k',              $BYTES ],
    [ 'AuthMSDigestMaxBody',         '99999999999999999999', '99999999999999999999', $BYTES ],
    [ 'AuthMSDigestDomain',          'p/x',              'p/x',              $URIS ],
    [ 'AuthMSDigestDomain',          q('"/a b/"'),       '"/a b/"',          $URIS ],
    [ 'AuthMSDigestDomain',          '"/a b/"',          '/a b/',            $URIS ],
    [ 'AuthMSDigestNonceLifetime',   '0',                '0',                $NONCE ],
    [ 'AuthMSDigestNonceLifetime',   '-1',               '-1',               $NONCE ],
    [ 'AuthMSDigestNonceLifetime',   '86401',            '86401',            $NONCE ],
    [ 'AuthMSDigestNonceLifetime',   'soon',             'soon',             $NONCE ],
    [ 'AuthMSDigestNonceLifetime',   '5x',               '5x',               $NONCE ],
    [ 'AuthMSDigestNonceLifetime',   '99999999999999999999', '99999999999999999999', $NONCE ],
    [ 'AuthMSDigestContextLifetime', '0',                '0',                $CONTEXT ],
    [ 'AuthMSDigestContextLifetime', '2592001',          '2592001',          $CONTEXT ],
    [ 'AuthMSDigestContextIdle',     '0',                '0',                $CONTEXT ],
    [ 'AuthMSDigestContextIdle',     'x',                'x',                $CONTEXT ],
    [ 'AuthMSDigestRevalidate',      '-1',               '-1',               $RECHECK ],
    [ 'AuthMSDigestRevalidate',      'never',            'never',            $RECHECK ],
    [ 'AuthMSDigestReplay',          'On',               'On',               'window, sequence or off' ],
    [ 'AuthMSDigestUriMatch',        'loose',            'loose',            'exact or path' ],
    [ 'AuthMSDigestChannelBinding',  'On',               'On',               $BINDINGS ],
);
my @WRONG_SERVER = (
    [ 'AuthMSDigestReplaySlots',     '1023',             '1023',             $SLOTS ],
    [ 'AuthMSDigestReplaySlots',     '0',                '0',                $SLOTS ],
    [ 'AuthMSDigestReplaySlots',     '-65536',           '-65536',           $SLOTS ],
    [ 'AuthMSDigestReplaySlots',     '16777217',         '16777217',         $SLOTS ],
    [ 'AuthMSDigestReplaySlots',     '64k',              '64k',              $SLOTS ],
    [ 'AuthMSDigestReplaySlots',     '99999999999999999999', '99999999999999999999', $SLOTS ],
    map({ [ 'AuthMSDigestServiceName', $_, $_, $NAMES ] } 'www.test', 'HTTP/', '/www.test', 'H2/www.test', 'HTTP/a,b', 'HTTP/[a]'),
    [ 'AuthMSDigestServiceName',     'HTTP/a.test b',    'b',                $NAMES ],
    map({ [ 'AuthMSDigestTLSCertificate', $_, $_, $CERTIFICATE ] } 'conf/nosuch', 'conf/empty', 'conf/users', 'conf'),
);

for my $row (@WRONG, @WRONG_SERVER) {
    my ($directive, $arguments, $value, $allowed) = @$row;
    my $section = grep { $_ == $row } @WRONG;
    my $line = "$directive $arguments";
    my ($status, $said) = try_conf($section ? area('/p/', $line) : $line . "\n" . area('/p/'));
    isnt($status, 0, "$line stops the start");
    my ($sentence) = $said =~ /^(\Q$directive\E.*)/m;
    is($sentence // $said, "$directive: '$value' is not allowed; give $allowed",
        '... and says why');
}

my ($status, $said) = try_conf("AuthMSDigestContextCache nosuch\n" . area('/p/'));
isnt($status, 0, 'AuthMSDigestContextCache nosuch stops the start');
like($said, qr/AuthMSDigestContextCache: 'nosuch' is not allowed; give .*shmcb.*mod_socache_nosuch/,
    '... and says which module has to be loaded');
for my $args ('shmcb:/x(1)', 'shmcb:/x(512000', 'shmcb:/x(a)') {
    ($status, $said) = try_conf(qq{AuthMSDigestContextCache "$args"\n} . area('/p/'));
    isnt($status, 0, "AuthMSDigestContextCache $args stops the start");
    like($said, qr/AuthMSDigestContextCache: '\Q$args\E' is not allowed; give /,
        '... and says why');
}

for my $line ('AuthMSDigestUserHash perhaps', 'AuthMSDigestRspAuth perhaps', 'AuthMSDigestRealm') {
    my ($name) = split ' ', $line;
    ($status, $said) = try_conf(area('/p/', $line));
    isnt($status, 0, "$line stops the start");
    like($said, qr/^$name.*(?:On or Off|one or more realms)/m, '... and says what is allowed');
}

# ---- right values, with every spelling that is promised ----

for my $line (
    'AuthMSDigestProvider file', 'AuthMSDigestProvider file dbm',
    'AuthMSDigestAlgorithm MD5', 'AuthMSDigestAlgorithm md5-sess sha-256',
    'AuthMSDigestAlgorithm SHA-512-256-sess SHA-512-256 SHA-256-sess SHA-256 MD5-sess MD5',
    'AuthMSDigestQop auth', 'AuthMSDigestQop auth auth-int', 'AuthMSDigestDomain /', 'AuthMSDigestDomain /a /b http://a.test/c',
    'AuthMSDigestRealm "" EXAMPLE', 'AuthMSDigestCompat none', 'AuthMSDigestCompat serf plain-md5',
    'AuthMSDigestUserHash On', 'AuthMSDigestUserDomain strip', 'AuthMSDigestRspAuth Off', 'AuthMSDigestMaxBody 1',
    'AuthMSDigestNonceLifetime 1', 'AuthMSDigestNonceLifetime 86400', 'AuthMSDigestNonceLifetime 5min',
    'AuthMSDigestContextLifetime 8h', 'AuthMSDigestContextIdle 1', 'AuthMSDigestRevalidate 0',
    'AuthMSDigestReplay window', 'AuthMSDigestReplay SEQUENCE', 'AuthMSDigestReplay off',
    'AuthMSDigestUriMatch exact', 'AuthMSDigestUriMatch path',
    'AuthMSDigestChannelBinding none', 'AuthMSDigestChannelBinding Allow', 'AuthMSDigestChannelBinding require',
) {
    ($status, $said) = try_conf(area('/p/', $line));
    is($status, 0, "$line is fine") or diag($said);
}
for my $line (
    'AuthMSDigestReplaySlots 1024', 'AuthMSDigestReplaySlots 16777216', 'AuthMSDigestScope fleet-1',
    'AuthMSDigestServiceName HTTP/a.test', 'AuthMSDigestServiceName HTTP/a.test:8080 http/*.a_b.test HTTP/a/b', 'AuthMSDigestChannelBinding allow',
    'AuthMSDigestContextCache shmcb', 'AuthMSDigestDomain /p/', 'AuthMSDigestNonceLifetime 60', 'AuthMSDigestContextCache "shmcb:/x(512000)"',
) {
    ($status, $said) = try_conf("$line\n" . area('/p/'));
    is($status, 0, "$line is fine") or diag($said);
}

# ---- each directive in its place ----

for my $line ('AuthMSDigestReplaySlots 65536', 'AuthMSDigestScope x', 'AuthMSDigestContextCache shmcb',
    'AuthMSDigestServiceName HTTP/a.test', 'AuthMSDigestTLSCertificate conf/empty') {
    ($status, $said) = try_conf(area('/p/', $line));
    isnt($status, 0, "$line inside a section stops the start");
    my ($name) = split ' ', $line;
    like($said, qr/$name not allowed in <Location> context|$name .*not allowed here/i,
        '... and says so');
}
for my $line ('AuthMSDigestReplaySlots 2048', 'AuthMSDigestContextCache shmcb') {
    my ($name) = split ' ', $line;
    ($status, $said) = try_conf("<VirtualHost *>\n$line\n</VirtualHost>\n");
    isnt($status, 0, "$line inside a virtual host stops the start: there is one for the server");
    like($said, qr/\b$name\b/, '... and names the directive');
}
for my $line ('AuthMSDigestReplay ""', 'AuthMSDigestAlgorithm ""', 'AuthMSDigestNonceLifetime', 'AuthMSDigestNonceLifetime 1 2', 'AuthMSDigestReplay',
    'AuthMSDigestAlgorithm', 'AuthMSDigestProvider', 'AuthMSDigestDomain') {
    my ($name) = split ' ', $line;
    ($status, $said) = try_conf(area('/p/', $line));
    isnt($status, 0, "'$line': a wrong number of arguments stops the start");
    like($said, qr/\b$name\b/, '... and names the directive');
}

# ---- .htaccess ----

my $ht = MSDigest::Server->new(conf => <<'CONF')->start;
<Directory "@ROOT@/htdocs">
    AllowOverride All
</Directory>
CONF
my %may = (AuthMSDigestDomain => '/p/');
my %must_not = (
    AuthMSDigestProvider => 'file', AuthMSDigestAlgorithm => 'MD5', AuthMSDigestQop => 'auth',
    AuthMSDigestNonceLifetime => 86400, AuthMSDigestContextLifetime => 86400,
    AuthMSDigestContextIdle => 86400, AuthMSDigestRevalidate => 86400, AuthMSDigestReplay => 'off',
    AuthMSDigestRealm => 'x', AuthMSDigestCompat => 'serf', AuthMSDigestUserHash => 'On',
    AuthMSDigestUserDomain => 'strip', AuthMSDigestRspAuth => 'Off', AuthMSDigestMaxBody => 9,
    AuthMSDigestUriMatch => 'path', AuthMSDigestReplaySlots => 1024, AuthMSDigestScope => 'x',
    AuthMSDigestSecret => 'file:/x', AuthMSDigestContextCache => 'shmcb', AuthMSDigestRadiusServer => '127.0.0.1',
    AuthMSDigestRadiusSecret => 'file:/dev/null', AuthMSDigestRadiusSource => '127.0.0.1',
    AuthMSDigestRadiusNasIdentifier => 'x', AuthMSDigestRadiusTimeout => 30,
    AuthMSDigestRadiusGroupAttribute => 'Class',
    AuthMSDigestLDAPURL => 'ldap://127.0.0.1/', AuthMSDigestLDAPBindDN => 'cn=x',
    AuthMSDigestLDAPBindPassword => 'x', AuthMSDigestLDAPHashAttribute => 'x plain',
    AuthMSDigestLDAPGroupAttribute => 'x', AuthMSDigestLDAPTimeout => 2,
    AuthMSDigestChannelBinding => 'none', AuthMSDigestServiceName => 'HTTP/x', AuthMSDigestTLSCertificate => 'x',
    AuthMSDigestNetlogonDomain => 'X', AuthMSDigestNetlogonServer => '127.0.0.1',
    AuthMSDigestNetlogonAccount => 'X$', AuthMSDigestNetlogonSecret => 'file:/dev/null',
    AuthMSDigestNetlogonHelper => '/bin/true',
);
for my $name (sort keys %must_not) {
    $ht->write('htdocs/p/.htaccess', "$name $must_not{$name}\n");
    outcome($ht->client->ask('/p/x.txt'), '500', "$name is refused in .htaccess");
    log_has($ht, qr/\.htaccess: $name not allowed here/, '... and the log says so');
}
for my $name (sort keys %may) {
    $ht->write('htdocs/p/.htaccess', "$name $may{$name}\n");
    outcome($ht->client->ask('/p/x.txt'), '200', "$name is allowed in .htaccess");
}

# ---- the module answers only for its own AuthType ----

my $mixed = MSDigest::Server->new(modules => ['auth_digest', 'auth_basic'], files => {
    'htdocs/digest/x.txt' => "d\n", 'htdocs/basic/x.txt' => "b\n", 'conf/plain' => "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n",
}, conf => area('/p/') . <<'CONF')->start;
<Location "/digest/">
    AuthType Digest
    AuthName "private"
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
</Location>
<Location "/basic/">
    AuthType Basic
    AuthName "private"
    AuthBasicProvider file
    AuthUserFile "@ROOT@/conf/plain"
    Require valid-user
</Location>
CONF
outcome($mixed->client->get('/p/x.txt'), '200',
    'beside mod_auth_digest: AuthType MSDigest is ours');
my $theirs = $mixed->client;
outcome($theirs->get('/digest/x.txt'), '200', 'AuthType Digest is theirs');
unlike($theirs->{challenge}{line}, qr/charset/, '... with a challenge of theirs');
is($mixed->client->ask('/basic/x.txt')->header('WWW-Authenticate'), 'Basic realm="private"',
    'and Basic is Basic');

# ---- mistakes that show at a request ----

my $nameless = private_server(conf => <<'CONF');
<Location "/p/">
    AuthType MSDigest
    AuthMSDigestProvider file
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
</Location>
CONF
outcome($nameless->client->ask('/p/x.txt'), '500', 'without an AuthName nobody is let in');
log_has($nameless, qr/MSD207: AuthType MSDigest needs an AuthName/,
    '... and the log says what is missing');

# ---- what httpd can tell about the configuration ----

$server->configure(area('/p/', 'AuthMSDigestNonceLifetime 77'));
($status, $said) = $server->configtest('-DDUMP_CONFIG');
is($status, 0, 'httpd -t -DDUMP_CONFIG works');
like($said, qr/AuthMSDigestNonceLifetime 77/, '... and shows the directives');

done_testing;
