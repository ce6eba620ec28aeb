#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# git: clone of plain files and through git-http-backend, fetch, push.
use MSDigest::Test;
use MSDigest::Clients;

# In /short/git/ the first answer takes longer than a nonce lives.
my $site = client_site('git', [qw(git --version)], files => {
    'cgi/git'      => "#!/bin/sh\nexec git http-backend\n",
    'cgi/git-slow' => qq{#!/bin/sh\ncase \$PATH_INFO in */info/refs) sleep 1.2 ;; esac\nexec git http-backend\n},
}, conf => <<'CONF');
Alias "/p/plain/" "@ROOT@/repos/"
ScriptAlias "/p/git/" "@ROOT@/cgi/git/"
ScriptAlias "/short/git/" "@ROOT@/cgi/git-slow/"
SetEnv GIT_PROJECT_ROOT "@ROOT@/repos"
SetEnv GIT_HTTP_EXPORT_ALL 1
<Directory "@ROOT@/repos">
    Require all granted
</Directory>
CONF
my $root = $site->server->root;
chmod 0755, map { "$root/cgi/$_" } qw(git git-slow);
$site->write_home('.gitconfig', <<'CONFIG');
[user]
    name = Alice
    email = alice@example.org
[init]
    defaultBranch = main
[advice]
    detachedHead = false
CONFIG

# ---- a repository of 12 commits ----

my $made = $site->run('sh', '-euc', <<'SH', 'sh', "$root/repos/r.git");
git init -q work && cd work
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    mkdir "$n" && echo "$n" >"$n/file" && git add . && git commit -q -m "commit $n"
done
git clone -q --bare . "$1" && cd "$1"
git update-server-info && git config http.receivepack true
SH
is($made->{status}, 0, 'a repository') || die $made->{err};
$site->give_to_workers('repos');
$site->start;

# ---- git asks a program for the name and the password ----

sub ask_pass {
    my ($name, $password) = @_;
    return $site->write_home("askpass-$name",
        "#!/bin/sh\ncase \$1 in Username*) echo alice ;; *) echo '$password' ;; esac\n", 0700);
}
my $right = ask_pass('right', $PASSWORD{alice});
my $wrong = ask_pass('wrong', 'wrong');

sub git_as {
    my ($program, @command) = @_;
    return $site->run({ env => { GIT_ASKPASS => $program, GIT_TERMINAL_PROMPT => 0 } }, @command);
}
sub git   { return git_as($right, 'git', @_) }
sub shell { return git_as($right, 'sh', '-euc', @_) }

sub has_all {
    my ($clone, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $log = $site->run('git', '-C', $clone, 'log', '--format=%s');
    return is($log->{out}, join('', map { "commit $_\n" } reverse 1 .. 12), $name);
}

# ---- plain files: each of the transfers that git has open at a time is a login ----

my %plain = (at_least => 1, refused => 'each', logins => 'each', keeps => 0);
my $run = git('clone', '-q', $site->url('/p/plain/r.git'), 'plain');
$site->session($run, 'clone of plain files', 30, %plain);
has_all('plain', '... and it has all commits');

$run = git('clone', '-q', $site->url('/p/plain/r.git', 'alice', $PASSWORD{alice}), 'plain-url');
$site->session($run, 'the same with the password in the URL', 30, %plain);

# ---- git-http-backend: one login for each command ----

$run = git('clone', '-q', $site->url('/p/git/r.git'), 'smart');
$site->session($run, 'clone through the back end', 3);
has_all('smart', '... and it has all commits');

$run = shell('cd smart && echo small >small && git add . && git commit -q -m small && git push -q');
$site->session($run, 'push', 2);

$run = shell('cd smart && head -c 3000000 /dev/urandom >large && git add . && git commit -q -m large && git push -q');
$site->session($run, 'push of 3 MB, whose length git does not know', 3);

$run = git('-C', 'plain-url', 'fetch', '-q', $site->url('/p/git/r.git'));
$site->session($run, 'fetch', 2, at_least => 1);
my $fetched = $site->run('git', '-C', 'plain-url', 'log', '-1', '--format=%s', 'FETCH_HEAD');
is($fetched->{out}, "large\n", '... and it has what was pushed');

# ---- a nonce that expires between two requests of a command ----

# libcurl overlooks the first stale challenge of a handle that was challenged
# before ("Ignoring duplicate digest auth header"): each expiry costs two.
my %expired = (expired => 1, at_least => 1, refused => 5, stale => 4);
$run = git('clone', '-q', $site->url('/short/git/r.git'), 'slow');
$site->session($run, 'clone, a nonce expires in the middle', 3, %expired);

$run = shell('cd slow && echo again >small && git commit -q -a -m again && git push -q');
$site->session($run, 'push, a nonce expires in the middle', 2, %expired);

$run = shell('cd slow && head -c 3000000 /dev/urandom >large && git commit -q -a -m larger && git push -q');
$site->session($run, 'push of 3 MB, a nonce expires in the middle', 3, %expired);

# ---- a wrong password ----

$run = git_as($wrong, 'git', 'clone', '-q', $site->url('/p/plain/r.git'), 'denied');
$site->denied($run, 'clone of plain files with a wrong password', 4);
$run = git_as($wrong, 'git', 'clone', '-q', $site->url('/p/git/r.git'), 'denied');
$site->denied($run, 'clone through the back end with a wrong password', 4);
like($run->{err}, qr/Authentication failed/, '... and git says so');

done_testing;
