#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# cadaver (neon) at mod_dav: after a stale challenge it keeps the A1 of the first.
use MSDigest::Test;
use MSDigest::Clients;

my $site = client_site('cadaver', [ 'sh', '-c', 'cadaver -V || :' ], modules => [qw(dav dav_fs dav_lock)],
    files => { 'davlock/.keep' => '', map { ("htdocs/$_/dav/.keep" => '') } qw(p short) },
    conf => area('/p/dav/', 'Dav On') . area('/short/dav/', 'Dav On', 'AuthMSDigestNonceLifetime 1')
        . qq{DavLockDB "\@ROOT\@/davlock/db"\n});
$site->give_to_workers(qw(davlock htdocs/p/dav htdocs/short/dav));
$site->start;
$site->write_home("local$_", "content of $_\n") for 1 .. 5;

# Commands for its standard input; "sleep n" makes it wait for the next one.
sub cadaver_as {
    my ($password, @commands) = @_;
    $site->write_home('.netrc', "machine 127.0.0.1 login alice password $password\n");
    my $script = join '', map { /^(sleep .*)/ ? "$1\n" : "echo '$_'\n" } @commands;
    return $site->run('sh', '-c', "{\n$script} | cadaver");
}
sub cadaver { return cadaver_as($PASSWORD{alice}, @_) }

sub work_in {
    my ($path) = @_;
    return ("open " . $site->url($path), 'mkcol folder', 'cd folder', (map { "put local$_" } 1 .. 5),
        'ls', 'get local3 copy', 'delete local4', 'move local5 moved', 'copy local1 copied', 'lock local2',
        'unlock local2', 'ls', 'quit');
}

my $run = cadaver(work_in('/p/dav/'));
$site->session($run, 'a folder and what can be done in it', 20, at_least => 1);
is($site->server->read('home/copy'), "content of 3\n", '... and it has what it stored');
is($site->server->read('htdocs/p/dav/folder/moved'), "content of 5\n", '... and so has the server');
unlike($run->{out}, qr/failed/, '... without one failure');

my ($open, @rest) = work_in('/short/dav/');
$run = cadaver($open, 'sleep 1.2', @rest[0 .. 7], 'sleep 1.2', @rest[8 .. $#rest]);
$site->session($run, 'the same, a nonce expires twice', 20, at_least => 1, expired => 1, refused => 6, stale => 5);
unlike($run->{out}, qr/failed/, '... without one failure');

$run = cadaver_as('wrong', 'open ' . $site->url('/p/dav/'), 'ls', 'quit');
$site->denied({ %$run, status => $run->{out} =~ /Authentication failed|Could not open/i ? 'failed' : 0 }, 'a wrong password', 4);

done_testing;
