/** Where things are inside a guest: paths of a few bytes, whatever the host's are (DIAL-2). */
export const layout = {
  /** The sockets: the plugin's own, and those of host services. */
  sockets: "/run/gestalt",
  temporary: "/tmp",
  home: "/tmp/home",
  hostname: "plugin",
} as const;

/** How much of the machine's memory a guest's own files may take. */
export const ownFileBytes = { temporary: 256 * 2 ** 20, sharedMemory: 64 * 2 ** 20, sockets: 2 ** 20 };
