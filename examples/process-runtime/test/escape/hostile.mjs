#!/usr/bin/env node
/*
 * A plugin that tries to get out. PREY in its environment says what is outside, as JSON; for each way it writes one line,
 * `way <name> through|refused <what it saw>`, and then it ends. What changes something is undone at once.
 */
import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";

const prey = JSON.parse(process.env.PREY ?? "{}");
const temporary = process.env.TMPDIR ?? "/tmp";
const here = path.dirname(process.argv[1]);
const timeoutMs = 3_000;

/** x64 and arm64. */
const calls = {
  mknodat: [259, 33],
  ptrace: [101, 117],
  syslog: [103, 116],
  acct: [163, 89],
  swapon: [167, 224],
  reboot: [169, 142],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  add_key: [248, 217],
  keyctl: [250, 219],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  clock_settime: [227, 112],
  fsopen: [430, 430],
  pidfd_open: [434, 434],
  pidfd_getfd: [438, 438],
  open_tree: [428, 428],
};
const call = (name) => calls[name][process.arch === "arm64" ? 1 : 0];

function run(command, ...args) {
  return execFileSync(command, args, { timeout: timeoutMs, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

/** Runs a piece of Perl, which can call the kernel by number; it dies where it is refused. */
function perl(code) {
  return run("perl", "-e", code);
}

let strings = 0;
/** Perl hands no text to the kernel but a variable's. */
function variable(text) {
  strings += 1;
  return `my $s${strings} = "${text}"`;
}

/** A call that is let through to the kernel may fail there for its arguments, but not for want of a right. */
function kernel(name, args) {
  return perl(
    `my $r = syscall(${call(name)}, ${args}); die "$!" if $r < 0 && ($!{EPERM} || $!{ENOSYS} || $!{EACCES}); print "$r $!"`,
  );
}

function tcp(host, port) {
  return talk(connect({ host, port }));
}

async function talk(socket) {
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error("no answer")));
  socket.write("GET / HTTP/1.0\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += chunk;
  if (!text.includes(prey.token)) throw new Error(`something else answered: ${text.slice(0, 80)}`);
  return "the secret";
}

async function udp(host, port) {
  const socket = createSocket("udp4");
  const failed = once(socket, "error").then(([error]) => Promise.reject(error));
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 1_000));
  try {
    socket.send("anybody there?", port, host);
    const [answer] = await Promise.race([once(socket, "message"), failed, late]);
    return answer.toString();
  } finally {
    failed.catch(() => undefined);
    late.catch(() => undefined);
    socket.close();
  }
}

function readSecret(file) {
  const text = fs.readFileSync(file, "latin1");
  if (!text.includes(prey.token)) throw new Error("something else is there");
  return "the secret";
}

function createAt(file) {
  fs.writeFileSync(file, "here", { flag: "wx" });
  fs.unlinkSync(file);
  return "written";
}

function openForWriting(file) {
  fs.closeSync(fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY));
  return "open for writing";
}

