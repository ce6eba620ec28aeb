# SPDX-License-Identifier: Apache-2.0
# What the source guards share: find, read and simplify C files.
package Guard;
use strict;
use warnings;
use Exporter qw(import);
use Test::More;

our @EXPORT = qw(slurp sources headers code functions output_of setting none);

chdir($ENV{srcdir} || "$FindBin::Bin/../..") or die "srcdir: $!\n";

# The whole of a file. What is missing ends the guard, and so fails it.
sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return scalar <$in>;
}

# All C files of the product; with 'tests', those of the unit tests too.
sub sources {
    my ($tests) = @_;
    my @files = (glob('src/*.[ch] src/*/*.[ch] bin/*.[ch] netlogond/*.[ch]'), 'mod_auth_msdigest.c');
    push @files, glob 't/unit/*.[ch]' if $tests;
    die "no sources here\n" if @files < 2;
    return @files;
}

sub headers { return grep { /\.h$/ } sources('tests') }

# C without its comments and without the inside of its literals; all lines stay.
sub code {
    my ($text) = @_;
    my $blank = sub { (my $kept = shift) =~ s/[^\n]/ /g; $kept };
    $text =~ s{
        (/\*.*?\*/ | //[^\n]*)              # a comment
      | ("|')((?:\\.|(?!\2)[^\\\n])*)\2     # a string or a character
    }{ defined $1 ? $blank->($1) : $2 . $blank->($3) . $2 }gsex;
    return $text;
}

# name => text of each function in C code that `code` returned.
sub functions {
    my ($code) = @_;
    my %found;
    while ($code =~ /^(?:\w[^\n;={}]*?)?\b(\w+)\(([^;{}]*)\)\s*\n(\{.*?^\})/gms) {
        $found{$1} = $3;
    }
    return %found;
}

# The lines a command prints; it must succeed.
sub output_of {
    my (@command) = @_;
    open my $pipe, '-|', @command or die "$command[0]: $!\n";
    chomp(my @lines = <$pipe>);
    close $pipe or die "@command: exit status " . ($? >> 8) . "\n";
    return @lines;
}

# A setting that make hands over by the environment.
sub setting {
    my ($name) = @_;
    return $ENV{$name} // die "$name is not set: run this by make check-unit\n";
}

# One assertion: there are no offenders. Each one is shown.
sub none {
    my ($name, @offenders) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    ok(!@offenders, $name) or diag(join "\n", @offenders);
    return;
}

1;
