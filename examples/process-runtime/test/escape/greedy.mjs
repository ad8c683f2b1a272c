#!/usr/bin/env node
/*
 * A plugin that takes all it can get, within bounds that a machine without limits survives. For each way it writes one line,
 * `way <name> through|refused <what it got>`, and then it ends.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";

const MiB = 2 ** 20;

function perl(code) {
  return execFileSync("perl", ["-e", code], { stdio: ["ignore", "pipe", "ignore"] }).toString();
}

/** All of it, or it is refused. */
function whole(wanted, got) {
  if (got < wanted) throw new Error(`${got} of ${wanted}`);
  return `${got}`;
}

const ways = {
  "start-processes-without-end": () =>
    whole(
      400,
      Number(
        perl(
          `my @k; for (1..400) { my $p = fork; last unless defined $p; if ($p == 0) { sleep 60; exit } push @k, $p } print scalar @k; kill 9, @k; waitpid $_, 0 for @k`,
        ),
      ),
    ),
  "start-a-bomb-of-processes": () =>
    // Each starts two more, eight generations deep; each that can is one line.
    whole(
      511,
      perl(
        `$| = 1; sub grow { my $d = shift; syswrite STDOUT, "."; return if $d == 0; my @k; for (1..2) { my $p = fork; next unless defined $p; if ($p == 0) { grow($d - 1); exit } push @k, $p } select undef, undef, undef, 0.5; waitpid $_, 0 for @k } grow(8)`,
      ).length,
    ),
  "take-memory-without-end": () =>
    whole(600 * MiB, Number(perl(`my $x = ""; $x .= "x" x ${MiB} for 1..600; print length $x`))),
  "open-files-without-end": () => {
    const open = [];
    try {
      while (open.length < 2_000) open.push(fs.openSync("/dev/null"));
    } catch {
      // As many as it gets.
    }
    open.forEach((descriptor) => fs.closeSync(descriptor));
    return whole(2_000, open.length);
  },
};

for (const [name, go] of Object.entries(ways)) {
  try {
    console.log(`way ${name} through ${go()}`);
  } catch (error) {
    console.log(`way ${name} refused ${String(error.signal ?? error.message).split("\n")[0]}`);
  }
}
