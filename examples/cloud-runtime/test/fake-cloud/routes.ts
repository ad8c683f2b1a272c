import type { Cloud } from "./cloud.js";
import type { ProgramRequest, SandboxRequest } from "./sandbox.js";
import type { CallKind } from "./settings.js";

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Set for a tunnel: what it leads to. */
  readonly socketPath?: string;
}

interface Route {
  readonly kind: CallKind;
  /** The sandbox's id, where the path has one. */
  readonly sandbox: string;
  answer(body: unknown, gone: AbortSignal): Promise<Answer> | Answer;
}

/** The call that a method and a path mean. */
export function routeOf(cloud: Cloud, method: string, url: URL): Route | undefined {
  const { searchParams: query } = url;
  const waitMs = Number(query.get("waitMs") ?? 0);
  const [, id = "", rest = ""] = /^\/v1\/sandboxes\/([^/]+)(\/.+)?$/.exec(url.pathname) ?? [];
  const ok = (body: unknown): Answer => ({ status: 200, body });
  const route = (kind: CallKind, answer: Route["answer"]): Route => ({ kind, sandbox: id, answer });

  switch (id === "" ? `${method} ${url.pathname}` : `${method} sandbox${rest}`) {
    case "GET /v1/account":
      return route("account", () => ok({ name: "test" }));
    case "POST /v1/sandboxes":
      return route("create", (body) => {
        const { sandbox, isNew } = cloud.create(body as SandboxRequest);
        return { status: isNew ? 201 : 200, body: sandbox.describe() };
      });
    case "GET /v1/sandboxes":
      return route("list", () => ok(cloud.list(query.getAll("label"), Number(query.get("page") ?? 0))));
    case "GET sandbox":
      return route("get", async (_, gone) => {
        const sandbox = cloud.get(id);
        await sandbox.changes.until(() => sandbox.state !== "starting", waitMs, gone);
        return ok(cloud.get(id).describe());
      });
    case "DELETE sandbox":
      return route("delete", async () => {
        const sandbox = cloud.get(id);
        const { deleteMs } = cloud.settings;
        await sandbox.remove(deleteMs);
        return deleteMs > 0 ? { status: 202, body: sandbox.describe() } : ok({});
      });
    case "PUT sandbox/program":
      return route("run", async (body) => {
        const sandbox = cloud.get(id);
        await sandbox.run(body as ProgramRequest);
        return ok(sandbox.describe());
      });
    case "GET sandbox/program":
      return route("wait", async (_, gone) => {
        const sandbox = cloud.get(id);
        const isOver = (): boolean => sandbox.state === "gone" || sandbox.program.state.state !== "running";
        await sandbox.changes.until(isOver, waitMs, gone);
        return ok(cloud.get(id).program.state);
      });
    case "GET sandbox/program/output":
      return route("logs", async (_, gone) => {
        const { output } = cloud.get(id).program;
        const cursor = Number(query.get("cursor") ?? 0);
        return ok(await output.read(cursor, cloud.settings.logPageBytes, waitMs, gone));
      });
    case "POST sandbox/exec":
      return route("exec", async (body) => {
        const { argv, stdin = "" } = body as { argv: string[]; stdin?: string };
        return ok(await cloud.get(id).exec(argv, stdin));
      });
    case "GET sandbox/program/connect":
      return route("connect", () => ({ status: 101, socketPath: cloud.get(id).socketPath }));
    default:
      return undefined;
  }
}
