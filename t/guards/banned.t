#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Banned in C sources: unsafe calls, open comparisons of secrets, untidy text.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

# Unsafe or imprecise; numbers have one strict parser, in src/base.
my $banned = join '|', qw(
    alloca atof atoi atol atoll gets popen rand random sprintf sscanf srand
    stpcpy strcat strcpy strncat strncpy strtok strtol strtoll strtoul
    strtoull system vsprintf
);

# Comparisons that stop at the first difference tell how much was right.
my $compare = qr/(?:mem|str\w*|apr_\w*str\w*)cmp|msd_text_(?:equal|same)\w*/;
my $secret  = qr/digest|hash|key|mac|proof|response|secret|tag(?!e)|ha1/i;

my (@unsafe, @open, @notes, @tabs, @long, @trailing, @style, @license);
for my $path (sources('tests')) {
    my $text  = slurp($path);
    my @lines = split /\n/, $text;
    my @code  = split /\n/, code($text);

    push @license, $path if ($lines[0] // '') !~ /SPDX-License-Identifier: Apache-2\.0/;
    for my $i (0 .. $#lines) {
        my $where = "$path:" . ($i + 1) . ": $lines[$i]";
        my $code  = $code[$i] // '';
        push @unsafe,   $where if $code =~ /(?<![>.\w])(?:$banned)\s*\(/;
        push @notes,    $where if $lines[$i] =~ /\b(?:TODO|FIXME|XXX)\b/;
        push @tabs,     $where if $lines[$i] =~ /\t|\r/;
        push @trailing, $where if $lines[$i] =~ / $/;
        push @long,     $where if length $lines[$i] > 80;
        push @style,    $where if $lines[$i] =~ m{^\s*//};
    }
    next if $path =~ m{^t/};
    my $joined = join "\n", @code;
    while ($joined =~ /\b($compare)\s*(\((?:[^()]++|(?2))*\))/g) {
        my ($call, $arguments) = ($1, $2);
        my $line = 1 + (substr($joined, 0, $-[0]) =~ tr/\n//);
        push @open, "$path:$line: $call$arguments: use msd_equal"
            if $arguments =~ $secret;
    }
}

none('no unsafe function is called',                     @unsafe);
none('secrets are compared in constant time',            @open);
none('no open ends: an issue has a number, not a note',  @notes);
none('no tabs, no carriage returns',                     @tabs);
none('no blanks at the end of a line',                   @trailing);
none('no line is longer than 80 columns',                @long);
none('comments are /* */',                               @style);
none('each file begins with its licence',                @license);
done_testing;
