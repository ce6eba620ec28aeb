# SPDX-License-Identifier: Apache-2.0
# One client at a server of its own: its sessions, and what the log says of them.
package Session;
use strict;
use warnings;
use parent 'MSDigest::Clients';
use File::Basename qw(dirname);
use File::Path qw(make_path);
use List::Util qw(max min uniq);
use Time::HiRes qw(time);
use MSDigest::Client qw(digest_ha1);
use MSDigest::Server qw(area);
use Rows;

my $LIMIT = 60;    # seconds that a session of a client may take
my $PROGRAMS = dirname(__FILE__) . '/clients';

# ---- the site ----

my $CONF = <<'CONF';
LogFormat "%>s\t%r\t%{msdigest-proof}n\t%{msdigest-algorithm}n\t%{msdigest-user}n\t%{WWW-Authenticate}o\t%{Authorization}i\t%{X-Echo}o" matrix
CustomLog "@ROOT@/logs/clients_log" matrix
ScriptSock "@ROOT@/run/cgisock"
ScriptAlias "/p/echo" "@ROOT@/cgi/echo"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
CONF

my $ECHO = <<'PROGRAM';
#!/bin/sh
said="$REQUEST_METHOD $(wc -c) $AUTH_TYPE $REMOTE_USER"
printf 'Content-Type: text/plain\r\nX-Echo: %s\r\n\r\n%s\n' "$said" "$said"
PROGRAM

sub new {
    my ($class, $row) = @_;
    my $server = MSDigest::Server->new(
        modules => [ qw(cgid mime), @{ $row->{modules} || [] } ],
        users   => users(),
        files   => { site_files() },
        conf    => join('', $CONF, area('/p/'), area('/short/', 'AuthMSDigestNonceLifetime 2'), $row->{conf} // ''),
    );
    chmod 0755, $server->path('cgi/echo');
    my $self = bless { client => $row->{name}, row => $row, server => $server, marks => 0 }, $class;
    $self->{home} = $server->path('home');
    make_path("$self->{home}/tmp", { mode => 0700 });
    return $self;
}

# Clients make the hash of a name beyond ASCII in two ways: the field has both.
sub users {
    my %names = map { $_ => [$_] } 'alice', values %USER;
    utf8::decode(my $latin1 = $USER{utf8});
    utf8::downgrade($latin1);
    push @{ $names{ $USER{utf8} } }, $latin1;
    return join '', map {
        "$_:private:" . join(',', map { digest_ha1($_, 'private', $PASSWORD) } @{ $names{$_} }) . "\n"
    } sort keys %names;
}

sub site_files {
    my %files = ('cgi/echo' => $ECHO, map { ($_ => '') } qw(davlock/.keep htdocs/p/dav/.keep));
    for my $n (1 .. 40) { $files{"htdocs/$_/$n.txt"} = "file $n\n" x 100 for qw(p short) }
    return %files;
}

# ---- one client ----

# { name, version, in, algorithm, rate, prompts, cells, failures, notes, seconds }.
sub all {
    my ($self) = @_;
    my ($row, $begin) = ($self->{row}, time);
    my $r = $self->{result} = { name => $row->{name}, version => '-', in => 'no', algorithm => '-', rate => '-',
        prompts => 0, cells => {}, failures => [], notes => [] };
    $r->{version} = $self->version // return $r;
    $self->make_site or return $r;
    $self->{server}->start;
    $self->plan($_) for $self->sessions;
    $self->totals;
    $r->{seconds} = time - $begin;
    return $r;
}

sub fail {
    my ($self, $what) = @_;
    push @{ $self->{result}{failures} }, $what;
    return;
}

# What explains a failure stands below it.
sub explain {
    my ($self, @lines) = @_;
    @lines = (@lines[0 .. 29], '...', @lines[-30 .. -1]) if @lines > 60;
    $self->{result}{failures}[-1] .= join '', map { "\n    $_" } @lines;
    return;
}

sub version {
    my ($self) = @_;
    my $row = $self->{row};
    return $self->npm_version if $row->{npm};
    my $run = $self->run(@{ $row->{version} });
    my ($version) = ($run->{status} eq '0' ? $run->{out} : '') =~ /(\d+(?:\.\d+)+)/;
    return $version if defined $version;
    $self->fail("not there: install the Debian package $row->{package}");
    $self->explain(split /\n/, $run->{err});
    return;
}

sub npm_version {
    my ($self) = @_;
    my $package = $self->{row}{package};
    if (open my $fh, '<', ($ENV{NPM_FOLDER} // '') . "/node_modules/$package/package.json") {
        local $/;
        return $1 if <$fh> =~ /"version":\s*"([^"]+)"/;
    }
    $self->fail("not there: npm could not install the package $package (Debian packages nodejs, npm)");
    return;
}

