# SPDX-License-Identifier: Apache-2.0
# Requests per second, side by side, in rounds so that noise hits all alike.
package Bench::Throughput;
use strict;
use warnings;
use Bench::Httpd;
use Bench::Load;
use Bench::Report qw(note table thousands);
use List::Util qw(sum);

my $ROUNDS      = 4;
my $SECONDS     = 3;
my $CONNECTIONS = 8;

# 'no auth' comes twice in a round: how far these two differ is the noise.
my @ROWS = (
    { text => 'no auth',                      server => 'open' },
    { text => 'this module, file of 1',       server => 'own 1', load => [qw(--digest MD5-sess)] },
    { text => 'mod_auth_digest, file of 1',   server => 'other 1', load => [qw(--digest MD5)] },
    { text => 'no auth again',                server => 'open' },
    { text => 'this module, file of 10,000',  server => 'own 10,000', load => [qw(--digest MD5-sess)] },
    { text => 'mod_auth_digest, file of 10,000', server => 'other 10,000', load => [qw(--digest MD5)] },
);

my %SERVER = (
    'open'         => [ kind => 'located' ],
    'own 1'        => [ kind => 'msdigest' ],
    'own 10,000'   => [ kind => 'msdigest', users => 10_000 ],
    'other 1'      => [ kind => 'auth_digest' ],
    'other 10,000' => [ kind => 'auth_digest', users => 10_000 ],
);

sub measure {
    my ($row, $server) = @_;
    my $result = Bench::Load::run($server, @{ $row->{load} || [] },
        '--connections', $CONNECTIONS, '--seconds', $SECONDS);
    push @{ $row->{rates} }, $result->{requests} / $result->{seconds};
    return;
}

sub sorted { return sort { $a <=> $b } @_ }

sub median {
    my @sorted = sorted(@_);
    return ($sorted[ $#sorted / 2 ] + $sorted[ @sorted / 2 ]) / 2;
}

# The ratios of one row to the mean of others, round by round.
sub ratios {
    my ($row, @bases) = @_;
    return sorted(map {
        my $round = $_;
        @bases * $row->{rates}[$round] / sum(map { $_->{rates}[$round] } @bases);
    } 0 .. $ROUNDS - 1);
}

# Median, least and most of ratios.
sub spread { return map { sprintf '%.2f', $_ } median(@_), $_[0], $_[-1] }

sub row {
    my ($row) = @_;
    my @rates = sorted(@{ $row->{rates} });
    return [ $row->{text}, thousands(median(@rates)), thousands($rates[0]), thousands($rates[-1]),
        spread(ratios($row, grep { $_->{server} eq 'open' } @ROWS)) ];
}

# Each row has each place in a round in turn: what ran before matters, too.
sub measure_round {
    my ($round, $server) = @_;
    for my $i (map { ($_ + $round) % @ROWS } 0 .. $#ROWS) {
        measure($ROWS[$i], $server->{ $ROWS[$i]{server} });
    }
    return;
}

sub run {
    my %server = map { $_ => Bench::Httpd->new(@{ $SERVER{$_} })->start } sort keys %SERVER;
    measure_round($_, \%server) for 1 .. $ROUNDS;
    $_->stop for values %server;
    table("Requests per second (event, 2 processes, $CONNECTIONS connections, "
            . "$ROUNDS rounds of $SECONDS s each)",
        [ 'request', 'median', 'least', 'most', 'to no auth', 'least', 'most' ], map { row($_) } @ROWS);
    compare();
    note('Ratios are of one round each. The first one is of the same server to itself: its',
        'spread is the noise of this machine, and smaller differences mean nothing. The load',
        'client runs on the same processors.');
    return;
}

sub compare {
    my %row = map { $_->{server} => $_ } @ROWS;
    table('Ratios of requests per second', [ 'ratio', 'median', 'least', 'most' ],
        [ 'no auth again / no auth', spread(ratios(@ROWS[3, 0])) ],
        map { [ "this module / mod_auth_digest, file of $_", spread(ratios($row{"own $_"}, $row{"other $_"})) ] }
            '1', '10,000');
    return;
}

1;
