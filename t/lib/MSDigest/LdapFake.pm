# SPDX-License-Identifier: Apache-2.0
# A directory that answers what a test tells it to: good messages with results
# that a real one gives only on a bad day.
package MSDigest::LdapFake;
use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep);
use MSDigest::Slapd ();
our @EXPORT_OK = qw(fake_ldap done entry reference drip);

my %KIND = (0x60 => 'bind', 0x63 => 'search', 0x77 => 'extended', 0x42 => 'unbind');
my %ANSWER = (bind => 0x61, search => 0x65, extended => 0x78);

# ---- what it says: operations of a message, without the envelope (RFC 4511) ----

sub ber {
    my ($tag, @parts) = @_;
    my $body = join '', @parts;
    my $len = length $body;
    return pack('C', $tag) . ($len < 128 ? pack('C', $len) : pack('CN', 0x84, $len)) . $body;
}

# The end of an operation: its result code, and perhaps what it says.
sub done {
    my ($code, $text, @referrals) = @_;
    my $referrals = @referrals ? ber(0xa3, map { ber(0x04, $_) } @referrals) : '';
    return [ ber(0x0a, pack 'C', $code) . ber(0x04) . ber(0x04, $text // '') . $referrals ];
}

sub entry {
    my ($dn, %attributes) = @_;
    my @list = map { my $name = $_;
        ber(0x30, ber(0x04, $name), ber(0x31, map { ber(0x04, $_) } @{ $attributes{$name} })) } sort keys %attributes;
    return ber(0x64, ber(0x04, $dn), ber(0x30, @list));
}

sub reference { return ber(0x73, map { ber(0x04, $_) } @_) }

# Bytes that come one by one: { drip => bytes }.
sub drip { return { drip => $_[0] } }

# ---- the server ----

# $answer->($kind, $connection, $nth, $request) is called for each bind, search
# and extended request, with the number of its connection and its own number
# there, both from 1. It gives operations, of which done() is the last; nothing
# is silence. Returns the port.
sub fake_ldap {
    my ($answer) = @_;
    my $listener = IO::Socket::INET->new(
        LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 50, Proto => 'tcp') or die "listen: $!\n";
    MSDigest::Slapd::run_child(sub {
        my $ready = IO::Select->new($listener);
        my (%state, $connections);
        while (my @now = $ready->can_read) {
            for my $socket (@now) {
                if ($socket == $listener) {
                    my $new = $listener->accept or next;
                    $ready->add($new);
                    $state{$new} = { number => ++$connections, nth => {}, buffer => '' };
                } elsif (!serve($socket, $state{$socket}, $answer)) {
                    $ready->remove($socket);
                    delete $state{$socket};
                    close $socket;
                }
            }
        }
        POSIX::_exit(0);
    });
    return $listener->sockport;
}

# Answers what has come. Returns false at the end of the connection.
sub serve {
    my ($socket, $state, $answer) = @_;
    sysread $socket, my $bytes, 65536 or return 0;
    $state->{buffer} .= $bytes;
    while ((my $len = message_length($state->{buffer})) > 0) {
        my $message = substr $state->{buffer}, 0, $len, '';
        my ($id, $tag) = $message =~ /^\x30(?:[\x00-\x7f]|\x81.|\x82..|\x84....)(\x02(?:\x01.|\x02..|\x03...))(.)/s
            or return 0;
        my $kind = $KIND{ ord $tag } // return 0;
        return 0 if $kind eq 'unbind';
        my @said = $answer->($kind, $state->{number}, ++$state->{nth}{$kind}, $message);
        for my $what (map { ref eq 'ARRAY' ? ber($ANSWER{$kind}, $_->[0]) : $_ } @said) {
            if (!ref $what) { syswrite $socket, ber(0x30, $id, $what); next }
            for my $byte (split //, $what->{drip}) {
                syswrite $socket, $byte or return 0;
                sleep 0.2;
            }
        }
    }
    return 1;
}

# Of the first message in a buffer; 0: it is not there yet.
sub message_length {
    my ($buffer) = @_;
    return 0 if length $buffer < 2;
    my $first = ord substr $buffer, 1, 1;
    my $more = $first < 128 ? 0 : $first - 128;
    return 0 if length $buffer < 2 + $more;
    my $len = $more ? hex unpack('H*', substr $buffer, 2, $more) : $first;
    return length $buffer >= 2 + $more + $len ? 2 + $more + $len : 0;
}

1;
