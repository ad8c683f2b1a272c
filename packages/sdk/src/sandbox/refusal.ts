import type { HostSandbox } from "./host-sandbox.js";

/** Whether and why the host's sandbox refused an operation, for a person to read (PROC-10). */
export function explainRefusal(
  error: unknown,
  { writableFolders, proxy }: Pick<HostSandbox, "writableFolders" | "proxy">,
): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall = "", path } = error as NodeJS.ErrnoException;
  const what = path === undefined ? "it" : JSON.stringify(path);
  if (code === "EXDEV")
    return `the host's sandbox refuses to move ${what} to another folder; copy it, and remove it then`;
  if (code !== "EACCES" && code !== "EROFS") return undefined;
  if (path === "/dev/null" || syscall.startsWith("spawn"))
    return (
      `the host's sandbox refuses to start ${what}: only programs in the provider's own folder, ` +
      `${folders(writableFolders)} can be executed, and only with pipes for their output, since /dev/null is read-only`
    );
  if (syscall === "connect")
    return (
      `the host's sandbox refuses TCP connections to anything but the proxy` +
      `${proxy === undefined ? "" : ` ${proxy}`} that HTTP_PROXY and HTTPS_PROXY name; connect through it`
    );
  if (syscall === "listen" || syscall === "bind")
    return "the host's sandbox refuses to listen on TCP ports; listen on a Unix socket";
  return (
    `the host's sandbox keeps ${what} out of reach: it lets the provider write to ${folders(writableFolders)} only, ` +
    `and read its own folder and the system's libraries and certificates besides`
  );
}

function folders(paths: readonly string[]): string {
  return paths.length === 0 ? "the socket's folder and TMPDIR" : paths.join(" and ");
}
