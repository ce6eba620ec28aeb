#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Each header compiles alone, so nobody depends on the order of includes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

my @compiler = (split(' ', setting('CC')), split(' ', setting('COMPILE_FLAGS')));

for my $header (headers()) {
    my $said = qx(@compiler -Werror -fsyntax-only -x c -include $header /dev/null 2>&1);
    ok($? == 0, "$header compiles alone") or diag($said);
}
done_testing;
