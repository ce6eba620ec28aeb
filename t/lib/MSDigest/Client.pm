# SPDX-License-Identifier: Apache-2.0
# A Digest client that can be honest, or lie in one thing at a time.
package MSDigest::Client;
use strict;
use warnings;
use Digest::MD5 ();
use Digest::SHA ();
use Exporter 'import';
use MSDigest::Http qw(request_bytes);
our @EXPORT_OK = qw(parse_challenge hash_name digest_ha1 random_hex);

# ---- arithmetic ----

my %HASH = (
    'MD5'         => \&Digest::MD5::md5_hex,
    'SHA-256'     => \&Digest::SHA::sha256_hex,
    'SHA-512-256' => sub { return Digest::SHA::sha512256_hex(@_) },
);

# ("SHA-256", 1) for "SHA-256-sess": the hash, and whether A1 is of a session.
sub hash_name {
    my ($algorithm) = @_;
    my $sess = ($algorithm =~ s/-sess$//i) ? 1 : 0;
    my ($name) = grep { lc $_ eq lc $algorithm } keys %HASH;
    return ($name // 'MD5', $sess);
}

sub hash_of {
    my ($name, @parts) = @_;
    return $HASH{$name}->(join ':', @parts);
}

# H(user:realm:password): what a file of hashes holds.
sub digest_ha1 {
    my ($user, $realm, $password, $algorithm) = @_;
    my ($name) = hash_name($algorithm // 'MD5');
    return hash_of($name, $user, $realm, $password);
}

# RFC 2617 3.2.2.1 and 3.2.2.2; a1_nonce and a1_cnonce are those A1 is made of.
sub response_of {
    my (%v) = @_;
    my ($name, $sess) = hash_name($v{algorithm});
    my $ha1 = $v{ha1} // hash_of($name, $v{username}, $v{realm}, $v{password});
    $ha1 = hash_of($name, $ha1, $v{a1_nonce} // $v{nonce}, $v{a1_cnonce} // $v{cnonce})
        if $sess && !$v{plain_a1};
    my @entity = lc($v{qop} // '') eq 'auth-int' ? hash_of($name, $v{entity} // '') : ();
    my $ha2 = hash_of($name, $v{method}, $v{uri}, @entity);
    return hash_of($name, $ha1, $v{nonce}, $ha2) if !defined $v{qop};
    return hash_of($name, $ha1, @v{qw(nonce nc cnonce qop)}, $ha2);
}

sub random_hex {
    my ($bytes) = @_;
    open my $fh, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    my $raw;
    read $fh, $raw, $bytes;
    return unpack 'H*', $raw;
}

# ---- the wire ----

sub parse_challenge {
    my ($line) = @_;
    my %c = (line => $line, names => []);
    $line =~ s/^\s*Digest\s+//i;
    while ($line =~ /\G[\s,]*([^\s=,"]+)\s*=\s*("((?:\\.|[^"\\])*)"|[^\s,]*)/gcs) {
        my ($name, $token, $quoted) = (lc $1, $2, $3);
        $quoted =~ s/\\(.)/$1/gs if defined $quoted;
        push @{ $c{names} }, $name;
        $c{$name} = $quoted // $token;
    }
    $c{algorithm} //= 'MD5';
    return \%c;
}

my @ORDER = qw(username realm nonce uri algorithm response opaque qop nc cnonce);
my %QUOTED = map { $_ => 1 } qw(username realm nonce uri response opaque cnonce);

sub quoted {
    my ($text) = @_;
    $text =~ s/(["\\])/\\$1/g;
    return qq{"$text"};
}

# ---- the client ----

# user, password, port; algorithm (default: the first offered); host (the Host
# header); cnonce => 'keep' holds one cnonce per challenge, as libcurl does, the
# default draws a new one for each request, as browsers do; keep => 1 holds one
# connection open; qop (default: auth) is the one it answers with.
sub new {
    my ($class, %o) = @_;
    my $self = bless { cnonce => 'new', nc => 0, refused => 0, %o }, $class;
    $self->{host} //= "127.0.0.1:$self->{port}";
    return $self;
}

# A copy with the same credentials, challenge and counts, and own connections.
sub clone {
    my ($self, %o) = @_;
    my $copy = bless { %$self, conn => undef, %o }, ref $self;
    $copy->{host} = "127.0.0.1:$copy->{port}" if $o{port} && !$o{host};
    return $copy;
}

sub nonce  { return $_[0]{challenge}{nonce} }
sub opaque { return $_[0]{challenge}{opaque} }
sub nc     { return $_[0]{nc} }
sub refused { return $_[0]{refused} }    # how many 401s it has seen

# Takes over the challenge of a 401. The first nonce and cnonce of a login are
# kept over a stale challenge: some clients go on with the A1 made of them.
sub adopt {
    my ($self, $response) = @_;
    my $c = $response->challenge($self->{algorithm}) or return 0;
    $self->{first} = undef if !$response->stale;
    $self->{challenge} = $c;
    $self->{nc} = 0;
    $self->{kept_cnonce} = random_hex(16);
    return 1;
}

# Asks without credentials and adopts the challenge. Returns the response.
sub ask {
    my ($self, $target, %o) = @_;
    my $r = $self->exchange($self->bytes($target, %o, authorization => undef), %o);
    $self->{first} = undef;
    $self->adopt($r) if $r->status == 401 || $r->status == 407;
    return $r;
}

# What a well-behaved program does: answers the challenge, and answers a stale
# one again. Returns the final response.
sub get {
    my ($self, $target, %o) = @_;
    my $r;
    for (1 .. 3) {
        $r = $self->{challenge} ? $self->send($target, %o) : $self->ask($target, %o);
        return $r if $r->status != 401;
        $self->{refused}++;
        my $go_on = $r->{asked} || $r->stale == 1;
        $self->adopt($r) if !$r->{asked};
        return $r if !$go_on;
    }
    return $r;
}

# One request with credentials, no second try; see authorization() for options.
sub send {
    my ($self, $target, %o) = @_;
    return $self->exchange($self->bytes($target, %o), %o);
}

# The bytes of one request with credentials. Each has a number by which it is
# found in the access log.
my $sent = 0;
sub bytes {
    my ($self, $target, %o) = @_;
    my $method = $o{method} // 'GET';
    my @headers = @{ $o{headers} || [] };
    my $auth = exists $o{authorization} ? $o{authorization}
             : $self->authorization($target, %o);
    push @headers, "Authorization: $auth" if defined $auth;
    push @headers, "X-Test-Id: $$." . ++$sent;
    return request_bytes(
        method => $method, target => $target, version => $o{version},
        host => exists $o{host} ? $o{host} : $self->{host}, headers => \@headers,
        body => $o{body}, close => $o{close} // !$self->{keep},
    );
}

sub exchange {
    my ($self, $bytes, %o) = @_;
    my $r = $self->trip($bytes, %o);
    ($r->{id}) = $bytes =~ /^X-Test-Id: (\S+)/m;
    $r->{asked} = 1 if exists $o{authorization} || $bytes !~ /^Authorization:/m;
    return $r;
}

sub connect {
    my ($self) = @_;
    return MSDigest::Conn->new($self->{port});
}

# A kept connection may have been closed by the server while it was idle; then,
# and only when not one byte of an answer was seen, the request is sent anew.
sub trip {
    my ($self, $bytes, %o) = @_;
    my $head = ($o{method} // '') eq 'HEAD';
    if (!$self->{keep}) {
        my $conn = $self->connect;
        $conn->write($bytes);
        return $conn->read_response(head => $head);
    }
    my $old = $self->{conn} && !$self->{conn}->closed;
    $self->{conn} = $self->connect if !$old;
    $self->{conn}->write($bytes);
    my $r = $self->{conn}->read_response(head => $head);
    return $r if !($old && ($r->error // '') eq 'closed');
    $self->{conn} = $self->connect;
    $self->{conn}->write($bytes);
    return $self->{conn}->read_response(head => $head);
}

# The value of the Authorization header. Options, from honest to hostile:
#   set  => { name => value }  another value, sent and hashed
#   sent => { name => value }  another value sent, the true one hashed
#   calc => { name => value }  another value hashed, the true one sent
#                              (also: password ha1 a1_nonce a1_cnonce plain_a1)
#   drop => [ name ]           not sent (a dropped qop gives an RFC 2069 response)
#   raw  => { name => text }   these bytes after "name="
#   bare => [ name ], quote => [ name ]   without or with quotes, against custom
#   entity                     the body that auth-int covers, if not that of body
#   nc, uri, method            shorthands; a1 => 'first' uses the first nonce and cnonce
#   scheme, sep, pre, post     "Digest", ", ", text before and after the parameters
sub authorization {
    my ($self, $target, %o) = @_;
    my %true = $self->values_for($target, %o);
    my %hashed = (%true, $self->a1_of(\%o), %{ $o{calc} || {} });
    my %dropped = map { $_ => 1 } @{ $o{drop} || [] };
    $hashed{qop} = undef if $dropped{qop} && !$o{keep_qop};
    my %sent = (%true, response => response_of(%hashed), %{ $o{sent} || {} });
    $sent{response} = $o{set}{response} if exists(($o{set} || {})->{response});
    my @params = map { $self->parameter($_, \%sent, \%o) }
                 grep { !$dropped{$_} && (defined $sent{$_} || exists(($o{raw} || {})->{$_})) } @ORDER;
    return join '', $o{scheme} // 'Digest', $o{sp} // ' ', $o{pre} // '',
        join($o{sep} // ', ', @params), $o{post} // '';
}

sub values_for {
    my ($self, $target, %o) = @_;
    my $c = $self->{challenge} or die "no challenge yet\n";
    my $nc = $o{nc} // ++$self->{nc};
    my $cnonce = $o{cnonce} // ($self->{cnonce} eq 'keep' ? $self->{kept_cnonce} : random_hex(16));
    $self->{first} ||= { nonce => $c->{nonce}, cnonce => $cnonce };
    return (
        username => $self->{user}, password => $self->{password}, realm => $c->{realm},
        nonce => $c->{nonce}, uri => $o{uri} // $target, algorithm => $c->{algorithm},
        opaque => $c->{opaque}, qop => $self->{qop} // 'auth', cnonce => $cnonce,
        entity => $o{entity} // $o{body},
        nc => $nc =~ /^\d+$/ && length $nc < 8 ? sprintf('%08x', $nc) : $nc,
        method => $o{method} // 'GET', %{ $o{set} || {} },
    );
}

sub a1_of {
    my ($self, $o) = @_;
    return () if ($o->{a1} // '') ne 'first';
    return (a1_nonce => $self->{first}{nonce}, a1_cnonce => $self->{first}{cnonce});
}

sub parameter {
    my ($self, $name, $sent, $o) = @_;
    return "$name=$o->{raw}{$name}" if exists(($o->{raw} || {})->{$name});
    my $quote = $QUOTED{$name};
    $quote = 0 if grep { $_ eq $name } @{ $o->{bare} || [] };
    $quote = 1 if grep { $_ eq $name } @{ $o->{quote} || [] };
    return "$name=" . ($quote ? quoted($sent->{$name}) : $sent->{$name});
}

1;
