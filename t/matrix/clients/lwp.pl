#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# LWP: one user agent.
use strict;
use warnings;
use HTTP::Request;
use LWP::UserAgent;
use Time::HiRes qw(sleep);

my ($site, $user, $password, @steps) = @ARGV;
my $agent = LWP::UserAgent->new(keep_alive => 1, timeout => 20);
$agent->credentials($site =~ s{^http://}{}r, 'private', $user, $password);
my $bad = 0;
for my $step (@steps) {
    my ($word, $target, $length) = split / /, $step;
    if ($word eq 'SLEEP') { sleep $target; next }
    my $request = HTTP::Request->new($word, $site . $target);
    $request->content('a' x $length) if $length;
    my $answer = $agent->request($request);
    next if $answer->code == 200;
    $bad = 1;
    print STDERR "$step ", $answer->status_line, "\n";
}
exit $bad;
