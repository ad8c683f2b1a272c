import { isBuiltin } from "node:module";
import type * as acorn from "acorn";
import { assetUrl } from "../bundle/assets.js";
import type { Layout } from "../bundle/wrap.js";
import type { BuiltinBindings } from "./bindings.js";

/** Something that a program in one file can't do, as it says itself. */
export interface Hazard {
  /** In the bundle, in UTF-16 units. */
  readonly offset: number;
  readonly id: HazardId;
  readonly what: string;
  readonly mend: string;
}

export type HazardId = "own-place" | "asset" | "module" | "thread" | "process";

/** What the rules know of the whole bundle. */
export interface AuditContext {
  readonly layout: Layout;
  readonly bindings: BuiltinBindings;
  /** Names that `createRequire` was assigned to. */
  readonly requires: ReadonlySet<string>;
  /** Names at the top that hold the URL of an asset, and the asset's name. */
  readonly assetNames: ReadonlyMap<string, string>;
  /** How often a name is used in an expression. */
  usesOf(name: string): number;
}

/** @param ancestors from the program to the node itself */
export type HazardRule<Node extends acorn.Node> = (
  node: Node,
  ancestors: readonly acorn.Node[],
  context: AuditContext,
) => Pick<Hazard, "id" | "what" | "mend"> | undefined;

const importIt = "import what it needs, with names written out, so that it is bundled";
const readAsset = `name the file with new URL("./file", import.meta.url), and read it with readAsset of @gestalt-runtime/sdk`;

/** `__dirname`, `__filename`, `import.meta.url` and their kin, under the names that the bundle gives them. */
export const ownPlace: HazardRule<acorn.Identifier> = ({ name }, ancestors, context) => {
  if (name !== "__program_url" && name !== "__program_dirname" && name !== "__program_filename")
    return undefined;
  const [parent, grandparent] = [ancestors.at(-2), ancestors.at(-3)];
  if (isComparison(parent)) return undefined;
  if (name !== "__program_url")
    return {
      id: "own-place",
      what: "looks for files beside itself (__dirname, __filename or the like), and none travel with it",
      mend: readAsset,
    };
  if (parent?.type === "CallExpression") {
    const { callee } = parent as acorn.CallExpression;
    if (means(context, callee, "module", "createRequire")) return undefined;
    // import.meta.url in a path: to tell whether this module is the one that was started, or for nothing.
    if (means(context, callee, "url", "fileURLToPath"))
      if (isComparison(grandparent) || isUnused(grandparent, context)) return undefined;
  }
  const named = parent === undefined ? undefined : literalUrl(parent);
  if (named !== undefined)
    return {
      id: "asset",
      what: `names ${named} beside itself, which is no file of its package`,
      mend: "write the path of a file of its own package",
    };
  return {
    id: "own-place",
    what: "looks for files beside itself (import.meta.url), and none travel with it",
    mend: readAsset,
  };
};

/** Calls that want files, or modules that were not bundled. */
export const calls: HazardRule<acorn.CallExpression> = (node, _, context) => {
  const { callee, arguments: args } = node;
  const [first] = args;
  const asset = args.map((arg) => assetOf(arg, context)).find((name) => name !== undefined);
  const refs = context.bindings.of(callee);
  if (asset !== undefined && refs.some(({ module }) => /^(fs|fs\/promises|url)$/.test(module)))
    return {
      id: "asset",
      what: `reads ${asset}, which is inside the program and no file`,
      mend: `read it with readAsset of @gestalt-runtime/sdk`,
    };
  const schema = first === undefined ? undefined : literal(first);
  if (callee.type === "Identifier" && /^jsonSchemaFile\d*$/.test(callee.name) && schema !== undefined)
    return {
      id: "asset",
      what: `reads the schema ${schema} beside the program's file, where the host's sandbox may hide it (PROC-10)`,
      mend: `write jsonSchemaFile(new URL("<path from this module>", import.meta.url)), which puts it into the program`,
    };
  if (isRequire(callee, context)) return requireHazard(first);
  if (means(context, callee, "child_process", "fork"))
    return {
      id: "process",
      what: "starts a module as a process (fork), and modules are no files any more",
      mend: "start a program of its own, or do the work in this process",
    };
  const starts = refs.some(
    ({ module, member }) => module === "child_process" && /^(spawn|execFile)(Sync)?$/.test(member ?? ""),
  );
  if (context.layout === "embedded" && starts && isExecPath(first))
    return {
      id: "process",
      what: "starts process.execPath, which in an executable is the program itself, not Node.js",
      mend: "start a program of its own, or package a script",
    };
  return undefined;
};

