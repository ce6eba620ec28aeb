#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# msdigest secret: makes, rotates, swaps and drops; never by accident.
use MSDigest::Test;
use MSDigest::Tool;

my $dir = place();
my $file = "$dir/secret";
my $HEX = qr/[0-9a-f]{64}/;

sub secret  { return tool('secret', @_) }
sub secrets { return slurp($file) =~ /^($HEX)$/mg }

sub refused {
    my ($run, $status, $why, $name) = @_;
    is($run->{status}, $status, $name);
    like($run->{err}, $why, '... and says why');
    return;
}

# The fingerprints that were printed: of the current secret, of the other one.
sub prints {
    my ($run, $name) = @_;
    is($run->{status}, 0, $name) or diag($run->{err});
    my @found = $run->{out} =~ /^\Q$file\E: current ([0-9a-f]{8}), other ([0-9a-f]{8}|none)$/
        or diag("it said: $run->{out}");
    return @found;
}

# ---- a new one ----

my $printed = secret();
is($printed->{status}, 0, 'without a file a secret is printed');
like($printed->{out}, qr/\A$HEX\n\z/, '... 64 digits on a line');
isnt(secret()->{out}, $printed->{out}, '... another one each time');

my ($mark) = prints(secret($file), 'a new file');
my ($first) = secrets();
is(mode_of($file), '0600', '... is for its owner only');
is(scalar(() = secrets()), 1, '... and has one secret');
unlike(secret('-p', $file)->{out}, qr/$HEX/, '... which -p does not show');
is((prints(secret('-p', $file), '... but its fingerprint'))[0], $mark, '... the same each time');

refused(secret($file), 1, qr/exists: -r puts a new secret into it/, 'a file that exists is left alone');
is((secrets())[0], $first, '... as it was');

# ---- changes ----

my @rotated = prints(secret('-r', $file), '-r rotates');
my @now = secrets();
is($now[1], $first, '... the current secret is the other one now');
isnt($now[0], $first, '... and a new one stands first');
is($rotated[1], $mark, '... which the fingerprints show');
is(mode_of($file), '0600', '... and the mode stays');

my @swapped = prints(secret('-s', $file), '-s swaps');
is_deeply([ secrets() ], [ reverse @now ], '... the two');
is_deeply(\@swapped, [ reverse @rotated ], '... and their fingerprints');
is((prints(secret('-d', $file), '-d drops'))[1], 'none', '... the other one');
is_deeply([ secrets() ], [$first], '... and keeps the current');

my @next = prints(secret('-n', $file), '-n adds a next one');
@now = secrets();
is($now[0], $first, '... and the current secret stays');
is($next[0], $mark, '... as the fingerprints show');
is(scalar(@now), 2, '... beside the new one');

# ---- refused ----

secret('-d', $file);
refused(secret('-s', $file), 1, qr/no second secret/, '-s without a second secret');
refused(secret('-d', $file), 1, qr/no second secret/, '-d without a second secret');
is_deeply([ secrets() ], [$first], '... and the file is as it was');
refused(secret("-$_", "$dir/none"), 1, qr/does not exist/, "-$_ of no file") for qw(r n s d p);
ok(!-e "$dir/none", '... which makes none');
refused(secret('-r', '-n', $file), 2, qr/one option at a time/, 'two options');
refused(secret('-r'), 2, qr/wrong arguments/, 'an option without a file');
refused(secret($file, 'more'), 2, qr/wrong arguments/, 'two files');
refused(secret('-x', $file), 2, qr/wrong arguments/, 'another option');
for my $row ([ 'short', "0123\n", qr/64 hexadecimal/ ], [ 'empty', '', qr/at least one/ ]) {
    my ($name, $text, $why) = @$row;
    spew("$dir/$name", $text);
    chmod 0600, "$dir/$name";
    refused(secret('-r', "$dir/$name"), 1, $why, "a file that is $name");
    is(slurp("$dir/$name"), $text, '... and is left alone');
}
for my $mode (0640, 0604, 0620) {
    chmod $mode, $file;
    refused(secret('-r', $file), 1, qr/others than the owner may/, sprintf 'mode %04o', $mode);
}
is_deeply([ secrets() ], [$first], '... and the file is as it was');
is(join(' ', sort map { s{.*/}{}r } glob "$dir/*"), 'empty secret short', 'nothing else is left behind');

done_testing;
