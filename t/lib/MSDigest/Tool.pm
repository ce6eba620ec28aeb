# SPDX-License-Identifier: Apache-2.0
# Runs the command msdigest: with files for input and output, or at a terminal.
package MSDigest::Tool;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Digest::SHA qw(sha256_hex sha512256_hex);
use Exporter 'import';
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Pty ();
use POSIX ();
use Time::HiRes qw(time);
our @EXPORT = qw(tool tool_as terminal place slurp spew mode_of lines_of hashed $TOOL);

our $TOOL = $ENV{MSDIGEST} || ($ENV{builddir} || '.') . '/bin/msdigest';
die "no command $TOOL: build it first, or set MSDIGEST\n" if !-x $TOOL;

# A folder that is removed at the end; others may search it.
sub place {
    my $dir = tempdir('msdigest-bin-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    return $dir;
}

sub slurp {
    my ($path) = @_;
    open my $in, '<:raw', $path or return undef;
    local $/;
    return scalar(<$in>) // '';
}

sub spew {
    my ($path, $text) = @_;
    open my $out, '>:raw', $path or die "$path: $!\n";
    print $out $text;
    close $out or die "$path: $!\n";
    return $path;
}

sub mode_of  { return sprintf '%04o', (stat $_[0])[2] & 07777 }
sub lines_of { return split /^/, slurp($_[0]) }

# Starts a program without a terminal. o: in => text of standard input,
# user => id to become, before => a subroutine of the child. Returns the pid.
sub start {
    my ($o, @command) = @_;
    my $in = spew("$o->{dir}/in", $o->{in} // '');
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;
    POSIX::setsid();    # no terminal: not even /dev/tty
    open STDIN, '<', $in or POSIX::_exit(126);
    open STDOUT, '>', "$o->{dir}/out";
    open STDERR, '>', "$o->{dir}/err";
    $o->{before}->() if $o->{before};
    become($o->{user}) if defined $o->{user};
    { exec { $command[0] } @command }
    POSIX::_exit(126);
}

sub become {
    my ($id) = @_;
    $) = "$id $id";
    $( = $id;
    ($<, $>) = ($id, $id);
    return;
}

# tool({ in => ... }, arguments): { status, out, err }.
sub tool {
    my %o = ref $_[0] ? %{ shift() } : ();
    my $dir = $o{dir} = tempdir('msdigest-run-XXXXXXXX', TMPDIR => 1, CLEANUP => 1);
    waitpid start(\%o, @{ $o{with} || [] }, $TOOL, @_), 0;
    my %run = (
        status => $? & 127 ? 'signal ' . ($? & 127) : $? >> 8,
        out => slurp("$dir/out"), err => slurp("$dir/err"),
    );
    remove_tree($dir);    # now: a child that forked us may leave by _exit
    return \%run;
}

# The same as another user, when we are root; else as ourselves.
sub tool_as {
    my ($user, $o, @arguments) = @_;
    return tool({ %$o, $> == 0 ? (user => $user) : () }, @arguments);
}

# terminal([ prompt => answer, ... ], command...) at a pseudo terminal: waits for
# each prompt, then types its answer. Returns { status, out }.
sub terminal {
    my ($dialogue, @command) = @_;
    my ($pid, $pty) = start_at_terminal(@command);
    my ($out, $seen) = ('', 0);
    my @dialogue = @$dialogue;
    while (my ($prompt, $answer) = splice @dialogue, 0, 2) {
        my $end = time + 20;
        until (substr($out, $seen) =~ /$prompt/g) {
            last if !more($pty, \$out, $end);
        }
        $seen = length $out;
        syswrite $pty, $answer;
    }
    my $end = time + 20;
    1 while more($pty, \$out, $end);
    close $pty;
    waitpid $pid, 0;
    return { status => $? & 127 ? 128 + ($? & 127) : $? >> 8, out => $out };
}

sub start_at_terminal {
    my (@command) = @_;
    my $pty = IO::Pty->new or die "no pseudo terminal: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $pty->make_slave_controlling_terminal;
        my $slave = $pty->slave;
        close $pty;
        open STDIN, '<&', $slave or POSIX::_exit(126);
        open STDOUT, '>&', $slave;
        open STDERR, '>&', $slave;
        close $slave;
        { exec { $command[0] } @command }
        POSIX::_exit(126);
    }
    $pty->close_slave;    # the last of the program's ends ends the output
    return ($pid, $pty);
}

# The output that came since, until its end (EIO: nobody has the terminal).
sub more {
    my ($from, $out, $end) = @_;
    my $ready = '';
    vec($ready, fileno $from, 1) = 1;
    my $left = $end - time;
    return 0 if $left <= 0 || !select $ready, undef, undef, $left;
    return sysread $from, $$out, 4096, length $$out;
}

# hashed('SHA-256', parts): H(part:part...).
my %HASH = ('MD5' => \&md5_hex, 'SHA-256' => \&sha256_hex, 'SHA-512-256' => sub { sha512256_hex(@_) });
sub hashed {
    my ($name, @parts) = @_;
    return $HASH{$name}->(join ':', @parts);
}

1;
