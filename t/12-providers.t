#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Who proves a first answer: httpd's providers, in the order given.
use MSDigest::Test;

my %one = (ann => 'in the file of ann');
my %two = (ben => 'in the second file');

my $server = MSDigest::Server->new(modules => [qw(authn_dbm authn_dbd dbd authn_socache)], conf =>
    <<'CONF' . join '',
DBDriver sqlite3
DBDParams "@ROOT@/conf/users.sqlite"
AuthnCacheEnable
<AuthnProviderAlias file ours>
    AuthUserFile "@ROOT@/conf/one"
</AuthnProviderAlias>
<AuthnProviderAlias file theirs>
    AuthUserFile "@ROOT@/conf/two"
</AuthnProviderAlias>
<AuthnProviderAlias file nowhere>
    AuthUserFile "@ROOT@/conf/missing"
</AuthnProviderAlias>
CONF
    area('/file/', 'AuthMSDigestProvider file'),
    area('/dbm/', 'AuthMSDigestProvider dbm', 'AuthDBMType SDBM', 'AuthDBMUserFile "@ROOT@/conf/dbm"'),
    area('/dbd/', 'AuthMSDigestProvider dbd',
        'AuthDBDUserRealmQuery "SELECT hash FROM users WHERE name = %s AND realm = %s"'),
    area('/socache/', 'AuthMSDigestProvider socache file', 'AuthnCacheProvideFor file', 'AuthnCacheTimeout 300'),
    area('/alias/', 'AuthMSDigestProvider ours'),
    area('/order/', 'AuthMSDigestProvider ours theirs'),
    area('/lines/', 'AuthMSDigestProvider ours', 'AuthMSDigestProvider theirs'),
    area('/reverse/', 'AuthMSDigestProvider theirs ours'),
    area('/broken/', 'AuthMSDigestProvider nowhere'),
    area('/brokenfirst/', 'AuthMSDigestProvider nowhere ours'),
    area('/brokenlast/', 'AuthMSDigestProvider ours nowhere'),
    qq{<Location "/default/">\nAuthType MSDigest\nAuthName "private"\nAuthUserFile "\@ROOT\@/conf/users"\nRequire valid-user\n</Location>\n},
);
my %both = (cat => 'in both, first');
$server->write('conf/one', users_text('private', %one, %both) . users_text('other', ann => 'of another realm'));
$server->write('conf/two', users_text('private', %two, cat => 'in both, second'));
for my $area (qw(file dbm dbd socache alias order lines reverse broken brokenfirst brokenlast default)) {
    $server->write("htdocs/$area/x.txt", "$area\n");
}

# The data bases: dbm by htdbm is for passwords; here key "user:realm", value hash.
make_dbm($server->path('conf/dbm'), map { ("$_:private" => digest_ha1($_, 'private', $PASSWORD{$_})) } keys %PASSWORD);
make_sqlite($server->path('conf/users.sqlite'));
$server->start;

sub make_dbm {
    my ($path, %hash) = @_;
    require SDBM_File;
    require Fcntl;
    tie my %dbm, 'SDBM_File', $path, Fcntl::O_RDWR() | Fcntl::O_CREAT(), 0644 or die "$path: $!\n";
    %dbm = %hash;
    untie %dbm;
    return;
}

sub make_sqlite {
    my ($path) = @_;
    open my $sql, '|-', 'sqlite3', $path or die "sqlite3: $!\n";
    print $sql "CREATE TABLE users (name TEXT, realm TEXT, hash TEXT);\n";
    print $sql "INSERT INTO users VALUES ('$_', 'private', '" . digest_ha1($_, 'private', $PASSWORD{$_}) . "');\n"
        for keys %PASSWORD;
    close $sql or die "sqlite3 failed: install the package sqlite3\n";
    return;
}

sub try_login {
    my ($area, $user, $password) = @_;
    my $c = $server->client('alice', user => $user, password => $password);
    return ($c->get("/$area/x.txt")->what, $c);
}

# ---- each provider ----

