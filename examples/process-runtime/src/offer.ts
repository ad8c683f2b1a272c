import { join } from "node:path";
import type { InstanceDirectory, Logger } from "@gestalt-runtime/sdk";
import type { ProcessRuntimeConfig } from "./config.js";
import { Guests } from "./guests/guests.js";
import { ImageCache } from "./guests/image-cache.js";
import { Images } from "./guests/images.js";
import { Templates } from "./guests/templates.js";
import type { Isolation } from "./isolation/isolation.js";
import { Limiter } from "./limits/limiter.js";
import { readListener } from "./listeners/listener-config.js";
import { PluginListeners } from "./listeners/plugin-listeners.js";
import type { ProcessBackendOptions } from "./process-backend.js";

/** What an offer depends on besides the configuration. */
export interface OfferSurroundings {
  /** The provider's name in the operator's configuration. */
  readonly name: string;
  readonly stateDir: string;
  readonly instance: InstanceDirectory;
  readonly isolation: Pick<Isolation, "kind">;
  readonly logger: Logger;
  /** Takes what the operator asked for and can't be had. */
  readonly warn: (text: string) => void;
}

/** What this runtime offers sessions besides a place to run: files, limits, ways for the host. */
export type Offer = Pick<ProcessBackendOptions, "guests" | "limiter" | "listeners">;

/**
 * Opens what the configuration asks for, trying each part.
 *
 * @throws RuntimeProviderError naming the field that asks for what can't be
 */
export async function openOffer(config: ProcessRuntimeConfig, around: OfferSurroundings): Promise<Offer> {
  const { name, stateDir, instance, isolation, logger, warn } = around;
  const configPath = `runtime.providers.${name}.config`;
  const { imageBytes, limits } = config;
  const cache = new ImageCache({
    directory: join(stateDir, "images"),
    workDirectory: instance.path,
    imageBytes,
  });
  const guests = new Guests({
    images: new Images(config, cache, configPath),
    templates: new Templates(config.templates, configPath),
    limits,
    isolation,
  });
  const listeners = await PluginListeners.open(readListener(config.listener), logger);
  const limiter = await Limiter.open({
    instancePath: instance.path,
    wanted: [
      limits,
      ...Object.values(config.templates).map((template) => ({ ...limits, ...template.limits })),
    ],
    enforcement: config.limitEnforcement,
    warn,
    ...(config.cgroupParent !== undefined && { cgroupParent: config.cgroupParent }),
  });
  return { guests, limiter, listeners };
}
