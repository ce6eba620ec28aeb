#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# msdigest at a terminal: asks twice, shows nothing, gives the echo back.
use MSDigest::Test;
use MSDigest::Tool;

my $dir = place();
my $file = "$dir/users";
my $secret = 'open-sesame';
my $line = 'alice:private:' . hashed('MD5', 'alice', 'private', $secret) . "\n";
my ($first, $second) = (qr/New password for alice: /, qr/The same again: /);
my $run;

# ---- passwd ----

$run = terminal([ $first => "$secret\n", $second => "$secret\n" ], $TOOL, 'passwd', '-c', $file, 'private', 'alice');
is($run->{status}, 0, 'asks twice');
is(slurp($file), $line, '... and stores the password');
unlike($run->{out}, qr/sesame/, '... and shows nothing of it');
like($run->{out}, qr/alice: added/, '... and says that it did');

$run = terminal([ $first => "$secret\n", $second => "other\n" ], $TOOL, 'passwd', $file, 'private', 'alice');
is($run->{status}, 1, 'two different passwords are refused');
like($run->{out}, qr/the two passwords differ/, '... which is told');
is(slurp($file), $line, '... and the file is as it was');

$run = terminal([ $first => "\n" ], $TOOL, 'passwd', $file, 'private', 'alice');
is($run->{status}, 1, 'an empty password is refused');
$run = terminal([ $first => "\x04" ], $TOOL, 'passwd', $file, 'private', 'alice');
is($run->{status}, 1, 'the end of the input, too');
$run = terminal([ $first => "opfff\x7f\x7f\x7fen\n", $second => "xx\x15open\n" ], $TOOL, 'passwd', $file, 'private', 'alice');
is(slurp($file), 'alice:private:' . hashed('MD5', 'alice', 'private', 'open') . "\n", 'the keys that correct do so');
$run = terminal([ qr/-c makes it/ => '' ], $TOOL, 'passwd', "$dir/none", 'private', 'alice');
unlike($run->{out}, $first, 'nobody is asked in vain');
$run = terminal([ qr/removed/ => '' ], $TOOL, 'passwd', '-D', $file, 'private', 'alice');
unlike($run->{out}, $first, 'a removal asks for no password');

# ---- interrupted ----

my $shell = 'trap : INT QUIT; "$@"; echo status=$?; stty -a; cat "$4"';
for my $case ([ 'Ctrl-C', "\x03", 130 ], [ 'Ctrl-\\', "\x1c", 131 ]) {
    my ($name, $key, $status) = @$case;
    spew($file, "x:y:z\n");
    $run = terminal([ $first => 'open', qr// => $key ],
        'sh', '-c', $shell, 'sh', $TOOL, 'passwd', '-u', $file, 'private', 'alice');
    like($run->{out}, qr/status=$status/, "$name ends it, by the signal");
    like($run->{out}, qr/ echo /, '... and the terminal shows again what is typed');
    like($run->{out}, qr/x:y:z/, '... and the file is as it was');
}
$run = terminal([ $first => "\x1a", $first => "$secret\n", $second => "$secret\n" ],
    'bash', '-ic', '"$@"; stty -a | grep -o " echo "; fg', 'sh', $TOOL, 'passwd', $file, 'private', 'alice');
like($run->{out}, qr/ echo /, 'Ctrl-Z gives the echo back while it is stopped');
like(slurp($file), qr/^\Q$line\E/m, '... and it is asked anew and goes on');
unlike($run->{out}, qr/sesame/, '... and nothing is shown then, either');

# ---- explain ----

my $header = 'Digest username="Mufasa", realm="testrealm@host.com", '
    . 'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, '
    . 'cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"';
spew("$dir/header", $header);
$run = terminal([ qr/Password: / => "Circle Of Life\n" ], 'sh', '-c', "exec '$TOOL' explain <'$dir/header'");
is($run->{status}, 0, 'explain with the header from standard input asks at the terminal');
like($run->{out}, qr/verifies: yes/, '... once');
unlike($run->{out}, qr/Circle/, '... and shows nothing of the password');
$run = terminal([ qr/Password: / => "Circle Of Life\n" ], $TOOL, 'explain', '-i', "$dir/header");
like($run->{out}, qr/verifies: yes/, 'with the header from a file, too');
$run = terminal([ qr/Paste the/ => "$header\n\x04", qr/Password: / => "Circle Of Life\n" ], $TOOL, 'explain');
like($run->{out}, qr/verifies: yes/, 'a header may be pasted');
$run = tool({ in => $header }, 'explain');
is($run->{status}, 1, 'without a terminal, and without -p or -f, there is no password');
like($run->{err}, qr/no terminal/, '... which is told');

done_testing;
