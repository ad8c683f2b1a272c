import { defineFault } from "../../fault.js";
import type { Reference, Session } from "../../reference/reference.js";

const relay = "binding/bind-host-service/relay-reaches-plugin";
const direct = "binding/bind-host-service/direct-socket-works";

/** Changes what the plugin finds under each bound variable; `undefined` leaves it out. */
function changeBound(
  reference: Reference,
  change: (value: string, name: string, session: Session) => string | undefined,
): void {
  const { pluginEnvironment } = reference;
  reference.pluginEnvironment = (session, request, socketPath) => {
    const environment = pluginEnvironment(session, request, socketPath);
    for (const name of session.bindings.keys()) {
      const value = change(environment[name] ?? "", name, session);
      if (value === undefined) Reflect.deleteProperty(environment, name);
      else environment[name] = value;
    }
    return environment;
  };
}

export const relayInLowerCase = defineFault({
  name: "relay-in-lower-case",
  breaks: [relay],
  apply: (reference) => {
    changeBound(reference, (value) => (value.startsWith("/") ? value : value.toLowerCase()));
  },
});

export const relayWithoutScheme = defineFault({
  name: "relay-without-scheme",
  breaks: [
    relay,
    "binding/bind-host-service/second-replaces-first",
    "binding/bind-host-service/own-session-alone",
  ],
  apply: (reference) => {
    changeBound(reference, (value) => value.replace(/^(tls|tcp):\/\//, ""));
  },
});

export const oddNamesDropped = defineFault({
  name: "odd-names-dropped",
  breaks: [relay],
  apply: (reference) => {
    changeBound(reference, (value, name) => (/^\w+$/.test(name) ? value : undefined));
  },
});

export const tokensDropped = defineFault({
  name: "tokens-dropped",
  breaks: [relay],
  apply: (reference) => {
    reference.around("startPlugin", (request, next) => {
      const env = Object.entries(request.env).filter(([name]) => !name.endsWith("_TOKEN"));
      return next({ ...request, env: Object.fromEntries(env) });
    });
  },
});

export const urlInGuest = defineFault({
  name: "url-in-guest",
  breaks: [direct],
  apply: (reference) => {
    changeBound(reference, (value) => (value.startsWith("/") ? `unix://${value}` : value));
  },
});

export const pathNotInGuest = defineFault({
  name: "path-not-in-guest",
  breaks: [direct],
  apply: (reference) => {
    changeBound(reference, (value) => (value.startsWith("/") ? `/guest${value}` : value));
  },
});

export const socketsMixedUp = defineFault({
  name: "sockets-mixed-up",
  breaks: [direct],
  apply: (reference) => {
    changeBound(reference, (value, _name, { bindings }) => {
      const [first = value] = [...bindings.values()].filter((target) => target.startsWith("unix://"));
      return value.startsWith("/") ? first.slice("unix://".length) : value;
    });
  },
});

export const firstBindingStays = defineFault({
  name: "first-binding-stays",
  breaks: ["binding/bind-host-service/second-replaces-first"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      const { bindings } = reference.found(request.sessionId);
      const before = bindings.get(request.envVar);
      const answer = await next(request);
      if (before !== undefined) bindings.set(request.envVar, before);
      return answer;
    });
  },
});

export const bindsForAll = defineFault({
  name: "binds-for-all",
  breaks: ["binding/bind-host-service/own-session-alone"],
  apply: (reference) => {
    reference.around("bindHostService", async (request, next) => {
      const answer = await next(request);
      for (const { bindings } of reference.sessions.values())
        bindings.set(request.envVar, request.relay?.dialTarget ?? "");
      return answer;
    });
  },
});
