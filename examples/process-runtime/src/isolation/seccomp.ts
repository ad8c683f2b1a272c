/**
 * A seccomp filter as the kernel takes it. What it refuses is what no plugin needs and what leads out of, or deep into, the
 * kernel: keys (a session's keyring is inherited by everything that is started), other processes' memory, mounts and
 * namespaces, modules, typing into a terminal, and sockets to the hypervisor, which belong to no network namespace.
 */

/** The numbers of a processor's system calls. */
interface Architecture {
  /** AUDIT_ARCH_*: what the kernel says it is. */
  readonly audit: number;
  /** From here on the numbers mean another set of calls (x32); undefined: there is none. */
  readonly otherAbiFrom?: number;
  readonly clone: number;
  readonly ioctl: number;
  readonly socket: number;
  /** Refused with EPERM. */
  readonly denied: readonly number[];
}

/** Calls that came after all processors had got the same numbers. */
const deniedEverywhere = {
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  pidfd_getfd: 438,
  mount_setattr: 442,
  quotactl_fd: 443,
  open_tree_attr: 467,
};

/** Said to be unknown, so that programs take the older way: it can be looked into, or there is none. */
const unknownEverywhere = { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427, clone3: 435 };

const deniedOnX64 = {
  ptrace: 101,
  syslog: 103,
  uselib: 134,
  vhangup: 153,
  modify_ldt: 154,
  pivot_root: 155,
  chroot: 161,
  acct: 163,
  settimeofday: 164,
  mount: 165,
  umount2: 166,
  swapon: 167,
  swapoff: 168,
  reboot: 169,
  sethostname: 170,
  setdomainname: 171,
  iopl: 172,
  ioperm: 173,
  create_module: 174,
  init_module: 175,
  delete_module: 176,
  get_kernel_syms: 177,
  query_module: 178,
  quotactl: 179,
  nfsservctl: 180,
  lookup_dcookie: 212,
  clock_settime: 227,
  kexec_load: 246,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  unshare: 272,
  perf_event_open: 298,
  open_by_handle_at: 304,
  setns: 308,
  process_vm_readv: 310,
  process_vm_writev: 311,
  kcmp: 312,
  finit_module: 313,
  kexec_file_load: 320,
  bpf: 321,
  userfaultfd: 323,
};

const deniedOnArm64 = {
  lookup_dcookie: 18,
  umount2: 39,
  mount: 40,
  pivot_root: 41,
  nfsservctl: 42,
  chroot: 51,
  vhangup: 58,
  quotactl: 60,
  acct: 89,
  unshare: 97,
  kexec_load: 104,
  init_module: 105,
  delete_module: 106,
  clock_settime: 112,
  syslog: 116,
  ptrace: 117,
  reboot: 142,
  sethostname: 161,
  setdomainname: 162,
  settimeofday: 170,
  add_key: 217,
  request_key: 218,
  keyctl: 219,
  swapon: 224,
  swapoff: 225,
  perf_event_open: 241,
  open_by_handle_at: 265,
  setns: 268,
  process_vm_readv: 270,
  process_vm_writev: 271,
  kcmp: 272,
  finit_module: 273,
  bpf: 280,
  userfaultfd: 282,
  kexec_file_load: 294,
};

const architectures: Partial<Record<NodeJS.Architecture, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    otherAbiFrom: 0x4000_0000,
    ioctl: 16,
    socket: 41,
    clone: 56,
    denied: Object.values(deniedOnX64),
  },
  arm64: { audit: 0xc00000b7, ioctl: 29, socket: 198, clone: 220, denied: Object.values(deniedOnArm64) },
};

/** Every CLONE_NEW* flag that fits into clone: time namespaces can't be asked for there. */
const newNamespaces = 0x7e02_0000;
const terminalRequests = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };
const vsock = 40;

const errno = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 };

/** Where the kernel keeps what a filter looks at; arguments are 64 bits wide, the low half first. */
const at = { number: 0, architecture: 4, argument: (index: number): number => 16 + 8 * index };

const opcodes = { load: 0x20, jumpIfEqual: 0x15, jumpIfAtLeast: 0x35, jumpIfAnyBit: 0x45, answer: 0x06 };
const allow = 0x7fff_0000;

type Instruction = readonly [opcode: number, ifTrue: number, ifFalse: number, value: number];

const load = (offset: number): Instruction => [opcodes.load, 0, 0, offset];
const answer = (value: number): Instruction => [opcodes.answer, 0, 0, value];
const refuse = (error: number): Instruction => answer(0x0005_0000 | error);
/** Does what follows, `count` instructions, if the test holds. */
const when = (opcode: number, value: number, then: readonly Instruction[]): Instruction[] => [
  [opcode, 0, then.length, value],
  ...then,
];

/** Whether there is a filter for this processor. */
export function hasSeccompFilter(processor: NodeJS.Architecture = process.arch): boolean {
  return architectures[processor] !== undefined;
}

/** The filter's bytes, as bubblewrap's `--seccomp` reads them. Of another processor's programs every call is refused. */
export function seccompFilter(processor: NodeJS.Architecture = process.arch): Buffer {
  const calls = architectures[processor];
  if (calls === undefined) throw new Error(`there is no seccomp filter for ${processor}`);
  const is = opcodes.jumpIfEqual;
  const { otherAbiFrom } = calls;
  return assemble([
    load(at.architecture),
    [is, 1, 0, calls.audit],
    refuse(errno.ENOSYS),
    load(at.number),
    ...(otherAbiFrom === undefined ? [] : when(opcodes.jumpIfAtLeast, otherAbiFrom, [refuse(errno.ENOSYS)])),
    ...[...calls.denied, ...Object.values(deniedEverywhere)].flatMap((call) =>
      when(is, call, [refuse(errno.EPERM)]),
    ),
    ...Object.values(unknownEverywhere).flatMap((call) => when(is, call, [refuse(errno.ENOSYS)])),
    ...when(is, calls.clone, [
      load(at.argument(0)),
      ...when(opcodes.jumpIfAnyBit, newNamespaces, [refuse(errno.EPERM)]),
      answer(allow),
    ]),
    // The kernel reads no more than the low half of a request's number either.
    ...when(is, calls.ioctl, [
      load(at.argument(1)),
      ...Object.values(terminalRequests).flatMap((request) => when(is, request, [refuse(errno.EPERM)])),
      answer(allow),
    ]),
    ...when(is, calls.socket, [
      load(at.argument(0)),
      ...when(is, vsock, [refuse(errno.EAFNOSUPPORT)]),
      answer(allow),
    ]),
    answer(allow),
  ]);
}

function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [opcode, ifTrue, ifFalse, value]] of program.entries()) {
    const start = index * 8;
    bytes.writeUInt16LE(opcode, start);
    bytes.writeUInt8(ifTrue, start + 2);
    bytes.writeUInt8(ifFalse, start + 3);
    bytes.writeUInt32LE(value >>> 0, start + 4);
  }
  return bytes;
}
