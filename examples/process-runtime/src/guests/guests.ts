import { RuntimeProviderError, type BackendContext, type GuestRequest } from "@gestalt-runtime/sdk";
import type { GuestRoot, Isolation, Mount } from "../isolation/isolation.js";
import type { PluginLimits } from "../limits/plugin-limits.js";
import type { ImageFiles, Images } from "./images.js";
import { overlayMounts } from "./overlay.js";
import type { Template, Templates } from "./templates.js";

/** What guests are made of, as the operator configured it. */
export interface GuestsOptions {
  readonly images: Images;
  readonly templates: Templates;
  /** Those of sessions whose template has none. */
  readonly limits: PluginLimits;
  readonly isolation: Pick<Isolation, "kind">;
}

/** A session's files and what its programs may use. */
export interface GuestPlan {
  readonly root: GuestRoot;
  readonly limits: PluginLimits;
}

/** Turns what a session was asked for into files, variables and limits (SESS-3). */
export class Guests {
  constructor(private readonly options: GuestsOptions) {}

  /** @throws {@link RuntimeProviderError} INVALID_ARGUMENT or FAILED_PRECONDITION, naming the config field */
  async plan(
    { pluginName, image, template: name }: Pick<GuestRequest, "pluginName" | "image" | "template">,
    context: Pick<BackendContext, "signal" | "progress">,
  ): Promise<GuestPlan> {
    const field = `plugins.${pluginName}.execution.runtime`;
    const template = name === undefined ? {} : await this.options.templates.find(name, `${field}.template`);
    if (image !== undefined) this.options.images.assertKnown(image, `${field}.image`);
    if (image !== undefined) this.#assertIsolated(`${field}.image`);
    if ((template.root ?? template.overlay) !== undefined) this.#assertIsolated(`${field}.template`);
    if (image !== undefined && (template.root ?? template.overlay) !== undefined)
      throw new RuntimeProviderError(
        "INVALID_ARGUMENT",
        `${field} has an image, and the template ${JSON.stringify(name)} has files too; keep one of them`,
      );
    const files = image && (await this.options.images.files(image, `${field}.image`, context));
    const overlay =
      template.overlay === undefined
        ? []
        : await overlayMounts(template.overlay, `${this.options.templates.fieldOf(name ?? "")}.overlay`);
    return { root: rootOf(template, overlay, files), limits: { ...this.options.limits, ...template.limits } };
  }

  #assertIsolated(field: string): void {
    if (this.options.isolation.kind !== "process-tree") return;
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `${field} needs a file system of its own, and plugins are not isolated here: install bubblewrap and set isolation to "auto" or "required", or remove ${field}`,
    );
  }
}

function rootOf(template: Template, mounts: readonly Mount[], image: ImageFiles | undefined): GuestRoot {
  const path = image?.root ?? template.root;
  const cwd = template.workingDirectory ?? image?.workingDirectory ?? (path === undefined ? undefined : "/");
  return {
    mounts,
    env: { ...image?.env, ...template.env },
    ...(path !== undefined && { path }),
    ...(cwd !== undefined && { cwd }),
  };
}
