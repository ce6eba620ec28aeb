#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Nested sections: one directive set inside, all the others are inherited.
use MSDigest::Test;
use Time::HiRes qw(sleep);

# For each directive of a section: a value for the outer section, another one
# for the inner, and what can be seen of the two from outside. The inner values
# are the defaults, written out: an explicit default must override as well.
my @DIRECTIVES = (
    { name => 'AuthMSDigestProvider',        outer => 'old',  inner => 'file',
      seen => \&password,   looks => { outer => 'old password', inner => 'password' } },
    { name => 'AuthMSDigestAlgorithm',       outer => 'MD5',  inner => 'MD5-sess MD5',
      seen => \&offer,      looks => { outer => 'MD5', inner => 'MD5-sess,MD5' } },
    { name => 'AuthMSDigestQop',             outer => 'auth auth-int', inner => 'auth',
      seen => \&qop,        looks => { outer => 'auth,auth-int', inner => 'auth' } },
    { name => 'AuthMSDigestRealm',           outer => 'elsewhere', inner => 'nowhere',
      seen => \&elsewhere,  looks => { outer => '200', inner => '401' } },
    { name => 'AuthMSDigestCompat',          outer => 'serf', inner => 'none',
      seen => \&like_serf,  looks => { outer => '200', inner => '401' } },
    { name => 'AuthMSDigestUserHash',        outer => 'On',   inner => 'Off',
      seen => \&userhash,   looks => { outer => 'true', inner => '' } },
    { name => 'AuthMSDigestUserDomain',      outer => 'strip', inner => 'keep',
      seen => \&remote,     looks => { outer => 'ann', inner => 'DOM\\\\ann' } },
    { name => 'AuthMSDigestRspAuth',         outer => 'On',   inner => 'Off',
      seen => \&info,       looks => { outer => 1, inner => 0 } },
    { name => 'AuthMSDigestMaxBody',         outer => '10',   inner => '131072',
      with => 'AuthMSDigestQop auth-int',
      seen => \&big_body,   looks => { outer => '413', inner => 'taken' } },
    { name => 'AuthMSDigestDomain',          outer => '/a/',  inner => '/b/',
      seen => \&domain,     looks => { outer => '/a/', inner => '/b/' } },
    { name => 'AuthMSDigestNonceLifetime',   outer => '1',    inner => '300',
      seen => \&later,      looks => { outer => '401 stale', inner => '200' } },
    { name => 'AuthMSDigestContextLifetime', outer => '1',    inner => '28800',
      seen => \&later_by,   looks => { outer => 'authority', inner => 'context' } },
    { name => 'AuthMSDigestContextIdle',     outer => '1',    inner => '3600',
      seen => \&later_by,   looks => { outer => 'authority', inner => 'context' } },
    { name => 'AuthMSDigestRevalidate',      outer => '1',    inner => '900',
      seen => \&later_by,   looks => { outer => 'authority', inner => 'context' } },
    { name => 'AuthMSDigestReplay',          outer => 'off',  inner => 'window',
      seen => \&repeat,     looks => { outer => '200', inner => '401 stale' } },
    { name => 'AuthMSDigestUriMatch',        outer => 'path', inner => 'exact',
      seen => \&no_query,   looks => { outer => '200', inner => '400' } },
    { name => 'AuthMSDigestChannelBinding',  outer => 'allow', inner => 'none',
      seen => \&upgraded,   looks => { outer => 1, inner => 0 } },
);

# ---- the areas: for each directive one outer section, in it one for each other ----

my $n = 0;
my @areas;
for my $observed (@DIRECTIVES) {
    for my $set (@DIRECTIVES) {
        next if $observed->{with} && $observed->{with} =~ /^$set->{name} /;
        push @areas, {
            observed => $observed, set => $set, path => sprintf('/m/%s/%d/x.txt', $observed->{name}, $n++),
            expected => $observed->{looks}{ $observed == $set ? 'inner' : 'outer' },
        };
    }
}
my $conf = <<'CONF';
AliasMatch "^/m/.*" "@ROOT@/htdocs/p/x.txt"
<AuthnProviderAlias file old>
    AuthUserFile "@ROOT@/conf/users-old"
