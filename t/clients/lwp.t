#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# LWP: one user agent; it says algorithm="MD5" whatever it is offered.
use MSDigest::Test;
use MSDigest::Clients;

# Arguments: host and port, user, password, then "METHOD path [length of a body]"
# or "sleep seconds". Ends with 1 when an answer is not a 200.
my $program = <<'PERL';
use strict;
use warnings;
use HTTP::Request;
use LWP::UserAgent;
use Time::HiRes qw(sleep);

my ($site, $user, $password, @steps) = @ARGV;
my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 20);
$agent->credentials($site, 'private', $user, $password);
my $bad = 0;
for my $step (@steps) {
    my ($word, $value, $length) = split / /, $step;
    if ($word eq 'sleep') { sleep $value; next }
    my $request = HTTP::Request->new($word, "http://$site$value");
    $request->content('a' x $length) if $length;
    my $answer = $agent->request($request);
    $bad++ if $answer->code != 200;
    print $answer->is_success ? $answer->content : $answer->code;
}
exit($bad > 0);
PERL

my $site = client_site('lwp', [ $^X, '-MLWP', '-e', 'print LWP->VERSION' ])->start;
$site->write_home('session.pl', $program);

sub lwp_as { return $site->run($^X, 'session.pl', '127.0.0.1:' . $site->port, @_) }
sub lwp    { return lwp_as('alice', $PASSWORD{alice}, @_) }

my $run = lwp(map { "GET /p/$_.txt" } 1 .. 20);
$site->session($run, '20 requests', 20);
is($run->{out}, join('', map { "file $_\n" } 1 .. 20), '... and it has all files');

$site->session(lwp(map { "GET /p/$_.txt?a=b%20c&d=e;f,g&n=$_" } 1 .. 10), '10 names with a query string', 10);

$run = lwp(map { "POST /p/echo?n=$_ 1000" } 1 .. 10);
$site->session($run, '10 POST requests with a body', 10);
is($run->{out}, "POST 1000 bytes Digest alice\n" x 10, '... and each body arrived');

$run = lwp((map { "GET /short/$_.txt" } 1 .. 5), 'sleep 1.2', map { "GET /short/$_.txt" } 6 .. 10);
$site->session($run, '10 requests, a nonce expires in the middle', 10, expired => 1, refused => 4, stale => 3);

$run = lwp_as('alice', 'wrong', 'GET /p/1.txt');
$site->denied($run, 'a wrong password', 3);
is($run->{out}, '401', '... as a 401');

done_testing;
