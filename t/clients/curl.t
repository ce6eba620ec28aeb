#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# curl: one nonce for each URL; bodies, query strings, redirects, 40 at once.
use MSDigest::Test;
use MSDigest::Clients;

my $site = client_site('curl', [qw(curl --version)])->start;
my @alice = ('--digest', '--user', "alice:$PASSWORD{alice}");

sub curl { return $site->run(qw(curl --silent --show-error --fail), @_) }

# ---- one URL, and ten ----

my $run = curl(@alice, $site->url('/p/1.txt'));
$site->session($run, 'one URL', 1);
is($run->{out}, "file 1\n", '... and it has the file');

$run = curl(@alice, $site->url('/p/[1-10].txt'));
$site->session($run, '10 URLs on one connection', 10);
is($run->{out}, join('', map { "file $_\n" } 1 .. 10), '... and it has all files');

$run = curl(@alice, qw(--parallel --parallel-max 40), $site->url('/p/[1-40].txt'));
$site->session($run, '40 URLs at once', 40);

$run = curl('--anyauth', '--user', "alice:$PASSWORD{alice}", $site->url('/p/[1-10].txt'));
$site->session($run, '10 URLs with --anyauth', 10);

# ---- names, methods, bodies ----

my $query = '?a=b%20c&d=e;f,g&h=%22i%22&j=k=l&m=' . "'n'" . '&%C3%A4=%2F';
$run = curl('--globoff', @alice, map { $site->url("/p/$_.txt$query&n=$_") } 1 .. 10);
$site->session($run, '10 names with a query string', 10);

$run = curl(@alice, '--head', $site->url('/p/[1-10].txt'));
$site->session($run, '10 HEAD requests', 10);

$run = curl(@alice, '--data', 'a' x 1000, map { $site->url("/p/echo?n=$_") } 1 .. 10);
$site->session($run, '10 POST requests with a body', 10);
is($run->{out}, "POST 1000 bytes Digest alice\n" x 10, '... and each body arrived');

$site->write_home('large', 'x' x 1_500_000);
$run = curl(@alice, '--upload-file', 'large', '--header', 'Expect: 100-continue', $site->url('/p/echo'));
$site->session($run, 'PUT of 1.5 MB with Expect', 1);
is($run->{out}, "PUT 1500000 bytes Digest alice\n", '... and all of it arrived');

$run = curl(@alice, '--location', $site->url('/p/moved'));
$site->session($run, 'a redirect within the protected folder', 2);
is($run->{out}, "file 1\n", '... and it has the file');

# ---- a wrong password ----

$site->denied(curl('--digest', '--user', 'alice:wrong', $site->url('/p/1.txt')), 'a wrong password', 2);
$site->denied(curl('--digest', '--user', 'nobody:wrong', $site->url('/p/1.txt')), 'an unknown user', 2);

done_testing;
