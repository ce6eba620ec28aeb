# SPDX-License-Identifier: Apache-2.0
# A domain controller for one test that does as it is told: t/testbed/dc.
package MSDigest::Controller;
use strict;
use warnings;
use Time::HiRes qw(sleep time);
use MSDigest::Server ();

my @LIVE;
my $OWNER = $$;

# account, secret => of the machine; users => [ "user:realm:password:manner" ].
sub new {
    my ($class, %o) = @_;
    my $self = bless { port => MSDigest::Server::free_port(), %o }, $class;
    push @LIVE, $self;
    return $self;
}

sub port { return $_[0]{port} }

sub start {
    my ($self) = @_;
    pipe my $said, my $to or die "pipe: $!\n";
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM PIPE);
        open STDOUT, '>&', $to or die "dup: $!\n";
        my $program = $ENV{DC} || "$ENV{builddir}/t/testbed/dc";
        exec $program, @$self{qw(port account secret)}, @{ $self->{users} };
        die "exec $program: $!\n";
    }
    close $to;
    (readline $said) // die "the domain controller does not start\n";
    return $self;
}

sub signal {
    my ($self, $signal) = @_;
    kill $signal, $self->{pid} or die "kill $signal: $!\n";
    return $self;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    kill 'KILL', $pid;
    local ($?, $!);
    waitpid $pid, 0;
    return $self;
}

END { if ($$ == $OWNER) { $_->stop for @LIVE } }

1;
