#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The testbed of the Windows domain: a Samba domain controller whose plugin
# answers WDigest. Asked by Samba's own client; the module has no part in this.
use MSDigest::Test limit => 240;
use Digest::MD5 qw(md5_hex);
use MSDigest::Samba;

my $LOGON_FAILURE     = 'C000006D';
my $NO_SUCH_USER      = 'C0000064';
my $INVALID_PARAMETER = 'C000000D';
my $QOP_NOT_SUPPORTED = '8009030A';

my $nonce = 'ab' x 40;
my $cnonce = 'cd' x 16;

# What a web server asks after an answer with this name and realm.
sub question {
    my ($user, $realm, $password, %o) = @_;
    my %q = (username => $user, realm => $realm, nonce => $nonce, cnonce => $cnonce,
        nc => '00000001', qop => 'auth', algorithm => 'MD5-sess', method => 'GET', uri => '/a?b', %o);
    my $key = session_key($user, $realm, $password);
    my $a2 = md5_hex(join ':', @q{qw(method uri)}, $q{qop} eq 'auth-int' ? $q{entity} : ());
    my @middle = $q{qop} eq '' ? () : @q{qw(nc cnonce qop)};
    return (response => md5_hex(join ':', $key, $nonce, @middle, $a2), %q);
}

sub session_key {
    my ($user, $realm, $password) = @_;
    return md5_hex(join ':', md5_hex("$user:$realm:$password"), $nonce, $cnonce);
}

my $dc = MSDigest::Samba->new(machines => { 'WEB8$' => "Ext\xc3\xa4 8" }, users => { extra => { password => 'Extra' } });
my $web = $dc->client('WEB1$');
is($web->{status}, 'open', 'a machine opens its secure channel');

# ---- Names and realms ----
my ($domain, $dns) = ($dc->netbios, $dc->dns);
my ($jaen, $lion) = ("j\xc3\xa4n", "\xe3\x83\xa9\xe3\x82\xa4\xe3\x82\xaa\xe3\x83\xb3");
my @good = (
    [ 'simba',              $domain,      'simba' ],
    [ 'SIMBA',              $domain,      'simba' ],
    [ 'simba',              lc $domain,   'simba' ],
    [ 'simba',              $dns,         'simba' ],
    [ 'simba',              'Digest',     'simba' ],
    [ 'rafiki',             $domain,      'Rafiki' ],
    [ "simba\@$dns",        '',           'simba' ],
    [ 'queen@pride.example', '',          'nala' ],
    [ 'queen@pride.example', 'Digest',    'nala' ],
    [ "$domain\\simba",     '',           'simba' ],
    [ "$domain\\$jaen",     'Digest',     $jaen ],
    [ $jaen,                $domain,      $jaen ],
    [ $lion,                $dns,         $lion ],
    [ "odd #name'(x)",      $domain,      "odd #name'(x)" ],
    [ 'extra',              $domain,      'extra' ],
);
for my $row (@good) {
    my ($user, $realm, $account) = @$row;
    my $password = $dc->password($account);
    my $got = $web->ask(question($user, $realm, $password));
    is_deeply([ @$got{qw(status key name pac_name user)} ],
        [ '00000000', session_key($user, $realm, $password), $account, $account, $dc->sid($account) ],
        qq{"$user" in "$realm": session key, account, SID});
}
for my $row ([ 'simba', $domain, 1 ], [ $jaen, $domain, 1 ], [ 'simba', $dns, 8 ],
    [ 'queen@pride.example', '', 15, 'nala' ], [ "$domain\\simba", 'Digest', 27, 'simba' ]) {
    my ($user, $realm, $number, $account) = @$row;
    $account //= $user;
    is(($dc->stored_hashes($account, $number))[0],
        join(':', $user, $realm, md5_hex(join ':', $user, $realm, $dc->password($account))),
        qq{stored hash $number of "$account" is the one of "$user" in "$realm"});
}

# ---- Groups ----
my %prefix = map { $_ => $dc->sid($_) } qw(pride elders animals hunters savanna);
my $users = $dc->sid('Domain Users');
for my $row ([ 'simba', [qw(pride elders animals)], ['savanna'] ], [ 'nala', [], ['hunters'] ],
    [ 'Rafiki', [], [] ], [ $jaen, ['animals'], [] ]) {
    my ($user, $groups, $resources) = @$row;
    my $got = $web->ask(question($user, $domain, $dc->password($user)));
    is_deeply([ @$got{qw(groups resources primary)} ],
        [ [ sort $users, @prefix{@$groups} ], [ sort @prefix{@$resources} ], 513 ], "groups of $user");
}
is_deeply($web->ask(question('simba', $domain, $dc->password('simba'), flags => 1))->{resources}, [],
    'domain-local groups only when they are asked for');

# ---- Refusals ----
sub refused {
    my ($name, $status, @question) = @_;
    is($web->ask(question(@question))->{status}, $status, $name);
    return;
}
refused('wrong password', $LOGON_FAILURE, 'simba', $domain, 'wrong');
refused('unknown user, the controller finds the form', $LOGON_FAILURE, 'nobody', $domain, 'x');
refused('unknown user, the form is told', $NO_SUCH_USER, 'nobody', $domain, 'x',
    flags => 4, form => 1, account => 'nobody', domain => $domain);
