# SPDX-License-Identifier: Apache-2.0
# Unmodified HTTP clients at a private server: run one, and judge what it did.
package MSDigest::Clients;
use strict;
use warnings;
use Exporter 'import';
use File::Find qw(find);
use File::Path qw(make_path);
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);
use MSDigest::Http qw(request_bytes);
use MSDigest::Server qw(%PASSWORD);
our @EXPORT = qw(client_site);

# What each client does when it is offered MD5-sess and then MD5, in one process
# or session with the right password:
#   algorithm  which of the two it takes
#   refused    how many 401s it is given in N requests
#   stale      how many of those say stale=true
#   logins     for how many of its requests the provider is asked
#   keeps      it answers ahead of any further challenge once it is in
# 'each' is one for each request: the client draws a nonce, uses it once, and
# asks without credentials the next time.
my %HABIT = (
    #            algorithm                  refused            stale       logins            keeps
    curl      => { algorithm => 'MD5-sess', refused => 'each', stale => 0, logins => 'each', keeps => 0 },
    wget      => { algorithm => 'MD5',      refused => 'each', stale => 0, logins => 'each', keeps => 0 },
    requests  => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    lwp       => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    # Its count begins at 0, which is no count (RFC 2617 3.2.2).
    mechanize => { algorithm => 'MD5-sess', refused => 2,      stale => 1, logins => 1,      keeps => 1 },
    cadaver   => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    svn       => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    git       => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    chromium  => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
);

my $LOG = <<'CONF';
LogFormat "%>s\t%r\t%{msdigest-proof}n\t%{msdigest-algorithm}n\t%u\t%{WWW-Authenticate}o\t%{Authorization}i" clients
CustomLog "@ROOT@/logs/clients_log" clients
CONF

my %RUNNING;    # processes of this file that END has to stop
my $OWNER = $$;

# ---- a server and a home for one client ----

