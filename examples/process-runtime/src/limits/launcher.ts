/**
 * A program with arguments that enters cgroups, sets what processes hand down to their children, and then becomes the
 * program that is named after them, with its arguments exactly as they are (PLUG-1).
 *
 * No address-space limit is ever set: Node.js reserves far more of it than it uses.
 *
 * @param doors the `cgroup.procs` files of the cgroups
 */
export function launcher(shell: string, doors: readonly string[], openFiles?: number): string[] {
  const enter = doors.map(
    (_, index) =>
      `echo 0 >"$${index + 1}" || { echo "the cgroup of $${index + 1} can't be entered" >&2; exit 126; }`,
  );
  // 0 stands for whoever writes. A dump of a plugin's memory would hold its secrets.
  const set = ["ulimit -c 0", ...(openFiles === undefined ? [] : [`ulimit -n ${openFiles}`])];
  const leave = doors.length === 0 ? [] : [`shift ${doors.length}`];
  const script = [...set.map((line) => `${line} || exit 126`), ...enter, ...leave, 'exec "$@"'].join("\n");
  return [shell, "-c", script, "limits", ...doors];
}
