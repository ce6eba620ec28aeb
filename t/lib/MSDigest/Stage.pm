# SPDX-License-Identifier: Apache-2.0
# Copies the tests to a temporary folder that the workers of a root httpd can read.
package MSDigest::Stage;
use strict;
use warnings;
use Exporter 'import';
use File::Basename qw(basename dirname);
use File::Copy qw(copy);
use File::Find qw(find);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use MSDigest::Client qw(digest_ha1);
use MSDigest::Server qw(module_path users_text %PASSWORD @BASE_MODULES);
our @EXPORT_OK = qw(stage);

# What the shared server loads beside the base modules.
my @MORE = qw(mpm_event rewrite include autoindex mime cgid dav dav_fs dav_lock http2
    authz_groupfile);

# A checkout may lie below a folder of mode 0700, and the source folder may be
# read-only: neither matters to the copy. Returns the new top folder.
sub stage {
    my ($srcdir) = @_;
    my $module = module_path();
    my $top = tempdir('msdigest-t-XXXXXXXX', DIR => $ENV{T_TMP} || '/tmp');
    chmod 0755, $top;
    copy_tree("$srcdir/t/$_", "$top/t/$_") for qw(conf lib htdocs);
    copy_file($_, "$top/t/" . basename($_)) for "$srcdir/t/TEST.PL", glob "$srcdir/t/*.t";
    make_path("$top/t/modules", "$top/t/logs", "$top/t/dav");
    copy_file($module, "$top/t/modules/mod_auth_msdigest.so");
    write_file("$top/t/conf/modules.conf", module_lines("$top/t/modules"));
    write_file("$top/t/conf/users", users_text('private', %PASSWORD) . users_text('other', %PASSWORD));
    write_file("$top/t/conf/users-hidden", users_text('private', %PASSWORD));
    write_file("$top/t/conf/users-sha256", join '', map {
        "$_:private:" . digest_ha1($_, 'private', $PASSWORD{$_}, 'SHA-256') . "\n"
    } sort keys %PASSWORD);
    give_to_workers("$top/t/dav") if $> == 0;
    return $top;
}

sub module_lines {
    my ($own) = @_;
    my $libexec = MSDigest::Server::libexec_dir();
    return join '', map {
        my $dir = $_ eq 'auth_msdigest' ? $own : $libexec;
        "LoadModule ${_}_module \"$dir/mod_$_.so\"\n"
    } @MORE, @BASE_MODULES;
}

sub give_to_workers {
    my ($path) = @_;
    my ($uid, $gid) = (getpwnam 'www-data')[2, 3];
    chown $uid, $gid, $path;
    return;
}

sub copy_tree {
    my ($from, $to) = @_;
    find({ no_chdir => 1, wanted => sub {
        my $new = $to . substr $_, length $from;
        -d $_ ? make_path($new) : copy_file($_, $new);
    } }, $from);
    return;
}

sub copy_file {
    my ($from, $to) = @_;
    make_path(dirname($to));
    copy($from, $to) or die "cannot copy $from to $to: $!\n";
    chmod -x $from ? 0755 : 0644, $to;
    return;
}

sub write_file {
    my ($path, $text) = @_;
    open my $fh, '>:raw', $path or die "$path: $!\n";
    print $fh $text;
    close $fh or die "$path: $!\n";
    return;
}

1;
