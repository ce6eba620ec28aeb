# SPDX-License-Identifier: Apache-2.0
# A private Samba domain controller for one test, that answers package WDigest.
package MSDigest::Samba;
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use IPC::Open3 qw(open3);
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);
use MSDigest::Slapd ();

# Text is bytes in UTF-8, here as in all tests.
my $JSON = JSON::PP->new->canonical;

my @LIVE;
my $OWNER = $$;

# stock => 1: as Debian ships it, without WDigest. machines => { 'X$' => secret }
# and users => { name => { password => ... } }: beside those of accounts.json.
sub new {
    my ($class, %o) = @_;
    my $folder = tempdir('msdigest-samba-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    my $accounts = $JSON->decode(slurp(testbed('accounts.json')));
    for my $kind (qw(machines users)) {
        $accounts->{$kind} = { %{ $accounts->{$kind} }, %{ $o{$kind} // {} } };
    }
    my $self = bless { %$accounts, folder => $folder, address => free_address(),
        stock => $o{stock} }, $class;
    spew("$folder/accounts.json", $JSON->encode($accounts));
    push @LIVE, $self;
    return $self->start;
}

# Another controller of the same domain, as it is now, with a copy of all that is
# stored: nothing goes from one to the other later. stock => 1 as above. It is
# stopped meanwhile, so secure channels are lost.
sub replica {
    my ($self, %o) = @_;
    my $folder = tempdir('msdigest-samba-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    $self->stop;
    system('cp', '-a', "$self->{folder}/.", $folder) == 0 or die "cannot copy a controller\n";
    unlink "$folder/log";
    my $copy = bless { %$self, folder => $folder, address => free_address(), %o }, ref $self;
    push @LIVE, $copy;
    $_->begin for $self, $copy;
    $self->wait_for_start;
    return $copy->wait_for_start;
}

sub testbed {
    my ($name) = @_;
    my $top = $ENV{srcdir} || dirname(abs_path(__FILE__)) . '/../../..';
    return "$top/t/testbed/samba/$name";
}

# Any address of 127/8 is ours: the ports of a domain controller are fixed.
sub free_address {
    for (1 .. 100) {
        my $address = join '.', 127, 88, 1 + int rand 254, 1 + int rand 254;
        my @free = grep {
            IO::Socket::INET->new(LocalAddr => $address, LocalPort => $_, Proto => 'tcp', Listen => 1)
        } 135, 389;
        return $address if @free == 2;
    }
    die "no free address for a domain controller; it needs root: $!\n";
}

sub address    { return $_[0]{address} }
sub netbios    { return $_[0]{domain}{netbios} }
sub dns        { return $_[0]{domain}{dns} }
sub controller { return $_[0]{domain}{controller} }
sub pid        { return $_[0]{pid} }
sub path       { return "$_[0]{folder}/$_[1]" }
sub log        { return slurp($_[0]->path('log')) }

# name => secret, of accounts that may open a channel. One client each: a second
# one with the same account breaks the channel of the first.
sub machines { return %{ $_[0]{machines} } }

sub password { my ($self, $user) = @_; return $self->{users}{$user}{password} }

# The SID of a user, group or machine.
sub sid {
    my ($self, $name) = @_;
    $self->{sids} //= $JSON->decode(slurp($self->path('sids.json')));
    return $self->{sids}{$name} // die "no account $name\n";
}

sub start { return $_[0]->begin->wait_for_start }

sub begin {
    my ($self) = @_;
    my @command = (testbed('start'), @$self{qw(folder address)}, $self->{stock} ? 'stock' : ());
    $self->{pid} = MSDigest::Slapd::run_child(sub {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', $self->path('log');
        open STDERR, '>&', \*STDOUT;
        exec @command or die "$command[0]: $!\n";
    });
    return $self;
}

# Dies, and so fails the test, when it does not come up.
sub wait_for_start {
    my ($self) = @_;
    my $end = time + 90;
    until ($self->answers) {
        die "Samba does not start:\n" . $self->log
            if time > $end || waitpid($self->{pid}, WNOHANG) != 0;
        sleep 0.05;
    }
    return $self;
}

# The endpoint mapper and LDAP: what comes first and last.
sub answers {
    my ($self) = @_;
    return !grep {
        !IO::Socket::INET->new(PeerAddr => $self->{address}, PeerPort => $_, Proto => 'tcp')
    } 135, 389;
}

sub stop {
    my ($self, $signal) = @_;
    my $pid = delete $self->{pid} or return $self;
    MSDigest::Slapd::stop_child($pid, $signal // 'TERM');
    return $self;
}

sub kill    { return $_[0]->stop('KILL') }
sub restart { return $_[0]->stop->start }

# A signal reaches one thread after the other.
sub pause {
    my ($self) = @_;
    CORE::kill 'STOP', $self->{pid};
    my $end = time + 5;
    sleep 0.01 until time > $end
        || !grep { !MSDigest::Slapd::stopped($_) } glob "/proc/$self->{pid}/task/*/stat";
    return $self;
}

sub go_on { my ($self) = @_; CORE::kill 'CONT', $self->{pid}; return $self }

# How often WDigest was asked about this user.
sub questions {
    my ($self, $user) = @_;
    return scalar(() = $self->log =~ /^wdigest: "\Q$user\E" in /gm);
}

# Runs samba-tool on the databases, whether the server runs or not; what it says.
sub tool {
    my ($self, @words) = @_;
    my $pid = open my $out, '-|';
    die "fork: $!\n" if !defined $pid;
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec('samba-tool', @words, '-s', $self->path('etc/smb.conf'), '-H', $self->path('private/sam.ldb'))
            or POSIX::_exit(1);
    }
    local $/;
    my $said = <$out> // '';
    close $out or die "samba-tool @words: $said\n";
    return $said;
}

# Of a user or a machine.
sub set_password {
    my ($self, $name, $password) = @_;
    $self->tool('user', 'setpassword', $name, "--newpassword=$password");
    if (exists $self->{machines}{$name}) { $self->{machines}{$name} = $password }
    else                                 { $self->{users}{$name}{password} = $password }
    return;
}

# What is stored for a user, by number from 1 to 29, as the controller's own tool
# tells it: "user:realm:hash".
sub stored_hashes {
    my ($self, $user, @numbers) = @_;
    my @names = map { sprintf 'virtualWDigest%02d', $_ } @numbers;
    my $said = $self->tool('user', 'getpassword', $user, '--attributes=' . join ',', @names);
    $said =~ s/\n //g;
    $said =~ s/:: (\S+)/': ' . decode_base64($1)/ge;
    return map { $said =~ /^$_: (.*)$/m ? $1 : 'none' } @names;
}

# Samba's own client, as a machine. $client->{status} says whether its channel is
# open; $client->ask(username => ..., ...) answers as t/testbed/samba/client says.
sub client {
    my ($self, $machine, $secret) = @_;
    my $client = bless {}, 'MSDigest::Samba::Client';
    open my $errors, '>>', $self->path('client.log') or die "client.log: $!\n";
    $client->{pid} = open3(my $in, my $out, '>&' . fileno $errors, testbed('client'), $self->{address},
        $machine, $secret // $self->{machines}{$machine}, $self->{domain}{netbios});
    @$client{qw(in out)} = ($in, $out);
    push @LIVE, $client;
    $client->{status} = ($client->answer(30) // { status => 'silence' })->{status};
    return $client;
}

sub slurp {
    my ($path) = @_;
    open my $fh, '<:raw', $path or return '';
    local $/;
    return <$fh> // '';
}

sub spew {
    my ($path, $text) = @_;
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
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
    if ($$ == $OWNER) { $_->remove for reverse @LIVE }
}

package MSDigest::Samba::Client;
use IO::Handle ();

sub ask { my ($self, %o) = @_; return $self->say(%o)->answer(30) }

sub say {
    my ($self, %o) = @_;
    $self->{in}->print($JSON->encode(\%o), "\n");
    $self->{in}->flush;
    return $self;
}

# The next answer, or nothing within these seconds.
sub answer {
    my ($self, $seconds) = @_;
    vec(my $ready = '', fileno $self->{out}, 1) = 1;
    select($ready, undef, undef, $seconds) or return;
    my $line = readline $self->{out};
    return defined $line ? $JSON->decode($line) : { status => 'gone' };
}

sub remove {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    close $self->{in};
    kill 'TERM', $pid;
    waitpid $pid, 0;
    return;
}

1;