# client_site('curl', [qw(curl --version)], options of MSDigest::Server): a client
# that is not there is a failure, and the end of its file.
sub client_site {
    my ($client, $version, %o) = @_;
    my $server = MSDigest::Server->new(%o, conf => $LOG . ($o{conf} // MSDigest::Server::area('/p/')));
    my $self = bless { client => $client, server => $server, from => 0, marks => 0 }, __PACKAGE__;
    $self->{home} = $server->path('home');
    make_path("$self->{home}/tmp", { mode => 0700 });
    my $run = $self->run(@$version);
    my ($line) = grep { /\d\.\d/ } split /\n/, $run->{out};
    my $there = $run->{status} == 0 && defined $line;
    if (!ok($there, "$client is installed: " . ($line // 'it is not'))) {
        diag($run->{err});
        done_testing();
        exit 1;
    }
    return $self;
}

sub server { return $_[0]{server} }
sub port   { return $_[0]{server}->port }
sub start  { $_[0]{server}->start; return $_[0] }

# url('/p/x') or, with credentials in it, url('/p/x', 'alice', $password).
sub url {
    my ($self, $path, $user, $password) = @_;
    my $login = defined $user ? "$user:" . ($password // $PASSWORD{$user}) . '@' : '';
    $login =~ s/\+/%2B/g;
    return 'http://' . $login . '127.0.0.1:' . $self->port . $path;
}

# A file of the client, below its home.
sub write_home {
    my ($self, $name, $text, $mode) = @_;
    my $path = $self->{server}->write("home/$name", $text);
    chmod $mode // 0600, $path;
    return $path;
}

# What the workers of the server have to write to.
sub give_to_workers {
    my ($self, $name) = @_;
    return if $> != 0;
    my ($uid, $gid) = (getpwnam 'www-data')[2, 3];
    find({ no_chdir => 1, wanted => sub { chown $uid, $gid, $_ } }, $self->{server}->path($name));
    return;
}

# ---- running a program ----

# run({ stdin => text, env => {}, limit => seconds, dir => path }, command...).
# Returns { status, out, err, from }; a status of -1 is a program that cannot be
# run, one of -2 a program that had to be stopped.
sub run {
    my ($self, @command) = @_;
    my %o = ref $command[0] ? %{ shift @command } : ();
    my %file = map { $_ => "$self->{home}/tmp/std$_" } qw(in out err);
    my %run = (from => $self->size);
    write_file($file{in}, $o{stdin} // '');
    my $pid = $self->spawn(\%o, sub {
        open STDIN,  '<', $file{in};
        open STDOUT, '>', $file{out};
        open STDERR, '>', $file{err};
    }, @command);
    $run{status} = reap($pid, $o{limit} // 60);
    @run{qw(out err)} = map { $self->{server}->read("home/tmp/std$_") } qw(out err);
    $self->settle if $self->{server}->running;
    return \%run;
}

# A child in a process group of its own, so that all of it can be stopped, with
# nothing of the caller's environment: no proxies, no configuration.
sub spawn {
    my ($self, $o, $redirect, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        %ENV = (PATH => '/usr/local/bin:/usr/bin:/bin', HOME => $self->{home}, TMPDIR => "$self->{home}/tmp",
            LC_ALL => 'C.UTF-8', %{ $o->{env} || {} });
        chdir($o->{dir} // $self->{home}) or POSIX::_exit(126);
        $redirect->();
        { no warnings 'exec'; exec { $command[0] } @command }
        print STDERR "$command[0]: $!\n";
        POSIX::_exit(127);
    }
    $RUNNING{$pid} = 1;
    return $pid;
}

sub reap {
    my ($pid, $limit) = @_;
    my $end = time + $limit;
    my $status;
    while (waitpid($pid, WNOHANG) == 0) {
        if (time > $end) { stop_group($pid); return -2 }
        sleep 0.01;
    }
    $status = $?;
    kill 'KILL', -$pid;    # what it may have left behind
    delete $RUNNING{$pid};
    return $status >> 8 == 127 ? -1 : $status;
}

sub stop_group {
    my ($pid) = @_;
    kill 'KILL', -$pid, $pid;
    waitpid $pid, 0;
    delete $RUNNING{$pid};
    return;
}

sub write_file {
    my ($path, $text) = @_;
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
    return;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { stop_group($_) for keys %RUNNING }
}

# ---- what the server saw ----

sub size { return -s $_[0]{server}->path('logs/clients_log') // 0 }

# httpd writes a line after the answer. A request of ours makes one too; when it
# is there and nothing moves any more, all of the client's lines are.
sub settle {
    my ($self) = @_;
    my $mark = '/open.txt?mark=' . ++$self->{marks};
    my $conn = MSDigest::Conn->new($self->port);
    $conn->write(request_bytes(method => 'GET', target => $mark, host => '127.0.0.1', close => 1));
    $conn->read_response;
    $self->{server}->wait_for(sub { $self->{server}->read('logs/clients_log') =~ /\Q$mark\E / }, 10);
    my $size;
    do { $size = $self->size; sleep 0.05 } until $size == $self->size;
    return;
}

# The requests since a run began, in the order of the log: status method target
# proof algorithm user stale answered (with an Authorization header).
sub rows {
    my ($self, $run) = @_;
    my @rows;
    for my $line (split /\n/, substr $self->{server}->read('logs/clients_log'), $run->{from}) {
        my ($status, $request, $proof, $algorithm, $user, $challenge, $authorization) = split /\t/, $line;
        my ($method, $target) = split / /, $request;
        next if $target =~ /\?mark=/;
        push @rows, {
            status => $status, method => $method, target => $target, proof => $proof, algorithm => $algorithm,
            user => $user, stale => scalar($challenge =~ /stale=true/), answered => $authorization ne '-',
            authorization => $authorization,
        };
    }
    return @rows;
}

# The same, once that many of them got in.
sub rows_with {
    my ($self, $run, $count) = @_;
    my @rows;
    $self->{server}->wait_for(sub { @rows = $self->rows($run); $count <= grep { got_in($_) } @rows }, 5);
    return @rows;
}

sub got_in  { return $_[0]{proof} ne '-' }
sub refused { return $_[0]{status} == 401 }

# ---- judgement ----

# A session with the right password. habit => { } overrides the table, least => 1
# takes the number of requests as the least, when the client decides how many.
sub session {
    my ($self, $run, $what, $requests, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %habit = (%{ $HABIT{ $self->{client} } }, %{ $o{habit} || {} });
    my @rows = $self->rows_with($run, $requests);
    my @in = grep { got_in($_) } @rows;
    my @out = grep { refused($_) } @rows;
    my %expected = map { $_ => $habit{$_} eq 'each' ? scalar @in : $habit{$_} } qw(refused stale logins);
    my @bad;
    my $name = "$self->{client}, $what";
    push @bad, !($o{least} ? cmp_ok(scalar @in, '>=', $requests, "$name: " . @in . ' requests got in')
                           : is(scalar @in, $requests, "$name: $requests requests got in"));
    push @bad, !cmp_ok(scalar @out, '<=', $expected{refused}, '... with ' . @out . " 401s, at most $expected{refused}");
    push @bad, !$self->answers_well(\%habit, \%expected, \@rows);
    diag(describe(@rows)) if grep { $_ } @bad;
    return @rows;
}

sub answers_well {
    my ($self, $habit, $expected, $rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @in = grep { got_in($_) } @$rows;
    my $ok = is(list(map { $_->{algorithm} } @in), $habit->{algorithm}, "... by $habit->{algorithm}");
    my %proofs = (authority => 0, context => 0);
    $proofs{ $_->{proof} }++ for @in;
    $ok &= cmp_ok($proofs{authority}, '<=', $expected->{logins},
        "... proven $proofs{authority} times by the provider, $proofs{context} times from the context");
    my @answered = grep { refused($_) && $_->{answered} } @$rows;
    $ok &= is(scalar(grep { !$_->{stale} } @answered), 0, '... no right answer was taken for a wrong password');
    $ok &= cmp_ok(scalar @answered, '<=', $expected->{stale}, '... ' . @answered . " said stale=true, at most $expected->{stale}");
    $ok &= is(list(map { $_->{status} } grep { $_->{status} == 400 || $_->{status} >= 500 } @$rows), '', '... nothing failed otherwise');
    return $ok if !$habit->{keeps};
    my @later = @$rows;
    shift @later while @later && !got_in($later[0]);
    $ok &= is(scalar(grep { refused($_) && !$_->{stale} } @later), 0, '... once in, it never met a 401 without stale=true');
    return $ok;
}

# A wrong password: nothing gets in, nothing says stale, nothing loops.
sub denied {
    my ($self, $run, $what, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @rows = $self->rows($run);
    my @out = grep { refused($_) } @rows;
    my @answered = grep { $_->{answered} } @out;
    my $ok = is(scalar(grep { got_in($_) } @rows), 0, "$self->{client}, $what: nothing got in");
    $ok &= cmp_ok(scalar @answered, '>=', 1, '... an answer was refused');
    $ok &= cmp_ok(scalar @out, '<=', $most, '... with ' . @out . " 401s, at most $most");
    $ok &= is(scalar(grep { $_->{stale} } @out), 0, '... and none of them said stale=true');
    diag(describe(@rows)) if !$ok;
    return $ok;
}

# The client's own opinion: its exit status.
sub went_well {
    my ($self, $run, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($run->{status}, 0, "$self->{client}, $what: the client is content") || diag("$run->{out}\n$run->{err}");
}

sub went_badly {
    my ($self, $run, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return cmp_ok($run->{status}, '>', 0, "$self->{client}, $what: the client reports a failure") || diag("$run->{out}\n$run->{err}");
}

sub list {
    my %seen = map { $_ => 1 } @_;
    return join ',', sort keys %seen;
}

sub describe {
    return join "\n", map {
        "$_->{status} $_->{method} $_->{target} proof=$_->{proof} algorithm=$_->{algorithm} stale=$_->{stale} $_->{authorization}"
    } @_;
}

1;
