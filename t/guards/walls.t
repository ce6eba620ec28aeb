#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The walls between rooms hold, in the includes and in the compiled archives.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Guard;
use Test::More;

# A room and the rooms it may use. `accept` is what lies straight in src/.
my %may_use = (
    base      => [],
    digest    => [qw(base)],
    context   => [qw(base)],
    limit     => [qw(base)],
    netlogon  => [qw(base)],
    redis     => [qw(base context)],
    authority => [qw(base digest limit netlogon)],
    accept    => [qw(base digest context limit authority)],
    httpd     => [qw(base digest context limit redis authority accept)],
);
my @pure = grep { $_ ne 'httpd' } sort keys %may_use;

# Headers a pure room may include besides its own: C, POSIX, APR, OpenSSL.
# The room of Redis knows sockets and hiredis besides.
my $sockets = qr{^(?:hiredis/hiredis|netinet/in|netinet/tcp|poll|sys/socket|unistd)\.h$};
my $outside = qr{^(?:openssl/\w+|apr|apr_(?!optional|hooks)\w+|apu\w*
                 |std\w+|string|strings|limits|ctype|errno|assert|inttypes)\.h$}x;

# Time, randomness and settings are arguments. Only an authority and Redis may talk.
my $impure = qr/^(?:apr_(?:time_now|generate_random_bytes|random_\w+|uuid_get|env_get)
               |RAND_\w+|arc4random\w*|getrandom|s?random|s?rand|rand_r|[a-z]rand48
               |time|gettimeofday|clock|clock_gettime|getenv|secure_getenv)$/x;
my $talking = qr/^(?:apr_(?:file|socket|dir|stat)_?\w*|fopen|open|socket|connect)$/;

sub allowed {
    my ($room, $other) = @_;
    return grep { $_ eq $other } $room, @{ $may_use{$room} };
}

# ---- Includes
sub room_of { return $_[0] =~ m{^(\w+)/} ? $1 : 'accept' }

my (@crossed, @foreign);
for my $path (sources()) {
    next if $path !~ m{^src/};
    my $room = room_of($path =~ s{^src/}{}r);
    die "$path: no such room in t/guards/walls.t\n" if !$may_use{$room};
    for my $include (slurp($path) =~ /^\s*#\s*include\s*["<]([^">]+)[">]/gm) {
        my $where = "$path includes $include";
        if (-e "src/$include") {
            push @crossed, $where if !allowed($room, room_of($include));
        } elsif ($room ne 'httpd' && $include !~ $outside
            && !($room eq 'redis' && $include =~ $sockets)) {
            push @foreign, $where;
        }
    }
}
# The commands may use the pure rooms, and of the world what POSIX gives.
my $of_httpd = qr{^(?:ap_|http|util_|mod_|mpm_|scoreboard)};
for my $path (grep { m{^(?:bin|netlogond)/} } sources()) {
    for my $include (slurp($path) =~ /^\s*#\s*include\s*["<]([^">]+)[">]/gm) {
        my $where = "$path includes $include";
        push @crossed, $where if -e "src/$include" && room_of($include) !~ /^(?:base|digest|context|netlogon|authority)$/;
        push @foreign, $where if $include =~ $of_httpd;
    }
}
none('no room includes another that it may not know', @crossed);
none('no pure room and no command includes a header of httpd', @foreign);

# ---- Symbols
my $libs = setting('builddir') . '/.libs';

sub symbols { # (LIST OF TYPES, FILE): names
    my ($types, $file) = @_;
    return map { /^(\S+) ([$types]) / ? $1 : () } output_of(qw(nm -g -P), $file);
}

my %home;
for my $room (sort keys %may_use) {
    my @defined = symbols('A-TV-Z', "$libs/libmsd$room.a");
    die "libmsd$room.a defines nothing\n" if !@defined;
    $home{$_} = $room for @defined;
}

my (@calls, @httpd, @hidden, @files);
for my $room (sort keys %may_use) {
    for my $name (symbols('U', "$libs/libmsd$room.a")) {
        my $where = "libmsd$room.a uses $name";
        push @calls, "$where of $home{$name}"
            if $home{$name} && !allowed($room, $home{$name});
        push @calls, "$where, which no room defines"
            if $name =~ /^msd_/ && !$home{$name};
        next if $room eq 'httpd';
        push @httpd,  $where if $name =~ /^(?:ap_|auth_msdigest_module)/;
        push @hidden, $where if $name =~ $impure;
        push @files,  $where if $name =~ $talking && $room !~ /^(?:authority|redis)$/;
    }
}
push @httpd, map { "bin/msdigest uses $_" } grep { /^(?:ap_|auth_msdigest_module)/ }
    map { (split)[-1] } output_of(qw(nm -D --undefined-only), setting('builddir') . '/bin/msdigest');
none('no room calls another that it may not know',                    @calls);
none('no pure room and no command calls httpd',                       @httpd);
none('no pure room asks for the time, randomness or the environment', @hidden);
none('no pure room but an authority and Redis opens files or sockets',          @files);

# ---- State: what is written after start-up lives in pools or shared memory.
# The loader writes .data.rel.ro, and nobody after it.
my @mutable;
my @command = grep { !/asan/ } glob(setting('builddir') . '/{bin,netlogond}/*.o');
for my $object (glob("$libs/libmsd*.a $libs/mod_auth_msdigest_la-*.o"), @command) {
    for (output_of(qw(nm -f sysv), $object)) {
        my ($name, undef, $class, undef, undef, undef, $section) = split /\s*\|\s*/;
        next if !defined $section || $class !~ /[BbDdCGgSs]/;
        next if $section =~ /^\.data\.rel\.ro/ || $name eq 'auth_msdigest_module';
        push @mutable, "$object: $name in $section";
    }
}
none('the module record is the only variable that lasts', @mutable);

done_testing;
