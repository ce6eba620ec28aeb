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
use MSDigest::Server qw(area %PASSWORD);
our @EXPORT = qw(client_site);

# What each client does with the default challenges, MD5-sess and then MD5, in
# one process (or session) with the right password:
#   algorithm  which of the two it takes
#   refused    how many 401s it is given in N requests, and
#   stale      ... how many of those say stale=true
#   logins     for how many of its requests the provider is asked
#   keeps      once in, it answers ahead of any further challenge
# 'each' is one for each request: the client asks without credentials every time
# and uses a nonce once. Sessions that differ say so where they are.
my %HABIT = (
    curl      => { algorithm => 'MD5-sess', refused => 'each', stale => 0, logins => 'each', keeps => 0 },
    wget      => { algorithm => 'MD5',      refused => 'each', stale => 0, logins => 'each', keeps => 0 },
    requests  => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    lwp       => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    mechanize => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    git       => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    svn       => { algorithm => 'MD5',      refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    cadaver   => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
    chromium  => { algorithm => 'MD5-sess', refused => 1,      stale => 0, logins => 1,      keeps => 1 },
);

# The site: /p/ is protected and has 40 files and a program that says what it
# got; /p/moved is a redirect within; in /short/ a nonce lives for one second.
my @MODULES = qw(cgid mime);

my $CONF = <<'CONF';
LogFormat "%>s\t%r\t%{msdigest-proof}n\t%{msdigest-algorithm}n\t%{WWW-Authenticate}o\t%{Authorization}i" clients
CustomLog "@ROOT@/logs/clients_log" clients
ScriptSock "@ROOT@/run/cgisock"
ScriptAlias "/p/echo" "@ROOT@/cgi/echo"
ScriptAlias "/p/moved" "@ROOT@/cgi/moved"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
CONF

my $ECHO = <<'PROGRAM';
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
printf '%s %s bytes %s %s\n' "$REQUEST_METHOD" "$(wc -c)" "$AUTH_TYPE" "$REMOTE_USER"
PROGRAM

my $MOVED = <<'PROGRAM';
#!/bin/sh
printf 'Status: 302\r\nLocation: http://%s/p/1.txt\r\n\r\n' "$HTTP_HOST"
PROGRAM

my %RUNNING;    # processes of this file that END has to stop
my $OWNER = $$;

# ---- a server, and a home for one client ----

# client_site('curl', [qw(curl --version)], options of MSDigest::Server). A client
# that is not there is a failure, and the end of its file.
sub client_site {
    my ($client, $version, %o) = @_;
    my $server = MSDigest::Server->new(
        %o,
        modules => [ @MODULES, @{ $o{modules} || [] } ],
        files   => { site_files(), %{ $o{files} || {} } },
        conf    => join('', $CONF, area('/p/'),
            area('/short/', 'AuthMSDigestNonceLifetime 1'), $o{conf} // ''),
    );
    chmod 0755, map { $server->path("cgi/$_") } qw(echo moved);
    my $self = bless { client => $client, server => $server, marks => 0 }, __PACKAGE__;
    $self->{home} = $server->path('home');
    make_path("$self->{home}/tmp", { mode => 0700 });
    $self->look_for($version);
    return $self;
}

sub site_files {
    my %files = ('cgi/echo' => $ECHO, 'cgi/moved' => $MOVED);
    for my $n (1 .. 40) { $files{"htdocs/$_/$n.txt"} = "file $n\n" for qw(p short) }
    return %files;
}

sub look_for {
    my ($self, $command) = @_;
    my $run = $self->run(@$command);
    my ($version) = ($run->{status} == 0 ? $run->{out} : '') =~ /(\d+(?:\.\d+)+)/;
    $self->{name} = "$self->{client} " . ($version // '');
    return if ok(defined $version, "$self->{client} is installed (" . ($version // "@$command: $run->{status}") . ')');
    diag($run->{out}, $run->{err});
    done_testing();
    exit 1;
}

sub server { return $_[0]{server} }
sub port   { return $_[0]{server}->port }
sub start  { $_[0]{server}->start; return $_[0] }

# url('/p/1.txt') or, with credentials in it, url('/p/1.txt', 'alice', 'password').
sub url {
    my ($self, $path, $user, $password) = @_;
    my $login = '';
    if (defined $user) {
        $password =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
        $login = "$user:$password\@";
    }
    return 'http://' . $login . '127.0.0.1:' . $self->port . $path;
}

# A file of the client, in its home.
sub write_home {
    my ($self, $name, $text, $mode) = @_;
    my $path = $self->{server}->write("home/$name", $text);
    chmod $mode // 0600, $path;
    return $path;
}

# What the workers of the server have to own, when they are not us.
sub give_to_workers {
    my ($self, @names) = @_;
    return if $> != 0;
    my ($uid, $gid) = (getpwnam 'www-data')[2, 3];
    find({ no_chdir => 1, wanted => sub { chown $uid, $gid, $_ } }, map { $self->{server}->path($_) } @names);
    return;
}

# ---- running a program ----

# run({ stdin => text, env => {}, limit => seconds, dir => path }, command...).
# Returns { status, out, err, from }: from is where the log stood before. The
# status is "timeout" when the program had to be stopped.
sub run {
    my ($self, @command) = @_;
    my %o = ref $command[0] ? %{ shift @command } : ();
    my %file = map { $_ => $self->write_home("tmp/std$_", $_ eq 'in' ? $o{stdin} // '' : '') } qw(in out err);
    my %run = (from => $self->log_size);
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

# A child in a session of its own: it can be stopped with all its children, and
# has no terminal to ask for a password. Nothing of the caller's environment
# reaches it, so no proxy and no configuration of the user.
sub spawn {
    my ($self, $o, $redirect, @command) = @_;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        POSIX::setsid();
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

# The exit status, after the program and whatever it left behind have ended.
sub reap {
    my ($pid, $limit) = @_;
    my $end = time + $limit;
    while (waitpid($pid, WNOHANG) == 0) {
        if (time > $end) { stop_group($pid); return 'timeout' }
        sleep 0.01;
    }
    my $status = $?;
    stop_group($pid);
    return $status & 127 ? 'signal ' . ($status & 127) : $status >> 8;
}

sub stop_group {
    my ($pid) = @_;
    kill 'KILL', -$pid;
    waitpid $pid, 0;
    delete $RUNNING{$pid};
    return;
}

END {
    local ($?, $@, $!);
    if ($$ == $OWNER) { stop_group($_) for keys %RUNNING }
}

# ---- what the server saw ----

sub log_size { return -s $_[0]{server}->path('logs/clients_log') // 0 }

# httpd writes a line after its answer. A request of ours makes one too: when it
# is there and nothing moves any more, so are all of the client's.
sub settle {
    my ($self) = @_;
    my $mark = '/open.txt?mark=' . ++$self->{marks};
    my $conn = MSDigest::Conn->new($self->port);
    $conn->write(request_bytes(method => 'GET', target => $mark, host => '127.0.0.1', close => 1));
    $conn->read_response;
    $self->{server}->wait_for(sub { $self->{server}->read('logs/clients_log') =~ /\Q$mark\E / }, 10);
    my $size;
    do { $size = $self->log_size; sleep 0.03 } until $size == $self->log_size;
    return;
}

# The requests since a run began, in the order of the log: status method target
# proof algorithm, stale (a challenge that says so), the answer (if any), opaque.
sub rows {
    my ($self, $run) = @_;
    my @rows;
    for my $line (split /\n/, substr $self->{server}->read('logs/clients_log'), $run->{from}) {
        my %row;
        (@row{qw(status request proof algorithm challenge answer)}) = split /\t/, $line;
        next if $row{request} =~ /\?mark=/;
        @row{qw(method target)} = split / /, $row{request};
        $row{stale} = $row{challenge} =~ /stale=true/ ? 1 : 0;
        $row{answered} = $row{answer} ne '-' ? 1 : 0;
        ($row{opaque}) = $row{answer} =~ /opaque=\\?"(\w+)/;
        push @rows, \%row;
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

# A session of N requests with the right password. Options:
#   at_least => 1  the client makes N requests or more: it decides
#   expired  => 1  a nonce has expired in the middle
#   resumed  => 1  it goes on with the login of a session before
#   algorithm, refused, stale, logins, keeps: in place of the client's habit
# Returns the rows of the log.
sub session {
    my ($self, $run, $what, $requests, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @rows = $self->rows_with($run, $requests);
    my $s = $self->measure(\@rows, %o);
    my $name = "$self->{name}, $what";
    note(sprintf '%s: %d requests, %d 401s (%d stale), %s, proof: %d authority, %d context', $name,
        @$s{qw(in out stale algorithm authority context)});
    my $good = is($run->{status}, 0, "$name: the client is content") || diag($run->{out}, $run->{err});
    $good &= cmp_ok($s->{in}, $o{at_least} ? '>=' : '==', $requests, "... $s->{in} requests got in");
    $good &= judge_401s($s, \%o, \@rows);
    $good &= judge_proofs($s);
    $good &= is($s->{failed}, '', '... no other failure');
    diag(describe(@rows)) if !$good;
    return @rows;
}

# Counts, and what the client's habit makes us expect.
sub measure {
    my ($self, $rows, %o) = @_;
    my @in = grep { got_in($_) } @$rows;
    my @out = grep { refused($_) } @$rows;
    my %habit = (%{ $HABIT{ $self->{client} } }, $o{resumed} ? (refused => 0, logins => 0) : (), %o);
    my %most = map { $_ => $habit{$_} eq 'each' ? scalar @in : $habit{$_} } qw(refused stale logins);
    return {
        in => scalar @in, out => scalar @out, habit => \%habit, most => \%most,
        stale     => scalar(grep { $_->{stale} } @out),
        wrong     => scalar(grep { $_->{answered} && !$_->{stale} } @out),
        algorithm => list(map { $_->{algorithm} } @in),
        authority => scalar(grep { $_->{proof} eq 'authority' } @in),
        context   => scalar(grep { $_->{proof} eq 'context' } @in),
        contexts  => $o{resumed} ? 0 : scalar(split /,/, list(map { $_->{opaque} // '' } @in)),
        failed    => list(map { $_->{status} } grep { $_->{status} == 400 || $_->{status} >= 500 } @$rows),
    };
}

sub judge_401s {
    my ($s, $o, $rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $good = cmp_ok($s->{out}, '<=', $s->{most}{refused}, "... $s->{out} 401s, at most $s->{most}{refused}");
    $good &= cmp_ok($s->{stale}, '<=', $s->{most}{stale}, "... $s->{stale} of them stale, at most $s->{most}{stale}");
    $good &= cmp_ok($s->{stale}, '>=', 1, '... a nonce did expire') if $o->{expired};
    $good &= is($s->{wrong}, 0, '... no right answer was taken for a wrong password');
    return $good if !$s->{habit}{keeps};
    my @later = @$rows;
    shift @later while @later && !got_in($later[0]);
    return $good & is(scalar(grep { refused($_) && !$_->{stale} } @later), 0, '... once in, it met no 401 without stale=true');
}

sub judge_proofs {
    my ($s) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $good = is($s->{algorithm}, $s->{habit}{algorithm}, "... by $s->{habit}{algorithm}");
    $good &= cmp_ok($s->{authority}, '<=', $s->{most}{logins}, "... the provider was asked $s->{authority} times, at most $s->{most}{logins}");
    return $good & is($s->{authority}, $s->{contexts}, "... once for each new context, and not for the $s->{context} other requests");
}

# A wrong password: nothing gets in, nothing is stale, nothing loops.
sub denied {
    my ($self, $run, $what, $most) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @rows = $self->rows($run);
    my @out = grep { refused($_) } @rows;
    my $name = "$self->{name}, $what";
    note("$name: " . @out . ' 401s');
    my $good = isnt($run->{status}, 0, "$name: the client reports it") & isnt($run->{status}, 'timeout', '... and ends');
    $good &= is(scalar(grep { got_in($_) } @rows), 0, '... no request got in');
    $good &= cmp_ok(scalar(grep { $_->{answered} } @out), '>=', 1, '... an answer was refused');
    $good &= cmp_ok(scalar @out, '<=', $most, '... ' . @out . " 401s, at most $most");
    $good &= is(scalar(grep { $_->{stale} } @out), 0, '... none of them stale');
    diag($run->{out}, $run->{err}, describe(@rows)) if !$good;
    return;
}

sub list {
    my %seen = map { $_ => 1 } @_;
    return join ',', sort keys %seen;
}

sub describe {
    return join "\n", map {
        my ($count) = $_->{answer} =~ /nc=(\w+)/;
        my ($nonce) = $_->{answer} =~ /nonce=\\"([^\\]+)/;
        join ' ', $_->{status}, $_->{method}, $_->{target}, "proof=$_->{proof}", "stale=$_->{stale}",
            'nonce=' . ($nonce // '-'), 'nc=' . ($count // '-');
    } @_;
}

# ---- a browser that is driven from outside ----

# Starts Chromium; see below.
sub browser { return MSDigest::Clients::Browser->new($_[0]) }

# What keeps Chromium quiet: an empty profile, and no host but ours.
sub browser_command {
    my ($self, @options) = @_;
    my $profile = "$self->{home}/profile" . ++$self->{profiles};
    return (qw(chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run
        --disable-background-networking --disable-component-update --disable-sync --no-proxy-server),
        "--user-data-dir=$profile", '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1', @options);
}

package MSDigest::Clients::Browser;
use IO::Select;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);

my $TRUE = JSON::PP::true();

# The DevTools protocol over --remote-debugging-pipe: JSON texts that end with a
# NUL, to descriptor 3 of the browser and from its descriptor 4.
sub new {
    my ($class, $site) = @_;
    pipe(my $browser_in, my $out) or die "pipe: $!\n";
    pipe(my $in, my $browser_out) or die "pipe: $!\n";
    my $said = $site->write_home('tmp/browser.txt', '');
    my @command = $site->browser_command('--remote-debugging-pipe', 'about:blank');
    my $pid = $site->spawn({}, sub {
        open STDIN,  '<', '/dev/null';
        open STDOUT, '>', $said;
        open STDERR, '>&', \*STDOUT;
        # By way of high numbers: 3 and 4 may be in use by the pipes themselves.
        POSIX::dup2(fileno $browser_in, 63);
        POSIX::dup2(fileno $browser_out, 64);
        POSIX::dup2(63, 3);
        POSIX::dup2(64, 4);
        POSIX::close($_) for 63, 64;
    }, @command);
    close $_ for $browser_in, $browser_out;
    $out->autoflush(1);
    return bless { site => $site, pid => $pid, in => $in, out => $out, id => 0, buffer => '', results => {}, complete => {} }, $class;
}

# ---- the wire ----

sub send {
    my ($self, $method, $params, $session) = @_;
    my %message = (id => ++$self->{id}, method => $method, params => $params || {});
    $message{sessionId} = $session if defined $session;
    print { $self->{out} } JSON::PP::encode_json(\%message), "\0";
    return $message{id};
}

sub message {
    my ($self, $end) = @_;
    my $select = IO::Select->new($self->{in});
    while ($self->{buffer} !~ /\0/) {
        my $left = $end - time;
        die "the browser says nothing\n" if $left <= 0 || !$select->can_read($left);
        sysread($self->{in}, $self->{buffer}, 65536, length $self->{buffer}) or die "the browser is gone\n";
    }
    $self->{buffer} =~ s/\A([^\0]*)\0//;
    return JSON::PP::decode_json($1);
}

# Takes messages, and does what they ask for, until the condition holds.
sub wait_until {
    my ($self, $condition) = @_;
    my $end = time + 30;
    $self->react($self->message($end)) until $condition->();
    return;
}

sub call {
    my ($self, $method, $params, $session) = @_;
    my $id = $self->send($method, $params, $session);
    my $results = $self->{results};
    $self->wait_until(sub { $results->{$id} });
    my $message = delete $results->{$id};
    die "$method: $message->{error}{message}\n" if $message->{error};
    return $message->{result};
}

# Requests go on; a prompt gets the next of the answers, then none.
sub react {
    my ($self, $event) = @_;
    my ($method, $params) = ($event->{method} // '', $event->{params});
    if (defined $event->{id}) {
        $self->{results}{ $event->{id} } = $event;
    }
    elsif ($method eq 'Fetch.requestPaused') {
        $self->send('Fetch.continueRequest', { requestId => $params->{requestId} }, $event->{sessionId});
    }
    elsif ($method eq 'Fetch.authRequired') {
        $self->{prompts}++;
        my $answer = shift @{ $self->{answers} };
        my $response = $answer
            ? { response => 'ProvideCredentials', username => $answer->[0], password => $answer->[1] }
            : { response => 'CancelAuth' };
        $self->send('Fetch.continueWithAuth', { requestId => $params->{requestId},
            authChallengeResponse => $response }, $event->{sessionId});
    }
    elsif ($method eq 'Page.lifecycleEvent' && $params->{name} eq 'load') {
        $self->{complete}{ $params->{loaderId} } = 1;
    }
    return;
}

# ---- pages ----

# A tab of a new profile in memory: it shares no login with the tabs before it.
sub tab {
    my ($self) = @_;
    my $context = $self->call('Target.createBrowserContext')->{browserContextId};
    my $target = $self->call('Target.createTarget', { url => 'about:blank', browserContextId => $context });
    $self->{tab} = $self->call('Target.attachToTarget', { targetId => $target->{targetId}, flatten => $TRUE })->{sessionId};
    $self->call('Page.enable', {}, $self->{tab});
    $self->call('Page.setLifecycleEventsEnabled', { enabled => $TRUE }, $self->{tab});
    $self->call('Network.enable', {}, $self->{tab});
    $self->call('Network.setCacheDisabled', { cacheDisabled => $TRUE }, $self->{tab});
    $self->call('Fetch.enable', { handleAuthRequests => $TRUE }, $self->{tab});
    return $self;
}

sub begin {
    my ($self, @answers) = @_;
    @$self{qw(prompts answers)} = (0, \@answers);
    return { from => $self->{site}->log_size, status => 0, out => '', err => '' };
}

# load($url, [user, password]...): each answers one prompt; a further prompt is
# cancelled. Returns { prompts, title, run } when the page is complete.
sub load {
    my ($self, $url, @answers) = @_;
    my $run = $self->begin(@answers);
    my $loader = $self->call('Page.navigate', { url => $url }, $self->{tab})->{loaderId};
    $self->wait_until(sub { $self->{complete}{$loader} });
    my $title = $self->value('document.title');
    $self->{site}->settle;
    return { prompts => $self->{prompts}, title => $title, run => $run };
}

# The value of an expression on the page; a promise is awaited.
sub evaluate {
    my ($self, $expression) = @_;
    my $run = $self->begin;
    my $value = $self->value($expression);
    $self->{site}->settle;
    return { prompts => $self->{prompts}, value => $value, run => $run };
}

sub value {
    my ($self, $expression) = @_;
    my $params = { expression => $expression, awaitPromise => $TRUE, returnByValue => $TRUE };
    return $self->call('Runtime.evaluate', $params, $self->{tab})->{result}{value};
}

sub quit {
    my ($self) = @_;
    $self->send('Browser.close');
    return MSDigest::Clients::reap($self->{pid}, 15);
}

1;
