# SPDX-License-Identifier: Apache-2.0
# A private memcached for one test.
package MSDigest::Memcached;
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use MSDigest::Server qw(free_port);

my @LIVE;
my $OWNER = $$;

# Dies, and so fails the test, when it does not come up.
sub start {
    my ($class) = @_;
    my $self = bless { port => free_port() }, $class;
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM PIPE);
        my @as = $> == 0 ? qw(-u nobody) : ();
        { exec 'memcached', @as, qw(-l 127.0.0.1 -U 0 -t 1 -p), $self->{port} }
        print STDERR "exec memcached: $!\n";
        POSIX::_exit(126);
    }
    push @LIVE, $self;
    my $end = time + 20;
    until (eval { $self->connection }) {
        die "memcached does not start\n" if time > $end || waitpid($self->{pid}, WNOHANG) != 0;
        sleep 0.05;
    }
    return $self;
}

sub port { return $_[0]{port} }

sub connection {
    my ($self) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp',
        Timeout => 5) || die "memcached does not answer\n";
}

# The lines of an answer, up to its end.
sub answer {
    my ($self, $command) = @_;
    my $conn = $self->connection;
    print $conn "$command\r\n";
    my @lines;
    while (defined(my $line = <$conn>)) {
        last if $line =~ /^(?:END|BUSY|ERROR)/;
        push @lines, $line;
    }
    return @lines;
}

# The names of all that it holds. A dump leaves out what is being looked at, so
# it is made again until it is whole.
sub names {
    my ($self) = @_;
    my $end = time + 20;
    while (time < $end) {
        my ($count) = map { /^STAT curr_items (\d+)/ } $self->answer('stats');
        my @names = sort map { /^key=(\S+)/ } $self->answer('lru_crawler metadump all');
        return @names if @names == $count;
        sleep 0.05;
    }
    die "memcached does not tell what it holds\n";
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'TERM', $pid;
    my $end = time + 10;
    until (waitpid($pid, WNOHANG) != 0) {
        kill 'KILL', $pid if time > $end;
        sleep 0.02;
    }
    return;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { $_->stop for @LIVE }
}

1;