export const constructions: HazardRule<acorn.NewExpression> = ({ callee, arguments: args }, _, context) => {
  if (!means(context, callee, "worker_threads", "Worker") || hasEval(args[1])) return undefined;
  return {
    id: "thread",
    what: "starts a thread from a file, and no files travel with it",
    mend: "start the thread from its text, with { eval: true }, or do the work in this one",
  };
};

export const imports: HazardRule<acorn.ImportExpression> = ({ source }) =>
  literal(source) === undefined ? { id: "module", what: unknownModule, mend: importIt } : undefined;

export const members: HazardRule<acorn.MemberExpression> = ({ object, property }, _, context) =>
  isRequire(object, context) && property.type === "Identifier" && property.name === "resolve"
    ? {
        id: "module",
        what: "asks where a module lies (require.resolve), and modules are no files any more",
        mend: importIt,
      }
    : undefined;

const unknownModule = "loads a module whose name is known only when it runs";

function requireHazard(name: acorn.Node | undefined): ReturnType<HazardRule<acorn.Node>> {
  if (name === undefined) return undefined;
  const module = literal(name);
  if (module === undefined) return { id: "module", what: unknownModule, mend: importIt };
  // A bare name that could not be found stands in a try block, or the bundler would have refused it.
  if (isBuiltin(module) || !/^[./]/.test(module)) return undefined;
  return { id: "module", what: `loads ${module} when it runs, and no files travel with it`, mend: importIt };
}

/** The module that a bundle asks for without holding it: `require("x")` or `import("x")` of a bare name. */
export function outsideModule(
  node: acorn.CallExpression | acorn.ImportExpression,
  context: AuditContext,
): string | undefined {
  const isLoad = node.type === "ImportExpression" || isRequire(node.callee, context);
  const first = node.type === "ImportExpression" ? node.source : node.arguments[0];
  const name = isLoad && first !== undefined ? literal(first) : undefined;
  return name === undefined || isBuiltin(name) ? undefined : name;
}

/** The asset's name that `new URL("data:...")` was made of. */
export function assetOf(node: acorn.Node | null | undefined, context?: AuditContext): string | undefined {
  if (node?.type === "Identifier") return context?.assetNames.get((node as acorn.Identifier).name);
  if (node?.type !== "NewExpression") return undefined;
  const url = literalUrl(node);
  const name = url === undefined ? undefined : assetUrl.exec(url)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

function isRequire(callee: acorn.Node, { requires, bindings }: AuditContext): boolean {
  if (callee.type === "CallExpression") {
    const { callee: maker } = callee as acorn.CallExpression;
    return bindings.of(maker).some(({ module, member }) => module === "module" && member === "createRequire");
  }
  if (callee.type !== "Identifier") return false;
  const { name } = callee as acorn.Identifier;
  return /^__require\d*$/.test(name) || requires.has(name);
}

function means({ bindings }: AuditContext, callee: acorn.Node, module: string, member: string): boolean {
  return bindings.of(callee).some((ref) => ref.module === module && ref.member === member);
}

/** The text in `new URL("...")` or `new URL("...", base)`. */
function literalUrl(node: acorn.Node): string | undefined {
  if (node.type !== "NewExpression") return undefined;
  const { callee, arguments: args } = node as acorn.NewExpression;
  return callee.type === "Identifier" && callee.name === "URL" && args[0] !== undefined
    ? literal(args[0])
    : undefined;
}

function literal(node: acorn.Node): string | undefined {
  const { type } = node;
  if (type === "Literal") {
    const { value } = node as acorn.Literal;
    return typeof value === "string" ? value : undefined;
  }
  if (type !== "TemplateLiteral") return undefined;
  const { quasis } = node as acorn.TemplateLiteral;
  return quasis.length === 1 ? (quasis[0]?.value.cooked ?? undefined) : undefined;
}

function isComparison(node: acorn.Node | undefined): boolean {
  return node?.type === "BinaryExpression" && /^[!=]==?$/.test((node as acorn.BinaryExpression).operator);
}

function isUnused(node: acorn.Node | undefined, context: AuditContext): boolean {
  if (node?.type !== "VariableDeclarator") return false;
  const { id } = node as acorn.VariableDeclarator;
  return id.type === "Identifier" && context.usesOf(id.name) === 0;
}

function isExecPath(node: acorn.Node | undefined): boolean {
  if (node?.type !== "MemberExpression") return false;
  const { property } = node as acorn.MemberExpression;
  return property.type === "Identifier" && property.name === "execPath";
}

function hasEval(options: acorn.Node | undefined): boolean {
  return (
    options?.type === "ObjectExpression" &&
    (options as acorn.ObjectExpression).properties.some(
      (property) =>
        property.type === "Property" &&
        property.key.type === "Identifier" &&
        property.key.name === "eval" &&
        property.value.type === "Literal" &&
        property.value.value === true,
    )
  );
}
