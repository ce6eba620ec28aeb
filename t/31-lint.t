#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# One realm, one set of users: start-up warns where two sections disagree.
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
done_testing;
