# SPDX-License-Identifier: Apache-2.0
# Raw-socket HTTP/1.x for the tests: one connection, one response, N requests at once.
package MSDigest::Http;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT_OK = qw(request_bytes at_once);

# The bytes of one request. headers is a list of whole "Name: value" lines.
sub request_bytes {
    my (%o) = @_;
    my $version = $o{version} // '1.1';
    my @lines = ("$o{method} $o{target} HTTP/$version");
    push @lines, "Host: $o{host}" if defined $o{host} && length $o{host};
    push @lines, @{ $o{headers} || [] };
    push @lines, 'Content-Length: ' . length $o{body}
        if defined $o{body} && !$o{no_length};
    push @lines, 'Connection: close' if $o{close};
    return join("\r\n", @lines) . "\r\n\r\n" . ($o{body} // '');
}

# Sends each request on a connection of its own, so that the server has all of
# them but for one byte before it can begin with any. Returns the responses.
sub at_once {
    my ($port, @requests) = @_;
    my $burst = MSDigest::Burst->new($port, scalar @requests);
    return $burst->fire(@requests);
}

package MSDigest::Burst;

sub new {
    my ($class, $port, $count) = @_;
    my @conns = map { MSDigest::Conn->new($port) } 1 .. $count;
    return bless { port => $port, conns => \@conns }, $class;
}

# Connections stay open between calls. A server may close an idle one at any
# time: a request that got not one byte of an answer on an old connection is
# sent again on a new one.
sub fire {
    my ($self, @requests) = @_;
    my $conns = $self->{conns};
    my @old = map { !$_->closed && $_->{used} } @$conns;
    for my $i (0 .. $#requests) {
        $conns->[$i] = MSDigest::Conn->new($self->{port}) if $conns->[$i]->closed;
        $conns->[$i]->write(substr $requests[$i], 0, -1);
    }
    $conns->[$_]->write(substr $requests[$_], -1) for 0 .. $#requests;
    return map { $self->answer($_, $old[$_] ? $requests[$_] : undef) } 0 .. $#requests;
}

sub answer {
    my ($self, $i, $again) = @_;
    my $r = $self->{conns}[$i]->read_response;
    if (defined $again && ($r->error // '') eq 'closed') {
        $self->{conns}[$i] = MSDigest::Conn->new($self->{port});
        $self->{conns}[$i]->write($again);
        $r = $self->{conns}[$i]->read_response;
    }
    $self->{conns}[$i]{used} = 1;
    return $r;
}

package MSDigest::Conn;
use IO::Socket::INET;
use IO::Select;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

our $TIMEOUT = 30;

sub new {
    my ($class, $port) = @_;
    my $sock = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => $TIMEOUT,
    ) or die "cannot connect to 127.0.0.1:$port: $@\n";
    setsockopt $sock, IPPROTO_TCP, TCP_NODELAY, 1;
    binmode $sock;
    return bless { sock => $sock, buf => '', select => IO::Select->new($sock) }, $class;
}

sub closed { return !$_[0]{sock} }

sub close {
    my ($self) = @_;
    CORE::close($self->{sock}) if $self->{sock};
    $self->{sock} = undef;
    return;
}

sub write {
    my ($self, $bytes) = @_;
    return 0 if !$self->{sock};
    local $SIG{PIPE} = 'IGNORE';
    while (length $bytes) {
        my $n = syswrite $self->{sock}, $bytes;
        if (!defined $n) { $self->close; return 0 }
        substr $bytes, 0, $n, '';
    }
    return 1;
}

# True when the peer has sent something (or closed) within the time given.
sub readable {
    my ($self, $seconds) = @_;
    return 1 if length $self->{buf};
    return 0 if !$self->{sock};
    return scalar $self->{select}->can_read($seconds);
}

sub fill {
    my ($self) = @_;
    die "closed\n" if !$self->{sock};
    die "timeout\n" if !$self->{select}->can_read($TIMEOUT);
    my $n = sysread $self->{sock}, $self->{buf}, 65536, length $self->{buf};
    if (!$n) { $self->close; die "closed\n" }
    return;
}

sub line {
    my ($self) = @_;
    my $at;
    $self->fill while ($at = index $self->{buf}, "\r\n") < 0;
    my $line = substr $self->{buf}, 0, $at + 2, '';
    return substr $line, 0, -2;
}

sub bytes {
    my ($self, $count) = @_;
    $self->fill while length $self->{buf} < $count;
    return substr $self->{buf}, 0, $count, '';
}

sub rest {
    my ($self) = @_;
    1 while eval { $self->fill; 1 };
    my $all = $self->{buf};
    $self->{buf} = '';
    return $all;
}

sub chunked {
    my ($self) = @_;
    my $body = '';
    while (1) {
        my ($size) = $self->line =~ /^([0-9A-Fa-f]+)/ or die "bad chunk\n";
        last if !hex $size;
        $body .= $self->bytes(hex $size);
        $self->line;
    }
    1 while length $self->line;
    return $body;
}

sub head {
    my ($self) = @_;
    my $status_line = $self->line;
    my ($status) = $status_line =~ m{^HTTP/\d\.\d (\d{3})} or die "no status line\n";
    my @headers;
    while (length(my $line = $self->line)) {
        my ($name, $value) = $line =~ /^([^:]+):[ \t]*(.*?)[ \t]*$/s or die "bad header\n";
        push @headers, [ $name, $value ];
    }
    return MSDigest::Response->new($status, \@headers);
}

# Reads one final response; interim ones (100 Continue) are counted.
sub read_response {
    my ($self, %o) = @_;
    my $interim = 0;
    my $response = eval {
        my $r = $self->head;
        while ($r->status < 200) { $interim++; $r = $self->head }
        $r->{body} = $self->body($r, $o{head});
        $r;
    } || MSDigest::Response->failed($@);
    $response->{interim} = $interim;
    $self->close if ($response->header('Connection') // '') =~ /close/i || $response->error;
    return $response;
}

sub body {
    my ($self, $r, $head_only) = @_;
    return '' if $head_only || $r->status == 204 || $r->status == 304;
    return $self->chunked if ($r->header('Transfer-Encoding') // '') =~ /chunked/i;
    my $length = $r->header('Content-Length');
    return defined $length ? $self->bytes($length) : $self->rest;
}

package MSDigest::Response;

sub new {
    my ($class, $status, $headers) = @_;
    return bless { status => $status, headers => $headers, body => '' }, $class;
}

sub failed {
    my ($class, $why) = @_;
    chomp $why;
    return bless { status => 0, headers => [], body => '', error => $why }, $class;
}

sub status { return $_[0]{status} }
sub body   { return $_[0]{body} }
sub error  { return $_[0]{error} }

sub all {
    my ($self, $name) = @_;
    return map { $_->[1] } grep { lc $_->[0] eq lc $name } @{ $self->{headers} };
}

sub header { return ($_[0]->all($_[1]))[0] }

# The Digest challenges in the order they were sent, one hash each.
sub challenges {
    my ($self) = @_;
    $self->{challenges} ||= [
        map { MSDigest::Client::parse_challenge($_) }
        grep { /^Digest\s/i } $self->all('WWW-Authenticate'), $self->all('Proxy-Authenticate')
    ];
    return @{ $self->{challenges} };
}

sub challenge {
    my ($self, $algorithm) = @_;
    my @all = $self->challenges;
    return $all[0] if !defined $algorithm;
    return (grep { lc $_->{algorithm} eq lc $algorithm } @all)[0];
}

# stale is one fact of the answer: all challenges say it, or none does.
sub stale {
    my ($self) = @_;
    my @all = $self->challenges;
    my $count = grep { ($_->{stale} // '') eq 'true' } @all;
    return $count == 0 ? 0 : $count == @all ? 1 : -1;
}

# The outcome in one word or two, for tables: "200", "401", "401 stale", "closed".
sub what {
    my ($self) = @_;
    return $self->error if $self->error;
    my %word = (0 => '', 1 => ' stale', -1 => ' stale in some challenges only');
    return $self->status . $word{ $self->stale };
}

1;
