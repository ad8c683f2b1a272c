import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Path, SourceDocument } from "./source-document.js";

/** A place in a document: a value, there or not, with the path that leads to it. */
export class Cursor {
  constructor(
    readonly document: SourceDocument,
    readonly path: Path,
  ) {}

  field(name: string): Cursor {
    return new Cursor(this.document, [...this.path, name]);
  }

  get parent(): Cursor {
    return new Cursor(this.document, this.path.slice(0, -1));
  }

  /** As JSON has it; undefined where nothing is. */
  get value(): unknown {
    let value = this.document.value;
    for (const step of this.path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  /** Whether something else than null stands here. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A text as the host reads it: it takes a bare `1.10` or `true` for the text that it is written with. */
  get text(): string | undefined {
    const { value } = this;
    if (typeof value === "string") return value;
    if (typeof value !== "number" && typeof value !== "boolean" && typeof value !== "bigint")
      return undefined;
    return this.scalar?.source ?? String(value);
  }

  get items(): readonly Cursor[] {
    const { value } = this;
    if (!Array.isArray(value)) return [];
    return value.map((_, index) => new Cursor(this.document, [...this.path, index]));
  }

  get fields(): readonly Cursor[] {
    return this.isMap ? Object.keys(this.value as object).map((name) => this.field(name)) : [];
  }

  get isMap(): boolean {
    const { value } = this;
    return typeof value === "object" && value !== null && !Array.isArray(value);
  }

  /** The last step: the field's name. */
  get name(): string {
    return String(this.path.at(-1) ?? "");
  }

  /** As people write it: `artifacts[0].path`. */
  get label(): string {
    return formatPath(this.path);
  }

  get node(): Node | undefined {
    let node = resolve(this.document, this.document.document.contents);
    for (const step of this.path) {
      const child: unknown = isMap(node)
        ? pairOf(node, step)?.value
        : isSeq(node)
          ? node.items[Number(step)]
          : undefined;
      node = resolve(this.document, child);
    }
    return node;
  }

  get scalar(): Scalar | undefined {
    const { node } = this;
    return isScalar(node) ? node : undefined;
  }

  /** The name and the value together, where this is a field of a map. */
  get pair(): Pair | undefined {
    const { node } = this.parent;
    return isMap(node) && this.path.length > 0 ? pairOf(node, this.path.at(-1) ?? "") : undefined;
  }

  /** Where the value begins; the nearest thing above it that is there, where it is missing. */
  get offset(): number {
    return this.node?.range?.[0] ?? this.keyOffset;
  }

  /** Where the field's name begins. */
  get keyOffset(): number {
    if (this.path.length === 0) return 0;
    const key = this.pair?.key;
    if (isNode(key) && key.range) return key.range[0];
    return this.parent.path.length === 0
      ? 0
      : typeof this.parent.path.at(-1) === "number"
        ? this.parent.offset
        : this.parent.keyOffset;
  }
}

/** `["artifacts", 0, "path"]` as `artifacts[0].path`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number"
        ? `[${step}]`
        : index === 0
          ? step
          : /^[\w$-]+$/.test(step)
            ? `.${step}`
            : `[${JSON.stringify(step)}]`,
    )
    .join("");
}

function pairOf(map: YAMLMap, step: string | number): Pair | undefined {
  return map.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step));
}

function resolve(document: SourceDocument, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document.document);
  return isNode(node) ? node : undefined;
}
