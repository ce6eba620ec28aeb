# SPDX-License-Identifier: Apache-2.0
# A private redis-server for one test.
package MSDigest::Redis;
use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use MSDigest::Server qw(free_port);

my @LIVE;
my $OWNER = $$;

# Further arguments are options of redis-server: "--maxmemory-policy" => "...".
# Dies, and so fails the test, when it does not come up.
sub start {
    my ($class, @options) = @_;
    my $dir = tempdir('msdigest-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp', CLEANUP => 1);
    my $self = bless { port => free_port(), dir => $dir, options => \@options }, $class;
    chmod 0755, $dir;
    push @LIVE, $self;
    return $self->up;
}

# Starts it, empty, on the port that it has.
sub up {
    my ($self) = @_;
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM PIPE);
        open STDOUT, '>', '/dev/null';
        { exec 'redis-server', '--bind', '127.0.0.1', '--port', $self->{port}, '--dir', $self->{dir},
            '--save', '', '--appendonly', 'no', '--unixsocket', "$self->{dir}/socket",
            '--unixsocketperm', '777', '--repl-diskless-sync-delay', '0', @{ $self->{options} } }
        print STDERR "exec redis-server: $!\n";
        POSIX::_exit(126);
    }
    my $end = time + 20;
    until ($self->is_up) {
        die "redis-server does not start: $@\n" if time > $end || waitpid($self->{pid}, WNOHANG) != 0;
        sleep 0.05;
    }
    return $self;
}

# It is up when it answers, if only that a password is missing.
sub is_up {
    my ($self) = @_;
    return 1 if eval { $self->ask('PING'); 1 };
    return $@ =~ /NOAUTH/;
}

sub port { return $_[0]{port} }
sub pid  { return $_[0]{pid} }
sub path { return "$_[0]{dir}/socket" }

# A command's answer; an array as a list. Dies when it is an error.
sub ask { my ($self, @words) = @_; return $self->talk(\@words) }

# The same in another database than 0.
sub in_db {
    my ($self, $db, @words) = @_;
    return $self->talk([ 'SELECT', $db ], \@words);
}

# Sends commands on one connection, and returns the answer to the last.
sub talk {
    my ($self, @commands) = @_;
    my $conn = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp',
        Timeout => 5) || die "redis-server does not answer\n";
    binmode $conn;
    my @answer;
    for my $command (@commands) {
        print $conn join '', '*' . @$command . "\r\n", map { '$' . length($_) . "\r\n$_\r\n" } @$command;
        @answer = answer($conn);
    }
    return wantarray ? @answer : $answer[0];
}

sub answer {
    my ($conn) = @_;
    my $line = <$conn> // die "redis-server closed\n";
    $line =~ s/\r\n\z//;
    my ($type, $rest) = (substr($line, 0, 1), substr $line, 1);
    die "redis: $rest\n" if $type eq '-';
    return $rest if $type eq '+' || $type eq ':';
    return map { answer($conn) } 1 .. $rest if $type eq '*';
    return undef if $rest < 0;
    my $bytes = '';
    while (length $bytes < $rest + 2) {
        read($conn, $bytes, $rest + 2 - length $bytes, length $bytes) or die "redis-server closed\n";
    }
    return substr $bytes, 0, $rest;
}

# Names and values of all that a database holds.
sub contents {
    my ($self, $db) = @_;
    return map { $_ => scalar $self->in_db($db, 'GET', $_) } $self->in_db($db, 'KEYS', '*');
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    kill $_, $pid for qw(CONT KILL);
    waitpid $pid, 0;
    return $self;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { $_->stop for @LIVE }
}

1;