refused('another domain', $NO_SUCH_USER, 'simba', 'OTHER', $dc->password('simba'));
refused('a user of another domain', $NO_SUCH_USER, 'OTHER\\simba', '', $dc->password('simba'));
refused('a filter is a name', $LOGON_FAILURE, '*)(sAMAccountName=simba', $domain, $dc->password('simba'));
refused('a form that has no stored hash', $LOGON_FAILURE, 'SiMba', $domain, $dc->password('simba'));
refused('disabled',     'C0000072', 'scar',   $domain, $dc->password('scar'));
refused('disabled, wrong password', $LOGON_FAILURE, 'scar', $domain, 'wrong');
refused('locked',       'C0000234', 'zira',   $domain, $dc->password('zira'));
refused('expired',      'C0000193', 'mufasa', $domain, $dc->password('mufasa'));
refused('must change',  'C0000224', 'kovu',   $domain, $dc->password('kovu'));
my @simba = ('simba', $domain, $dc->password('simba'));
refused('MD5',          $QOP_NOT_SUPPORTED, @simba, algorithm_type => 2);
refused('SASL',         $INVALID_PARAMETER, @simba, type => 4);
refused('no such package', $INVALID_PARAMETER, @simba, package => 'NoSuch');

# ---- Forms of the question ----
sub granted {
    my ($name, @question) = @_;
    my $got = $web->ask(question(@question));
    is("$got->{status} " . ($got->{key} // ''), '00000000 ' . session_key(@question[0 .. 2]), $name);
    return;
}
granted('auth-int', @simba, qop => 'auth-int', qop_type => 3, entity => md5_hex('body'));
granted('no qop', @simba, qop => '', qop_type => 1);
granted('the account is told, as SAM name', @simba,
    flags => 4, form => 1, account => 'simba', domain => $domain);
granted('the account is told, as principal', "simba\@$dns", '', $simba[2],
    flags => 4, form => 2, account => "simba\@$dns");

# DIGEST_VALIDATION_REQ of empty strings only: 12 of bytes, 3 of UTF-16.
my $whole = '1a000000' . '0100' . '3a00' . '0300' . '0200' . '0300' . '0200' . '1200' . '00' x 22 . '00' x 18;
my %broken = (
    'nothing'          => '',
    'half a head'      => substr($whole =~ s/3a00/1400/r, 0, 40),
    'a head alone'     => substr($whole, 0, 80),
    'too few strings'  => substr($whole =~ s/3a00/3900/r =~ s/1200/1100/r, 0, -2),
    'another type'     => $whole =~ s/^1a/0a/r,
    'another version'  => $whole =~ s/^1a0000000100/1a0000000200/r,
    'a longer size'    => $whole =~ s/3a00/3b00/r,
    'a shorter size'   => $whole =~ s/3a00/3900/r,
    'a longer payload' => $whole =~ s/1200/1300/r,
);
is($web->ask(hex => $broken{$_})->{status}, $INVALID_PARAMETER, "a message with $_") for sort keys %broken;
is($web->ask(hex => $whole)->{status}, $NO_SUCH_USER, 'the smallest message that is whole');

# ---- Channels ----
is($dc->client('WEB8$')->{status}, 'open', 'a machine with a name of its own');
is($dc->client('WEB2$', 'wrong')->{status}, 'C0000022', 'a wrong machine secret');
is($dc->client('NONE$', 'x')->{status}, 'C000018B', 'an unknown machine');
my $other = $dc->client('WEB2$');
is($other->ask(question(@simba))->{status}, '00000000', 'another machine has a channel beside');
granted('and the first one keeps its own', @simba);
my $again = $dc->client('WEB1$');
is($web->ask(question(@simba))->{status}, $INVALID_PARAMETER, 'a second channel of a machine breaks the first');
is($again->ask(question(@simba))->{status}, '00000000', 'and works itself');
$dc->set_password('WEB3$', 'N3w.Secret');
is($dc->client('WEB3$')->{status}, 'open', 'a machine has a new secret while the controller runs');
$dc->set_password('simba', 'N3w.password');
is($other->ask(question('simba', $domain, 'N3w.password'))->{status}, '00000000', 'and a user a new password');

# ---- Dead, hung and back ----
$dc->pause;
$other->say(question('simba', $domain, 'N3w.password'));
is($other->answer(1), undef, 'a stopped controller says nothing');
$dc->go_on;
is($other->answer(30)->{status}, '00000000', 'and goes on where it was');
is($dc->questions('extra'), 1, 'the log counts the questions');
$dc->kill;
isnt($other->ask(question(@simba))->{status}, '00000000', 'a killed one does not answer');
isnt($dc->client('WEB2$')->{status}, 'open', 'nor opens channels');
$dc->start;
my $back = $dc->client('WEB2$');
is($back->ask(question('simba', $domain, 'N3w.password'))->{status}, '00000000', 'started again, it knows everybody');

# ---- As Debian ships it ----
my $stock = MSDigest::Samba->new(stock => 1);
my $plain = $stock->client('WEB1$');
is($plain->{status}, 'open', 'stock Samba: the channel opens');
is($plain->ask(question('simba', $domain, $stock->password('simba')))->{status}, $INVALID_PARAMETER,
    'stock Samba does not know WDigest');

done_testing;
