#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# msdigest passwd and the file: owner, links, locks, a full disk, kills.
use MSDigest::Test;
use MSDigest::Tool;
use Cwd qw(getcwd);
use Time::HiRes qw(sleep);

my $dir = place();
my $file = "$dir/users";
my $nobody = 65534;
my $run;

sub passwd { return tool({ in => "open\n" }, 'passwd', @_) }
sub line   { return "$_[0]:private:" . hashed('MD5', $_[0], 'private', 'open') . "\n" }

# A folder that a test may lock up.
my $folders = 0;
sub folder {
    my ($mode) = @_;
    my $path = "$dir/" . ++$folders;
    mkdir $path;
    chmod $mode, $path;
    return $path;
}

# ---- mode and owner ----

for my $mode (0640, 0644, 0400) {
    spew("$file.$mode", "x:y:z\n");
    chmod $mode, "$file.$mode";
    passwd("$file.$mode", 'private', 'alice');
    is(mode_of("$file.$mode"), sprintf('%04o', $mode), sprintf 'mode %04o stays', $mode);
}
if ($> == 0) {
    spew($file, '');
    chown $nobody, $nobody, $file;
    chmod 0640, $file;
    passwd($file, 'private', 'alice');
    is(join(' ', (stat $file)[4, 5], mode_of($file)), "$nobody $nobody 0640", 'owner and group stay');

    my $shared = folder(0777);
    spew("$shared/users", "x:y:z\n");
    chmod 0644, "$shared/users";
    $run = tool_as($nobody, { in => "open\n" }, 'passwd', "$shared/users", 'private', 'alice');
    is($run->{status}, 1, 'an owner that cannot be kept is a failure');
    like($run->{err}, qr/Operation not permitted.*is as it was/, '... and says so');
    is(slurp("$shared/users"), "x:y:z\n", '... and changes nothing');
    is(join(' ', glob "$shared/*"), "$shared/users", '... and leaves nothing behind');
    unlink $file;
}

# ---- links ----

mkdir "$dir/real";
spew("$dir/real/users", line('bob'));
symlink 'real/users', $file or die "symlink: $!\n";
passwd($file, 'private', 'alice');
is(readlink $file, 'real/users', 'a symbolic link stays one');
is(slurp("$dir/real/users"), line('bob') . line('alice'), '... and the file behind it is changed');
is(join(' ', glob "$dir/real/*"), "$dir/real/users", '... with nothing left there');
unlink $file;
symlink 'nowhere', $file or die "symlink: $!\n";
for my $option ([], ['-c']) {
    is(passwd(@$option, $file, 'private', 'alice')->{status}, 1, "a link to nothing is refused (@$option)");
}
unlink $file;

my $old = getcwd();
chdir $dir or die "$dir: $!\n";
is(passwd('-c', 'here', 'private', 'alice')->{status}, 0, 'a file in the current folder');
is(slurp("$dir/here"), line('alice'), '... is written');
chdir $old;

# ---- what is no file ----

for my $case ([ 'a folder', $dir ], [ 'a device', '/dev/null' ], [ 'a file in no folder', "$dir/none/users" ]) {
    my ($name, $path) = @$case;
    $run = passwd($path, 'private', 'alice');
    is($run->{status}, 1, "$name is refused");
    like($run->{err}, qr/^msdigest: .*\Q$path\E/, '... by name');
}
ok(-c '/dev/null', 'the device is still there');

# ---- no room, no right ----

my $large = join '', map { "user$_:private:" . 'a' x 32 . "\n" } 1 .. 200;
spew($file, $large);
my @small = ('sh', '-c', 'ulimit -f 4; exec "$0" "$@"');
$run = tool({ in => "open\n", with => \@small }, 'passwd', $file, 'private', 'alice');
is($run->{status}, 1, 'no room for the new file');
like($run->{err}, qr/cannot write .*File too large; \Q$file\E is as it was/, '... is told');
is(slurp($file), $large, '... and the old one is whole');
is(join(' ', glob "$dir/users*"), join(' ', $file, map { "$file.$_" } 256, 416, 420), '... and nothing is left behind');

my $closed = folder(0755);
spew("$closed/users", "x:y:z\n");
chmod 0644, "$closed/users";
chmod 0555, $closed;
$run = tool_as($nobody, { in => "open\n" }, 'passwd', "$closed/users", 'private', 'alice');
is($run->{status}, 1, 'a folder that cannot be written');
like($run->{err}, qr/cannot lock .*Permission denied/, '... is told');
is(slurp("$closed/users"), "x:y:z\n", '... and the file is whole');
chmod 0755, $closed;

# ---- many at once ----

sub all_at_once {
    my ($n, $what) = @_;
    my @pids = map {
        my $i = $_;
        my $pid = fork // die "fork: $!\n";
        if (!$pid) {
            my $status = $what->($i)->{status};
            require POSIX;
            POSIX::_exit($status);
        }
        $pid;
    } 1 .. $n;
    return map { waitpid $_, 0; $? >> 8 } @pids;
}

spew($file, "# users\n");
my @status = all_at_once(20, sub { passwd($file, 'private', "user$_[0]") });
is("@status", join(' ', (0) x 20), '20 at once all succeed');
is(join('', sort { $a cmp $b } lines_of($file)), join('', sort "# users\n", map { line("user$_") } 1 .. 20),
    '... and nothing is lost');
@status = all_at_once(20, sub {
    my ($i) = @_;
    return $i % 2 ? passwd('-a', 'SHA-256', $file, 'private', "user$i") : tool('passwd', '-D', $file, 'private', "user$i");
});
is("@status", join(' ', (0) x 20), '20 changes and removals at once all succeed');
is(join('', sort { $a cmp $b } lines_of($file)),
    join('', sort "# users\n", map { "user$_:private:" . hashed('SHA-256', "user$_", 'private', 'open') . "\n" }
        grep { $_ % 2 } 1 .. 20),
    '... and each has happened');
@status = all_at_once(10, sub { passwd('-c', "$dir/fresh", 'private', "user$_[0]") });
is(scalar(grep { $_ == 0 } @status), 1, 'of 10 that make one file, one does');
is(scalar(lines_of("$dir/fresh")), 1, '... and its line is there');
ok(!-e "$file.lock" && !-e "$dir/fresh.lock", 'no lock is left behind');

# ---- kills ----

spew($file, $large x 50);
my $whole = 1;
for my $i (1 .. 30) {
    my $run_dir = folder(0755);
    my $pid = MSDigest::Tool::start({ in => "open\n", dir => $run_dir }, $TOOL, 'passwd', $file, 'private', "killed$i");
    sleep 0.0005 * $i;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    my $text = slurp($file);
    $whole &&= $text =~ s/^killed\d+:private:[0-9a-f]{32}\n//gmr eq $large x 50;
}
ok($whole, 'whenever it is killed, the file is the old or the new one');
is(passwd($file, 'private', 'alice')->{status}, 0, '... and the next one is not held up by the lock');

done_testing;
