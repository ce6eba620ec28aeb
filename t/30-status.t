#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# mod_status shows the guard and the contexts, for a person and for a program.
use MSDigest::Test;

my $server = private_server(modules => ['status'], conf => area('/p/')
    . qq{<Location "/status">\nSetHandler server-status\n</Location>\nAuthMSDigestReplaySlots 2048\n});
logged_in($server, $_) for qw(alice bob);

my $page = $server->client('alice')->ask('/status')->body;
like($page, qr/replay guard: 2048 slots/, 'the page has the size of the guard');
like($page, qr/current entries: <b>2</, 'and the contexts of two users');
my $auto = $server->client('alice')->ask('/status?auto')->body;
like($auto, qr/^MSDigestReplaySlots: 2048$/m, 'so has the text for programs');
like($auto, qr/^MSDigestLifeSeconds: \d+$/m, 'and the age of the guard');
unlike("$page$auto", qr/alice|bob/, 'no user is named');
done_testing;