function fill(folder, bytes) {
  const file = path.join(folder, `fill-${process.pid}`);
  try {
    run("fallocate", "--length", String(bytes), file);
    return `${bytes} bytes`;
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function inTemporary(name, work) {
  const folder = fs.mkdtempSync(path.join(temporary, `${name}-`));
  try {
    return work(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function byGrandchild() {
  const code = `require("net").connect(${prey.tcpPort}, "127.0.0.1").on("data", (d) => process.stdout.write(d)).on("error", (e) => { console.error(e.message); process.exit(1) }).write("GET / HTTP/1.0\\r\\n\\r\\n")`;
  const child = spawn("setsid", ["sh", "-c", '"$0" -e "$1" & wait $!', process.execPath, code], {
    env: {},
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  await once(child, "close");
  if (!text.includes(prey.token)) throw new Error("no answer");
  return "the secret";
}

const ways = {
  // The network.
  "tcp-host-loopback": () => tcp("127.0.0.1", prey.tcpPort),
  "tcp-host-loopback-ipv6": () => tcp("::1", prey.tcpPort),
  "tcp-unspecified-address": () => tcp("0.0.0.0", prey.tcpPort),
  "tcp-mapped-address": () => tcp("::ffff:127.0.0.1", prey.tcpPort),
  "tcp-other-loopback-address": () => tcp("127.9.9.9", prey.tcpPort),
  "tcp-host-address": () => tcp(prey.address, prey.tcpPort),
  "tcp-by-detached-grandchild": byGrandchild,
  "udp-host-loopback": () => udp("127.0.0.1", prey.udpPort),
  "udp-host-address": () => udp(prey.address, prey.udpPort),
  "abstract-unix-socket": () => talk(connect({ path: `\0${prey.abstract}` })),
  "path-unix-socket": () => talk(connect({ path: prey.socket })),
  "socket-of-another-session": () => {
    if (!fs.statSync(prey.otherSocket).isSocket()) throw new Error("no socket");
    return "seen";
  },
  "raw-ip-socket": () => perl('socket(S, 2, 3, 1) or die "$!"; print "open"'),
  "packet-socket": () => perl('socket(S, 17, 3, 768) or die "$!"; print "open"'),
  "hypervisor-socket": () => perl('socket(S, 40, 1, 0) or die "$!"; print "open"'),
  "change-network-addresses": () => {
    run("ip", "address", "add", "127.98.7.6/32", "dev", "lo");
    run("ip", "address", "del", "127.98.7.6/32", "dev", "lo");
    return "changed";
  },
  "see-network-interfaces": () => {
    const seen = JSON.stringify(os.networkInterfaces());
    if (!seen.includes(prey.address)) throw new Error("not the host's");
    return prey.address;
  },
  "see-open-ports": () => {
    const port = `:${prey.tcpPort.toString(16).toUpperCase().padStart(4, "0")} `;
    if (!["tcp", "tcp6"].some((file) => fs.readFileSync(`/proc/net/${file}`, "latin1").includes(port)))
      throw new Error("not the host's");
    return port;
  },
  "enter-network-namespace": () => run("nsenter", `--net=/proc/${prey.victim}/ns/net`, "true") || "entered",

  // Files.
  "read-file-of-the-operator": () => readSecret(prey.file),
  "read-by-symbolic-link": () =>
    inTemporary("link", (folder) => {
      fs.symlinkSync(prey.file, path.join(folder, "link"));
      return readSecret(path.join(folder, "link"));
    }),
  "read-by-link-beside-own-socket": () => {
    const link = path.join(path.dirname(process.env.GESTALT_PLUGIN_SOCKET), `l${process.pid}`);
    fs.symlinkSync(prey.file, link);
    try {
      return readSecret(link);
    } finally {
      fs.unlinkSync(link);
    }
  },
  "hard-link-file-of-the-operator": () => {
    const link = path.join(path.dirname(prey.file), `hard-${process.pid}`);
    fs.linkSync(prey.file, link);
    fs.unlinkSync(link);
    return "linked";
  },
  "read-by-parent-folders": () => readSecret(path.join(here, "../../../../../../../../..", prey.file)),
  "read-by-root-of-a-process": () => readSecret(`/proc/${prey.victim}/root${prey.file}`),
  "read-by-folder-of-a-process": () => readSecret(`/proc/${prey.victim}/cwd/secret`),
  "write-beside-file-of-the-operator": () => createAt(`${prey.file}-${process.pid}`),
  "write-own-package": () => createAt(path.join(here, `made-${process.pid}`)),
  "write-system-programs": () => createAt(`/usr/bin/gst-made-${process.pid}`),
  "write-system-settings": () => createAt(`/etc/gst-made-${process.pid}`),
  "write-root-folder": () => createAt(`/gst-made-${process.pid}`),
  "write-device-folder": () => createAt(`/dev/gst-made-${process.pid}`),
  "change-the-runtime-itself": () => openForWriting(prey.program),
  "read-passwords": () => fs.readFileSync("/etc/shadow", "latin1").length && "read",
  "read-private-keys-of-the-system": () => `${fs.readdirSync("/etc/ssl/private").length} files`,
  "see-folders-of-other-sessions": () => `${fs.readdirSync(prey.stateDir).length} files`,
  "see-run-folder": () => {
    const found = fs.readdirSync("/run").filter((name) => name !== "gestalt");
    if (found.length === 0) throw new Error("empty");
    return found.join(" ");
  },
  "see-system-tree": () => `${fs.readdirSync("/sys/kernel").length} files`,
  "see-control-groups": () => `${fs.readdirSync("/sys/fs/cgroup").length} files`,
  "make-device": () =>
    inTemporary("node", (folder) => {
      run("mknod", path.join(folder, "n"), "c", "1", "1");
      return "made";
    }),
  "write-kernel-settings": () => {
    const file = "/proc/sys/vm/swappiness";
    fs.writeFileSync(file, fs.readFileSync(file));
    return "written";
  },
  "write-settings-of-interrupts": () => {
    const file = "/proc/irq/default_smp_affinity";
    fs.writeFileSync(file, fs.readFileSync(file));
    return "written";
  },
  "open-kernel-log": () => openForWriting("/dev/kmsg"),
  "see-names-of-keys": () => {
    if (!fs.readFileSync("/proc/keys", "latin1").includes(prey.key)) throw new Error("not there");
    return prey.key;
  },
  "fill-temporary-folder": () => fill(temporary, 300 * 2 ** 20),
  "fill-shared-memory": () => fill("/dev/shm", 100 * 2 ** 20),
  "fill-folder-of-own-socket": () => fill(path.dirname(process.env.GESTALT_PLUGIN_SOCKET), 8 * 2 ** 20),

  // Processes.
  "see-processes": () => readSecret(`/proc/${prey.victim}/cmdline`),
  "read-environment-of-a-process": () => readSecret(`/proc/${prey.victim}/environ`),
  "read-environment-of-the-runtime": () => readSecret(`/proc/${prey.provider}/environ`),
  "see-files-of-the-runtime": () => `${fs.readdirSync(`/proc/${prey.provider}/fd`).length} files`,
  "open-memory-of-a-process": () => fs.closeSync(fs.openSync(`/proc/${prey.victim}/mem`, "r+")) ?? "open",
  "signal-a-process": () => process.kill(prey.victim, 0) && "signalled",
  "signal-the-runtime": () => process.kill(prey.provider, 0) && "signalled",
  "change-priority-of-a-process": () => os.setPriority(prey.victim, 5) ?? "changed",
  "change-limits-of-a-process": () => run("prlimit", "--pid", String(prey.victim), "--core=0") || "changed",
  "trace-a-process": () =>
    perl(
      `syscall(${call("ptrace")}, 16, ${prey.victim}, 0, 0) == 0 or die "$!"; waitpid(${prey.victim}, 0x40000000); syscall(${call("ptrace")}, 17, ${prey.victim}, 0, 0); print "traced"`,
    ),
  "take-descriptor-of-a-process": () =>
    perl(
      `my $p = syscall(${call("pidfd_open")}, ${prey.victim}, 0); die "$!" if $p < 0; my $f = syscall(${call("pidfd_getfd")}, $p, 1, 0); die "$!" if $f < 0; print "taken"`,
    ),
  "shared-memory-of-system-v": () => perl(`defined shmget(${prey.ipcKey}, 0, 0) or die "$!"; print "found"`),
  "messages-of-system-v": () => perl(`defined msgget(${prey.ipcKey}, 0) or die "$!"; print "found"`),
  "enter-mount-namespace": () => run("nsenter", `--mount=/proc/${prey.victim}/ns/mnt`, "true") || "entered",

  // Rights and the kernel.
  "hold-capabilities": () => {
    const [, held = "0"] = /CapEff:\s*(\w+)/.exec(fs.readFileSync("/proc/self/status", "latin1")) ?? [];
    if (BigInt(`0x${held}`) === 0n) throw new Error("none");
    return held;
  },
  "gain-rights-by-setuid": () => {
    const status = fs.readFileSync("/proc/self/status", "latin1");
    if (/NoNewPrivs:\s*1/.test(status)) throw new Error("no new privileges");
    return "may";
  },
  "read-keys": () =>
    perl(
      `my $k = syscall(${call("keyctl")}, 10, -4, ${variable("user")}, ${variable(prey.key)}, 0); die "$!" if $k < 0; my $b = "\\0" x 64; syscall(${call("keyctl")}, 11, $k, $b, 64); die "else" unless $b =~ /${prey.token}/; print "the secret"`,
    ),
  "add-keys": () =>
    perl(
      `my $k = syscall(${call("add_key")}, ${variable("user")}, ${variable("gst-made")}, ${variable("x")}, 1, -4); die "$!" if $k < 0; print "added"`,
    ),
  "make-user-namespace": () => run("unshare", "--user", "true") || "made",
  "make-mount-namespace": () => run("unshare", "--mount", "true") || "made",
  "make-network-namespace": () => run("unshare", "--user", "--net", "true") || "made",
  "mount-file-system": () =>
    inTemporary("mount", (folder) => {
      run("mount", "-t", "tmpfs", "none", folder);
      run("umount", folder);
      return "mounted";
    }),
  "mount-by-new-calls": () => kernel("fsopen", `${variable("tmpfs")}, 0`),
  "copy-mounts": () => kernel("open_tree", `-100, ${variable("/")}, 1`),
  "change-root": () => run("chroot", "/", "true") || "changed",
  "set-host-name": () => kernel("sethostname", `${variable(prey.hostname)}, ${prey.hostname.length}`),
  "see-host-name": () => {
    if (os.hostname() !== prey.hostname) throw new Error(os.hostname());
    return os.hostname();
  },
  "read-kernel-log": () => kernel("syslog", '3, my $b = "\\0" x 64, 64'),
  // Refused by the kernel for its nanoseconds, but not for want of a right.
  "set-clock": () => kernel("clock_settime", '0, my $t = pack("q2", 0, 2_000_000_000)'),
  reboot: () => kernel("reboot", "0, 0, 0, 0"),
  "swap-on": () => kernel("swapon", `${variable("/nowhere")}, 0`),
  "process-accounting": () => kernel("acct", variable("/nowhere/at/all")),
  "load-bpf": () => kernel("bpf", '0, my $m = pack("L4 x120", 2, 4, 4, 1), 32'),
  "catch-page-faults": () => kernel("userfaultfd", "0"),
  "set-up-io-uring": () => kernel("io_uring_setup", '4, my $p = "\\0" x 120'),
  "type-into-terminal": () =>
    perl(
      'open(M, "+<", "/dev/ptmx") or die "$!"; my $u = pack("i", 0); ioctl(M, 0x40045431, $u) or die "$!"; my $n = pack("I", 0); ioctl(M, 0x80045430, $n) or die "$!"; open(S, "+<", "/dev/pts/" . unpack("I", $n)) or die "$!"; my $c = "x"; ioctl(S, 0x5412, $c) or die "$!"; print "typed"',
    ),
};

const wanted = process.argv.slice(2);
const chosen = Object.entries(ways).filter(([name]) => wanted.length === 0 || wanted.includes(name));
for (const [name, way] of chosen) {
  let outcome;
  try {
    outcome = `through ${await way()}`;
  } catch (error) {
    outcome = `refused ${(error.stderr?.toString() || error.message).trim()}`;
  }
  process.stdout.write(`way ${name} ${outcome.replace(/\s+/g, " ").slice(0, 200)}\n`);
}
