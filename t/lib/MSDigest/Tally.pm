# SPDX-License-Identifier: Apache-2.0
# Runs TAP producers and counts assertions; what did not run is a failure.
package MSDigest::Tally;
use strict;
use warnings;
use TAP::Harness;
use TAP::Parser;

sub new { return bless { passed => 0, failed => 0, why => [] }, shift }

# Test files by TAP::Harness, $jobs at a time.
sub files {
    my ($self, $suite, $jobs, @files) = @_;
    print "== $suite\n";
    return $self->failure($suite, 'no test files') if !@files;
    for my $missing (grep { !-e } @files) {
        $self->failure($suite, "no file $missing");
    }
    @files = grep { -e } @files;
    return if !@files;
    my $harness = TAP::Harness->new({
        jobs => $jobs, merge => 0, failures => 1, comments => 1, exec => \&command_of, timer => 1,
    });
    my $all = $harness->runtests(@files);
    $self->count($_, $all->{parser_for}{$_}) for $all->descriptions;
    return;
}

# Perl runs under this perl; a first line that names another program decides.
sub command_of {
    my ($harness, $file) = @_;
    open my $fh, '<', $file or return [$file];
    my $first = <$fh> // '';
    my ($program) = $first =~ /^#!\s*(\S.*?)\s*$/;
    return [ $^X, $file ] if !defined $program || $program =~ /perl/;
    return [ split(' ', $program), $file ];
}

# A program: its TAP when it prints a plan, else its exit status is one assertion.
sub program {
    my ($self, $suite, @command) = @_;
    print "== $suite\n";
    return $self->failure($suite, "cannot run $command[0]") if !-x $command[0];
    open my $pipe, '-|', @command or return $self->failure($suite, "$command[0]: $!");
    my $output = join '', <$pipe>;
    close $pipe;
    my $status = $?;
    if ($output !~ /^1\.\.\d+/m) {
        print $output;
        return $self->failure($suite, "@command: exit status " . ($status >> 8)) if $status;
        $self->{passed}++;
        print "@command .. ok\n";
        return;
    }
    my $parser = TAP::Parser->new({ tap => $output });
    while (my $result = $parser->next) {
        print $result->as_string, "\n" if $result->is_test && !$result->is_actual_ok;
    }
    $parser->exit($status >> 8);
    printf "%s .. %d of %d\n", "@command", scalar $parser->passed, $parser->tests_run;
    $self->count("@command", $parser);
    return;
}

# A skipped or to-do test proved nothing: it counts as failed. So does a plan
# that was not kept, a file without tests, and an exit status other than zero.
sub count {
    my ($self, $name, $parser) = @_;
    my %unproved = map { $_ => 1 } $parser->skipped, $parser->todo;
    my $passed = grep { !$unproved{$_} } $parser->actual_passed;
    my $failed = $parser->tests_run - $passed;
    $self->{passed} += $passed;
    $self->{failed} += $failed;
    $self->note($name, "$failed failed") if $failed;
    my @errors = $parser->parse_errors;
    push @errors, 'no tests' if !$parser->tests_run;
    push @errors, 'skipped as a whole' if defined $parser->skip_all;
    push @errors, 'exit status ' . $parser->exit if $parser->exit && !$failed;
    push @errors, 'signal ' . $parser->wait if $parser->wait && !$parser->exit;
    $self->failure($name, join '; ', @errors) if @errors;
    return;
}

sub note {
    my ($self, $name, $why) = @_;
    push @{ $self->{why} }, "$name: $why";
    return;
}

sub failure {
    my ($self, $name, $why) = @_;
    $self->{failed}++;
    $self->note($name, $why);
    print "$name: $why\n";
    return;
}

# The last line is the sum; the value is the exit status of the runner.
sub report {
    my ($self) = @_;
    print "\n";
    print "FAILED  $_\n" for @{ $self->{why} };
    printf "%d passed, %d failed\n", @$self{qw(passed failed)};
    return $self->{failed} || !$self->{passed} ? 1 : 0;
}

1;
