#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Functions and files stay small enough to be read in one go.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

use JSON::PP qw(decode_json);

my %limit = (function => 80, p95 => 50, nesting => 3, file => 400);

# The deepest pair of braces inside a function's body; macros do not count.
sub nesting {
    my (@lines) = @_;
    my ($depth, $deepest) = (0, 0);
    for my $brace (map { /^\s*#/ ? () : /[{}]/g } @lines) {
        $depth += $brace eq '{' ? 1 : -1;
        $deepest = $depth if $depth > $deepest;
    }
    return $deepest ? $deepest - 1 : 0;
}

# The value below which 95 of 100 lie, between neighbours in proportion.
sub p95 {
    my @sorted = sort { $a <=> $b } @_;
    my $at = 0.95 * $#sorted;
    my $low = int $at;
    my $high = $low < $#sorted ? $low + 1 : $low;
    return sprintf '%.0f', $sorted[$low] + ($sorted[$high] - $sorted[$low]) * ($at - $low);
}

my (@long, @deep, @big, @lengths);
for my $path (sources()) {
    my $text = slurp($path);
    my @code = split /\n/, code($text);
    my $lines = $text =~ tr/\n//;
    push @big, "$path: $lines lines" if $lines > $limit{file};

    my @tags = map { decode_json($_) } output_of(qw(ctags --languages=C --langmap=C:+.h
        --kinds-C=f --fields=+ne --output-format=json -o -), $path);
    for my $function (@tags) {
        my ($from, $to) = @$function{qw(line end)};
        my $length = $to - $from + 1;
        my $depth  = nesting(@code[$from - 1 .. $to - 1]);
        push @lengths, $length;
        push @long, "$path:$from: $function->{name}: $length lines" if $length > $limit{function};
        push @deep, "$path:$from: $function->{name}: nesting $depth" if $depth > $limit{nesting};
    }
}

die "no functions found: is ctags Universal Ctags?\n" if !@lengths;
none("no function has more than $limit{function} lines", @long);
cmp_ok(p95(@lengths), '<=', $limit{p95}, "95 of 100 functions have at most $limit{p95} lines");
none("no function nests deeper than $limit{nesting}", @deep);
none("no file has more than $limit{file} lines", @big);
done_testing;
