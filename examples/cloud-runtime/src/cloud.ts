import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { BackendError, type ErrorCode } from "@gestalt-runtime/sdk";

/** A sandbox as the API shows it. */
export interface Sandbox {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly region: string;
  readonly state: "starting" | "running" | "failed" | "expired" | "deleting";
  /** One word and a sentence, where it failed. */
  readonly reason: string;
  readonly message: string;
  readonly expiresAt: string;
  readonly program: Program | null;
}

export type Program =
  | { readonly state: "running" }
  | { readonly state: "exited"; readonly exitCode: number }
  | { readonly state: "killed"; readonly signal: string }
  | { readonly state: "limit"; readonly limit: string; readonly detail: string };

export interface SandboxRequest {
  /** The same name again gives the same sandbox. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string;
  readonly registryAuth?: { readonly username: string; readonly password: string } | undefined;
  readonly region: string;
  readonly size: string;
  /** The cloud ends the sandbox by itself then. */
  readonly ttlSeconds: number;
}

export interface ProgramRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where it will listen. */
  readonly socket: string;
}

export interface OutputPage {
  readonly chunks: readonly {
    readonly stream: "stdout" | "stderr";
    readonly data: string;
    readonly cursor: string;
  }[];
  readonly ended: boolean;
}

/** How long the cloud holds an answer back until there is something to tell. */
const waitMs = 20_000;

/** The client of a cloud of sandboxes. It takes the place of the package that a real cloud has on npm. */
export class Cloud {
  constructor(
    private readonly endpoint: string,
    private readonly token: string,
  ) {}

  account(signal: AbortSignal): Promise<object> {
    return this.#call("GET", "/v1/account", signal);
  }

  createSandbox(request: SandboxRequest, signal: AbortSignal): Promise<Sandbox> {
    return this.#call("POST", "/v1/sandboxes", signal, request);
  }

  sandbox(id: string, signal: AbortSignal): Promise<Sandbox> {
    return this.#call("GET", `/v1/sandboxes/${id}`, signal);
  }

  /** Answers when the sandbox is not `starting` any more, or after a while. */
  startedSandbox(id: string, signal: AbortSignal): Promise<Sandbox> {
    return this.#call("GET", `/v1/sandboxes/${id}?waitMs=${waitMs}`, signal);
  }

  /** A page of the sandboxes that carry all these labels. */
  listSandboxes(
    labels: Readonly<Record<string, string>>,
    page: number,
    signal: AbortSignal,
  ): Promise<{ readonly sandboxes: readonly Sandbox[]; readonly nextPage?: number }> {
    const query = new URLSearchParams({ page: String(page) });
    for (const [key, value] of Object.entries(labels)) query.append("label", `${key}=${value}`);
    return this.#call("GET", `/v1/sandboxes?${query.toString()}`, signal);
  }

  deleteSandbox(id: string, signal: AbortSignal): Promise<Partial<Sandbox>> {
    return this.#call("DELETE", `/v1/sandboxes/${id}`, signal);
  }

  /** Starts the sandbox's program; the same request again gives the same program. */
  runProgram(id: string, request: ProgramRequest, signal: AbortSignal): Promise<Sandbox> {
    return this.#call("PUT", `/v1/sandboxes/${id}/program`, signal, request);
  }

  /** Answers when the program has ended, or after a while. */
  endedProgram(id: string, signal: AbortSignal): Promise<Program> {
    return this.#call("GET", `/v1/sandboxes/${id}/program?waitMs=${waitMs}`, signal);
  }

  /** Answers when there is output after the cursor, or after a while. */
  output(id: string, cursor: string, signal: AbortSignal): Promise<OutputPage> {
    return this.#call("GET", `/v1/sandboxes/${id}/program/output?cursor=${cursor}&waitMs=${waitMs}`, signal);
  }

  async #call<T>(method: string, path: string, signal: AbortSignal, body?: object): Promise<T> {
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const url = new URL(path, this.endpoint);
    try {
      const text = body === undefined ? null : JSON.stringify(body);
      const response = await fetch(url, { method, headers, signal, body: text });
      const answer: unknown = await response.json();
      if (response.ok) return answer as T;
      throw refusal(response.status, answer, response.headers.get("retry-after"));
    } catch (error) {
      throw error instanceof BackendError ? error : unreachable(error);
    }
  }

  /** Opens a stream to where a sandbox's program listens. */
  connect(id: string, signal: AbortSignal): Promise<Duplex> {
    const url = new URL(`/v1/sandboxes/${id}/program/connect`, this.endpoint);
    const request = url.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = { authorization: `Bearer ${this.token}`, connection: "Upgrade", upgrade: "stream" };
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { headers, signal });
      outgoing.once("upgrade", (_, socket, head) => {
        // Either side may end its half first.
        socket.allowHalfOpen = true;
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      outgoing.once("response", ({ statusCode = 500 }) => {
        outgoing.destroy();
        reject(refusal(statusCode, {}, null));
      });
      outgoing.once("error", (error) => reject(unreachable(error)));
      outgoing.end();
    });
  }
}

const codes: Partial<Record<number, ErrorCode>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "FAILED_PRECONDITION",
  422: "FAILED_PRECONDITION",
};

function refusal(status: number, answer: unknown, retryAfterSeconds: string | null): BackendError {
  const { message = `status ${status}` } = answer as { message?: string };
  const text = `the cloud refused: ${message}`;
  if (status === 429) {
    const retryAfterMs = Number(retryAfterSeconds ?? 0) * 1_000;
    return new BackendError("RESOURCE_EXHAUSTED", text, { retryable: true, retryAfterMs, neverMade: true });
  }
  // What failed inside the cloud may have been done all the same.
  if (status >= 500) return new BackendError("UNAVAILABLE", text, { retryable: true });
  return new BackendError(codes[status] ?? "INTERNAL", text, { neverMade: true });
}

function unreachable(cause: unknown): BackendError {
  const { cause: inner = cause } = cause as { cause?: unknown };
  const text = `the cloud can't be reached: ${inner instanceof Error ? inner.message : String(inner)}`;
  return new BackendError("UNAVAILABLE", text, { retryable: true, cause });
}
