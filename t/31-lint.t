#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Start-up warns: one realm is one set of users, and a Windows domain has hashes
# for a few realms.
use MSDigest::Test;

# Each row: what it is, the configuration, how many warnings.
my $other = 'AuthUserFile "@ROOT@/conf/others"';
my @rows = (
    [ 'the same file twice', area('/p/') . area('/q/'), 0 ],
    [ 'another file, the same realm', area('/p/') . area('/q/', $other), 1 ],
    [ 'another file, another realm', area('/p/') . area('/q/', $other, 'AuthName "q"'), 0 ],
    [ 'a section inside a section', area('/p/') . "<Directory \"\@ROOT\@/htdocs\">\n<Files \"x*\">\n"
        . "AuthType MSDigest\nAuthName \"private\"\n$other\nRequire valid-user\n</Files>\n</Directory>\n", 1 ],
    [ 'other virtual hosts', area('/p/') . "<VirtualHost 127.0.0.1:\@PORT\@>\nServerName a.test\n" . area('/p/', $other)
        . "</VirtualHost>\n<VirtualHost 127.0.0.1:\@PORT\@>\nServerName b.test\n" . area('/p/') . "</VirtualHost>\n", 0 ],
    [ 'a section of mod_auth_basic', area('/p/') . area('/q/', $other, 'AuthType None'), 0 ],
);
for my $row (@rows) {
    my ($name, $conf, $count) = @$row;
    my $server = private_server(conf => $conf);
    my @warnings = grep { /MSD210/ } split /\n/, $server->log;
    is(scalar @warnings, $count, $name) or diag(@warnings);
    like($warnings[0], qr/another section with AuthName 'private' has 'AuthUserFile /, '... and says which') if $count;
    $server->stop;
}

# A Windows domain has hashes for some realms only. Nobody is asked here.
my $helper = $ENV{NETLOGOND} || "$ENV{builddir}/netlogond/msdigest-netlogond";
my $domain = join "\n", 'AuthMSDigestNetlogonDomain ADC ad.example', 'AuthMSDigestNetlogonAccount WEB1$',
    'AuthMSDigestNetlogonSecret "file:@ROOT@/conf/secret"', "AuthMSDigestNetlogonHelper $helper",
    'AuthMSDigestNetlogonServer 127.0.0.1:1', '';
my $netlogon = 'AuthMSDigestProvider netlogon';
my $outer = qq{<Location "/o/">\nAuthName "Intranet"\n};
for my $row (
    [ 'realms of the domain', area('/p/', $netlogon, 'AuthName "adc"', 'AuthMSDigestRealm "" Digest AD.EXAMPLE') ],
    [ 'another provider', area('/p/', 'AuthName "Intranet"') . area('/q/', $netlogon, 'AuthName "ADC"') ],
    [ 'another AuthName', area('/p/', $netlogon, 'AuthName "Intranet"'), 'Intranet' ],
    [ 'beside another provider', area('/p/', 'AuthMSDigestProvider file netlogon', 'AuthName "Intranet"'), 'Intranet' ],
    [ 'another AuthMSDigestRealm', area('/p/', $netlogon, 'AuthName "ADC"', 'AuthMSDigestRealm Digest "Two words" ""'),
        'Two words' ],
    [ 'a section inside', "$outer<Limit GET>\n$netlogon\n</Limit>\n</Location>\n", 'Intranet' ],
    [ 'said once', "$outer$netlogon\n<RequireAny>\nRequire valid-user\n</RequireAny>\n</Location>\n", 'Intranet' ],
    [ 'the provider of the server', "$netlogon\n" . area('/p/', 'AuthName "Intranet"', 'AuthMSDigestAlgorithm MD5-sess')
        =~ s/AuthMSDigestProvider file\n//r, 'Intranet' ],
) {
    my ($name, $conf, @realms) = @$row;
    my $server = MSDigest::Server->new(conf => $domain . $conf);
    chmod 0600, $server->write('conf/secret', "none\n");
    $server->start;
    is(join(' ', $server->log =~ /MSD461: .*netlogon with the realm '([^']*)'/g), join(' ', @realms), $name);
    log_has($server, qr/MSD461: .* they have them for 'ADC', 'ad\.example', 'Digest'/, '... and says which') if @realms;
    $server->stop;
}
done_testing;
