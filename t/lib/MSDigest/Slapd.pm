# SPDX-License-Identifier: Apache-2.0
# A private directory for one test, and servers that only look like one.
package MSDigest::Slapd;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use MSDigest::Server qw(free_port);
our @EXPORT_OK = qw(fake_server);

my %RUNNING;    # pid => 1, of what END has to stop
my $OWNER = $$;

# users => text in LDIF; site => schema of hashes and rights in slapd.conf's words.
sub new {
    my ($class, %o) = @_;
    my $folder = tempdir('msdigest-slapd-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    chmod 0755, $folder;
    my $self = bless { folder => $folder, port => free_port(), tls_port => free_port() }, $class;
    my %text = ('users.ldif' => $o{users}, $o{site} ? ('site.conf' => $o{site}) : ());
    for my $name (keys %text) {
        open my $fh, '>:raw', "$folder/$name" or die "$name: $!\n";
        print $fh $text{$name};
        close $fh;
    }
    return $self->start;
}

sub port     { return $_[0]{port} }
sub tls_port { return $_[0]{tls_port} }
sub path     { return "$_[0]{folder}/$_[1]" }
sub socket   { my $path = $_[0]->path('ldapi'); $path =~ s{/}{%2F}g; return $path }

sub script {
    my $top = $ENV{srcdir} || dirname(abs_path(__FILE__)) . '/../../..';
    return "$top/t/testbed/slapd";
}

# Dies, and so fails the test, when it does not come up.
sub start {
    my ($self) = @_;
    my @command = (script(), @$self{qw(folder port tls_port)});
    $self->{pid} = run_child(sub {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $self->path('log');
        open STDERR, '>&', \*STDOUT;
        exec @command or die "$command[0]: $!\n";
    });
    my $end = time + 30;
    until ($self->answers) {
        die "slapd does not start:\n" . $self->log
            if time > $end || waitpid($self->{pid}, WNOHANG) != 0;
        sleep 0.05;
    }
    return $self;
}

sub answers {
    my ($self) = @_;
    return !grep {
        !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $_, Proto => 'tcp')
    } @$self{qw(port tls_port)};
}

sub stop  { my ($self, $signal) = @_; stop_child($self->{pid}, $signal // 'TERM'); return }
# A signal reaches one thread after the other.
sub pause {
    my ($self) = @_;
    kill 'STOP', $self->{pid};
    my $end = time + 5;
    sleep 0.01 until time > $end || !grep { !stopped($_) } glob "/proc/$self->{pid}/task/*/stat";
    return;
}

sub stopped {
    my ($path) = @_;
    open my $fh, '<', $path or return 1;
    return (<$fh> // '') =~ /\) T /;
}

sub go_on { return kill 'CONT', $_[0]{pid} }

sub log {
    my ($self) = @_;
    open my $fh, '<', $self->path('log') or return '';
    local $/;
    return <$fh> // '';
}

# How often it was asked for an entry by this filter.
sub searches {
    my ($self, $pattern) = @_;
    return scalar grep { /SRCH base=.*filter=.*$pattern/ } split /\n/, $self->log;
}

# A server on a port of its own that does this with each connection, in a
# process of its own. Returns the port.
sub fake_server {
    my ($talk) = @_;
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50, Proto => 'tcp') or die "listen: $!\n";
    run_child(sub {
        my @kept;
        while (my $conn = $listener->accept) {
            push @kept, $conn;
            $talk->($conn);
        }
        POSIX::_exit(0);
    });
    return $listener->sockport;
}

sub run_child {
    my ($work) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM);
        alarm 0;
        $work->();
    }
    $RUNNING{$pid} = 1;
    return $pid;
}

sub stop_child {
    my ($pid, $signal) = @_;
    return if !delete $RUNNING{$pid};
    kill 'CONT', $pid;
    kill $signal, $pid;
    my $end = time + 10;
    until (waitpid($pid, WNOHANG) != 0) {
        kill 'KILL', $pid if time > $end;
        sleep 0.02;
    }
    return;
}

sub remove {
    my ($self) = @_;
    $self->stop;
    remove_tree($self->{folder}) if !$ENV{T_KEEP};
    return;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { stop_child($_, 'KILL') for keys %RUNNING }
}

1;
