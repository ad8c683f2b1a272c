import { spawn } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join, normalize, relative } from "node:path";
import { RuntimeProviderError } from "@gestalt-runtime/sdk";
import type { AgentWorkspace } from "@gestalt-runtime/sdk/protocol";
import type { Reference, Session } from "./reference.js";

/** Makes workspaces in the sessions' directories (WORK-2). Functions of it are what faults replace. */
export class Workspaces {
  rootOf = (session: Session, agentSessionId: string): string =>
    join(session.directory, "work", Buffer.from(agentSessionId).toString("hex").slice(0, 40));
  /** Throws for a path that would lead out of the root. */
  checkPath = (path: string, field: string): void => {
    const plain = normalize(path);
    if (!isAbsolute(path) && plain !== ".." && !plain.startsWith("../") && !path.includes("\0")) return;
    throw refused(field, path);
  };
  /** Throws for what leads out of the root over a link. */
  checkLinks = (root: string, path: string, field: string): void => {
    let there = join(root, path);
    while (!existsSync(there)) there = dirname(there);
    const below = relative(realpathSync(root), realpathSync(there));
    if (below === ".." || below.startsWith("../")) throw refused(field, path);
  };
  remove = (root: string): void => rmSync(root, { recursive: true, force: true });

  async prepare(
    root: string,
    { checkouts, cwd }: AgentWorkspace,
    signal: AbortSignal,
  ): Promise<{ root: string; cwd: string }> {
    for (const { path } of checkouts) this.checkPath(path, "workspace.checkouts.path");
    this.checkPath(cwd, "workspace.cwd");
    mkdirSync(root, { recursive: true });
    for (const { url, ref, path } of checkouts) {
      this.checkLinks(root, path, "workspace.checkouts.path");
      await git(["clone", "--quiet", "--", url, join(root, path)], signal);
      if (ref !== "") await git(["-C", join(root, path), "checkout", "--quiet", ref], signal);
    }
    this.checkLinks(root, cwd, "workspace.cwd");
    return { root, cwd: join(root, cwd) };
  }
}

/** Gives the reference provider workspaces, and support that says so. */
export function giveWorkspaces(reference: Reference): void {
  const { workspaces } = reference;
  reference.around("getSupport", async (request, next) => ({
    ...(await next(request)),
    supportsPrepareWorkspace: true,
  }));
  reference.prepareWorkspace = async ({ sessionId, agentSessionId, workspace }, signal) => {
    const session = reference.found(sessionId);
    if (workspace === undefined) throw new RuntimeProviderError("INVALID_ARGUMENT", "workspace is missing");
    const root = workspaces.rootOf(session, agentSessionId);
    try {
      return await workspaces.prepare(root, workspace, signal);
    } catch (error) {
      workspaces.remove(root);
      throw error;
    }
  };
}

function refused(field: string, path: string): RuntimeProviderError {
  return new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `${field} ${JSON.stringify(path)} leads out of the workspace; write a path below it`,
  );
}

function git(args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, {
      detached: true,
      env: { PATH: process.env.PATH, HOME: "/nonexistent", GIT_TERMINAL_PROMPT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    const end = (): void => {
      // With its helpers, which have its process group.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    signal.addEventListener("abort", end, { once: true });
    child.once("error", reject);
    child.once("close", (code) => {
      signal.removeEventListener("abort", end);
      if (code === 0) resolve();
      else if (signal.aborted)
        reject(new RuntimeProviderError("CANCELLED", "PrepareWorkspace was cancelled"));
      else reject(new RuntimeProviderError("FAILED_PRECONDITION", `git: ${complaint.trim()}`));
    });
  });
}
