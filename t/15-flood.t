#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A challenge costs the server nothing: no flood pushes a logged-in user out.
use MSDigest::Test limit => 240;

my $FLOOD = 20_000;
my $BATCH = 100;    # pipelined on one connection
my $target = '/p/x.txt';

# The smallest cache there is, and the smallest guard.
my $server = private_server(conf => <<'CONF' . area('/p/'));
AuthMSDigestContextCache "shmcb:(65536)"
AuthMSDigestReplaySlots 1024
CONF

# Sends these requests pipelined and counts the outcomes.
sub flood {
    my ($count, $make) = @_;
    my (%seen, $conn);
    for (my $done = 0; $done < $count; $done += $BATCH) {
        $conn = MSDigest::Conn->new($server->port) if !$conn || $conn->closed;
        $conn->write(join '', map { $make->($_) } 1 .. $BATCH);
        $seen{ $conn->read_response->what }++ for 1 .. $BATCH;
    }
    return \%seen;
}

sub memory_kb {
    my $sum = 0;
    for my $pid ($server->children) {
        open my $fh, '<', "/proc/$pid/smaps_rollup" or next;
        my ($kb) = join('', <$fh>) =~ /^Pss:\s+(\d+)/m;
        $sum += $kb // 0;
    }
    return $sum;
}

my $victim = logged_in($server, 'alice', $target, keep => 1);
my $idle = logged_in($server, 'bob', $target);
my $captured = $victim->bytes($target, close => 0);
outcome($victim->exchange($captured), '200', 'a client is logged in');
my $refused = $victim->refused;

my $bare = "GET $target HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
flood(2000, sub { $bare });
my $before = memory_kb();
my (%seen, @victim);
for my $part (1 .. 20) {
    my $s = flood($FLOOD / 20, sub { $bare });
    $seen{$_} += $s->{$_} for keys %$s;
    push @victim, $victim->get($target);
}
my $after = memory_kb();
is_deeply(\%seen, { 401 => $FLOOD }, "$FLOOD requests without credentials are challenged");
is(scalar(grep { $_->status == 200 } @victim), 20, '... and the client is let in all the while');
is($victim->refused, $refused, '... with not one challenge more');
outcome($idle->send($target), '200', '... and so is one that was idle');
proven_by($server, $victim[-1], 'context', '... from its context, which was not pushed out');
cmp_ok($after - $before, '<', 2048, '... and memory grew by less than 2 MiB (' . ($after - $before) . ' KiB)');
outcome($victim->exchange($captured), '401 stale',
    '... and what was captured before is still a replay');

# ---- forged credentials ----

my $n = 0;
my %FORGED = (
    'invented contexts' => sub {
        return $victim->bytes($target, close => 0, set => {
            nonce => MSDigest::Client::random_hex(32), opaque => MSDigest::Client::random_hex(16),
            response => '0' x 32, nc => sprintf '%08x', ++$n });
    },
    'the context of the victim and wrong responses' => sub {
        return $victim->bytes($target, close => 0, set => { response => '0' x 32, nc => sprintf '%08x', ++$n });
    },
    'the context of the victim and unknown users' => sub {
        return $victim->bytes($target, close => 0, set => { username => "user$n", nc => sprintf '%08x', ++$n });
    },
);
for my $kind (sort keys %FORGED) {
    my $counted = $victim->nc;
    my $s = flood(3000, $FORGED{$kind});
    $victim->{nc} = $counted;
    is_deeply($s, { 401 => 3000 }, "3,000 requests with $kind are denied");
    outcome($victim->get($target), '200', '... and the client is let in');
    is($victim->refused, $refused, '... with not one challenge more');
    outcome($victim->exchange($captured), '401 stale', '... and no replay is');
}
is(scalar(grep { $_->{status} == 200 && $_->{remote} eq 'alice' && $_->{proof} eq 'authority' } $server->access), 1,
    'the authority was asked once for her in all');

log_lacks($server, qr/exit signal|Segmentation|assertion/, 'no worker died');
done_testing;
