import { audit } from "./audit/audit.js";
import { bundle, type BundledPackage, type BundleOptions } from "./bundle/bundle.js";
import type { Layout } from "./bundle/wrap.js";

/** A program in one file that was found fit for it. */
export interface Program {
  readonly code: string;
  readonly map: string;
  readonly packages: readonly BundledPackage[];
  /** Modules that the program loads where they are there: they are not. */
  readonly missing: readonly string[];
  /** What the bundler thinks is odd in the author's own code. */
  readonly oddities: readonly string[];
}

/** Makes a package's program, once for each layout. */
export class Programs {
  readonly #options: Omit<BundleOptions, "layout">;
  readonly #made = new Map<Layout, Promise<Program>>();

  constructor(options: Omit<BundleOptions, "layout">) {
    this.#options = options;
  }

  /** @throws RuntimeProviderError INVALID_ARGUMENT with all that is in the way */
  make(layout: Layout): Promise<Program> {
    const made = this.#made.get(layout) ?? this.#make(layout);
    this.#made.set(layout, made);
    return made;
  }

  async #make(layout: Layout): Promise<Program> {
    const { entry, allow } = this.#options;
    const bundled = await bundle({ ...this.#options, layout });
    const { missing } = audit(entry, bundled, layout, allow);
    const { code, map, packages, oddities } = bundled;
    return { code, map, packages, missing, oddities };
  }
}
