#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Python requests: one session; a new cnonce for each request.
use MSDigest::Test;
use MSDigest::Clients;

# Arguments: site, user, password, then "METHOD path [length of a body]" or
# "sleep seconds". Ends with 1 when an answer is not a 200.
my $program = <<'PYTHON';
import sys, time, requests
from requests.auth import HTTPDigestAuth

site, user, password = sys.argv[1:4]
session = requests.Session()
session.auth = HTTPDigestAuth(user, password)
bad = 0
for step in sys.argv[4:]:
    word, value, *length = step.split(' ')
    if word == 'sleep':
        time.sleep(float(value))
        continue
    body = 'a' * int(length[0]) if length else None
    answer = session.request(word, site + value, data=body, timeout=20)
    bad += answer.status_code != 200
    print(answer.text if answer.ok else answer.status_code, end='')
sys.exit(bad > 0)
PYTHON

my $site = client_site('requests', [qw(python3 -c), 'import requests; print(requests.__version__)'])->start;
$site->write_home('session.py', $program);

sub requests_as { return $site->run('python3', 'session.py', $site->url(''), @_) }
sub requests    { return requests_as('alice', $PASSWORD{alice}, @_) }

my $run = requests(map { "GET /p/$_.txt" } 1 .. 10);
$site->session($run, '10 requests', 10);
is($run->{out}, join('', map { "file $_\n" } 1 .. 10), '... and it has all files');

$site->session(requests(map { "GET /p/$_.txt?a=b%20c&d=e;f,g&n=$_" } 1 .. 10), '10 names with a query string', 10);

$run = requests(map { "POST /p/echo?n=$_ 1000" } 1 .. 10);
$site->session($run, '10 POST requests with a body', 10);
is($run->{out}, "POST 1000 bytes Digest alice\n" x 10, '... and each body arrived');

# To the new place it sends the header of the old one again, which is a replay.
$run = requests((map { "GET /p/$_.txt" } 1 .. 10), 'GET /p/moved');
$site->session($run, '10 requests, then a redirect within the protected folder', 12, refused => 2, stale => 1);
like($run->{out}, qr/file 10\nfile 1\n\z/, '... and it has the file');

$run = requests((map { "GET /short/$_.txt" } 1 .. 5), 'sleep 1.2', map { "GET /short/$_.txt" } 6 .. 10);
$site->session($run, '10 requests, a nonce expires in the middle', 10, expired => 1, refused => 4, stale => 3);

$run = requests_as('alice', 'wrong', 'GET /p/1.txt');
$site->denied($run, 'a wrong password', 2);
is($run->{out}, '401', '... as a 401');

done_testing;
