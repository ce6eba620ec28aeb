#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Each test is registered, run and part of a release.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

use File::Find qw(find);

# ---- Unit tests
my $main  = code(slurp('t/unit/main.c'));
my @units = glob 't/unit/test_*.c';
die "no t/unit/test_*.c\n" if !@units;

my (@no_suite, @not_run, @not_added);
for my $path (@units) {
    my $text   = code(slurp($path));
    my @suites = $text =~ /^Suite \*(\w+)\(void\)/gm;
    push @no_suite, $path if !@suites;
    push @not_run, map { "$path: $_" } grep { $main !~ /\b$_\b/ } @suites;
    push @not_added, map { "$path: $_" }
        grep { $text !~ /\btcase_add_(?:loop_)?test\(\s*[^,;]+,\s*$_\s*[,)]/ }
        $text =~ /\bSTART_TEST\((\w+)\)/g;
}
none('each t/unit/test_*.c has a suite',          @no_suite);
none('each suite is run by t/unit/main.c',        @not_run);
none('each START_TEST is added to its test case', @not_added);

none('each pure file has unit tests',
    grep { m{(\w+)\.c$} && !-e "t/unit/test_$1.c" }
    grep { m{^src/.*\.c$} && !m{^src/httpd/} } sources());

# ---- Files: run and released
my @files;
find({ no_chdir => 1, wanted => sub {
    $File::Find::prune = 1 if m{/(?:\.deps|\.libs|__pycache__|logs)$};
    push @files, $_ if -f && !m{\.l?o$|/\.dirstamp$|^(?:t/unit/unit|bin/msdigest|netlogond/msdigest-netlogond|t/testbed/dc)(?:-asan)?$};
} }, grep { -d } qw(src bin netlogond t conf docs));

# The patterns t/run hands to glob, and what they find here.
my %run = map { $_ => 1 } map { glob s/^\$srcdir\///r }
    slurp('t/run') =~ /\bglob ["'](\S+\.t)["']/g;
none('t/run runs each test file', grep { /\.t$/ && !$run{$_} } @files);

(my $makefile = slurp('Makefile.am')) =~ s/^#.*//gm;
my %released = map { s/^\$\(srcdir\)\///r => 1 } split ' ', $makefile;
sub released {
    my ($path) = @_;
    do { return 1 if $released{$path} } while $path =~ s{/[^/]+$}{};
    return 0;
}
none('Makefile.am knows each file', grep { !released($_) } sort @files);

done_testing;
