# SPDX-License-Identifier: Apache-2.0
# Certificates for one test, made by openssl: an authority and what it signs.
package MSDigest::Certificates;
use strict;
use warnings;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);

my @FOLDERS;
my $OWNER = $$;

# A folder with an authority in it: ca.pem, ca.key.
sub new {
    my ($class) = @_;
    my $self = bless { folder => tempdir('msdigest-certificates-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp') }, $class;
    push @FOLDERS, $self->{folder};
    chmod 0755, $self->{folder};
    $self->openssl(qw(req -x509), $self->key('ca'), '-days', 30, '-subj', '/CN=test CA', '-out', $self->path('ca.pem'));
    return $self;
}

sub path { return "$_[0]{folder}/$_[1]" }
sub key  { return (qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout), $_[0]->path("$_[1].key")) }

# Makes NAME.pem and NAME.key; names => subjectAltName; expired => 1.
sub sign {
    my ($self, $name, %o) = @_;
    my $subject = $o{subject} // $name;
    open my $fh, '>', $self->path("$name.ext") or die "$name.ext: $!\n";
    print $fh 'basicConstraints = CA:FALSE', "\n";
    print $fh "subjectAltName = $o{names}\n" if $o{names};
    close $fh or die "$name.ext: $!\n";
    $self->openssl('req', $self->key($name), '-subj', "/CN=$subject", '-out', $self->path("$name.csr"));
    local $self->{before} = $o{expired} ? [ 'faketime', '-f', '-10d' ] : [];
    $self->openssl(qw(x509 -req -days), $o{expired} ? 1 : 30, '-in', $self->path("$name.csr"),
        '-CA', $self->path('ca.pem'), '-CAkey', $self->path('ca.key'), '-CAcreateserial',
        '-extfile', $self->path("$name.ext"), '-out', $self->path("$name.pem"));
    return $self;
}

# The files of a server, as MSDigest::Radius wants them.
sub files {
    my ($self, $name) = @_;
    return { 'server.pem' => $self->path("$name.pem"), 'server.key' => $self->path("$name.key"),
        'ca.pem' => $self->path('ca.pem') };
}

sub openssl {
    my ($self, @arguments) = @_;
    my $log = $self->path('log');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDOUT, '>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @{ $self->{before} || [] }, 'openssl', @arguments;
        die "openssl: $!\n";
    }
    waitpid $pid, 0;
    return if $? == 0;
    open my $fh, '<', $log or die "$log: $!\n";
    die "openssl @arguments:\n", <$fh>;
}

END {
    if ($$ == $OWNER) {
        local $?;
        remove_tree($_) for $ENV{T_KEEP} ? () : @FOLDERS;
    }
}

1;
