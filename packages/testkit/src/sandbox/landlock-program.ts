/**
 * What becomes the sandboxed program, in Perl: it is on every Debian and Ubuntu, starts in 2 ms, and calls the
 * kernel without a compiler. See `encodePlan` for its input, on descriptor 3.
 */
export const launcherProgram = String.raw`
use strict;
setpgrp(0, 0);
sub fail { print STDERR "host sandbox: $_[0]\n"; exit 1 }

open(my $pipe, '<&=', 3) or fail("no plan on descriptor 3: $!");
my @plan = split(/\0/, do { local $/; <$pipe> // '' }, -1);
close($pipe);
pop(@plan);
sub take { @plan ? shift(@plan) : fail("the plan ends early") }
sub repeat { my ($what) = @_; $what->() for 1 .. take() }

my ($prctl, $fs, $net) = (take(), take(), take());
my $ruleset = syscall(444, pack('Q Q', $fs, $net), 16, 0);
fail("landlock_create_ruleset: $!") if $ruleset < 0;
repeat(sub {
  my ($rights, $path) = (take(), take());
  # O_PATH
  sysopen(my $folder, $path, 0x200000) or fail("open $path: $!");
  syscall(445, $ruleset, 1, pack('Q l', $rights, fileno($folder)), 0) == 0 or fail("landlock_add_rule for $path: $!");
  close($folder);
});
repeat(sub {
  my ($rights, $port) = (take(), take());
  syscall(445, $ruleset, 2, pack('Q Q', $rights, $port), 0) == 0 or fail("landlock_add_rule for port $port: $!");
});
my %environment;
repeat(sub { my $name = take(); $environment{$name} = take() });
my $hint = take();
my @words;
repeat(sub { push(@words, take()) });

# PR_SET_NO_NEW_PRIVS
syscall($prctl + 0, 38, 1, 0, 0, 0) == 0 or fail("no_new_privs: $!");
syscall(446, $ruleset, 0) == 0 or fail("landlock_restrict_self: $!");
%ENV = %environment;
{ no warnings; exec { $words[0] } @words }
fail("$words[0] can't be executed: \l$!$hint");
`;
