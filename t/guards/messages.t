#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Each log message has a number of its own, and docs/messages.md explains it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

my (%places, @unnumbered);
for my $path (grep { m{^src/httpd/|^mod_|^netlogond/} } sources()) {
    my $text = slurp($path);
    push @{ $places{$1} }, $path while $text =~ /\bMSD_LOGNO\((\d+)\)/g;

    my $code = code($text);
    while ($code =~ /\b(ap_log_\w*error|msd_log_line)\s*(\((?:[^()]++|(?2))*\))/g) {
        my ($call, $arguments) = ($1, $2);
        my $line = 1 + (substr($code, 0, $-[0]) =~ tr/\n//);
        push @unnumbered, "$path:$line: $call"
            if $arguments !~ /const char \*format/ && $arguments !~ /\bMSD_LOGNO\(|\bAPLOG_TRACE\d/;
    }
}
die "no MSD_LOGNO in src/httpd\n" if !%places;

my $document = slurp('docs/messages.md');
my %explained;
$explained{$1}++ while $document =~ /^[#|]+\s*`?MSD(\d+)/gm;

none('each message has a number', @unnumbered);
none('no number is used twice',
    map { "$_: @{ $places{$_} }" } grep { @{ $places{$_} } > 1 } sort keys %places);
none('docs/messages.md explains each number', grep { !$explained{$_} } sort keys %places);
none('docs/messages.md explains each one once', grep { $explained{$_} > 1 } sort keys %explained);
none('docs/messages.md explains no number that is not there',
    grep { !$places{$_} } sort keys %explained);
done_testing;
