#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The context cache may be tiny, full, broken or missing: logins still work,
# nothing is accepted that should not be, and nothing hangs.
use MSDigest::Test limit => 180;

my $target = '/p/x.txt';
my $MANY = 400;

# Users user1, user2 ...; so many logins that no small cache holds them.
my %crowd = map { ("user$_" => "password of $_") } 1 .. $MANY;
my @without = grep { $_ ne 'socache_shmcb' } @MSDigest::Server::BASE_MODULES;

my @CASES = (
    # name, configuration, further options, what to do when it runs
    [ 'the default',                  '' ],
    [ 'shmcb with a size',            'AuthMSDigestContextCache "shmcb:/x(512000)"' ],
    [ 'a tiny shmcb',                 'AuthMSDigestContextCache "shmcb:(16384)"' ],
    [ 'no module for a cache',        '', { load => \@without } ],
    [ 'dbm',                          'AuthMSDigestContextCache "dbm:@ROOT@/run/contexts"', { modules => ['socache_dbm'] } ],
    [ 'dbm in a folder that is not there', 'AuthMSDigestContextCache "dbm:@ROOT@/nowhere/contexts"', { modules => ['socache_dbm'] } ],
    [ 'dbm whose file is taken away', 'AuthMSDigestContextCache "dbm:@ROOT@/run/contexts"', { modules => ['socache_dbm'] },
        sub { unlink glob $_[0]->path('run/contexts*') } ],
    [ 'dbm whose file is garbage',    'AuthMSDigestContextCache "dbm:@ROOT@/run/contexts"', { modules => ['socache_dbm'] },
        sub { my ($s) = @_; $s->write($_ =~ s/.*run/run/r, 'garbage' x 500) for glob $s->path('run/contexts*') } ],
    [ 'dbm whose file cannot be written', 'AuthMSDigestContextCache "dbm:@ROOT@/run/contexts"', { modules => ['socache_dbm'] },
        sub { my ($s) = @_; for my $f (glob $s->path('run/contexts*')) { unlink $f; mkdir $f } } ],
);

for my $case (@CASES) {
    my ($name, $line, $options, $break) = @$case;
    my $server = private_server(%{ $options || {} }, conf => "$line\n" . area('/p/'),
        users => users_text('private', %PASSWORD, %crowd));
    my $alice = logged_in($server, 'alice', $target);
    my $captured = $alice->bytes($target);
    outcome($alice->exchange($captured), '200', "$name: a login");
    $break->($server) if $break;
    my %seen;
    my @clients = map { MSDigest::Client->new(port => $server->port, user => $_, password => $crowd{$_}) } sort keys %crowd;
    for my $round (1 .. 2) {
        $seen{ $_->get($target)->what }++ for @clients;
    }
    is_deeply(\%seen, { 200 => 2 * $MANY }, "$name: $MANY users log in, and each comes back");
    my $refused = 0;
    $refused += $_->refused for @clients;
    is($refused, $MANY, '... at one 401 each');
    my $before = $alice->refused;
    outcome($alice->get($target), '200', '... and the first one goes on');
    is($alice->refused, $before, '... without a 401');
    outcome($alice->exchange($captured), '401 stale', '... while a replay is refused');
    outcome($alice->send($target, calc => { password => 'wrong' }), '401',
        '... and a wrong password');
    my @answers = at_once($server->port, map { $alice->bytes($target) } 1 .. 16);
    is(scalar(grep { $_->status == 200 } @answers), 16, '... and nothing hangs under load');
    log_lacks($server, qr/exit signal|Segmentation|assertion/, '... and no worker died');
    if ($name eq 'no module for a cache') {
        log_has($server, qr/MSD204: no context cache/, '... and the log says that there is none');
    }
    $server->remove;
}

# ---- a cache that keeps nothing says so, but not in each request ----

for my $row (
    [ 'a folder that is not there',  sub {} ],
    [ 'a file that is taken away and cannot be made', sub {
        my ($s) = @_; for my $f (glob $s->path('run/contexts*')) { unlink $f; mkdir $f } } ],
) {
    my ($name, $break) = @$row;
    my $where = $name =~ /folder/ ? 'nowhere' : 'run';
    my $server = private_server(modules => ['socache_dbm'],
        conf => qq{AuthMSDigestContextCache "dbm:\@ROOT\@/$where/contexts"\n} . area('/p/'));
    $break->($server);
    for my $n (1 .. 30) { $server->client('alice')->get($target) }
    my $lines = grep { /MSD(?:107|204)/ } split /\n/, $server->log;
    cmp_ok($lines, '>=', 1, "a cache in $name is said in the log");
    cmp_ok($lines, '<=', 10, "... $lines times for 30 logins, not each time");
}

# ---- dbm holds no keys in the clear ----

my $dbm = private_server(modules => ['socache_dbm'],
    conf => qq{AuthMSDigestContextCache "dbm:\@ROOT\@/run/contexts"\n} . area('/p/'));
my $c = logged_in($dbm, 'alice', $target);
my @files = glob $dbm->path('run/contexts*');
my $content = join '', map { $dbm->read('run/' . s{.*/}{}r) } @files;
cmp_ok(length $content, '>', 0, 'dbm: there is a file with something in it');
my $ha1 = digest_ha1('alice', 'private', $PASSWORD{alice});
for my $row ([ 'H(user:realm:password)', pack('H*', $ha1) ], [ '... in hex', $ha1 ], [ 'the user name', 'alice' ],
    [ 'the opaque', $c->opaque ], [ '... in binary', pack 'H*', $c->opaque ]) {
    my ($what, $bytes) = @$row;
    ok(index($content, $bytes) < 0, "dbm: the file does not show $what");
}
proven_by($dbm, $c->send($target), 'context', 'dbm: the second request is proven by it');

done_testing;
