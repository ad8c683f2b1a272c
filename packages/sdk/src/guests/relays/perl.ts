import { placeWords, type Relay } from "./relay.js";

/** Perl: in every image made on Debian or Ubuntu. */
export const perl: Relay = {
  tool: "perl",
  probe: ["perl", "-e", "use Socket qw(:DEFAULT getaddrinfo); use Errno; use POSIX ();"],
  connect: (to, atEnd) => ["perl", "-e", common + connect, ...placeWords(to), atEnd],
  forward: (at, to) => ["perl", "-e", common + forward, ...placeWords(at), ...placeWords(to)],
};

const common = String.raw`
use strict;
use Socket qw(:DEFAULT getaddrinfo SOMAXCONN IPPROTO_TCP TCP_NODELAY);
use Errno qw(EINTR);
use POSIX ();
$SIG{PIPE} = "IGNORE";

sub place {
  my ($kind, $host, $port) = @_;
  return (PF_UNIX, pack_sockaddr_un($host)) if $kind eq "unix";
  my ($error, @found) = getaddrinfo($host, $port, { socktype => SOCK_STREAM });
  die "$error\n" if $error;
  return ($found[0]{family}, $found[0]{addr});
}

sub dial {
  my ($family, $address) = place(@_);
  socket(my $s, $family, SOCK_STREAM, 0) or die "$!\n";
  connect($s, $address) or die "$!\n";
  setsockopt($s, IPPROTO_TCP, TCP_NODELAY, 1) if $family != PF_UNIX;
  return $s;
}

sub copy {
  my ($from, $to) = @_;
  while (1) {
    my $got = sysread($from, my $bytes, 65536);
    next if !defined $got && $! == EINTR;
    return 0 if !defined $got;
    return 1 if $got == 0;
    my $done = 0;
    while ($done < $got) {
      my $put = syswrite($to, $bytes, $got - $done, $done);
      next if !defined $put && $! == EINTR;
      return 0 if !defined $put;
      $done += $put;
    }
  }
}
`;

const connect = String.raw`
my $s = eval { dial(@ARGV[0 .. 2]) } or die "can't connect to $ARGV[1]: $@";
my $sending = fork;
die "can't fork: $!\n" if !defined $sending;
if (!$sending) {
  close STDOUT;
  my $ok = copy(\*STDIN, $s) && shutdown($s, 1);
  POSIX::_exit($ok ? 0 : 1);
}
close STDIN;
my $ok = copy($s, \*STDOUT);
if ($ok && $ARGV[3] eq "close stdout") {
  # Where stdin and stdout are one socket, closing a copy would tell nobody.
  shutdown(STDOUT, 1);
  close STDOUT;
  waitpid $sending, 0;
  $ok = $? == 0;
}
kill KILL => $sending;
POSIX::_exit($ok ? 0 : 1);
`;

const forward = String.raw`
my ($kind, $host) = @ARGV[0, 1];
my $l = eval {
  unlink $host if $kind eq "unix" && -S $host;
  my ($family, $address) = place(@ARGV[0 .. 2]);
  socket(my $l, $family, SOCK_STREAM, 0) or die "$!\n";
  setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($l, $address) or die "$!\n";
  listen($l, SOMAXCONN) or die "$!\n";
  $l;
} or die "can't listen on $host: $@";

sub carry {
  my ($c) = @_;
  my $s = eval { dial(@ARGV[3 .. 5]) };
  if (!$s) {
    print STDERR "can't connect to $ARGV[4]: $@";
    POSIX::_exit(1);
  }
  my $there = fork;
  POSIX::_exit(1) if !defined $there;
  my ($from, $to) = $there ? ($s, $c) : ($c, $s);
  my $ok = copy($from, $to);
  # A broken side breaks the other off; an ended half ends a half.
  shutdown($_, 2) for $ok ? () : ($from, $to);
  shutdown($to, 1);
  waitpid $there, 0 if $there;
  POSIX::_exit(0);
}

# All that is forked here ends with it.
setpgrp(0, 0);
$SIG{CHLD} = "IGNORE";
$| = 1;
print "ready\n";
while (1) {
  my $bits = "";
  vec($bits, fileno(STDIN), 1) = 1;
  vec($bits, fileno($l), 1) = 1;
  my $ready = select($bits, undef, undef, undef);
  next if $ready <= 0;
  if (vec($bits, fileno(STDIN), 1)) {
    my $got = sysread(STDIN, my $bytes, 65536);
    last if !$got;
  }
  if (vec($bits, fileno($l), 1)) {
    accept(my $c, $l) or next;
    my $pid = fork;
    if (defined $pid && !$pid) {
      $SIG{CHLD} = "DEFAULT";
      close STDIN;
      close STDOUT;
      close $l;
      carry($c);
    }
    close $c;
  }
}
unlink $host if $kind eq "unix";
$SIG{TERM} = "IGNORE";
kill TERM => -$$;
POSIX::_exit(0);
`;