for my $provider (qw(file dbm dbd socache default)) {
    for my $user (sort keys %PASSWORD) {
        my ($what, $c) = try_login($provider, $user, $PASSWORD{$user});
        is($what, '200', "$provider: $user logs in");
        outcome($c->get("/$provider/x.txt"), '200', '... and stays in');
    }
    is((try_login($provider, 'alice', 'wrong'))[0], '401', "$provider: a wrong password is denied");
    is((try_login($provider, 'nobody', 'x'))[0], '401', "$provider: an unknown user is denied");
    is((try_login($provider, q{' OR 1=1 --}, 'x'))[0], '401',
        "$provider: a name that is a piece of SQL is denied");
    is((try_login($provider, 'alice:private', $PASSWORD{alice}))[0], '401',
        "$provider: so is one with the realm in it");
    is((try_login($provider, 'alice', ''))[0], '401', "$provider: and an empty password");
}

# ---- aliases, and the order ----

is((try_login('alias', 'ann', $one{ann}))[0], '200', 'an <AuthnProviderAlias> provides');
is((try_login('alias', 'ann', 'of another realm'))[0], '401', '... for its realm');
is((try_login('alias', 'ben', $two{ben}))[0], '401', '... and for nobody else');
for my $area (qw(order lines)) {
    is((try_login($area, 'ann', $one{ann}))[0], '200', "$area: two providers: a user of the first");
    is((try_login($area, 'ben', $two{ben}))[0], '200', "$area: a user of the second");
    is((try_login($area, 'cat', 'in both, first'))[0], '200',
        "$area: a user of both has the password of the first");
    is((try_login($area, 'cat', 'in both, second'))[0], '401',
        "$area: ... and not that of the second");
    is((try_login($area, 'dan', 'x'))[0], '401', "$area: a user of none is denied");
}
is((try_login('reverse', 'cat', 'in both, second'))[0], '200',
    'in the other order it is the other way round');
is((try_login('reverse', 'cat', 'in both, first'))[0], '401', '... with the other password too');

# ---- providers that cannot answer ----

is((try_login('broken', 'ann', $one{ann}))[0], '503', 'a provider that cannot answer is 503');
is((try_login('brokenfirst', 'ann', $one{ann}))[0], '503',
    '... also when the next one knows the user: it may not decide');
is((try_login('brokenlast', 'ann', $one{ann}))[0], '200',
    '... but not when an earlier one knows him');
is((try_login('brokenlast', 'ben', $two{ben}))[0], '503',
    'and 503, not 401, when nobody before it knows him');

# ---- a session is good for the providers that proved it ----

my $ours = $server->client('alice', user => 'ann', password => $one{ann});
outcome($ours->get('/alias/x.txt'), '200', 'a session of one provider');
outcome($ours->get('/dbm/x.txt'), '401', '... is none in an area of the same realm whose provider does not know the user');
outcome($ours->get('/order/x.txt'), '200', '... and a login of its own where another list of providers does');

# ---- one trip to the provider for each login ----

my $c = $server->client('alice');
my @proofs = map { proof($server, $c->get('/dbd/x.txt')) } 1 .. 20;
is_deeply(\@proofs, [ 'authority', ('context') x 19 ], 'of 20 requests one asked the data base');

# ---- first requests at once: each may ask, none may fail ----

my $new = $server->client('alice');
$new->ask('/dbd/x.txt');
my @at_once = at_once($server->port, map { $new->bytes('/dbd/x.txt') } 1 .. 12);
is(scalar(grep { $_->status == 200 } @at_once), 12,
    'twelve first requests at once on one data base');

# ---- the same work for an unknown user as for a wrong password ----

my (%text, $any);
for my $row ([ 'wrong', 'alice', 'x' ], [ 'unknown', 'nobody', 'x' ]) {
    my ($name, $user, $password) = @$row;
    $any = $server->client('alice', user => $user, password => $password);
    $any->ask('/file/x.txt');
    $text{$name} = same_answer($any->send('/file/x.txt'));
}
is($text{unknown}, $text{wrong}, 'an unknown user is answered like a wrong password');

done_testing;
