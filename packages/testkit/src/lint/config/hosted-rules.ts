import { isOpen } from "../text/variables.js";
import { fieldAt, valueAt, type Rule } from "../rule.js";
import { closest } from "../similar.js";
import type { Cursor } from "../text/cursor.js";
import { runtimeEntries, type ConfigSubject } from "./subject.js";

/** Plugins and agents that are hosted in a runtime. */
export const hostedRules: readonly Rule<ConfigSubject>[] = [
  {
    id: "config/execution-mode",
    severity: "error",
    demands: "execution.mode is local or hosted",
    *check({ root }) {
      for (const at of executions(root)) {
        const mode = at.field("mode");
        const name = mode.text?.trim().toLowerCase() ?? "";
        if (name === "" || isOpen(name) || name === "local" || name === "hosted") continue;
        yield {
          at: valueAt(mode),
          message: `${mode.label} ${JSON.stringify(mode.text)} is none that the host knows`,
          suggestion: `write ${closest(name, ["local", "hosted"]) ?? "hosted"}`,
        };
      }
    },
  },
  {
    id: "config/execution-local",
    severity: "warning",
    demands: "execution.runtime stands only beside mode: hosted",
    *check({ root }) {
      for (const at of executions(root))
        if (at.field("mode").text?.trim().toLowerCase() === "local" && at.field("runtime").exists)
          yield {
            at: fieldAt(at.field("runtime")),
            message: `${at.field("runtime").label} stands beside mode: local, where it does nothing`,
            suggestion: "write mode: hosted, or take runtime out",
          };
    },
  },
  {
    id: "config/execution-version",
    severity: "error",
    demands: "up to v4 a plugin has execution, from v5 it has runtime in its place",
    *check({ root, version }) {
      for (const plugin of version === undefined ? [] : root.field("plugins").fields) {
        const wrong = plugin.field(version === "v5" ? "execution" : "runtime");
        if (!wrong.exists) continue;
        yield {
          at: fieldAt(wrong),
          message: `gestaltd.config/${version} knows no ${wrong.name} in a plugin`,
          suggestion:
            version === "v5"
              ? "write what stands below execution.runtime below runtime"
              : "write execution: with mode: hosted, and runtime below it",
        };
      }
    },
  },
  {
    id: "config/runtime-unknown",
    severity: "error",
    demands: "a hosted plugin names a runtime provider of this config, or local",
    *check(subject) {
      const names = runtimeEntries(subject).map(({ at }) => at.name);
      for (const { runtime } of subject.hosted) {
        const at = runtime.field("provider");
        const name = at.text?.trim() ?? "";
        if (name === "" || name === "local" || isOpen(name) || names.includes(name)) continue;
        yield {
          at: valueAt(at),
          message: `${at.label} ${JSON.stringify(name)} is not in runtime.providers`,
          suggestion:
            names.length === 0
              ? `add runtime.providers.${name}`
              : `write ${closest(name, names) ?? names.join(" or ")}, or add runtime.providers.${name}`,
        };
      }
    },
  },
  {
    id: "config/runtime-none",
    severity: "error",
    demands: "a hosted plugin that names no runtime provider has a default to go to",
    *check(subject) {
      const providers = runtimeEntries(subject);
      const server = subject.root.field("server").field("runtime");
      const hasDefault =
        providers.some(({ at }) => at.field("default").value === true) ||
        ["defaultHostedProvider", "defaultProvider"].some((name) => server.field(name).exists);
      if (hasDefault || providers.length === 1) return;
      for (const { at, runtime, cause } of subject.hosted)
        if (!runtime.field("provider").exists)
          yield {
            at: fieldAt(cause),
            message: `${at.label} is hosted, but names no runtime provider, and none is the default`,
            suggestion:
              providers.length === 0
                ? "add one under runtime.providers"
                : `add provider: ${providers.map(({ at: provider }) => provider.name).join(" or ")} to its runtime, or default: true to one`,
          };
    },
  },
  {
    id: "config/image-pull-auth",
    severity: "error",
    demands: "imagePullAuth comes with an image, and holds a Docker config in JSON (hosts from 2026-04-30)",
    *check({ hosted }) {
      for (const { runtime } of hosted) {
        const auth = runtime.field("imagePullAuth");
        if (!auth.exists) continue;
        if ((runtime.field("image").text ?? "").trim() === "")
          yield {
            at: fieldAt(auth),
            message: `${auth.label} stands there without an image`,
            suggestion: `add image to ${runtime.label}, or take imagePullAuth out`,
          };
        const json = auth.field("dockerConfigJson");
        if (
          json.text !== undefined &&
          json.text.trim() !== "" &&
          !isOpen(json.text) &&
          !isDockerConfig(json.text)
        )
          yield {
            at: valueAt(json),
            message: `${json.label} is no Docker config`,
            suggestion:
              'write JSON such as {"auths":{"registry.example.com":{"auth":"..."}}}, better as ${NAME}',
          };
      }
    },
  },
  {
    id: "config/metadata-reserved",
    severity: "error",
    demands: "runtime metadata leaves provider_kind, provider_name and runtime.* to the host",
    *check({ hosted }) {
      for (const { runtime } of hosted)
        for (const field of runtime.field("metadata").fields)
          if (
            /^(provider_kind|provider_name)$|^runtime\./.test(field.name.trim()) ||
            field.name.trim() === ""
          )
            yield {
              at: fieldAt(field),
              message: `${JSON.stringify(field.name)} is for the host to set (SESS-2)`,
              suggestion: "choose another name",
            };
    },
  },
  {
    id: "config/base-url",
    severity: "warning",
    demands:
      "server.baseUrl is https with neither path nor query, where plugins are hosted: relays need it (SUP-3)",
    *check({ root, hosted }) {
      const at = root.field("server").field("baseUrl");
      const { text } = at;
      if (text === undefined || text.trim() === "" || isOpen(text) || hosted.length === 0) return;
      const fault = baseUrlFault(text.trim());
      if (fault !== undefined)
        yield {
          at: valueAt(at),
          message: `server.baseUrl ${text} ${fault}, so the host relays no host service to hosted plugins (SUP-3)`,
          suggestion: "write https://<host>, with a port perhaps and nothing after it",
        };
    },
  },
];

function executions(root: Cursor): Cursor[] {
  return [...root.field("plugins").fields, ...root.field("providers").field("agent").fields].map((at) =>
    at.field("execution"),
  );
}

function isDockerConfig(text: string): boolean {
  try {
    const config: unknown = JSON.parse(text);
    return typeof config === "object" && config !== null && "auths" in config;
  } catch {
    return false;
  }
}

function baseUrlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return "is no URL";
  const { protocol, pathname, search, hash } = new URL(text);
  if (protocol !== "https:") return "is not https";
  return pathname !== "/" || search !== "" || hash !== "" ? "has a path or a query" : undefined;
}
