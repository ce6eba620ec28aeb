# SPDX-License-Identifier: Apache-2.0
# As much of HTTP/2 (RFC 9113) as it takes to send many requests as streams of
# one connection and to learn the status and body of each.
package MSDigest::Http2;
use strict;
use warnings;
use MSDigest::Http ();

my %TYPE = (DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4, PING => 6, GOAWAY => 7, CONTINUATION => 9);
my ($ACK, $END_STREAM, $END_HEADERS) = (1, 1, 4);
my ($HEADER_TABLE_SIZE, $ENABLE_PUSH) = (1, 2);

# Asks the server not to use the dynamic table of HPACK: so each :status stands
# for itself. conn => a connection, over which the scheme is https.
sub new {
    my ($class, $port, %o) = @_;
    my $self = bless { conn => $o{conn} || MSDigest::Conn->new($port), next => 1, streams => {},
        scheme => $o{conn} ? 'https' : 'http' }, $class;
    $self->{conn}->write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        . frame('SETTINGS', 0, 0, pack('nN nN', $HEADER_TABLE_SIZE, 0, $ENABLE_PUSH, 0)));
    return $self;
}

sub frame {
    my ($type, $flags, $stream, $payload) = @_;
    return substr(pack('N', length $payload), 1) . pack('CCN', $TYPE{$type}, $flags, $stream) . $payload;
}

# RFC 7541: integers with a prefix, and literals that are never indexed.
sub integer {
    my ($value, $bits, $first) = @_;
    my $max = (1 << $bits) - 1;
    return chr($first | $value) if $value < $max;
    my $out = chr($first | $max);
    $value -= $max;
    while ($value >= 128) { $out .= chr($value % 128 + 128); $value >>= 7 }
    return $out . chr $value;
}

sub string { return integer(length $_[0], 7, 0) . $_[0] }

sub headers {
    my (@pairs) = @_;
    my $out = '';
    while (my ($name, $value) = splice @pairs, 0, 2) {
        $out .= "\x10" . string($name) . string($value);
    }
    return $out;
}

# Sends requests [path, authorization or undef, method] in one write; returns
# one { status, body } for each, in their order.
sub requests {
    my ($self, $host, @requests) = @_;
    my (@ids, $bytes);
    for my $request (@requests) {
        my ($path, $auth, $method) = @$request;
        push @ids, $self->{next};
        $bytes .= frame('HEADERS', $END_STREAM | $END_HEADERS, $self->{next}, headers(
            ':method' => $method // 'GET', ':scheme' => $self->{scheme}, ':authority' => $host, ':path' => $path,
            defined $auth ? (authorization => $auth) : ()));
        $self->{streams}{ $self->{next} } = { status => 0, body => '' };
        $self->{next} += 2;
    }
    $self->{conn}->write($bytes);
    $self->read_frame while grep { !$self->{streams}{$_}{done} } @ids;
    return map { $self->{streams}{$_} } @ids;
}

# Asks for a WebSocket by extended CONNECT; returns the status.
sub websocket {
    my ($self, $host, $path, $auth) = @_;
    my $id = $self->{next};
    $self->{next} += 2;
    my $stream = $self->{streams}{$id} = { status => 0, body => '' };
    $self->{conn}->write(frame('HEADERS', $END_HEADERS, $id, headers(
        ':method' => 'CONNECT', ':protocol' => 'websocket', ':scheme' => 'http', ':authority' => $host, ':path' => $path,
        'sec-websocket-version' => '13', authorization => $auth)));
    $self->read_frame while !$stream->{status};
    return $stream->{status};
}

sub read_frame {
    my ($self) = @_;
    my ($high, $low, $type, $flags, $id) = unpack 'CnCCN', $self->{conn}->bytes(9);
    my $payload = $self->{conn}->bytes($high << 16 | $low);
    my $stream = $self->{streams}{$id};
    if ($type == $TYPE{HEADERS} && !$stream->{status}) {
        $stream->{status} = status_of($payload);
    } elsif ($type == $TYPE{DATA}) {
        $stream->{body} .= $payload;
    } elsif ($type == $TYPE{RST_STREAM}) {
        @$stream{qw(status done)} = ('reset', 1);
    } elsif ($type == $TYPE{GOAWAY}) {
        die "GOAWAY from the server\n";
    } elsif (($type == $TYPE{SETTINGS} || $type == $TYPE{PING}) && !($flags & $ACK)) {
        my $name = $type == $TYPE{PING} ? 'PING' : 'SETTINGS';
        $self->{conn}->write(frame($name, $ACK, 0, $name eq 'PING' ? $payload : ''));
    }
    $stream->{done} = 1 if $stream && ($type == $TYPE{HEADERS} || $type == $TYPE{DATA}) && $flags & $END_STREAM;
    return;
}

my %INDEXED = (8 => 200, 9 => 204, 10 => 206, 11 => 304, 12 => 400, 13 => 404, 14 => 500);
my %HUFFMAN = ('00000' => 0, '00001' => 1, '00010' => 2, '011001' => 3, '011010' => 4,
    '011011' => 5, '011100' => 6, '011101' => 7, '011110' => 8, '011111' => 9);

# :status is the first field: indexed, or a literal whose name is indexed.
sub status_of {
    my ($block) = @_;
    $block =~ s/^(?:[\x20-\x3e]|\x3f[\x80-\xff]*[\x00-\x7f])+//;    # table size updates
    my $first = ord $block;
    return $INDEXED{ $first & 0x7f } // 0 if $first & 0x80;
    my $length = ord substr $block, 1, 1;
    my $value = substr $block, 2, $length & 0x7f;
    return $value if !($length & 0x80);
    my $bits = unpack 'B*', $value;
    my $digits = '';
    $digits .= $HUFFMAN{$1} while length $digits < 3 && $bits =~ s/^(00000|00001|00010|011\d\d\d)//;
    return $digits;
}

1;
