#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Chromium: a page with 30 images; a password that is typed, and one in the URL.
use MSDigest::Test;
use MSDigest::Clients;
use MIME::Base64 qw(decode_base64);
use Time::HiRes qw(sleep);

# One dot; the title of the page is how many of them the browser could show.
my $image = decode_base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==');
my $page = "<!DOCTYPE html>\n<title>loading</title>\n"
    . join('', map { qq{<img src="images/$_.png?n=$_" alt="">\n} } 1 .. 30) . <<'HTML';
<script>
onload = () => {
    const shown = [...document.images].filter(image => image.complete && image.naturalWidth == 1);
    document.title = `${shown.length} images`;
};
</script>
HTML

my $site = client_site('chromium', [qw(chromium --version)], files => {
    map {
        my $folder = "htdocs/$_/page";
        ("$folder/index.html" => $page, map { ("$folder/images/$_.png" => $image) } 1 .. 30);
    } qw(p short),
})->start;

sub complete {
    my ($path, $name, @rows) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my %got = map { $_->{target} => 1 } grep { $_->{status} == 200 } @rows;
    my @wanted = ($path, map { "${path}images/$_.png?n=$_" } 1 .. 30);
    return is(scalar(grep { $got{$_} } @wanted), 31, $name);
}

# ---- a password that is typed at the prompt ----

my @alice = ('alice', $PASSWORD{alice});
my $browser = $site->browser;

my $visit = $browser->tab->load($site->url('/p/page/'), \@alice);
my @rows = $site->session($visit->{run}, 'a page with 30 images', 31);
is($visit->{title}, '30 images', '... the page is complete');
complete('/p/page/', '... and so it is in the log of the server', @rows);
is($visit->{prompts}, 1, '... after one prompt');

$visit = $browser->load($site->url('/p/page/'), \@alice);
@rows = $site->session($visit->{run}, 'the same page again', 31, resumed => 1);
is("$visit->{title}, $visit->{prompts} prompts", '30 images, 0 prompts', '... the page is complete, without a prompt');

# ---- a nonce that expires while the page is on the screen ----

$visit = $browser->tab->load($site->url('/short/page/'), \@alice);
is("$visit->{title}, $visit->{prompts} prompts", '30 images, 1 prompts', 'a page in a place where a nonce lives for a second');
sleep 1.2;
$visit = $browser->load($site->url('/short/page/'), \@alice);
@rows = $site->session($visit->{run}, 'the page again, the nonce has expired', 31,
    resumed => 1, expired => 1, refused => 'each', stale => 'each');
is("$visit->{title}, $visit->{prompts} prompts", '30 images, 0 prompts', '... the page is complete, without a prompt');
sleep 1.2;
my $fetched = $browser->evaluate(<<'SCRIPT');
Promise.all([...document.images].map(image => fetch(image.src).then(answer => answer.status)))
    .then(statuses => statuses.filter(status => status == 200).length)
SCRIPT
$site->session($fetched->{run}, '30 images at once, the nonce has expired', 30,
    resumed => 1, expired => 1, refused => 'each', stale => 'each');
is("$fetched->{value} images, $fetched->{prompts} prompts", '30 images, 0 prompts', '... all are there, without a prompt');

# ---- a wrong password: the prompt comes again, until it is right or given up ----

$visit = $browser->tab->load($site->url('/p/page/'), [qw(alice wrong)]);
is("$visit->{title}, $visit->{prompts} prompts", '401 Unauthorized, 2 prompts', 'a wrong password: a second prompt, and a 401 when that is cancelled');
$site->denied({ %{ $visit->{run} }, status => $visit->{title} }, 'a wrong password', 2);

$visit = $browser->tab->load($site->url('/p/page/'), [qw(alice wrong)], [qw(nobody wrong)], \@alice);
is("$visit->{title}, $visit->{prompts} prompts", '30 images, 3 prompts', 'two wrong passwords and then the right one: the page is complete');
is(scalar(grep { $_->{status} == 401 } $site->rows($visit->{run})), 3, '... with one 401 for each of the wrong and one before');

is($browser->quit, 0, 'the browser ends');

# ---- a password in the URL: it is not used ahead of a challenge ----

my $run = $site->run($site->browser_command('--virtual-time-budget=10000', '--dump-dom',
    $site->url('/p/page/', @alice)));
@rows = $site->session($run, 'a page with 30 images, the password in the URL', 31, refused => 'each', logins => 'each', keeps => 0);
like($run->{out}, qr{<title>30 images</title>}, '... the page is complete');
complete('/p/page/', '... and so it is in the log of the server', @rows);

done_testing;
