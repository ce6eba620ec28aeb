#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# msdigest passwd: what it writes, what it leaves alone, what it refuses.
use MSDigest::Test;
use MSDigest::Tool;

my $dir = place();
my $file = "$dir/users";
my $run;

# With the password "open", unless $o says more.
sub passwd {
    my $o = ref $_[0] ? shift : { in => "open\n" };
    return tool($o, 'passwd', @_);
}

sub done { # a run that changed something
    my ($run, $said, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$run->{status} $run->{out}$run->{err}", "0 $said\n", $name);
}

sub refused {
    my ($run, $status, $said, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($run->{status}, $status, "$name: exit status $status");
    like($run->{err}, $said, "$name: says why");
}

my %open = map { $_ => hashed($_, 'alice', 'private', 'open') } qw(MD5 SHA-256 SHA-512-256);

# ---- a new file ----

refused(passwd($file, 'private', 'alice'), 1, qr/does not exist: -c makes it/, 'no file and no -c');
ok(!-e $file, '... makes none');
my $made = passwd('-c', $file, 'private', 'alice');
$made->{out} =~ s/^\S+ is readable by root only: let httpd's workers read it, as by\n    chgrp .* && chmod 640 \S+\n//m;
done($made, 'alice: added', '-c makes the file, and tells root that the workers must read it');
is(slurp($file), "alice:private:$open{MD5}\n", 'MD5 alone, as htdigest writes it');
is(mode_of($file), '0600', 'a new file is for its owner only');
refused(passwd('-c', $file, 'private', 'bob'), 1, qr/users exists/, '-c and a file that exists');
is(slurp($file), "alice:private:$open{MD5}\n", '... leaves it as it was');
is(join(' ', glob "$dir/*"), $file, 'no lock and no other file is left behind');

# ---- algorithms ----

done(passwd('-a', 'SHA-512-256,MD5,SHA-256', $file, 'private', 'alice'), 'alice: changed', '-a with three');
my $three = "$open{MD5},$open{'SHA-256'},SHA-512-256=$open{'SHA-512-256'}";
is(slurp($file), "alice:private:$three\n", 'all three in one line');
done(passwd($file, 'private', 'alice'), 'alice: changed', 'a change without -a');
is(slurp($file), "alice:private:$three\n", '... keeps the algorithms the user has');
done(passwd('-a', 'sha-256', $file, 'private', 'alice'), 'alice: changed', '-a with another');
is(slurp($file), "alice:private:$open{'SHA-256'}\n", '... takes the place of all');
done(passwd('-a', 'MD5-sess,MD5', $file, 'private', 'alice'), 'alice: changed', '-a with -sess');
is(slurp($file), "alice:private:$open{MD5}\n", '... stores the same hash, once');
refused(passwd('-a', 'MD4', $file, 'private', 'alice'), 2, qr/no algorithm 'MD4'.*SHA-256/, 'an unknown algorithm');
refused(passwd('-a', 'MD5,', $file, 'private', 'alice'), 2, qr/no algorithm ''/, 'an empty algorithm');

# ---- the other lines ----

my $others = "# comment:private:x\n\n \tindented:private:11\nalice:other:22\r\nalicex:private:33\n"
    . "no colon\nxalice:private:44\n\xff\xfe:private:55\n";
spew($file, $others . "  alice:private:old  \n" . "bob:private:66");
done(passwd($file, 'private', 'alice'), 'alice: changed', 'among other lines');
is(slurp($file), "${others}alice:private:$open{MD5}\nbob:private:66", '... which stay byte for byte');
done(passwd($file, 'private', 'carol'), 'carol: added', 'behind a line without an end');
my $carol = 'carol:private:' . hashed('MD5', qw(carol private open)) . "\n";
is(slurp($file), "${others}alice:private:$open{MD5}\nbob:private:66\n$carol", '... ends that first');

spew($file, "alice:private:1\nbob:private:2\nalice:private:3\nalice::private:4\n");
done(passwd($file, 'private', 'alice'), 'alice: changed', 'a user who stands there three times');
is(slurp($file), "alice:private:$open{MD5}\nbob:private:2\n", '... does so once: no old password stays');

# httpd joins lines at a backslash: these are a comment, and a line of dave.
spew($file, "# note \\\nalice:private:1\ndave:priv\\\r\nate:2\nlast\\");
done(passwd($file, 'private', 'alice'), 'alice: added', 'a line that belongs to a comment is none');
done(passwd($file, 'private', 'dave'), 'dave: changed', 'a line that was broken is one');
my $dave = 'dave:private:' . hashed('MD5', qw(dave private open)) . "\n";
is(slurp($file), "# note \\\nalice:private:1\n${dave}last\\\n\nalice:private:$open{MD5}\n",
    '... and what is added does not join what was there');

# ---- hashes of the name ----

spew($file, "x:y:z\n");
done(passwd('-u', '-a', 'MD5,SHA-256', $file, 'private', 'alice'), 'alice: added', '-u');
my $two = "$open{MD5},$open{'SHA-256'}";
my $by_name = join '', map { hashed($_, 'alice', 'private') . ":private:user=alice,$two\n" } qw(MD5 SHA-256);
is(slurp($file), "x:y:z\nalice:private:$two\n$by_name", 'one line for each hash of the name');
passwd({ in => "new\n" }, $file, 'private', 'alice');
unlike(slurp($file), qr/\Q$open{MD5}\E/, 'a new password leaves no old one in them');
is(scalar(() = slurp($file) =~ /user=alice,/g), 2, '... and keeps them');
passwd('-u', $file, 'other', 'alice');
done(passwd({}, '-D', $file, 'private', 'alice'), 'alice: removed', '-D');
is(scalar(lines_of($file)), 3, '... takes them all, and only those of this realm');
refused(passwd({}, '-D', $file, 'private', 'alice'), 1, qr/has no user alice in this realm/, '-D of nobody');
refused(passwd('-u', $file, 'private', 'a,b'), 2, qr/comma/, '-u and a comma in the name');
done(passwd($file, 'private', 'a,b'), 'a,b: added', 'without -u the comma is fine');

# ---- beyond ASCII ----

my ($utf8, $latin1, $beyond) = ("J\xc3\xa4n", "J\xe4n", "\xd0\xaf");
sub line_for {
    my ($name, @pairs) = @_;
    return "$name:private:" . join(',', map { hashed('MD5', $_->[0], 'private', $_->[1]) } @pairs) . "\n";
}
my @both = ([ $utf8, "p\xc3\xa4ss" ], [ $latin1, "p\xe4ss" ]);
for my $case (
    [ 'name and password', $utf8, "p\xc3\xa4ss", @both ],
    [ 'the same typed in ISO 8859-1', $latin1, "p\xe4ss", @both ],
    [ 'the name only', $utf8, 'pass', [ $utf8, 'pass' ], [ $latin1, 'pass' ] ],
    [ 'the password only', 'Jan', "p\xc3\xa4ss", [ 'Jan', "p\xc3\xa4ss" ], [ 'Jan', "p\xe4ss" ] ],
    [ 'a password beyond ISO 8859-1', $utf8, $beyond, [ $utf8, $beyond ], [ $latin1, $beyond ] ],
    [ 'both beyond ISO 8859-1', $beyond, $beyond, [ $beyond, $beyond ] ],
) {
    my ($name, $user, $password, @pairs) = @$case;
    spew($file, '');
    passwd({ in => "$password\n" }, $file, 'private', $user);
    is(slurp($file), line_for($pairs[0][0], @pairs), "beyond ASCII: $name");
}
spew($file, "$latin1:private:old\n");
passwd($file, 'private', $utf8);
unlike(slurp($file), qr/old/, 'a line under the name in ISO 8859-1 is the same user');

# RFC 2617 section 3.5, and [MS-DPSP] as vectors of the two hashes.
spew($file, '');
passwd({ in => "Circle Of Life\n" }, $file, 'testrealm@host.com', 'Mufasa');
is(slurp($file), "Mufasa:testrealm\@host.com:939e7578ed9e3c518a452acee763bce9\n", 'H(A1) of RFC 2617');

# ---- the password from standard input ----

for my $case (
    [ 'no line end', 'open' ], [ 'CR LF', "open\r\n" ], [ 'more lines', "open\nother\n" ],
) {
    my ($name, $in) = @$case;
    spew($file, '');
    passwd({ in => $in }, $file, 'private', 'alice');
    is(slurp($file), "alice:private:$open{MD5}\n", "standard input: $name");
}
for my $case (
    [ 'nothing', '', qr/standard input: there is no password/ ],
    [ 'an empty line', "\nopen\n", qr/there is no password/ ],
    [ 'a NUL', "op\0en\n", qr/has a NUL/ ],
    [ 'too much', 'x' x 5000, qr/too long/ ],
) {
    my ($name, $in, $said) = @$case;
    my $before = slurp($file);
    refused(passwd({ in => $in }, $file, 'private', 'alice'), 1, $said, "standard input: $name");
    is(slurp($file), $before, '... and the file is as it was');
}
my $long = 'y' x 4095;
passwd({ in => $long }, $file, 'private', 'alice');
is(slurp($file), 'alice:private:' . hashed('MD5', 'alice', 'private', $long) . "\n", 'the longest password');

# ---- names ----

for my $case (
    [ 'an empty user', 'private', '', 2, qr/user name is empty/ ],
    [ 'a colon in the user', 'private', 'a:b', 2, qr/colon/ ],
    [ 'a colon in the realm', 'a:b', 'alice', 2, qr/colon/ ],
    [ 'a line end in the user', 'private', "a\nroot", 2, qr/control/ ],
    [ 'a control character in the realm', "a\tb", 'alice', 2, qr/control/ ],
    [ 'a DEL in the user', 'private', "a\x7f", 2, qr/control/ ],
    [ 'a comment for a user', 'private', '#alice', 2, qr/begins with #/ ],
    [ 'a blank before the user', 'private', ' alice', 2, qr/begins with/ ],
    [ 'a line that is too long', 'r' x 4000, 'u' x 100, 1, qr/too long/ ],
) {
    my ($name, $realm, $user, $status, $said) = @$case;
    my $before = slurp($file);
    refused(passwd($file, $realm, $user), $status, $said, $name);
    is(slurp($file), $before, '... and the file is as it was');
}
for my $case ([ 'a"b', 'quote' ], [ 'a\\b', 'backslash' ], [ 'a,b', 'comma' ], [ "\xc3\xa4", 'ASCII' ]) {
    my ($realm, $what) = @$case;
    $run = passwd($file, $realm, 'alice');
    is($run->{status}, 0, "a realm with $what is written");
    like($run->{err}, qr/warning: .*clients break.*$what/, '... with a warning');
}

# ---- wrong calls ----

for my $case (
    [ 'no arguments' ], [ 'a password among them', $file, 'private', 'alice', 'open' ],
    [ 'an unknown option', '-b', $file, 'private', 'alice' ], [ '-a without a list', '-a' ],
    [ '-D with -u', '-D', '-u', $file, 'private', 'alice' ], [ '-D with -c', '-D', '-c', $file, 'private', 'alice' ],
) {
    my ($name, @arguments) = @$case;
    refused(passwd(@arguments), 2, qr/usage: msdigest passwd/, $name);
}
refused(tool(), 2, qr/usage/, 'no command');
refused(tool('frob'), 2, qr/usage/, 'an unknown command');
$run = tool('help');
is($run->{status}, 0, 'help');
like($run->{out}, qr/^msdigest passwd .*^msdigest explain .*^Exit status/ms, '... tells all');
spew($file, '');
done(passwd('--', $file, 'private', '-D'), '-D: added', 'a name like an option, behind --');
$run = tool({ with => [ 'sh', '-c', 'exec "$0" "$@" >/dev/full' ] }, 'help');
is($run->{status}, 1, 'output that cannot be written is a failure');

done_testing;
