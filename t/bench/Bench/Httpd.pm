# SPDX-License-Identifier: Apache-2.0
# A private httpd that is measured: own folder, own port, only what it needs.
package Bench::Httpd;
use strict;
use warnings;
use File::Copy qw(copy);
use File::Path qw(make_path);
use IO::Socket::INET;
use MSDigest::Client qw(digest_ha1);
use MSDigest::Server qw(free_port httpd_path module_path);
use POSIX qw(WNOHANG _exit setgid setpgid setuid);
use Time::HiRes qw(sleep time);

our $PATH     = '/files/1k.txt';
our $USER     = 'benchuser';
our $PASSWORD = 'benchpassword';
our $REALM    = 'bench';

my $OWNER = $$;
my @live;          # what END has to stop
my $number = 0;    # of servers made so far
my $top;           # the folder of all of them

# ---- Kinds of server: modules beside the common ones, and the section of /files/
my $BY_FILE = qq{AuthName "$REALM"\n    AuthUserFile "\@ROOT\@/users"\n    Require valid-user};
my %KIND = (
    plain   => { modules => [], section => '' },
    located => { modules => [], section => 'Require all granted' },
    auth_digest => {
        modules => [qw(authn_core authn_file authz_user auth_digest)],
        server  => 'AuthDigestShmemSize 1M',
        section => "AuthType Digest\n    AuthDigestProvider file\n    AuthDigestNcCheck On\n    $BY_FILE",
    },
    msdigest => {
        modules => [qw(authn_core authn_file authz_user socache_shmcb auth_msdigest)],
        section => "AuthType MSDigest\n    AuthMSDigestProvider file\n    $BY_FILE",
    },
);

# httpd stays in the foreground: with prefork as one process, with event as two workers.
my %MPM = (
    prefork => { options => ['-X'], lines => '' },
    event   => {
        options => ['-DFOREGROUND'],
        lines   => join("\n", 'StartServers 2', 'ServerLimit 2', 'ThreadsPerChild 16',
            'MaxRequestWorkers 32', 'MinSpareThreads 1', 'MaxSpareThreads 32'),
    },
);

# kind => as above; mpm => prefork|event; users => in the file; modules => [more];
# server => lines; section => lines of the section; prefix => [words before httpd].
sub new {
    my ($class, %o) = @_;
    my $self = bless { mpm => 'event', users => 1, port => free_port(), %o }, $class;
    $self->{root} = "$top/" . ++$number;
    make_path(map { "$self->{root}/$_" } qw(htdocs/files run));
    $self->write('htdocs/files/1k.txt', 'x' x 1023 . "\n");
    $self->write('users', users_text($self->{users}));
    $self->write('httpd.conf', $self->configuration);
    return $self;
}

# The folder for all servers of this run. It also gets a copy of the module, which
# may be built anew meanwhile.
sub set_top {
    $top = shift;
    copy(module_path(), "$top/mod_auth_msdigest.so") or die "cannot copy the module: $!\n";
    return;
}

sub port { return $_[0]{port} }
sub pid  { return $_[0]{pid} }

sub path {
    my ($self, $name) = @_;
    return "$self->{root}/$name";
}

sub write {
    my ($self, $name, $text) = @_;
    my $path = $self->path($name);
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
    return;
}

# The user who logs in is the last of them.
sub users_text {
    my ($count) = @_;
    my @names = ((map { sprintf 'other%05d', $_ } 2 .. $count), $USER);
    return join '', map { "$_:$REALM:" . digest_ha1($_, $REALM, $PASSWORD) . "\n" } @names;
}

# ---- Configuration

sub load_module {
    my ($name) = @_;
    my $dir = $name eq 'auth_msdigest' ? $top : MSDigest::Server::libexec_dir();
    return "<IfModule !mod_$name.c>\n    LoadModule ${name}_module \"$dir/mod_$name.so\"\n</IfModule>\n";
}

# The name of the user whom workers of root become, or undef.
sub unprivileged {
    return undef if $> != 0;
    my ($name) = grep { defined getpwnam $_ } qw(www-data nobody);
    return $name // die "there is no user www-data or nobody\n";
}

sub worker_lines {
    my ($self) = @_;
    my $name = unprivileged();
    return '' if !defined $name || $self->{mpm} eq 'prefork';
    return "User $name\nGroup " . getgrgid((getpwnam $name)[3]);
}

