# SPDX-License-Identifier: Apache-2.0
# A private httpd for one test: own folder, own port, own configuration.
package MSDigest::Server;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Path qw(make_path remove_tree);
use File::Spec::Functions qw(rel2abs);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Time::HiRes qw(sleep time);
use MSDigest::Client qw(digest_ha1);
our @EXPORT_OK = qw(area free_port httpd_path module_path users_text %PASSWORD @BASE_MODULES);

# The users of every test, all in realm "private" unless a test says more.
our %PASSWORD = (
    alice => 'open-sesame-4711',
    bob   => 'rosebud-of-1941',
    carol => 'three+words+and+one',
);

our @BASE_MODULES = qw(
    authn_core authn_file authz_core authz_user authz_host
    socache_shmcb dir env alias headers setenvif auth_msdigest
);

my @LIVE;    # servers of this process that END has to stop
my $OWNER = $$;

# ---- where things are ----

sub httpd_path  { return $ENV{HTTPD} || '/usr/sbin/apache2' }

sub module_path {
    my $top = dirname(abs_path(__FILE__)) . '/../../..';
    my $path = rel2abs($ENV{MODULE} || ($ENV{builddir} || $top) . '/.libs/mod_auth_msdigest.so');
    die "no module $path: build it first, or set MODULE\n" if !-e $path;
    return $path;
}

sub apxs_path { return $ENV{APXS} || '/usr/bin/apxs' }

my $libexec;
sub libexec_dir {
    if (!$libexec) {
        my $apxs = apxs_path();
        chomp($libexec = `$apxs -q LIBEXECDIR` // '');
        die "$apxs -q LIBEXECDIR says nothing\n" if !length $libexec;
    }
    return $libexec;
}

# Below the ports that the kernel gives to connections: a server that restarts
# must find its port free again.
sub free_port {
    for (1 .. 100) {
        my $port = 15000 + int rand 15000;
        my $sock = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, Proto => 'tcp',
        ) or next;
        close $sock;
        return $port;
    }
    die "no free port: $!\n";
}

# ---- texts ----

# One line of an AuthUserFile for each user.
sub users_text {
    my ($realm, %password) = @_;
    return join '', map { "$_:$realm:" . digest_ha1($_, $realm, $password{$_}) . "\n" }
        sort keys %password;
}

# A protected <Location>; a line of @lines takes the place of the usual one.
sub area {
    my ($path, @lines) = @_;
    my %given = map { (split)[0] => 1 } @lines;
    my @usual = grep { !$given{ (split)[0] } } 'AuthType MSDigest', 'AuthName "private"',
        'AuthMSDigestProvider file', 'AuthUserFile "@ROOT@/conf/users"', 'Require valid-user';
    return join "\n", qq{<Location "$path">}, @usual, @lines, '</Location>', '';
}

my $BASE = <<'CONF';
ServerRoot "@ROOT@"
ServerName 127.0.0.1
Listen 127.0.0.1:@PORT@
@USER@
PidFile "@ROOT@/run/httpd.pid"
DefaultRuntimeDir "@ROOT@/run"
ErrorLog "@ROOT@/logs/error_log"
LogLevel info
<IfModule auth_msdigest_module>
    LogLevel auth_msdigest:debug
</IfModule>
LogFormat "%>s id=%{X-Test-Id}i pid=%P proof=%{msdigest-proof}n \
user=%{msdigest-user}n realm=%{msdigest-realm}n algorithm=%{msdigest-algorithm}n \
remote=%u %m %U" msdigest
CustomLog "@ROOT@/logs/access_log" msdigest
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.html
<IfModule mime_module>
    TypesConfig /dev/null
</IfModule>
Timeout 30
KeepAlive On
KeepAliveTimeout 30
MaxKeepAliveRequests 0
ServerLimit 16
<Directory "@ROOT@/htdocs">
    Require all granted
</Directory>
CONF

# ---- life ----

