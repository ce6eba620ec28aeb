#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Ruby mechanize: its counts begin at 0, and each request has a new cnonce.
use MSDigest::Test;
use MSDigest::Clients;

# A nonce that expires ends its session: it never takes up a second challenge of
# a realm, whatever that says.

# Arguments: site, user, password, then "METHOD path [length of a body]". Ends
# with 1 at a 401.
my $program = <<'RUBY';
require 'mechanize'

site, user, password, *steps = ARGV
agent = Mechanize.new
agent.read_timeout = 20
agent.add_auth(site, user, password)
begin
  steps.each do |step|
    word, value, length = step.split(' ')
    case word
    when 'GET' then print agent.get(site + value).body
    when 'POST' then print agent.post(site + value, 'a' * length.to_i).body
    end
  end
rescue Mechanize::UnauthorizedError => error
  print error.response_code
  exit 1
end
RUBY

my $site = client_site('mechanize', [qw(ruby -rmechanize -e), 'puts Mechanize::VERSION'])->start;
$site->write_home('session.rb', $program);

sub mechanize_as { return $site->run('ruby', 'session.rb', $site->url(''), @_) }
sub mechanize    { return mechanize_as('alice', $PASSWORD{alice}, @_) }

my $run = mechanize(map { "GET /p/$_.txt" } 1 .. 10);
$site->session($run, '10 requests', 10);
is($run->{out}, join('', map { "file $_\n" } 1 .. 10), '... and it has all files');

$site->session(mechanize(map { "GET /p/$_.txt?a=b%20c&d=e;f,g&n=$_" } 1 .. 10), '10 names with a query string', 10);

$run = mechanize('GET /p/1.txt', map { "POST /p/echo?n=$_ 1000" } 1 .. 10);
$site->session($run, 'a GET and 10 POST requests with a body', 11);
is($run->{out}, "file 1\n" . "POST 1000 bytes Digest alice\n" x 10, '... and each body arrived');

$run = mechanize_as('alice', 'wrong', 'GET /p/1.txt');
$site->denied($run, 'a wrong password', 3);
is($run->{out}, '401', '... as a 401');

done_testing;
