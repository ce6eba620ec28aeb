#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A Windows domain, whole: httpd, msdigest-netlogond, and Samba as its controller
# with the testbed's plugin for WDigest.
use MSDigest::Test limit => 240;
use MSDigest::Samba;
use Time::HiRes qw(time sleep);

my $HELPER = $ENV{NETLOGOND} || "$ENV{builddir}/netlogond/msdigest-netlogond";
my $dc = MSDigest::Samba->new;
my ($domain, $dns) = ($dc->netbios, $dc->dns);

sub conf {
    my ($machine, @controllers) = @_;
    return join "\n", "AuthMSDigestNetlogonDomain $domain $dns", "AuthMSDigestNetlogonAccount $machine",
        'AuthMSDigestNetlogonSecret "file:@ROOT@/conf/secret"', "AuthMSDigestNetlogonHelper $HELPER",
        (map { 'AuthMSDigestNetlogonServer ' . $_->address } @controllers),
        area('/p/', "AuthName \"$domain\"", "AuthMSDigestRealm \"\" Digest $dns",
            'AuthMSDigestProvider netlogon');
}

# Each machine is one httpd's: a second channel of it would break the first.
sub server {
    my ($machine, @controllers) = @_;
    my %secrets = $dc->machines;
    my $s = MSDigest::Server->new(conf => conf($machine, @controllers));
    chmod 0600, $s->write('conf/secret', "$secrets{$machine}\n");
    return $s->start;
}

my $server = server('WEB1$', $dc);
my $took;
# Options: realm, another than the challenge's; path; and those of the client.
sub try_login {
    my ($user, $password, %o) = @_;
    my $began = time;
    my $client = ($o{server} // $server)->client('alice', user => $user, password => $password);
    my $realm = delete $o{realm};
    my $r = $client->get($o{path} // '/p/x.txt', defined $realm ? (set => { realm => $realm }) : ());
    $took = time - $began;
    return $r;
}
my @simba = ('simba', $dc->password('simba'));
outcome(try_login(@simba), '200', 'a login');

done_testing;
