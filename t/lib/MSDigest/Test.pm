# SPDX-License-Identifier: Apache-2.0
# What each test file begins with: strictness, a time limit, and a clean end.
package MSDigest::Test;
use strict;
use warnings;
use Test::More;
use MSDigest::Client ();
use MSDigest::Http ();
use MSDigest::Server ();

# use MSDigest::Test limit => 60;   exports Test::More's functions and ours
sub import {
    my ($class, %o) = @_;
    my $caller = caller;
    strict->import;
    warnings->import;
    no strict 'refs';
    *{"${caller}::$_"} = \&{"Test::More::$_"} for @Test::More::EXPORT;
    *{"${caller}::$_"} = \&{$_} for qw(shared private_server area outcome proof proven_by
        logged_in log_has log_lacks at_once same_answer digest_ha1 users_text challenge_pair);
    *{"${caller}::PASSWORD"} = \%MSDigest::Server::PASSWORD;
    guard($o{limit} // 120);
    return;
}

# END blocks run after die and exit, not after a signal: turn one into the other.
sub guard {
    my ($limit) = @_;
    $SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
    $SIG{PIPE} = 'IGNORE';
    $SIG{ALRM} = sub { print STDERR "# no end after $limit seconds\n"; exit 1 };
    alarm $limit;
    return;
}

sub shared         { return MSDigest::Server->shared }
sub private_server { return MSDigest::Server->new(@_)->start }
sub area           { return MSDigest::Server::area(@_) }
sub digest_ha1     { return MSDigest::Client::digest_ha1(@_) }
sub users_text     { return MSDigest::Server::users_text(@_) }
sub at_once        { return MSDigest::Http::at_once(@_) }

# outcome($response, "401 stale", "name"): the outcome in words.
sub outcome {
    my ($r, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($r->what, $expected, $name);
}

# Who proved a request: "authority", "context", or "-".
sub proof {
    my ($server, $r) = @_;
    return $server->row($r)->{proof} // 'not in the log';
}

# The request was accepted, and this is who proved it.
sub proven_by {
    my ($server, $r, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($r->status == 200 ? proof($server, $r) : $r->what, $expected, $name);
}

# Looks for a line in the error log, and shows its end only on failure.
sub log_has {
    my ($server, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(scalar(grep { $_ =~ $pattern } split /\n/, $server->log), $name)
        || diag("no line like $pattern; the last ones are\n" . $server->tail);
}

sub log_lacks {
    my ($server, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @bad = grep { $_ =~ $pattern } split /\n/, $server->log;
    return is($bad[0], undef, $name);
}

# A client that has answered one challenge and been let in.
sub logged_in {
    my ($server, $user, $target, %o) = @_;
    my $client = $server->client($user, %o);
    my $r = $client->get($target // '/p/x.txt');
    die "$user cannot log in: " . $r->what . "\n" . $server->tail if $r->status != 200;
    return $client;
}

# What a client can see of an answer, less what differs in each: dates, nonces.
sub same_answer {
    my ($r) = @_;
    my @lines = map { join ': ', @$_ } grep { $_->[0] !~ /^Date$/i } @{ $r->{headers} };
    my $text = join "\n", $r->status, @lines, '', $r->body;
    $text =~ s/(nonce|opaque)="[^"]*"/$1="..."/g;
    return $text;
}

# The two header lines of the default challenge for these values.
sub challenge_pair {
    my ($realm, $nonce, $opaque, $tail) = @_;
    return map {
        qq{Digest qop="auth",algorithm=$_,nonce="$nonce",charset=utf-8,realm="$realm",opaque="$opaque"}
        . ($tail // '')
    } qw(MD5-sess MD5);
}

1;
