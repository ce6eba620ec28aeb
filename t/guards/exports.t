#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The module shows httpd one symbol: its record.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

my @shown = map { (split)[-1] } output_of(qw(nm -D --defined-only), setting('MODULE'));
is("@shown", 'auth_msdigest_module', 'exactly the module record is exported');
done_testing;
