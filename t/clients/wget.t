#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# wget: one nonce for each URL; to it a 401 to an answer is final, stale or not.
use MSDigest::Test;
use MSDigest::Clients;

my $site = client_site('wget', [qw(wget --version)], files => {
    'htdocs/p/tree/index.html' => join('', map { qq{<a href="$_.html?n=$_">$_</a>\n} } 1 .. 10),
    map { ("htdocs/p/tree/$_.html" => "page $_\n") } 1 .. 10,
})->start;
my @alice = ('--user=alice', "--password=$PASSWORD{alice}");

sub wget { return $site->run(qw(wget --no-verbose --tries=1), @_) }

my $run = wget(@alice, '--output-document=-', map { $site->url("/p/$_.txt") } 1 .. 10);
$site->session($run, '10 URLs', 10);
is($run->{out}, join('', map { "file $_\n" } 1 .. 10), '... and it has all files');

$run = wget(@alice, '--output-document=-', map { $site->url("/p/$_.txt?a=b%20c&d=e;f,g&n=$_") } 1 .. 10);
$site->session($run, '10 names with a query string', 10);

$run = wget(@alice, '--output-document=-', '--post-data=' . 'a' x 1000, map { $site->url("/p/echo?n=$_") } 1 .. 10);
$site->session($run, '10 POST requests with a body', 10);
is($run->{out}, "POST 1000 bytes Digest alice\n" x 10, '... and each body arrived');

$run = wget(@alice, qw(--recursive --no-parent --no-host-directories -e robots=off), $site->url('/p/tree/'));
$site->session($run, 'a folder with its 10 pages', 11);
is($site->server->read('home/p/tree/10.html?n=10'), "page 10\n", '... and it has the pages');

$run = wget(@alice, '--output-document=-', $site->url('/p/moved'));
$site->session($run, 'a redirect within the protected folder', 2);
is($run->{out}, "file 1\n", '... and it has the file');

$site->denied(wget('--user=alice', '--password=wrong', $site->url('/p/1.txt')), 'a wrong password', 2);

done_testing;
