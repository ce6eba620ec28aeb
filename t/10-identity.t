#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Who the user is, for CGI programs, logs and Require.
use MSDigest::Test;

my $server = private_server(modules => [qw(cgid authz_groupfile include mime)], files => {
    'cgi/who' => "#!/usr/bin/perl\nprint qq{Content-Type: text/plain\\r\\n\\r\\n};\n"
        . "print map { \"\$_=\" . (\$ENV{\$_} // '(none)') . \"\\n\" } qw(REMOTE_USER AUTH_TYPE HTTP_AUTHORIZATION);\n",
    'htdocs/p/who.shtml' => '<!--#echo var="REMOTE_USER" -->/<!--#echo var="AUTH_TYPE" -->',
    map({ ("htdocs/$_/x.txt" => "$_\n") } qw(user users group notgroup expr any all open deny mixed method)),
    'conf/groups' => "editors: bob carol\nreaders: alice bob\n",
    'conf/users'  => users_text('private', %PASSWORD, 'J s' => 'x1', 'dom\\ann' => 'x2', 'we"ird' => 'x3',
        "j\xc3\xa4s" => 'x4', "l\xe4s" => 'x5', 'Mixed.Case@host' => 'x6'),
}, conf => area('/p/') . area('/cgi/')
    . area('/user/', 'Require user bob')
    . area('/users/', 'Require user bob alice')
    . area('/group/', 'AuthGroupFile "@ROOT@/conf/groups"', 'Require group editors')
    . area('/notgroup/', 'AuthGroupFile "@ROOT@/conf/groups"', '<RequireAll>', 'Require valid-user', 'Require not group editors', '</RequireAll>')
    . area('/expr/', q{Require expr "%{REMOTE_USER} == 'alice' && %{REQUEST_METHOD} == 'GET'"})
    . area('/any/', '<RequireAny>', 'Require ip 10.0.0.1', 'Require valid-user', '</RequireAny>')
    . area('/all/', '<RequireAll>', 'Require ip 10.0.0.1', 'Require valid-user', '</RequireAll>')
    . area('/open/', 'Require all granted')
    . area('/deny/', 'AuthzSendForbiddenOnFailure On', 'Require user bob')
    . <<'CONF');
ScriptAlias "/cgi/" "@ROOT@/cgi/"
ScriptSock "@ROOT@/run/cgisock"
<Directory "@ROOT@/cgi">
    Require all granted
</Directory>
<Directory "@ROOT@/htdocs/p">
    Options +Includes
    AddHandler server-parsed .shtml
</Directory>
CONF
$server->stop;
chmod 0755, $server->path('cgi/who');
$server->start;

# ---- CGI and SSI ----

my $cgi = $server->client('alice')->get('/cgi/who');
outcome($cgi, '200', 'a CGI program in a protected area');
is($cgi->body, "REMOTE_USER=alice\nAUTH_TYPE=Digest\nHTTP_AUTHORIZATION=(none)\n",
    '... knows the user and that the scheme was Digest, and not the header');
is($server->client('alice')->get('/p/who.shtml')->body, 'alice/Digest', 'so does SSI');
my $again = $server->client('alice');
$again->get('/cgi/who') for 1 .. 2;
is($again->get('/cgi/who')->body, $cgi->body, 'the same when the context proves the request');

# ---- names that are not plain ----

for my $row (
    [ 'J s', 'x1', 'a blank' ], [ 'we"ird', 'x3', 'a double quote' ],
    [ 'dom\\ann', 'x2', 'a backslash, escaped on the wire' ],
    [ "j\xc3\xa4s", 'x4', 'UTF-8' ], [ "l\xe4s", 'x5', 'Latin-1' ],
    [ 'Mixed.Case@host', 'x6', 'capitals and an @' ],
) {
    my ($user, $password, $name) = @$row;
    my $c = $server->client('alice', user => $user, password => $password);
    my $r = $c->get('/cgi/who');
    is($r->body, "REMOTE_USER=$user\nAUTH_TYPE=Digest\nHTTP_AUTHORIZATION=(none)\n",
        "a user name with $name");
    is($c->get('/cgi/who')->body, $r->body, '... again from the context');
}
my $raw = $server->client('alice', user => 'dom\\ann', password => 'x2');
$raw->ask('/cgi/who');
for my $time (1, 2) {
    is($raw->send('/cgi/who', raw => { username => '"dom\\ann"' })->body =~ s/\n.*//sr,
        'REMOTE_USER=dom\\ann', "a backslash bare on the wire, as most clients send it, request $time");
}
outcome($server->client('alice', user => 'ALICE')->get('/p/x.txt'), '401',
    'names are case-sensitive');
outcome($server->client('alice', user => 'alic')->get('/p/x.txt'), '401',
    'a part of a name is another name');

# ---- Require ----

for my $row (
    #  area         alice  bob    carol
    [ '/p/',        200,   200,   200 ],
    [ '/user/',     401,   200,   401 ],
    [ '/users/',    200,   200,   401 ],
    [ '/group/',    401,   200,   200 ],
    [ '/notgroup/', 200,   401,   401 ],
    [ '/expr/',     200,   401,   401 ],
    [ '/any/',      200,   200,   200 ],
    [ '/all/',      403,   403,   403 ],
    [ '/deny/',     403,   200,   403 ],
) {
    my ($path, %expected) = ($row->[0], alice => $row->[1], bob => $row->[2], carol => $row->[3]);
    for my $user (sort keys %expected) {
        my $c = $server->client($user);
        my $r = $c->get("${path}x.txt");
        is($r->status, $expected{$user}, "$path: $user gets $expected{$user}");
        next if $expected{$user} != 401;
        is_deeply([ map { $_->{algorithm} } $r->challenges ], [qw(MD5-sess MD5)],
            '... with the two challenges');
        is($r->stale, 0, '... which are not stale: it is another user that is wanted');
    }
}
my $moving = $server->client('alice');
outcome($moving->get('/user/x.txt'), '401', 'alice may not see what is bob\'s');
outcome($moving->get('/users/x.txt'), '200', '... but what is hers, afterwards');
outcome($server->client->ask('/open/x.txt'), '200', 'Require all granted asks nobody');

# ---- notes for other modules and logs ----

sub row_of {
    my ($user, $path, %o) = @_;
    my $c = $server->client($user, %o);
    my $last = $server->row($c->get($path));
    my %row = map { $_ => $last->{$_} } qw(status proof user realm algorithm remote);
    return \%row;
}
is_deeply(row_of('bob', '/p/x.txt', algorithm => 'MD5'), {
    status => 200, proof => 'authority', user => 'bob', realm => 'private', algorithm => 'MD5', remote => 'bob',
}, 'the notes name user, realm, algorithm and who proved it');
is(row_of('bob', '/p/x.txt')->{algorithm}, 'MD5-sess', 'the algorithm is that of the answer');
my $nobody = $server->row($server->client->ask('/p/x.txt'));
is($nobody->{user}, '-', 'without a login there are no notes');
is($nobody->{remote}, '-', '... nor a user');

done_testing;
