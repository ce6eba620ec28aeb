#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Where OpenSSL's policy has no MD5: start-up says so, and SHA-256 works.
use MSDigest::Test;
use File::Temp qw(tempdir);

# OpenSSL without MD5, as under FIPS, by a library in front of it.
my $dir = tempdir('msdigest-XXXXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $dir;
open my $fh, '>', "$dir/no_md5.c" or die "no_md5.c: $!\n";
print $fh <<'C';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <openssl/evp.h>
EVP_MD *EVP_MD_fetch(OSSL_LIB_CTX *ctx, const char *name, const char *properties)
{
    EVP_MD *(*real)(OSSL_LIB_CTX *, const char *, const char *) = dlsym(RTLD_NEXT, "EVP_MD_fetch");
    return strcmp(name, "MD5") == 0 ? NULL : real(ctx, name, properties);
}
C
close $fh;
my $cc = $ENV{CC} || 'cc';
system("$cc -shared -fPIC -o $dir/no_md5.so $dir/no_md5.c -ldl") == 0 or die "$cc cannot build the library\n";

my $server = MSDigest::Server->new(users => 'alice:private:'
    . digest_ha1('alice', 'private', $PASSWORD{alice}, 'SHA-256') . "\n",
    files => { map { ("htdocs/$_/x.txt" => "$_\n") } qw(sha both) },
    conf => area('/p/') . area('/sha/', 'AuthMSDigestAlgorithm SHA-256 SHA-256-sess'));
$ENV{LD_PRELOAD} = "$dir/no_md5.so";
$server->start;
log_has($server, qr/MSD209: .*no MD5/, 'the log says at start that MD5 is missing');

for my $algorithm (qw(SHA-256 SHA-256-sess)) {
    my $c = $server->client('alice', algorithm => $algorithm, keep => 1);
    my $r = $c->ask('/sha/x.txt');
    my @proof = map { proof($server, $c->send('/sha/x.txt')) } 1 .. 2;
    is_deeply(\@proof, [qw(authority context)], "$algorithm works");
}
my $r = $server->client('alice')->ask('/p/x.txt');
outcome($r, '500', 'a place with the default algorithms cannot authenticate');
log_has($server, qr/MSD208: /, 'and the log says why');

for my $name (qw(MD5 MD5-sess)) {
    my $wrong = MSDigest::Server->new(conf => area('/p/', "AuthMSDigestAlgorithm $name"));
    my ($status, $said) = $wrong->configtest;
    isnt($status, 0, "$name is refused at start");
    like($said, qr/AuthMSDigestAlgorithm: '$name' is not allowed; give one that OpenSSL's policy has/, 'with the reason');
}
done_testing;
