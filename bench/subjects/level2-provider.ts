import { createSessionRuntime, servePluginRuntimeProvider } from "@gestalt-runtime/sdk";

/** The least that level 2 allows: guests that are nothing, and no plugins. */
await servePluginRuntimeProvider(
  createSessionRuntime(() => ({
    traits: { kind: "bench", egress: "none", hostServices: "direct" },
    create: () => Promise.resolve({ handle: "guest" }),
    launch: () => Promise.reject(new Error("no plugins here")),
    destroy: () => Promise.resolve("gone"),
  })),
);
