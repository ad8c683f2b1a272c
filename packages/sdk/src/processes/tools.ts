import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const usualFolders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/**
 * The absolute path of a system tool, such as `"unshare"`; undefined where it is not installed. The usual folders come
 * first, so that a changed PATH changes nothing.
 */
export function findTool(name: string): string | undefined {
  const folders = [...usualFolders, ...(process.env.PATH ?? "").split(delimiter)];
  return folders
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
