# SPDX-License-Identifier: Apache-2.0
# The load client: compiles it, runs it, reads what it prints.
package Bench::Load;
use strict;
use warnings;
use FindBin;
use IPC::Open2 qw(open2);

my $program;

sub compile {
    my ($folder) = @_;
    $program = "$folder/load";
    my @command = (split(' ', $ENV{CC} || 'cc'), qw(-std=gnu11 -O2 -o), $program,
        (map { "$FindBin::Bin/$_" } qw(load.c client.c)), qw(-lcrypto -pthread));
    system(@command) == 0
        or die "cannot compile the load client (Debian packages: gcc, libc6-dev, libssl-dev)\n";
    return;
}

sub openssl_version {
    chomp(my $version = `$program --version`);
    return $version;
}

# What every call of the client for this server begins with.
sub options {
    my ($server) = @_;
    return ('--port', $server->port, '--path', $Bench::Httpd::PATH,
        '--user', $Bench::Httpd::USER, '--password', $Bench::Httpd::PASSWORD);
}

# Starts the client; `finish` waits for it.
sub begin {
    my ($server, @options) = @_;
    open my $pipe, '-|', $program, options($server), @options or die "$program: $!\n";
    return { pipe => $pipe, server => $server };
}

# Returns what it printed as a hash.
sub finish {
    my ($run) = @_;
    my %result = map { /^(\S+) (\S+)$/ ? ($1, $2) : () } readline $run->{pipe};
    close $run->{pipe} or die "the load failed:\n" . $run->{server}->said;
    return \%result;
}

sub run { return finish(begin(@_)) }

# Logs in, calls $between, uses each context once more. Returns both results.
sub login {
    my ($server, $between, @options) = @_;
    my $pid = open2(my $out, my $in, $program, options($server), @options);
    my %result;
    while (my $line = <$out>) {
        my ($name, $value) = split ' ', $line;
        $result{$name} = $value;
        next if $name ne 'logins';
        $between->();
        syswrite $in, "go on\n";
    }
    waitpid $pid, 0;
    die "the logins failed:\n" . $server->said if $? != 0;
    return \%result;
}

1;