sub configuration {
    my ($self) = @_;
    my $kind = $KIND{ $self->{kind} };
    my @modules = (qw(unixd authz_core dir mime), @{ $kind->{modules} }, @{ $self->{modules} || [] });
    my $section = $self->{section} // $kind->{section};
    my $text = join '', map { load_module($_) } "mpm_$self->{mpm}", @modules;
    $text .= join "\n", $self->common, $MPM{ $self->{mpm} }{lines}, $self->worker_lines,
        $kind->{server} // '', $self->{server} // '', '';
    $text .= qq{<Location "/files/">\n    $section\n</Location>\n} if length $section;
    return $text =~ s/\@ROOT\@/$self->{root}/gr;
}

sub common {
    my ($self) = @_;
    return <<"END";
ServerRoot "\@ROOT\@"
ServerName 127.0.0.1
Listen 127.0.0.1:$self->{port}
PidFile "\@ROOT\@/run/httpd.pid"
DefaultRuntimeDir "\@ROOT\@/run"
ErrorLog "\@ROOT\@/run/error_log"
LogLevel warn
TypesConfig /dev/null
AddType text/plain .txt
KeepAlive On
KeepAliveTimeout 120
MaxKeepAliveRequests 0
Timeout 120
DocumentRoot "\@ROOT\@/htdocs"
<Directory "\@ROOT\@/htdocs">
    Require all granted
</Directory>
END
}

# ---- Life

# Starts it and returns at once; `ready` waits for it.
sub launch {
    my ($self) = @_;
    my @command = (@{ $self->{prefix} || [] }, httpd_path(), @{ $MPM{ $self->{mpm} }{options} },
        '-d', $self->{root}, '-f', $self->path('httpd.conf'));
    my $drop = $self->{mpm} eq 'prefork' ? unprivileged() : undef;
    give_to($drop, $self->path('run')) if defined $drop;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgid(0, 0);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $self->path('run/said');
        open STDERR, '>&', \*STDOUT;
        become($drop) if defined $drop;
        { exec @command }
        print STDERR "$command[0]: $!\n";
        _exit(127);
    }
    $self->{pid} = $pid;
    push @live, $self;
    return $self;
}

sub give_to {
    my ($name, $path) = @_;
    chown((getpwnam $name)[2, 3], $path) or die "chown $path: $!\n";
    return;
}

sub become {
    my ($name) = @_;
    my ($uid, $gid) = (getpwnam $name)[2, 3];
    $) = "$gid $gid";
    setgid($gid) && setuid($uid) && $> == $uid or _exit(126);
    return;
}

sub ready {
    my ($self) = @_;
    my $end = time + 60;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp')) {
        $self->gone and die "httpd ended by itself:\n" . $self->said;
        die "httpd does not answer:\n" . $self->said if time > $end;
        sleep 0.05;
    }
    return $self;
}

sub start { return $_[0]->launch->ready }

sub gone {
    my ($self) = @_;
    $self->{ended} ||= waitpid($self->{pid}, WNOHANG) != 0;
    return $self->{ended};
}

# Asks it to end and waits; what does not end is killed with its workers.
sub stop {
    my ($self) = @_;
    @live = grep { $_ != $self } @live;
    return $self if $self->gone;
    kill 'TERM', $self->{pid};
    return $self if $self->wait_for_end(30);
    kill 'KILL', -$self->{pid};
    waitpid $self->{pid}, 0;
    die "httpd did not end:\n" . $self->said;
}

sub wait_for_end {
    my ($self, $seconds) = @_;
    my $end = time + $seconds;
    until ($self->gone) {
        return 0 if time > $end;
        sleep 0.02;
    }
    return 1;
}

# What it wrote, for the message of a failure.
sub said {
    my ($self) = @_;
    my $text = '';
    for my $name ('run/said', 'run/error_log') {
        open my $fh, '<', $self->path($name) or next;
        my @lines = <$fh>;
        $text .= join '', @lines > 20 ? @lines[-20 .. -1] : @lines;
    }
    return $text;
}

END {
    local ($?, $@, $!);
    for my $server ($$ == $OWNER ? (my @all = @live) : ()) {
        eval { $server->stop; 1 } or warn $@;
    }
}

1;