</AuthnProviderAlias>
CONF
for my $d (@DIRECTIVES) {
    $conf .= area("/m/$d->{name}/", "$d->{name} $d->{outer}", $d->{with} // ());
}
for my $a (@areas) {
    my ($dir) = $a->{path} =~ m{(.*/)};
    $conf .= qq{<Location "$dir">\n    $a->{set}{name} $a->{set}{inner}\n</Location>\n};
}
my $server = private_server(conf => $conf, files => {
    'conf/users-old' => users_text('private', alice => 'the old password'),
    'conf/users' => users_text('private', %PASSWORD, 'DOM\\ann' => 'x') . users_text('elsewhere', %PASSWORD),
});

# ---- what can be seen ----

# alice's password in the file, or her old one.
sub log_in {
    my ($a) = @_;
    my $client = $server->client('alice');
    my $r = $client->get($a->{path});
    return ($client, 'password') if $r->status == 200;
    $client = $server->client('alice', password => 'the old password');
    $r = $client->get($a->{path});
    return ($client, $r->status == 200 ? 'old password' : $r->what);
}

sub password { my ($a) = @_; return (log_in($a))[1] }
sub offer    { my ($a) = @_; return join ',', map { $_->{algorithm} } bare($a)->challenges }
sub qop      { my ($a) = @_; return bare($a)->challenge->{qop} }
sub domain   { my ($a) = @_; return bare($a)->challenge->{domain} }

sub bare {
    my ($a) = @_;
    return $server->client('alice')->ask($a->{path});
}

sub upgraded { my ($a) = @_; return bare($a)->challenge->{nonce} =~ /^\+Upgraded\+v1/ ? 1 : 0 }
sub userhash { my ($a) = @_; return bare($a)->challenge->{userhash} // '' }

sub elsewhere {
    my ($a) = @_;
    my $client = $server->client('alice');
    $client->ask($a->{path});
    return $client->send($a->{path}, set => { realm => 'elsewhere' })->what;
}

# It says MD5-sess and computes MD5.
sub like_serf {
    my ($a) = @_;
    my $client = $server->client('alice');
    $client->ask($a->{path});
    return $client->send($a->{path}, set => { algorithm => 'MD5-sess' }, calc => { plain_a1 => 1 })->what;
}

sub remote {
    my ($a) = @_;
    my $client = $server->client('alice', user => 'DOM\\ann', password => 'x');
    return $server->row($client->get($a->{path}))->{remote};
}

sub info {
    my ($a) = @_;
    return scalar(() = $server->client('alice')->get($a->{path})->all('Authentication-Info'));
}

sub big_body {
    my ($a) = @_;
    my $client = $server->client('alice', qop => 'auth-int');
    $client->ask($a->{path});
    my $r = $client->send($a->{path}, method => 'POST', body => 'x' x 100);
    return $r->status == 413 || $r->status == 401 ? $r->what : 'taken';
}

sub repeat {
    my ($a) = @_;
    my ($client) = log_in($a);
    return $client->send($a->{path}, nc => 1)->what;
}

sub no_query {
    my ($a) = @_;
    my ($client) = log_in($a);
    return $client->send("$a->{path}?q=1", uri => $a->{path})->what;
}

# These look at a second request some time after the first.
sub later {
    my ($a) = @_;
    return $a->{client}->send($a->{path})->what;
}

sub later_by {
    my ($a) = @_;
    my $r = $a->{client}->send($a->{path});
    return $r->status == 200 ? proof($server, $r) : $r->what;
}

my @timed = grep { $_->{observed}{seen} == \&later || $_->{observed}{seen} == \&later_by } @areas;
for my $a (@timed) { ($a->{client}) = log_in($a) }
sleep 2.4;

# ---- the table ----

for my $a (@areas) {
    my ($observed, $set) = ($a->{observed}, $a->{set});
    my $name = $observed == $set
        ? "$set->{name} $set->{inner} overrides an outer $observed->{outer}"
        : "$set->{name} inside: $observed->{name} $observed->{outer} is inherited";
    is($observed->{seen}->($a), $a->{expected}, $name);
}

# ---- the same from the server to its virtual hosts, and by <Directory> ----

my $hosts = private_server(ports => 1, conf => <<'CONF', files => { 'conf/users-old' => users_text('private', alice => 'the old password') });
Listen 127.0.0.1:@PORT1@
<Directory "@ROOT@/htdocs/p">
    AuthType MSDigest
    AuthName "private"
    AuthUserFile "@ROOT@/conf/users"
    AuthMSDigestProvider file
    AuthMSDigestAlgorithm MD5
    AuthMSDigestDomain /a/
    AuthMSDigestReplay off
    AuthMSDigestUriMatch path
    Require valid-user
</Directory>
<VirtualHost 127.0.0.1:@PORT1@>
    ServerName other.test
    DocumentRoot "@ROOT@/htdocs"
    <Directory "@ROOT@/htdocs/p">
        AuthMSDigestUriMatch exact
    </Directory>
    <Location "/p/y">
        AuthMSDigestDomain /b/
    </Location>
</VirtualHost>
CONF
my $port = $hosts->{more_ports}[0];
my $there = $hosts->client('alice', port => $port);
my $r = $there->ask('/p/x.txt');
is(join(',', map { $_->{algorithm} } $r->challenges), 'MD5',
    'a virtual host inherits the algorithms of a <Directory>');
is($r->challenge->{domain}, '/a/', '... and the domain');
is($there->ask('/p/y')->challenge->{domain}, '/b/', '... which a <Location> of its own overrides');
$there->ask('/p/x.txt');
outcome($there->send('/p/x.txt?q', uri => '/p/x.txt'), '400',
    'its own <Directory> overrides AuthMSDigestUriMatch');
outcome($there->send('/p/x.txt', nc => 9), '200', '... and only that:');
outcome($there->send('/p/x.txt', nc => 9), '200', 'AuthMSDigestReplay off is inherited');
my $main = logged_in($hosts, 'alice');
outcome($main->send('/p/x.txt?q', uri => '/p/x.txt'), '200', 'the main server is as it was');

done_testing;
