# SPDX-License-Identifier: Apache-2.0
# What is printed: tables, remarks, and goals with what was measured.
package Bench::Report;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(facts goal goals note table thousands);

# 1234567.8 as 1,234,568.
sub thousands {
    my $text = sprintf '%.0f', $_[0];
    1 while $text =~ s/^(-?\d+)(\d{3})/$1,$2/;
    return $text;
}

# The first column is text, the others are numbers.
sub lines {
    my (@rows) = @_;
    my @width = map { my $column = $_; widest(map { $_->[$column] // '' } @rows) } 0 .. $#{ $rows[0] };
    my $format = join '  ', "%-$width[0]s", map { "%${_}s" } @width[1 .. $#width];
    return map { my $row = $_; sprintf "  $format\n", map { $row->[$_] // '' } 0 .. $#width } @rows;
}

sub widest {
    my $widest = 0;
    for (@_) { $widest = length if length > $widest }
    return $widest;
}

sub table {
    my ($title, @rows) = @_;
    print "\n$title\n\n", lines(@rows);
    return;
}

# Pairs of a name and a text.
sub facts {
    my ($title, @pairs) = @_;
    my $width = widest(map { $_->[0] } @pairs);
    print "\n$title\n\n", map { sprintf "  %-${width}s  %s\n", @$_ } @pairs;
    return;
}

sub note {
    print "\n", map { "  $_\n" } @_;
    return;
}

my @goals;

# goal(what, wanted, met, format, measured)
sub goal {
    my ($what, $wanted, $met, $format, $measured) = @_;
    push @goals, [ $what, $wanted, sprintf($format, $measured), $met ? 'yes' : 'NO' ];
    return;
}

sub goals {
    return if !@goals;
    table('Goals', [ 'goal', 'wanted', 'measured', 'met' ], @goals);
    return;
}

1;
