# SPDX-License-Identifier: Apache-2.0
# The tables of the client matrix: what is tried, and with which clients.
package Rows;
use strict;
use warnings;
use Exporter 'import';
use MSDigest::Server qw(area);
our @EXPORT = qw(@CASES %STEPS %USER $PASSWORD @ROWS);

# ---- what is tried ----

# The cases, in the order of the printed columns.
our @CASES = qw(ten query post parallel backslash at utf8 expiry);

# What each is made of: GET target, POST target length, ALL targets at once, SLEEP
# seconds. Below /short/ a nonce lives for two seconds.
our %STEPS = (
    ten       => [ map { "GET /p/$_.txt" } 1 .. 10 ],
    query     => [ map { "GET /p/$_.txt?a=b%20c&d=e;f,g&n=$_" } 1 .. 3 ],
    post      => [ map { "POST /p/echo?n=$_ 1000" } 1 .. 3 ],
    parallel  => [ join ' ', 'ALL', map { "/p/$_.txt" } 11 .. 30 ],
    backslash => [ map { "GET /p/$_.txt" } 1, 2 ],
    at        => [ map { "GET /p/$_.txt" } 1, 2 ],
    utf8      => [ map { "GET /p/$_.txt" } 1, 2 ],
    expiry    => [ (map { "GET /short/$_.txt" } 1 .. 3), 'SLEEP 2.3', map { "GET /short/$_.txt" } 4 .. 6 ],
);

# The user names of the cases that are about names; the others are alice's.
our %USER = (backslash => 'DOM\\dora', at => 'eve@example.com', utf8 => "J\xc3\xa4n");
our $PASSWORD = 'open-sesame-4711';

# ---- and with which clients ----

# name, package  of the client, and where it is from
#   version      a command that says it
#   command      runs a session: further arguments are SITE USER PASSWORD STEP...
#   algorithm    which of the default challenges the client takes
#   refused      how many 401s are allowed in ten requests in a row: a number, or
#                'each': the client asks anew for each and uses a nonce once
#   cannot       case => reason: the client has no way to do this; not tried
#   fails        case => reason: tried, and may fail: the client itself is at fault
#   shut_out     the reason why the client cannot get in at all
# A client that does not do GET and POST of any target names its own steps:
#   steps        case => [ steps ]
#   least        case => how many requests have to get in
#   like         case => what one of these has to look like: METHOD target
#   site         makes what it needs: is given the root of the server
#   owned        what the workers of the server have to own
#   modules, conf  of the server, more
my @DAV = ('Dav On');

