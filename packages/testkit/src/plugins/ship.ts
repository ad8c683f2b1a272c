/** What is to be made of the fixture plugin. */
export interface ShipPluginOptions {
  /** Folder that the file is written to; it is made where it is missing. */
  readonly output: string;
  /** An executable with Node.js inside, for guests that have none, in place of a file for `node`. Default false. */
  readonly executable?: boolean;
  /** The guest's platform, such as `linux/arm64`; of an executable only. Default: this machine's. */
  readonly platform?: string;
  /** Path of the guest's platform's Node.js, of this one's version; of an executable only. Default: this one. */
  readonly node?: string;
}

/** The fixture plugin as it can be carried into a guest. */
export interface ShippedPlugin {
  /** Absolute path: `fixture-plugin`, or `fixture-plugin.mjs` for `node`. */
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
  /** The platform of an executable, such as `linux/amd64`; undefined for a script, which runs on each. */
  readonly platform: string | undefined;
}

/**
 * Writes the fixture plugin as one file with everything in it, to be copied into an image or a template.
 *
 * @throws RuntimeProviderError INVALID_ARGUMENT where platform and Node.js do not fit, Error when the testkit was not
 *   built
 */
export async function shipFixturePlugin(options: ShipPluginOptions): Promise<ShippedPlugin> {
  // The bundler and all that goes with it: whoever imports the testkit for its host does not wait for them.
  const { writePluginFile } = await import("./ship-file.js");
  return writePluginFile(options);
}
