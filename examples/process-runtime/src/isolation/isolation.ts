import type { EgressPlan, StringMap } from "@gestalt-runtime/sdk";
import type { ProgramSpec, StopOptions, StopReport, TreeProcess } from "@gestalt-runtime/sdk/processes";

/** What keeps a session's programs apart from the machine and from each other. One for all sessions. */
export interface Isolation {
  /** `bubblewrap`: what a guest sees and reaches is chosen. `process-tree`: its processes are held together, no more. */
  readonly kind: "bubblewrap" | "process-tree";
  /** Whether a guest sees the host's sockets under their own paths (BIND-2), or what is put into its `shared` folder. */
  readonly hostServices: "direct" | "shared";
  /** Whether an egress policy is kept, whatever a program does (EGR-2). */
  readonly closesNetworks: boolean;
  /** Makes a session's enclosure ready, so that starting a program in it is quick. */
  open(request: EnclosureRequest): Promise<Enclosure>;
  /** Frees what all enclosures had in common, once they are stopped. */
  close(): Promise<void>;
}

/** What an enclosure is made for. */
export interface EnclosureRequest {
  /** The session's own directory: it is there, private and empty, and removed after `stop`. */
  readonly directory: string;
  /** The files that the programs are to see. */
  readonly root: GuestRoot;
  /** What the programs may use up. */
  readonly limits: Limits;
}

/** The files of a guest. */
export interface GuestRoot {
  /** A directory that is the guest's `/`, read-only. Default: the host's own system directories. */
  readonly path?: string;
  /** What is seen besides; later ones cover earlier ones. Only a `bubblewrap` isolation can do it. */
  readonly mounts: readonly Mount[];
  /** The working directory, as the guest sees it; relative commands start there (PLUG-1). */
  readonly cwd?: string;
  /** Variables for the plugin's safe base (PLUG-2). */
  readonly env: StringMap;
}

/** A file or directory of the host that a guest sees. */
export interface Mount {
  /** Absolute. */
  readonly onHost: string;
  /** Absolute. */
  readonly inGuest: string;
  /** Default false. */
  readonly writable?: boolean;
}

/** What a guest's programs may use up. */
export interface Limits {
  /**
   * A program of the host, with arguments, that starts the program after them in its own place: it sets limits or enters a
   * cgroup, such as `["/usr/bin/prlimit", "--nofile=64", "--"]`. Empty: no limits.
   */
  readonly launcher: readonly string[];
}

/** One session's enclosure. */
export interface Enclosure {
  /** A directory of host and guest for sockets. */
  readonly shared: { readonly onHost: string; readonly inGuest: string };
  /** HOME and TMPDIR, as the guest sees them. */
  readonly env: StringMap;
  /**
   * Starts a program; its paths are the guest's.
   *
   * @param network what the program may reach. Default: the network is open
   * @throws SpawnError when it can't be started
   */
  spawn(program: ProgramSpec, network?: NetworkWish): Promise<GuestProcess>;
  /** Ends all that runs in it: SIGTERM, the grace, SIGKILL, and frees what was made for it. May be called at any time. */
  stop(options: StopOptions): Promise<StopReport>;
}

/** What a program may reach. */
export interface NetworkWish {
  readonly egress: EgressPlan;
  /** Takes lines for the session's log: what was refused, and what broke. */
  readonly say: (text: string) => void;
}

/** A program that runs in an enclosure. */
export interface GuestProcess extends Pick<TreeProcess, "stdout" | "stderr" | "ended"> {
  /** Where the host finds a socket that the program has made; undefined: in `Enclosure.shared`. */
  readonly socketOnHost?: (pathInGuest: string) => string;
}
