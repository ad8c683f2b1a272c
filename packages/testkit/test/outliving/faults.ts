import {
  memorySessionStore,
  type PluginRuntimeProvider,
  type RunningPlugin,
  type SessionBackend,
  type SessionRuntimeOptions,
} from "@gestalt-runtime/sdk";
import type { GuestBackend } from "./guest-backend.js";

/** One way to break the outliving runtime, at the level where such a mistake is made. */
export interface OutlivingFault {
  readonly name: string;
  readonly options?: SessionRuntimeOptions;
  readonly backend?: (backend: GuestBackend) => SessionBackend<string>;
  readonly provider?: (provider: PluginRuntimeProvider) => PluginRuntimeProvider;
}

/** The same object but for what is given. */
function but<T extends object>(whole: T, changes: { readonly [K in keyof T]?: T[K] | undefined }): T {
  return new Proxy(whole, {
    get: (target, key) => {
      if (key in changes) return changes[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const never = new Promise<never>(() => undefined);
const blind = (plugin: Promise<RunningPlugin>): Promise<RunningPlugin> =>
  plugin.then((running) => ({ ...running, ended: never }));

/** Sessions that this process has not started itself. */
function onlyFound(provider: PluginRuntimeProvider): (id: string) => boolean {
  const own = new Set<string>();
  const startSession = provider.startSession.bind(provider);
  provider.startSession = async (request, context) => {
    const session = await startSession(request, context);
    own.add(session.id);
    return session;
  };
  return (id) => !own.has(id);
}

export const outlivingFaults: readonly OutlivingFault[] = [
  {
    name: "keeps-sessions-in-memory",
    options: { peers: "hidden" },
    backend: (backend) =>
      but<SessionBackend<string>>(backend, { store: memorySessionStore(), find: undefined }),
  },
  {
    name: "found-without-metadata",
    provider: (provider) => {
      const isFound = onlyFound(provider);
      return but(provider, {
        getSession: async (id, context) => {
          const session = await provider.getSession(id, context);
          return session !== undefined && isFound(id) ? { ...session, metadata: {} } : session;
        },
      });
    },
  },
  {
    name: "found-as-pending",
    provider: (provider) => {
      const isFound = onlyFound(provider);
      return but(provider, {
        getSession: async (id, context) => {
          const session = await provider.getSession(id, context);
          return session !== undefined && isFound(id) ? { ...session, state: "pending" } : session;
        },
      });
    },
  },
  {
    name: "never-asks-what-became",
    backend: (backend) =>
      but<SessionBackend<string>>(backend, {
        adopt: (handle, io) => blind(backend.adopt(handle, io)),
        inspect: async (handle, context) => {
          const facts = await backend.inspect(handle, context);
          // A session that never had a plugin is not broken.
          return facts.guest === "up" && facts.plugin === "none" ? facts : { guest: "up", plugin: "running" };
        },
      }),
  },
  {
    name: "blind-after-restart",
    backend: (backend) =>
      but<SessionBackend<string>>(backend, {
        adopt: (handle, io) => blind(backend.adopt(handle, io)),
        inspect: (() => {
          const seen = new Map<string, Awaited<ReturnType<GuestBackend["inspect"]>>>();
          return async (handle, context) => {
            const facts = seen.get(handle) ?? (await backend.inspect(handle, context));
            seen.set(handle, facts);
            return facts;
          };
        })(),
      }),
  },
  {
    name: "stops-found-in-name-alone",
    provider: (provider) => {
      const isFound = onlyFound(provider);
      return but(provider, {
        stopSession: async (id, context) => {
          if (!isFound(id)) await provider.stopSession(id, context);
        },
      });
    },
  },
];
