import { defineConfig } from "vitest/config";

// Providers and plugins are processes: give a busy machine the time to start them.
export default defineConfig({ test: { testTimeout: 30_000, hookTimeout: 30_000 } });