sub make_site {
    my ($self) = @_;
    my $row = $self->{row};
    my $root = $self->{server}->root;
    if (my $command = $row->{site}) {
        make_path("$root/repos");
        my $run = $self->client($command, $root);
        return $self->fail("its site is not made: $run->{err}") if $run->{status} ne '0';
    }
    $self->give_to_workers(@{ $row->{owned} || [] });
    return 1;
}

# Runs one of t/matrix/clients, in an empty home.
sub client {
    my ($self, $command, @arguments) = @_;
    my $home = "$self->{home}/" . ++$self->{homes};
    make_path($home, { mode => 0700 });
    my @command = map { -f "$PROGRAMS/$_" ? "$PROGRAMS/$_" : $_ } @$command;
    my %env = (HOME => $home, NPM_FOLDER => $ENV{NPM_FOLDER} // '');
    my $limit = min($LIMIT, max(1, ($ENV{MATRIX_END} // 'inf') - time));
    return $self->run({ limit => $limit, dir => $home, env => \%env }, @command, @arguments);
}

# ---- sessions ----

# Lists of cases: one process each. What needs no user and no time of its own
# goes into one session, but for what is expected to fail.
sub sessions {
    my ($self) = @_;
    my $row = $self->{row};
    my @cases = grep { !$row->{cannot}{$_} } @CASES;
    $self->{result}{cells}{$_} = 'cannot' for keys %{ $row->{cannot} };
    return ['ten'] if $row->{shut_out};
    return map { [$_] } @cases if $row->{steps};
    my @together = grep { !$USER{$_} && $_ ne 'expiry' && !$row->{fails}{$_} } @cases;
    my %together = map { $_ => 1 } @together;
    return [@together], map { [$_] } grep { !$together{$_} } @cases;
}

sub plan {
    my ($self, $cases) = @_;
    my ($row, $r) = @$self{qw(row result)};
    my @steps = map { @{ ($row->{steps} || \%STEPS)->{$_} } } @$cases;
    my $user = $USER{ $cases->[0] } // 'alice';
    my $run = $self->client($row->{command}, $self->url(''), $user, $PASSWORD, @steps);
    my @rows = $self->rows($run);
    my $before = @{ $r->{failures} };
    if ($row->{shut_out}) { $self->judge_shut_out(@rows) }
    else                  { $self->judge($run, $cases, $user, @rows) }
    $self->excuse($cases->[0], $before) if $row->{fails}{ $cases->[0] };
    $self->explain(describe(@rows), split /\n/, "$run->{out}$run->{err}") if @{ $r->{failures} } > $before;
    return;
}

sub judge {
    my ($self, $run, $cases, $user, @rows) = @_;
    my $r = $self->{result};
    my $before = @{ $r->{failures} };
    $self->judge_session($run, $cases, @rows);
    my $good = $before == @{ $r->{failures} };
    for my $case (@$cases) {
        my $missing = $self->missing($case, $user, @rows);
        $self->fail("$case: $missing") if length $missing;
        $r->{cells}{$case} = length $missing || (!$good && @$cases == 1) ? 'FAIL' : 'ok';
        $self->judge_ten(@rows) if $case eq 'ten';
    }
    return;
}

# The client is at fault: no failure of ours, unless the server was at fault too.
sub excuse {
    my ($self, $case, $before) = @_;
    my $r = $self->{result};
    if ($r->{cells}{$case} eq 'ok') {
        push @{ $r->{notes} }, "$case: it can, against what Rows.pm says";
        return;
    }
    my @ours = grep { /^server: / } splice @{ $r->{failures} }, $before;
    push @{ $r->{failures} }, @ours;
    $r->{cells}{$case} = @ours ? 'FAIL' : 'client';
    return;
}

sub judge_shut_out {
    my ($self, @rows) = @_;
    my $r = $self->{result};
    $r->{cells} = { map { $_ => 'client' } @CASES };
    push @{ $r->{notes} }, 'it gets in, against what Rows.pm says' if grep { got_in($_) } @rows;
    $self->fail('it did not ask') if !@rows;
    return;
}

# ---- what the log says ----

sub rows {
    my ($self, $run) = @_;
    my @rows;
    for my $line (split /\n/, substr $self->{server}->read('logs/clients_log'), $run->{from}) {
        my %row;
        (@row{qw(status request proof algorithm user challenge answer echo)}) = split /\t/, $line;
        next if $row{request} =~ /\?mark=/;
        @row{qw(method target)} = split / /, $row{request};
        $row{user} = unescape($row{user});
        $row{stale} = $row{challenge} =~ /stale=true/ ? 1 : 0;
        $row{answered} = $row{answer} ne '-' ? 1 : 0;
        push @rows, \%row;
    }
    return @rows;
}

sub unescape {
    my ($text) = @_;
    $text =~ s/\\(?:x([0-9a-f]{2})|(.))/defined $1 ? chr hex $1 : $2/ge;
    return $text;
}

sub got_in  { return $_[0]{proof} ne '-' }
sub refused { return $_[0]{status} == 401 }

# A 401 to an answer that does not say stale=true: who has a person, asks him.
sub prompt { return refused($_[0]) && $_[0]{answered} && !$_[0]{stale} }

# What holds for every session, whatever it does.
sub judge_session {
    my ($self, $run, $cases, @rows) = @_;
    my ($row, $r) = @$self{qw(row result)};
    my $name = join '+', @$cases;
    my @in = grep { got_in($_) } @rows;
    my @later = @rows;
    shift @later while @later && !got_in($later[0]);
    $self->fail("server: $name: refused without stale=true after it had got in") if grep { prompt($_) } @later;
    $self->fail("server: $name: a status of 400 or 5xx") if grep { $_->{status} == 400 || $_->{status} >= 500 } @rows;
    $self->fail("$name: a right password was refused") if grep { prompt($_) } @rows;
    $self->fail("$name: it ended with $run->{status}") if $run->{status} ne '0';
    push @{ $self->{in} }, @in;
    $r->{prompts} += grep { prompt($_) } @rows if !$row->{fails}{$name};
    return if $name ne 'expiry' || $row->{refused} eq 'each' || grep { refused($_) && $_->{stale} } @rows;
    return $self->fail('expiry: no nonce has expired');
}

# What a case lacks, as text; nothing when all of its requests got in.
sub missing {
    my ($self, $case, $user, @rows) = @_;
    my $row = $self->{row};
    my @in = grep { got_in($_) && $_->{user} eq $user } @rows;
    if ($row->{steps}) {
        my $least = $row->{least}{$case} // 1;
        my $like = $row->{like}{$case} // qr//;
        return "$least requests have to get in" if @in < $least;
        return grep({ "$_->{method} $_->{target}" =~ $like } @in) ? '' : "none of its requests is like $like";
    }
    my %done = map { ("$_->{method} $_->{target}" => $_) } grep { $_->{status} =~ /^2/ } @in;
    my @missing = grep { !$done{$_} } wanted(@{ $STEPS{$case} });
    return 'did not get ' . join ', ', @missing if @missing;
    return '' if $case ne 'post';
    my @cut = grep { $_->{method} eq 'POST' && $_->{echo} ne "POST 1000 Digest $user" } values %done;
    return @cut ? "a body was cut: $cut[0]{echo}" : '';
}

# "METHOD target" of each request of these steps.
sub wanted {
    return map {
        my ($word, @rest) = split / /;
        $word eq 'ALL' ? (map { "GET $_" } @rest) : $word eq 'SLEEP' ? () : "$word $rest[0]";
    } @_;
}

# Ten requests in a row: how many 401s, and how often the provider is asked.
sub judge_ten {
    my ($self, @rows) = @_;
    my $row = $self->{row};
    my %ten = map { $_ => 1 } wanted(@{ $STEPS{ten} });
    @rows = grep { $ten{"$_->{method} $_->{target}"} } @rows if !$row->{steps};
    my @in = grep { got_in($_) } @rows;
    my $out = grep { refused($_) } @rows;
    my $logins = grep { $_->{proof} eq 'authority' } @in;
    $self->{result}{rate} = sprintf '%.2f', @in ? $out / @in : 0;
    my ($most, $most_logins) = $row->{refused} eq 'each' ? (scalar @in, scalar @in) : ($row->{refused}, 1);
    $self->fail("ten: $out 401s, at most $most") if $out > $most;
    $self->fail("ten: the provider was asked $logins times, at most $most_logins") if $logins > $most_logins;
    return;
}

sub totals {
    my ($self) = @_;
    my ($row, $r) = @$self{qw(row result)};
    my @in = @{ $self->{in} || [] };
    $r->{in} = @in ? 'yes' : 'no';
    $r->{algorithm} = join(',', sort(uniq(map { $_->{algorithm} } @in))) || '-';
    $self->fail("it uses $r->{algorithm}, not $row->{algorithm}") if $r->{algorithm} ne $row->{algorithm};
    $self->fail('it did not get in') if !@in && !$row->{shut_out};
    return;
}

sub describe {
    return map {
        my ($count) = $_->{answer} =~ /nc=\W*(\w+)/;
        my ($name) = $_->{answer} =~ /(username\*?=[^,]*)/;
        join ' ', $_->{status}, $_->{method}, $_->{target}, "proof=$_->{proof}", "stale=$_->{stale}",
            'nc=' . ($count // '-'), $name // '-';
    } @_;
}

1;
