#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# svn at mod_dav_svn: one login for each command, requests pipelined.
use MSDigest::Test;
use MSDigest::Clients;

my @dav = ('DAV svn', 'SVNPath "@ROOT@/svn"');
my $site = client_site('svn', [qw(svn --version --quiet)], modules => [qw(dav dav_svn)],
    conf => area('/p/svn', @dav) . area('/short/svn', @dav, 'AuthMSDigestNonceLifetime 1'));
my $root = $site->server->root;
my $made = $site->run('svnadmin', 'create', "$root/svn");
is($made->{status}, 0, 'a repository') || die $made->{err};
$site->give_to_workers('svn');
$site->start;

sub svn_as {
    my ($password, $script, @arguments) = @_;
    return $site->run('sh', '-euc', "svn() {\n"
        . "    command svn --non-interactive --no-auth-cache --username alice --password '$password' \"\$@\"\n"
        . "}\n$script", 'sh', @arguments);
}
sub svn { return svn_as($PASSWORD{alice}, @_) }

my $run = svn('svn checkout -q "$1" work', $site->url('/p/svn'));
$site->session($run, 'checkout of nothing', 3, at_least => 1);

my $script = 'cd work && for n in $(seq "$1" "$2"); do echo "$n" >"$n"; svn add -q "$n"; done && svn commit -q -m "files from $1"';
$run = svn($script, 1, 10);
$site->session($run, 'commit of 10 files', 20, at_least => 1);

$run = svn('svn checkout -q "$1" other', $site->url('/p/svn'));
$site->session($run, 'checkout of 10 files', 10, at_least => 1);
is($site->server->read('home/other/10'), "10\n", '... and it has them');

$run = svn('svn log "$1"', $site->url('/p/svn'));
$site->session($run, 'log', 3, at_least => 1);
like($run->{out}, qr/^r1 \| alice \|/m, '... which names the user who committed');

# ---- a nonce that expires: the server takes its time over a commit ----

$site->server->write('svn/hooks/start-commit', "#!/bin/sh\nexec sleep 1.2\n");
chmod 0755, "$root/svn/hooks/start-commit";
svn('svn checkout -q "$1" short', $site->url('/short/svn'));
$run = svn($script =~ s/work/short/r, 11, 20);
$site->session($run, 'commit of 10 files, a nonce expires in the middle', 20,
    at_least => 1, expired => 1, refused => 'each', stale => 'each');

# ---- a wrong password ----

$run = svn_as('wrong', 'svn checkout -q "$1" denied', $site->url('/p/svn'));
$site->denied($run, 'a wrong password', 3);
like($run->{err}, qr/Authentication failed/, '... and svn says so');

done_testing;
