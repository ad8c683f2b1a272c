import * as acorn from "acorn";
import { ancestor, simple } from "acorn-walk";
import type { Bundle } from "../bundle/bundle.js";
import { wrapping, type Layout } from "../bundle/wrap.js";
import { invalid } from "../refuse.js";
import { BuiltinBindings } from "./bindings.js";
import {
  assetOf,
  calls,
  constructions,
  imports,
  members,
  outsideModule,
  ownPlace,
  type AuditContext,
  type Hazard,
  type HazardId,
  type HazardRule,
} from "./rules.js";
import { SourcePlaces } from "./source-places.js";

/** Code of much-used dependencies that can't work in one file, and why it does not have to. */
const harmless: readonly { readonly name: string; readonly id: HazardId; readonly because: string }[] = [
  {
    name: "@grpc/grpc-js",
    id: "own-place",
    because: "it reads .proto files for its channelz and ORCA services, which are served only when asked for",
  },
];

/** How the author's own code is allowed: a bundle of somebody else's making holds code that is not theirs. */
const ownCode = ".";

/** What an audit has to say that refuses nothing. */
export interface AuditNotes {
  /** Modules that the program loads where they are there: they are not. */
  readonly missing: readonly string[];
}

/**
 * Looks through a bundle for what can't work in one file.
 *
 * @param allow names of dependencies that are taken as they are; `.` for the author's own code
 * @throws RuntimeProviderError INVALID_ARGUMENT that names each place with its mend
 */
export function audit(
  entry: string,
  { code, map, packageOf }: Pick<Bundle, "code" | "map" | "packageOf">,
  layout: Layout,
  allow: ReadonlySet<string>,
): AuditNotes {
  const program = acorn.parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  const { footer } = wrapping(layout);
  const context = contextOf(program, layout, footer === "" ? code.length : code.lastIndexOf(footer));
  const places = new SourcePlaces(code, map);
  const faults = new Set<string>();
  for (const { offset, id, what, mend } of hazards(program, context)) {
    const { source, line } = places.at(offset);
    const one = packageOf(source);
    if (one === undefined) {
      if (!allow.has(ownCode))
        faults.add(`${source}:${line} ${what}; ${mend}, or if that code never runs, pass --allow ${ownCode}`);
    } else if (
      !allow.has(one.name) &&
      !harmless.some((known) => known.name === one.name && known.id === id)
    ) {
      const path = source.slice(`${one.name}@${one.version}/`.length);
      faults.add(
        `dependency ${one.name} ${one.version} (${path}:${line}) ${what}; take another, or if that code never runs, pass --allow ${one.name}`,
      );
    }
  }
  if (faults.size > 0)
    throw invalid(`the program ${entry} can't work as one file:\n  ${[...faults].join("\n  ")}`);
  return { missing: outsideModules(program, context) };
}

/** @param end where the program ends and what is put around it begins */
function contextOf(program: acorn.Program, layout: Layout, end: number): AuditContext {
  const bindings = new BuiltinBindings(program);
  const requires = new Set<string>();
  const assetNames = new Map<string, string>();
  const uses = new Map<string, number>();
  simple(program, {
    Identifier: ({ name, start }) => {
      if (start < end) uses.set(name, (uses.get(name) ?? 0) + 1);
    },
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== "Identifier" || init === null || init === undefined) return;
      if (init.type === "CallExpression")
        if (bindings.of(init.callee).some(({ member }) => member === "createRequire")) requires.add(id.name);
      const asset = assetOf(init);
      if (asset !== undefined) assetNames.set(id.name, asset);
    },
  });
  return { layout, bindings, requires, assetNames, usesOf: (name) => uses.get(name) ?? 0 };
}

function hazards(program: acorn.Program, context: AuditContext): Hazard[] {
  const found: Hazard[] = [];
  const check =
    <Node extends acorn.Node>(rule: HazardRule<Node>) =>
    (node: Node, _: unknown, ancestors: acorn.Node[]): void => {
      const hazard = rule(node, ancestors, context);
      if (hazard !== undefined) found.push({ offset: anchorOf(node), ...hazard });
    };
  ancestor(program, {
    Identifier: check(ownPlace),
    CallExpression: check(calls),
    NewExpression: check(constructions),
    ImportExpression: check(imports),
    MemberExpression: check(members),
  });
  return found.sort((a, b) => a.offset - b.offset);
}

/** Where the source map knows a node: a call of an import, `(0, module.name)(...)`, by the name. */
function anchorOf(node: acorn.Node): number {
  if (node.type !== "CallExpression") return node.start;
  const { callee } = node as acorn.CallExpression;
  return callee.type === "SequenceExpression" ? (callee.expressions.at(-1) ?? callee).start : node.start;
}

function outsideModules(program: acorn.Program, context: AuditContext): string[] {
  const found = new Set<string>();
  const add = (node: acorn.CallExpression | acorn.ImportExpression): void => {
    const name = outsideModule(node, context);
    if (name !== undefined) found.add(name);
  };
  simple(program, { CallExpression: add, ImportExpression: add });
  return [...found].sort();
}