our @ROWS = (
    { name => 'curl', package => 'curl', version => [qw(curl --version)],
        command => [qw(sh curl.sh)], algorithm => 'MD5-sess', refused => 'each' },
    { name => 'curl --parallel', package => 'curl', version => [qw(curl --version)],
        command => [qw(sh curl.sh --parallel)], algorithm => 'MD5-sess', refused => 'each' },
    { name => 'pycurl', package => 'python3-pycurl', version => python('import pycurl', 'pycurl.version'),
        command => python_file('python-pycurl.py'), algorithm => 'MD5-sess', refused => 1 },
    { name => 'wget', package => 'wget', version => [qw(wget --version)],
        command => [qw(sh wget.sh wget)], algorithm => 'MD5', refused => 'each',
        cannot => { parallel => 'one request at a time' } },
    { name => 'wget2', package => 'wget2', version => [qw(wget2 --version)],
        command => [qw(sh wget.sh wget2)], algorithm => 'MD5-sess', refused => 'each' },
    { name => 'git', package => 'git', version => [qw(git --version)],
        command => [qw(sh git.sh)], algorithm => 'MD5-sess', refused => 1,
        steps => {
            ten      => ['SERIAL /p/plain/r.git'],
            query    => ['CLONE /p/git/r.git'],
            post     => [ 'CLONE /p/git/r.git', 'PUSH /p/git/r.git' ],
            parallel => ['CLONE /p/plain/r.git'],
            (map { $_ => ['LIST /p/git/r.git'] } qw(backslash at utf8)),
            expiry   => ['CLONE /short/git/r.git'],
        },
        least => { ten => 30, query => 3, post => 5, parallel => 30, expiry => 3 },
        like => { query => qr/^GET .*\?service=/, post => qr/^POST .*git-receive-pack/ },
        site => [qw(sh git-site.sh)], owned => ['repos'], conf => <<'CONF' },
Alias "/p/plain/" "@ROOT@/repos/"
ScriptAlias "/p/git/" "@ROOT@/cgi/git/"
ScriptAlias "/short/git/" "@ROOT@/cgi/git-slow/"
SetEnv GIT_PROJECT_ROOT "@ROOT@/repos"
SetEnv GIT_HTTP_EXPORT_ALL 1
<Directory "@ROOT@/repos">
    Require all granted
</Directory>
CONF
    { name => 'svn', package => 'subversion', version => [qw(svn --version --quiet)],
        command => [qw(sh svn.sh)], algorithm => 'MD5', refused => 1,
        cannot => { query => 'DAV: it has no names with a query' },
        steps => {
            ten      => ['CHECKOUT /p/svn'],
            post     => [ 'CHECKOUT /p/svn', 'COMMIT post' ],
            parallel => ['PARALLEL /p/svn'],
            (map { $_ => ['LIST /p/svn'] } qw(backslash at utf8)),
            expiry   => [ 'CHECKOUT /short/svn', 'COMMIT expiry' ],
        },
        least => { ten => 40, post => 60, parallel => 40, expiry => 60 },
        like => { post => qr/^PUT / },
        site => [qw(sh svn-site.sh)], owned => [qw(svn slow)], modules => [qw(dav dav_svn)],
        conf => area('/p/svn', 'DAV svn', 'SVNPath "@ROOT@/svn"')
            . area('/short/svn', 'DAV svn', 'SVNPath "@ROOT@/slow"', 'AuthMSDigestNonceLifetime 2') },
    { name => 'cadaver', package => 'cadaver', version => [ 'sh', '-c', 'cadaver -V || :' ],
        command => [qw(sh cadaver.sh)], algorithm => 'MD5-sess', refused => 1,
        cannot => { query => 'DAV: it has no names with a query', parallel => 'one request at a time' },
        fails => { map { $_ => 'neon 0.32 sends such a name only as userhash, which is off by default' } qw(backslash utf8) },
        steps => {
            ten    => [ 'OPEN /p/', map { "get $_.txt" } 1 .. 10 ],
            post   => [ 'OPEN /p/dav/', map { "put local$_" } 1 .. 3 ],
            (map { $_ => [ 'OPEN /p/', 'get 1.txt', 'get 2.txt' ] } qw(backslash at utf8)),
            expiry => [ 'OPEN /short/', 'get 1.txt', 'SLEEP 2.3', 'get 2.txt', 'SLEEP 2.3', 'get 3.txt', 'get 4.txt' ],
        },
        least => { ten => 11, post => 4, backslash => 3, at => 3, utf8 => 3, expiry => 5 },
        like => { post => qr/^PUT / },
        owned => [qw(davlock htdocs/p/dav)], modules => [qw(dav dav_fs dav_lock)],
        conf => qq{DavLockDB "\@ROOT\@/davlock/db"\n} . join '', map { "<Location $_>\nDav On\n</Location>\n" } qw(/p/ /short/) },
    { name => 'requests', package => 'python3-requests', version => python('import requests', 'requests.__version__'),
        command => python_file('python-requests.py'), algorithm => 'MD5', refused => 1 },
    { name => 'httpx', package => 'python3-httpx', version => python('import httpx', 'httpx.__version__'),
        command => python_file('python-httpx.py'), algorithm => 'MD5-sess', refused => 1 },
    { name => 'urllib', package => 'python3', version => python('import platform', 'platform.python_version()'),
        command => python_file('python-urllib.py'), algorithm => '-', refused => 0,
        shut_out => 'it looks at the first challenge only, and knows no MD5-sess (AuthMSDigestAlgorithm MD5 lets it in)' },
    { name => 'LWP', package => 'libwww-perl', version => [ '/usr/bin/perl', '-MLWP', '-e', 'print LWP->VERSION' ],
        command => [qw(/usr/bin/perl lwp.pl)], algorithm => 'MD5', refused => 1,
        cannot => { parallel => 'one request at a time' } },
    { name => 'ruby-httpclient', package => 'ruby-httpclient', version => [qw(ruby -rhttpclient -e), 'puts HTTPClient::VERSION'],
        command => [qw(ruby ruby-httpclient.rb)], algorithm => 'MD5', refused => 'each' },
    { name => 'ruby-mechanize', package => 'ruby-mechanize', version => [qw(ruby -rmechanize -e), 'puts Mechanize::VERSION'],
        command => [qw(ruby ruby-mechanize.rb)], algorithm => 'MD5-sess', refused => 1,
        cannot => { parallel => 'an agent does one request at a time' },
        fails => { expiry => 'it files a second challenge under the URL with the login in it, and goes on answering the first' } },
    { name => 'HttpURLConnection', package => 'default-jdk-headless', version => [qw(java --version)],
        command => [qw(java -XX:TieredStopAtLevel=1 HttpURLConnectionClient.java)], algorithm => 'MD5', refused => 1 },
    { name => 'Apache HttpClient', package => 'libhttpclient-java',
        version => [ 'sh', '-c', 'ls /usr/share/java/httpclient-4*.jar' ],
        command => [ qw(java -XX:TieredStopAtLevel=1 -cp), join(':', map { "/usr/share/java/$_.jar" } qw(httpclient httpcore commons-logging commons-codec)),
            'ApacheHttpClient.java' ], algorithm => 'MD5', refused => 1 },
    { name => 'libsoup', package => 'gir1.2-soup-3.0',
        version => python('import gi; gi.require_version("Soup", "3.0"); from gi.repository import Soup',
            '".".join(str(f()) for f in (Soup.get_major_version, Soup.get_minor_version, Soup.get_micro_version))'),
        command => python_file('libsoup.py'), algorithm => 'MD5-sess', refused => 1 },
    { name => 'Qt 5', package => 'python3-pyqt5', version => python('from PyQt5 import QtCore, QtNetwork', 'QtCore.QT_VERSION_STR'),
        command => python_file('qt5.py'), algorithm => 'MD5-sess', refused => 1 },
    { name => 'ffmpeg', package => 'ffmpeg', version => [qw(ffmpeg -version)],
        command => python_file('ffmpeg.py'), algorithm => 'MD5', refused => 'each',
        cannot => { parallel => 'one request at a time' } },
    { name => 'Chromium', package => 'chromium', version => [qw(chromium --version)],
        command => python_file('chromium.py'), algorithm => 'MD5-sess', refused => 1 },
    { name => 'Firefox', package => 'firefox-esr', version => [qw(firefox-esr --version)],
        command => python_file('firefox.py'), algorithm => 'MD5-sess', refused => 1,
        fails => { utf8 => 'it answers no challenge when the name is beyond ASCII' } },
    { name => 'digest-fetch', npm => 1, package => 'digest-fetch', command => [qw(node digest-fetch.mjs)],
        algorithm => 'MD5', refused => 1 },
    { name => 'npm urllib', npm => 1, package => 'urllib', command => [qw(node npm-urllib.mjs)],
        algorithm => 'MD5', refused => 'each' },
);

# Debian's modules are Debian's Python's.
sub python {
    my ($import, $value) = @_;
    return [ '/usr/bin/python3', '-c', "$import; print($value)" ];
}

sub python_file { return [ '/usr/bin/python3', '-B', @_ ] }

1;
