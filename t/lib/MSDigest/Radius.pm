# SPDX-License-Identifier: Apache-2.0
# RADIUS servers for one test: a private FreeRADIUS, and fakes that misbehave.
package MSDigest::Radius;
use strict;
use warnings;
use Digest::MD5 qw(md5 md5_hex);
use File::Copy qw(copy);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use Time::HiRes qw(sleep time);
use MSDigest::Client ();
use MSDigest::Server ();

my @LIVE;
my $OWNER = $$;

# users => text of FreeRADIUS's file; secret => the one it shares; clients =>
# text of clients.conf, which has the secret then; tls => { files of its
# certificate }, see MSDigest::Certificates; client_cert => no.
sub new {
    my ($class, %o) = @_;
    my $folder = tempdir('msdigest-radius-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    my $self = bless { %o, folder => $folder, port => free_port() }, $class;
    my %text = (users => $o{users}, $o{clients} ? ('clients.conf' => $o{clients}) : ());
    for my $name (keys %text) {
        open my $fh, '>', "$folder/$name" or die "$folder/$name: $!\n";
        print $fh $text{$name};
        close $fh or die "$folder/$name: $!\n";
    }
    if ($o{tls}) {
        $self->{tls_port} = MSDigest::Server::free_port();
        copy($o{tls}{$_}, "$folder/$_") || die "$_: $!\n" for qw(server.pem server.key ca.pem);
    }
    push @LIVE, $self;
    return $self;
}

# A server that answers each request as the code says, or never.
sub fake {
    my ($class, $reply) = @_;
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die "udp: $!\n";
    my $self = bless { port => $socket->sockport }, $class;
    push @LIVE, $self;
    $self->{pid} = fork // die "fork: $!\n";
    return $self if $self->{pid};
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM);
    while (1) {
        my $from = $socket->recv(my $request, 4096) // next;
        my $bytes = $reply->($request);
        $socket->send($bytes, 0, $from) if defined $bytes;
    }
}

# An Access-Accept as it was good enough before: without Message-Authenticator.
sub unsigned_accept {
    my ($request, $secret) = @_;
    my ($id, $authenticator) = (substr($request, 1, 1), substr $request, 4, 16);
    my $head = "\x02$id" . pack 'n', 20;
    return $head . md5("$head$authenticator$secret");
}

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die "udp: $!\n";
    return $socket->sockport;
}

sub port     { return $_[0]{port} }
sub tls_port { return $_[0]{tls_port} }

sub start {
    my ($self) = @_;
    my $ups = () = $self->log =~ /Ready to process/g;
    my $script = "$ENV{srcdir}/t/testbed/freeradius";
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP ALRM PIPE);
        open STDOUT, '>', "$self->{folder}/said";
        open STDERR, '>&', \*STDOUT;
        $ENV{CLIENT_CERT} = $self->{client_cert} // 'yes';
        exec $script, @$self{qw(folder port secret)}, $self->{tls_port} // ();
        die "exec $script: $!\n";
    }
    my $end = time + 20;
    until ($ups < (() = $self->log =~ /Ready to process/g)) {
        die "FreeRADIUS does not start:\n" . $self->log . slurp("$self->{folder}/said") if time > $end;
        sleep 0.05;
    }
    return $self;
}

# A request of its own making: "code signed with a key", or "silence".
sub ask {
    my ($self, %o) = @_;
    my %v = (username => $o{user}, realm => 'private', nonce => 'ab' x 16, cnonce => 'abc', nc => '00000001',
        method => 'GET', uri => '/', entity => 'body', %o);
    my @digest = ([ 103 => MSDigest::Client::response_of(%v) ], [ 104 => $v{realm} ], [ 105 => $v{nonce} ],
        [ 108 => $v{method} ], [ 109 => $v{uri} ], [ 110 => $v{qop} ], [ 111 => $v{algorithm} ],
        ($v{qop} eq 'auth-int' ? [ 112 => md5_hex($v{entity}) ] : ()), [ 113 => $v{cnonce} ],
        [ 114 => $v{nc} ], [ 115 => $o{user} ]);
    my $body = join '', map { pack 'CCa*', $_->[0], 2 + length $_->[1], $_->[1] } [ 1 => $o{user} ], @digest;
    my $mac = $o{unsigned} ? '' : pack 'CCx16', 80, 18;
    my $head = pack('CCn', 1, 7, 20 + length "$mac$body") . md5(rand);
    $mac = pack('CC', 80, 18) . hmac_md5("$head$mac$body", $self->{secret}) if $mac;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Proto => 'udp');
    $socket->send("$head$mac$body");
    vec(my $ready = '', fileno $socket, 1) = 1;
    select($ready, undef, undef, $o{unsigned} ? 0.5 : 5) or return 'silence';
    $socket->recv(my $reply, 4096);
    my ($code, %has) = unpack 'C', $reply;
    for (my $at = 20; $at < length $reply; $at += ord substr $reply, $at + 1, 1) {
        $has{ ord substr $reply, $at, 1 } = 1;
    }
    return $code . ($has{80} ? ' signed' : '') . ($has{26} ? ' with a key' : '') . ($has{121} ? ' in clear' : '');
}

# HMAC (RFC 2104) with MD5.
sub hmac_md5 {
    my ($text, $key) = @_;
    $key = md5($key) if length $key > 64;
    $key .= "\0" x (64 - length $key);
    return md5(($key ^ "\x5c" x 64) . md5(($key ^ "\x36" x 64) . $text));
}

sub signal { return kill $_[1], $_[0]{pid} }

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return $self;
    kill 'CONT', $pid;
    kill 'TERM', $pid;
    for (1 .. 200) {
        last if waitpid($pid, 1) != 0;
        kill 'KILL', $pid if $_ == 150;
        sleep 0.02;
    }
    return $self;
}

sub log { return slurp("$_[0]{folder}/log") }

# How often its own log says that it looked a user up.
sub lookups {
    my ($self, $user) = @_;
    return scalar(() = $self->log =~ /(?:Login OK|Login incorrect|Invalid user)\b[^\n]*\[\Q$user\E\]/g);
}

sub slurp {
    my ($path) = @_;
    open my $fh, '<', $path or return '';
    local $/;
    return <$fh> // '';
}

END {
    if ($$ == $OWNER) {
        local $?;
        for my $server (@LIVE) {
            $server->stop;
            remove_tree($server->{folder}) if $server->{folder} && !$ENV{T_KEEP};
        }
    }
}

1;
