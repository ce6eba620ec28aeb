# SPDX-License-Identifier: Apache-2.0
# User-mode instructions per request, counted by callgrind.
package Bench::Instructions;
use strict;
use warnings;
use Bench::Httpd;
use Bench::Load;
use Bench::Report qw(goal note table thousands);

# How many requests: enough that what a start differs by is lost in them. A
# request that reads a long file costs so much that few are enough.
my $REQUESTS = 500;
my $FEW      = 10;

my @NEW  = qw(--digest MD5-sess);
my @KEPT = qw(--digest MD5-sess --keep-cnonce);
my @MD5  = qw(--digest MD5);

# The rows of the table. Without users there is nobody to log in, but a file of one.
my @ROWS = (
    { text => 'no auth, no <Location>', kind => 'plain' },
    { text => 'no auth', kind => 'located' },
    { text => 'mod_auth_digest, first challenge', kind => 'auth_digest', load => [qw(--expect 401)] },
    { text => 'mod_auth_digest, MD5', kind => 'auth_digest', load => \@MD5, users => 1 },
    { text => 'mod_auth_digest, MD5', kind => 'auth_digest', load => \@MD5, users => 10_000,
        requests => $FEW },
    { text => 'this module, first challenge', kind => 'msdigest', load => [qw(--expect 401)] },
    map {
        my ($text, $load) = @$_;
        map { { text => "this module, $text", kind => 'msdigest', load => $load, users => $_ } }
            1, 10_000;
    } [ 'MD5-sess, one cnonce', \@KEPT ], [ 'MD5-sess, new cnonces', \@NEW ], [ 'MD5', \@MD5 ],
);

# One run under callgrind. Returns server and load, both going on.
sub begin {
    my ($row, $requests) = @_;
    my $server = Bench::Httpd->new(kind => $row->{kind}, mpm => 'prefork', users => $row->{users} // 1);
    $server->{prefix} = [ qw(valgrind -q --tool=callgrind),
        '--callgrind-out-file=' . $server->path('run/callgrind') ];
    return { server => $server->launch, requests => $requests };
}

sub send_requests {
    my ($run, $row) = @_;
    $run->{load} = Bench::Load::begin($run->{server}->ready, @{ $row->{load} || [] },
        '--requests', $run->{requests});
    return;
}

# The instructions of the whole run.
sub total {
    my ($run) = @_;
    my $server = $run->{server}->stop;
    open my $fh, '<', $server->path('run/callgrind') or die "callgrind left no file:\n" . $server->said;
    my ($total) = join('', <$fh>) =~ /^totals: (\d+)/m or die "callgrind counted nothing\n";
    return $total;
}

# N and 2N requests, side by side: the count does not depend on the time.
sub measure {
    my ($row) = @_;
    my $requests = $row->{requests} // $REQUESTS;
    my @runs = map { begin($row, $_ * $requests) } 1, 2;
    send_requests($_, $row) for @runs;
    Bench::Load::finish($_->{load}) for @runs;
    my ($once, $twice) = map { total($_) } @runs;
    return ($twice - $once) / $requests;
}

sub run {
    $_->{cost} = measure($_) for @ROWS;
    my ($base) = map { $_->{cost} } grep { $_->{kind} eq 'located' } @ROWS;
    table('User-mode instructions per request (callgrind, httpd -X, prefork, file of 1 KiB)',
        [ 'request', 'users', 'instructions', 'to no auth', 'ratio' ],
        map { [ $_->{text}, $_->{users} ? thousands($_->{users}) : '-', thousands($_->{cost}),
            sprintf('%+d', $_->{cost} - $base), sprintf('%.2f', $_->{cost} / $base) ] } @ROWS);
    note('"no auth" is the same file in a <Location> that grants all, as the other rows have one.');
    goals($base);
    return;
}

# The rows of one kind of server and one size of the file.
sub rows_of {
    my ($kind, $users) = @_;
    return grep { $_->{kind} eq $kind && ($_->{users} // 0) == $users } @ROWS;
}

sub max { return (sort { $b <=> $a } @_)[0] }

sub goals {
    my ($base) = @_;
    my @one  = rows_of('msdigest', 1);
    my @many = rows_of('msdigest', 10_000);
    my $ratio = max(map { $_->{cost} / $base } @one, @many);
    goal('subsequent request / no auth, worst row', '<= 1.50', $ratio <= 1.5, '%.2f', $ratio);
    my $apart = max(map { abs($many[$_]{cost} / $one[$_]{cost} - 1) * 100 } 0 .. $#one);
    goal('file of 10,000 users / of 1, worst row', 'within 1 %', $apart <= 1, '%.2f %%', $apart);
    for my $users (1, 10_000) {
        my ($other) = rows_of('auth_digest', $users);
        my $worst = max(map { $_->{cost} } rows_of('msdigest', $users)) / $other->{cost};
        goal('subsequent request / mod_auth_digest, file of ' . thousands($users), '< 1', $worst < 1,
            '%.3f', $worst);
    }
    my ($theirs, $ours) = map { $_->{cost} } map { rows_of($_, 0) } qw(auth_digest msdigest);
    goal('first challenge / mod_auth_digest', '< 1', $ours < $theirs, '%.2f', $ours / $theirs);
    return;
}

1;
