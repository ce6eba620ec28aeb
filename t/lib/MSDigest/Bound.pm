# SPDX-License-Identifier: Apache-2.0
# A client that binds its answers to TLS and to the name of the server, as the
# clients of Windows do, when the nonce asks for it; and TLS for it.
package MSDigest::Bound;
use strict;
use warnings;
use Digest::MD5 qw(md5_hex);
use Digest::SHA ();
use MIME::Base64 qw(decode_base64);
use MSDigest::Client ();
our @ISA = ('MSDigest::Client');

our $UNBOUND = '0' x 32;
my $PREFIX = '+Upgraded+v1';

# tls => { ... }      over TLS, with these options of IO::Socket::SSL
# service => TEXT     the service-name; default: HTTP/ and the host
# legacy => 1         knows nothing of binding
# value => DIGITS     another channel-binding than that of the certificate seen
sub new {
    my ($class, %o) = @_;
    my $self = MSDigest::Client::new($class, %o);
    $self->{service} //= 'HTTP/' . $self->{host} =~ s/:\d+$//r;
    return $self;
}

sub connect {
    my ($self) = @_;
    return $self->SUPER::connect if !$self->{tls};
    my $conn = MSDigest::TlsConn->new($self->{port}, %{ $self->{tls} });
    $self->{end_point} = end_point($conn->certificate);
    return $conn;
}

# RFC 5929 section 4.1, from the certificate as the server sent it, while the
# connection is open.
sub end_point {
    my ($certificate) = @_;
    my $pem = Net::SSLeay::PEM_get_string_X509($certificate);
    my ($base64) = $pem =~ /-----BEGIN CERTIFICATE-----(.*)-----END/s or die "no certificate\n";
    my $name = Net::SSLeay::OBJ_obj2txt(Net::SSLeay::P_X509_get_signature_alg($certificate), 0);
    my ($bits) = $name =~ /SHA(256|384|512)/i or return;    # Ed25519 has none
    return 'tls-server-end-point:' . Digest::SHA->can("sha$bits")->(decode_base64($base64));
}

# MD5 of SEC_CHANNEL_BINDINGS with nothing but application data.
sub binding {
    my ($self) = @_;
    return $self->{value} if defined $self->{value};
    my $data = $self->{end_point};
    return $UNBOUND if !defined $data;
    return md5_hex(pack('V5', 0, 0, 0, 0, length $data) . $data);
}

# Options beside those of MSDigest::Client: legacy => 1, and bind => { ... } of
#   service, value   other values, sent and hashed
#   hash             another hash in the cnonce
#   params           the text of the three directives
sub authorization {
    my ($self, $target, %o) = @_;
    my $asked = index($self->nonce, '+Upgraded+') == 0;
    return $self->SUPER::authorization($target, %o)
        if !$asked || ($o{legacy} // $self->{legacy});
    my %b = (service => $self->{service}, value => $self->binding, %{ $o{bind} || {} });
    my $hash = $b{hash} // md5_hex("$b{service}:$b{value}");
    my $params = $b{params} // qq{hashed-dirs="service-name,channel-binding", }
        . qq{service-name="$b{service}", channel-binding="$b{value}"};
    return $self->SUPER::authorization($target,
        cnonce => "$PREFIX$hash$self->{kept_cnonce}", post => ", $params", %o);
}

package MSDigest::TlsConn;
use IO::Select;
use IO::Socket::SSL;
use MSDigest::Http ();
our @ISA = ('MSDigest::Conn');

sub new {
    my ($class, $port, %options) = @_;
    my $sock = IO::Socket::SSL->new(
        PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => $MSDigest::Conn::TIMEOUT,
        SSL_verify_mode => SSL_VERIFY_NONE, %options,
    ) or die "no TLS with 127.0.0.1:$port: $SSL_ERROR $!\n";
    return bless { sock => $sock, buf => '', select => IO::Select->new($sock) }, $class;
}

sub certificate { return $_[0]{sock}->peer_certificate }

# What TLS has read already, no select() tells.
sub fill {
    my ($self) = @_;
    return $self->SUPER::fill if !$self->{sock} || !$self->{sock}->pending;
    sysread $self->{sock}, $self->{buf}, $self->{sock}->pending, length $self->{buf};
    return;
}

1;
