import type * as acorn from "acorn";
import { simple } from "acorn-walk";
import { builtinNamespace } from "../bundle/builtins.js";

/** A module of Node.js, or one thing that it exports. */
export interface BuiltinRef {
  readonly module: string;
  readonly member: string | undefined;
}

/**
 * Tells which names of a bundle mean modules of Node.js or what they export. By name, not by scope: where one name
 * means several things, each counts, and a finding too many is better than one too few.
 */
export class BuiltinBindings {
  /** Functions that give a module of Node.js: `require_fs`. */
  readonly #wrappers = new Map<string, string>();
  readonly #names = new Map<string, BuiltinRef[]>();

  constructor(program: acorn.Program) {
    simple(program, {
      VariableDeclarator: ({ id, init }) => {
        const module = id.type === "Identifier" ? wrappedBuiltin(init) : undefined;
        if (module !== undefined && id.type === "Identifier") this.#wrappers.set(id.name, module);
      },
    });
    simple(program, {
      VariableDeclarator: ({ id, init }) => {
        if (init !== null && init !== undefined) this.#declare(id, init);
      },
    });
  }

  /** What an expression means, as far as it means something of Node.js. */
  of(expression: acorn.Node): readonly BuiltinRef[] {
    const node = expression as acorn.Expression;
    switch (node.type) {
      case "Identifier":
        return this.#names.get(node.name) ?? [];
      case "MemberExpression": {
        const { property } = node;
        if (property.type !== "Identifier" || node.computed) return [];
        return this.of(node.object).map(({ module, member }) =>
          // `import fs from "node:fs"` gives the module as `default`.
          property.name === "default" && member === undefined
            ? { module, member }
            : { module, member: member === undefined ? property.name : `${member}.${property.name}` },
        );
      }
      case "SequenceExpression":
        // (0, import_fs.readFile)(...)
        return node.expressions.length > 0 ? this.of(node.expressions.at(-1) ?? node) : [];
      case "ParenthesizedExpression":
        return this.of(node.expression);
      case "CallExpression":
        return this.#call(node);
      case "AwaitExpression":
        return this.#imported(node.argument);
      default:
        return [];
    }
  }

  #call({ callee, arguments: args }: acorn.CallExpression): readonly BuiltinRef[] {
    if (callee.type !== "Identifier") return [];
    const module = this.#wrappers.get(callee.name);
    if (module !== undefined) return [{ module, member: undefined }];
    // What the bundler and compilers put around a module to make it look like an ES module.
    const isInterop = /^_*(toESM|importStar|importDefault|interopRequire\w*)\d*$/.test(callee.name);
    return isInterop && args[0] !== undefined ? this.of(args[0]) : [];
  }

  /** `await import("fs")`, which the bundler makes `await Promise.resolve().then(() => __toESM(require_fs()))`. */
  #imported(promise: acorn.Expression): readonly BuiltinRef[] {
    const [then] = promise.type === "CallExpression" ? promise.arguments : [];
    return then?.type === "ArrowFunctionExpression" ? this.of(then.body) : [];
  }

  #declare(id: acorn.Pattern, init: acorn.Expression): void {
    const refs = this.of(init);
    if (refs.length === 0) return;
    if (id.type === "Identifier") this.#add(id.name, refs);
    if (id.type !== "ObjectPattern") return;
    for (const property of id.properties) {
      if (property.type !== "Property" || property.key.type !== "Identifier") continue;
      const { value, key } = property;
      const target = value.type === "AssignmentPattern" ? value.left : value;
      if (target.type === "Identifier")
        this.#add(
          target.name,
          refs.map(({ module }) => ({ module, member: key.name })),
        );
    }
  }

  #add(name: string, refs: readonly BuiltinRef[]): void {
    this.#names.set(name, [...(this.#names.get(name) ?? []), ...refs]);
  }
}

/** `__commonJS({ "builtin:fs"(exports, module) {...} })` gives `fs`. */
function wrappedBuiltin(init: acorn.Expression | null | undefined): string | undefined {
  if (init?.type !== "CallExpression") return undefined;
  const [modules] = init.arguments;
  const property = modules?.type === "ObjectExpression" ? modules.properties[0] : undefined;
  if (property?.type !== "Property" || property.key.type !== "Literal") return undefined;
  const { value } = property.key;
  const prefix = `${builtinNamespace}:`;
  return typeof value === "string" && value.startsWith(prefix) ? value.slice(prefix.length) : undefined;
}