# conf => text (with @ROOT@ @PORT@); mpm => event|worker|prefork; modules => [more];
# load => [exactly these]; files => { path under the root => content };
# users => text of conf/users; ports => how many further ports, @PORT1@ ...
sub new {
    my ($class, %o) = @_;
    my $module = module_path();
    my $root = tempdir('msdigest-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    my $self = bless { mpm => 'event', %o, root => $root, owner => $$ }, $class;
    $self->take_ports;
    push @LIVE, $self;
    chmod 0755, $root;
    make_path(map { "$root/$_" } qw(htdocs/p logs run conf modules));
    copy($module, "$root/modules/mod_auth_msdigest.so") or die "cannot copy $module: $!\n";
    $self->write('conf/users', $o{users} // users_text('private', %PASSWORD));
    $self->write('htdocs/p/x.txt', "protected\n");
    $self->write('htdocs/open.txt', "open\n");
    $self->write($_, $o{files}{$_}) for keys %{ $o{files} || {} };
    $self->configure($o{conf} // area('/p/'));
    return $self;
}

# The server that t/TEST.PL runs for all files which do not need one of their own.
sub shared {
    my ($class) = @_;
    my ($root, $port) = @ENV{qw(T_ROOT T_PORT)};
    if (!$root) {
        require Apache::Test;
        local $_;
        my $vars = Apache::Test::vars();
        ($root, $port) = @$vars{qw(serverroot port)};
    }
    return bless { root => $root, port => $port, owner => 0 }, $class;
}

sub take_ports {
    my ($self) = @_;
    $self->{port} = free_port();
    $self->{more_ports} = [ map { free_port() } 1 .. $self->{ports} // 0 ];
    return;
}

sub root { return $_[0]{root} }
sub port { return $_[0]{port} }

sub path {
    my ($self, $name) = @_;
    return "$self->{root}/$name";
}

sub write {
    my ($self, $name, $text) = @_;
    my $path = $self->path($name);
    make_path(dirname($path));
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
    return $path;
}

sub read {
    my ($self, $name) = @_;
    open my $fh, '<:raw', $self->path($name) or return '';
    local $/;
    return <$fh> // '';
}

# Renames a file of the server away and back: an authority that is not there.
sub hide   { my ($s, $n) = @_; return rename $s->path($n), $s->path("$n.hidden") }
sub unhide { my ($s, $n) = @_; return rename $s->path("$n.hidden"), $s->path($n) }

sub expand {
    my ($self, $text) = @_;
    $text =~ s/\@ROOT\@/$self->{root}/g;
    $text =~ s/\@PORT\@/$self->{port}/g;
    $text =~ s/\@PORT(\d)\@/$self->{more_ports}[$1 - 1]/g;
    return $text;
}

sub load_module {
    my ($self, $name) = @_;
    my $dir = $name eq 'auth_msdigest' ? "$self->{root}/modules" : libexec_dir();
    return "LoadModule ${name}_module \"$dir/mod_$name.so\"\n";
}

sub configure {
    my ($self, $conf) = @_;
    $self->{conf} = $conf;
    my @modules = $self->{load} ? @{ $self->{load} } : (@BASE_MODULES, @{ $self->{modules} || [] });
    my $base = $BASE;
    my $user = $> == 0 ? "User www-data\nGroup www-data" : '';
    $base =~ s/\@USER\@/$user/;
    my $text = join '', map { $self->load_module($_) } "mpm_$self->{mpm}", @modules;
    $self->write('conf/httpd.conf', $text . $self->expand($base . "\n" . $conf));
    return $self;
}

# (exit status, what it said) of httpd -t with these options more.
sub configtest {
    my ($self, @options) = @_;
    return $self->run_httpd({}, '-t', @options);
}

sub run_httpd {
    my ($self, $env, @options) = @_;
    my $said = $self->path('logs/said.txt');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        %ENV = (%ENV, %$env);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $said;
        open STDERR, '>&', \*STDOUT;
        exec httpd_path(), '-d', $self->{root}, '-f', $self->path('conf/httpd.conf'), @options;
        die 'exec ' . httpd_path() . ": $!\n";
    }
    waitpid $pid, 0;
    return ($?, $self->read('logs/said.txt'));
}

# faketime => "-1h" starts it with another clock; with monotonic => 1 only the
# wall clock differs. Dies when it does not come up.
sub start {
    my ($self, %o) = @_;
    my ($status, $said);
    for my $try (1 .. 3) {
        ($status, $said) = $self->run_httpd($self->clock(%o), '-k', 'start');
        last if $said !~ /could not bind/ || $self->{fixed};
        $self->take_ports;    # somebody else took a port in between
        $self->configure($self->{conf});
    }
    $self->{fixed} = 1;    # a restart keeps its ports
    die "httpd did not start:\n$said" . $self->tail if $status != 0;
    $self->wait_for(sub { $self->running && $self->answers }, 20)
        or die "httpd does not answer:\n$said" . $self->tail;
    return $self;
}

sub clock {
    my ($self, %o) = @_;
    return {} if !defined $o{faketime};
    my ($lib) = grep { -e } glob '/usr/lib/*/faketime/libfaketimeMT.so.1';
    die "libfaketimeMT.so.1 not found: install the package libfaketime\n" if !$lib;
    return {
        LD_PRELOAD => $lib, FAKETIME => $o{faketime}, FAKETIME_DISABLE_SHM => 1,
        FAKETIME_DONT_FAKE_MONOTONIC => $o{monotonic} // 0,
        DONT_FAKE_MONOTONIC => $o{monotonic} // 0,
    };
}

sub answers {
    my ($self) = @_;
    return !!IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'tcp');
}

sub pid {
    my ($self) = @_;
    my ($pid) = $self->read('run/httpd.pid') =~ /^(\d+)/;
    return $pid;
}

sub running {
    my ($self) = @_;
    my $pid = $self->pid or return 0;
    return alive($pid);
}

# A zombie that nobody reaps yet is not alive.
sub alive { return (stat_of($_[0]))[0] !~ /^[ZX]?$/ }

sub wait_for {
    my ($self, $condition, $seconds) = @_;
    my $end = time + $seconds;
    until ($condition->()) {
        return 0 if time > $end;
        sleep 0.02;
    }
    return 1;
}

# Processes whose parent is the server: workers (and a cgid daemon).
sub children {
    my ($self) = @_;
    my $parent = $self->pid or return;
    return grep { (stat_of($_))[1] == $parent } map { m{/proc/(\d+)} } glob '/proc/[0-9]*';
}

# (state, ppid) of a process; a name may hold blanks and parentheses.
sub stat_of {
    my ($pid) = @_;
    open my $fh, '<', "/proc/$pid/stat" or return ('', 0);
    my ($state, $ppid) = (<$fh> // '') =~ /\) (\S) (\d+)/ or return ('', 0);
    return ($state, $ppid);
}

sub graceful { return $_[0]->reload('USR1') }
sub restart  { return $_[0]->reload('HUP') }

# Waits until the new generation serves and the workers of the old one are gone.
sub reload {
    my ($self, $signal) = @_;
    my @old = $self->children;
    my $before = $self->generations;
    kill $signal, $self->pid;
    $self->wait_for(sub { $self->generations > $before }, 20)
        or die "httpd did not come back after $signal:\n" . $self->tail;
    $self->wait_for(sub { !grep { my $p = $_; grep { $_ == $p } $self->children } @old }, 10);
    $self->wait_for(sub { $self->answers }, 10);
    return $self;
}

sub generations {
    my ($self) = @_;
    return scalar(() = $self->log =~ /resuming normal operations/g);
}

sub stop {
    my ($self) = @_;
    my $pid = $self->pid or return $self;
    my @children = $self->children;
    kill 'TERM', $pid;
    if (!$self->wait_for(sub { !alive($pid) }, 15)) {
        kill 'KILL', $pid, @children;
        $self->wait_for(sub { !alive($pid) }, 5);
    }
    return $self;
}

# ---- what it wrote ----

sub log { return $_[0]->read('logs/error_log') }

sub tail {
    my ($self) = @_;
    my @lines = split /^/, $self->log;
    return join '', @lines > 20 ? @lines[-20 .. -1] : @lines;
}

# One hash for each line of the access log: status pid proof user ... method path.
sub access {
    my ($self) = @_;
    my @rows;
    for my $line (split /\n/, $self->read('logs/access_log')) {
        my ($status, $pairs, $method, $path) = $line =~ /^(\d+) (.*) (\S+) (\S+)$/ or next;
        my %row = $pairs =~ /(\w+)=(.*?)(?= \w+=|$)/g;
        push @rows, { %row, status => $status, method => $method, path => $path };
    }
    return @rows;
}

# httpd writes the access log after the response, and not in the order of the
# responses: wait for that many lines, or for the line of one response.
sub access_lines {
    my ($self, $count) = @_;
    my @rows;
    $self->wait_for(sub { @rows = $self->access; @rows >= $count }, 10);
    return @rows;
}

sub row {
    my ($self, $r) = @_;
    my @rows;
    my $found = sub {
        @rows = grep { $_->{id} eq $r->{id} && $_->{status} == $r->status } $self->access;
        return scalar @rows;
    };
    $self->wait_for($found, 5);
    # A request that a proxy passes on to this very server is there twice, and
    # the line without a proof is there first.
    my $proven = sub { $found->(); return grep { $_->{proof} ne '-' } @rows };
    $self->wait_for($proven, 0.3) if $r->status != 401;
    my ($row) = ((grep { $_->{proof} ne '-' } reverse @rows), reverse @rows);
    return $row || {};
}

sub client {
    my ($self, $user, %o) = @_;
    $user //= 'alice';
    return MSDigest::Client->new(
        port => $self->{port}, user => $user, password => $PASSWORD{$user}, %o,
    );
}

sub remove {
    my ($self) = @_;
    $self->stop;
    if ($ENV{T_KEEP}) { print STDERR "# kept: $self->{root}\n" }
    else              { remove_tree($self->{root}) }
    @LIVE = grep { $_ != $self } @LIVE;
    return;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { $_->remove for my @all = @LIVE }
}

1;
