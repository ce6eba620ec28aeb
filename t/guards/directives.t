#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Each directive is documented; each member of a section has a default and a merge.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

my %code = map { $_ => slurp($_) } grep { m{^src/httpd/} } sources();
my $all  = join "\n", @code{sort keys %code};

# ---- Directives: the command table, the example, the reference
my %command = map { $_ => 1 } $all =~ /\bAP_INIT_\w+\(\s*"(\w+)"/g;
die "no AP_INIT_ in src/httpd\n" if !%command;

sub compare {
    my ($path, $pattern) = @_;
    my $text = slurp($path);
    my %documented = map { $_ => 1 } $text =~ /$pattern/gm;
    my %mentioned  = map { $_ => 1 } $text =~ /\b(AuthMSDigest[A-Z]\w*)/g;
    none("$path documents each directive", grep { !$documented{$_} } sort keys %command);
    none("$path names no directive that is not there",
        grep { !$command{$_} } sort keys %mentioned);
    return;
}
compare('conf/msdigest.conf', qr/^\s*#?\s*(AuthMSDigest\w+)\s/m);
compare('docs/directives.md', qr/^[#|]+\s*`?(AuthMSDigest\w+)/m);

# ---- The command's advice
my %advised = map { $_ => 1 } map { slurp($_) =~ /\b(AuthMSDigest[A-Z]\w*)/g }
    (grep { m{^bin/} } sources()), 'docs/msdigest.md';
none('msdigest names no directive that is not there', grep { !$command{$_} } sort keys %advised);

# ---- Members of msd_dir_config_t
my ($body) = code($all) =~ /typedef struct \{([^{}]*)\} msd_dir_config_t;/
    or die "no msd_dir_config_t in src/httpd\n";
my @members = $body =~ /(\w+)(?:\[[^\]]*\])?\s*;/g;
my %function = functions(code($all));
my $create = $function{msd_config_create_dir} // die "no msd_config_create_dir\n";
my $merge  = $function{msd_config_merge_dir}  // die "no msd_config_merge_dir\n";

cmp_ok(scalar @members, '>', 0, 'msd_dir_config_t has members');
none('each member is unset when a section begins',
    grep { $create !~ /(?:->|\.)\s*$_\s*=\s*(?:NULL|MSD_UNSET)\s*[;,]/ } @members);
none('each member is merged', grep { $merge !~ /\bMERGE\w*\(\s*$_\s*\)|->\s*$_\s*=[^=]/ } @members);

done_testing;
