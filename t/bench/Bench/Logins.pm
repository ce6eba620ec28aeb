# SPDX-License-Identifier: Apache-2.0
# The time of a first answer through each authority, side by side, in rounds.
package Bench::Logins;
use strict;
use warnings;
use Bench::Httpd;
use Bench::Report qw(note table thousands);
use MIME::Base64 qw(encode_base64);
use MSDigest::Client;
use MSDigest::Radius;
use MSDigest::Slapd;
use Time::HiRes qw(time);

my $ROUNDS = 4;
my $LOGINS = 150;    # of each row in each round
my $SECRET = 'a secret of good length';
my $URL;

my ($user, $password, $realm) = ($Bench::Httpd::USER, $Bench::Httpd::PASSWORD, $Bench::Httpd::REALM);

# Basic asks the directory each time, or, with its cache, nobody.
my @ROWS = (
    { text => 'Basic, mod_authnz_ldap, no cache', basic => 1, cache => 0 },
    { text => 'Basic, mod_authnz_ldap, cached',   basic => 1, cache => 1024 },
    { text => 'this module, file of 1',     section => 'AuthMSDigestProvider file' . "\n" . 'AuthUserFile "@ROOT@/users"' },
    { text => 'this module, msdigest-ldap', ldap => 1 },
    { text => 'this module, radius',        radius => 1 },
);

# ---- Servers

sub directory {
    my $slapd = MSDigest::Slapd->new(users => <<"LDIF");
dn: uid=$user,ou=people,dc=example
objectClass: inetOrgPerson
uid: $user
cn: x
sn: x
userPassword: $password

LDIF
    $URL = 'ldap://127.0.0.1:' . $slapd->port . '/dc=example?uid?sub';
    return $slapd;
}

sub own_section {
    my ($row, $radius) = @_;
    my $lines = $row->{section} // '';
    $lines = <<"END" if $row->{ldap};
AuthMSDigestProvider msdigest-ldap
AuthMSDigestLDAPURL "$URL"
AuthMSDigestLDAPBindDN cn=web,dc=example
AuthMSDigestLDAPBindPassword web-secret
AuthMSDigestLDAPHashAttribute userPassword plain
END
    $lines = <<"END" if $row->{radius};
AuthMSDigestProvider radius
AuthMSDigestRadiusServer 127.0.0.1:@{[ $radius->port ]}
AuthMSDigestRadiusSecret "file:\@ROOT\@/secret"
END
    return qq{AuthType MSDigest\nAuthName "$realm"\n$lines\nRequire valid-user};
}

sub server_of {
    my ($row, $radius) = @_;
    my @common = qw(authn_core authn_file authz_user);
    my $server = Bench::Httpd->new(
        kind    => 'plain',
        modules => [ @common, $row->{basic} ? qw(auth_basic ldap authnz_ldap) : qw(ldap socache_shmcb auth_msdigest) ],
        server  => $row->{basic} ? "LDAPOpCacheEntries $row->{cache}\nLDAPCacheEntries $row->{cache}" : '',
        section => $row->{basic}
            ? qq{AuthType Basic\nAuthName "$realm"\nAuthBasicProvider ldap\nAuthLDAPURL "$URL"\n}
                . "AuthLDAPBindDN cn=web,dc=example\nAuthLDAPBindPassword web-secret\nRequire valid-user"
            : own_section($row, $radius),
    );
    $server->write('secret', "$SECRET\n");
    chmod 0600, $server->path('secret');
    return $server->start;
}

# ---- Measuring

# Seconds of one answer that the authority has to prove; the challenge before it
# is not measured.
sub one_login {
    my ($row, $server) = @_;
    my $client = $row->{client} ||= MSDigest::Client->new(port => $server->port, user => $user,
        password => $password, keep => 1, cnonce => 'keep');
    my $bytes;
    if ($row->{basic}) {
        $bytes = $client->bytes($Bench::Httpd::PATH, authorization => 'Basic ' . encode_base64("$user:$password", ''));
    } else {
        $client->ask($Bench::Httpd::PATH);
        $bytes = $client->bytes($Bench::Httpd::PATH);
    }
    my $began = time;
    my $r = $client->exchange($bytes);
    my $took = time - $began;
    die "$row->{text}: " . $r->what . "\n" . $server->said if $r->status != 200;
    return $took;
}

sub median { my @sorted = sort { $a <=> $b } @_; return ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2 }

sub measure_round {
    for my $row (@ROWS) {
        one_login($row, $row->{server}) for 1 .. 5;    # connections are made
        push @{ $row->{rounds} }, median(map { one_login($row, $row->{server}) } 1 .. $LOGINS);
    }
    return;
}

sub run {
    my $slapd = directory();
    my $radius = MSDigest::Radius->new(secret => $SECRET, users => qq{$user Cleartext-Password := "$password"\n})->start;
    $_->{server} = server_of($_, $radius) for @ROWS;
    measure_round() for 1 .. $ROUNDS;
    $_->{server}->stop for @ROWS;
    table("Time of a first answer, in microseconds (one connection, $ROUNDS rounds of $LOGINS; "
            . 'the medians of the rounds)',
        [ 'authority', 'median', 'least', 'most', 'to the first row', 'least', 'most' ], map { row($_) } @ROWS);
    note('The client is the same and its share is in every row. The directory and the RADIUS server',
        'run on the same processors. An answer of radius is hashed by the server; one of Basic and a',
        'cleartext value in the directory is compared there, by a bind.');
    return;
}

sub row {
    my ($row) = @_;
    my @times = sort { $a <=> $b } map { 1e6 * $_ } @{ $row->{rounds} };
    my @ratios = sort { $a <=> $b } map { $row->{rounds}[$_] / $ROWS[0]{rounds}[$_] } 0 .. $ROUNDS - 1;
    return [ $row->{text}, thousands(median(@times)), thousands($times[0]), thousands($times[-1]),
        map { sprintf '%.2f', $_ } median(@ratios), $ratios[0], $ratios[-1] ];
}

1;
