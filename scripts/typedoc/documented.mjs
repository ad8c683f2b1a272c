import { Application, DeclarationReflection, LiteralType, ReflectionKind } from "typedoc";

/** What a reader looks up by its name. */
const named =
  ReflectionKind.Enum |
  ReflectionKind.EnumMember |
  ReflectionKind.Variable |
  ReflectionKind.Function |
  ReflectionKind.Class |
  ReflectionKind.Interface |
  ReflectionKind.TypeAlias |
  ReflectionKind.Property |
  ReflectionKind.Method |
  ReflectionKind.Accessor;

/**
 * A plugin of TypeDoc: every export, and every member of one, has a docstring. TypeDoc's own `notDocumented` asks
 * for more than a reader needs: also for each part of a nested object, and for the words that tell a union's
 * variants apart.
 *
 * @param {Application} app
 */
export function load(app) {
  /** @type {Set<string>} */
  const told = new Set();
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const gap of undocumented(project)) {
      if (!told.has(gap)) app.logger.validationWarning(/** @type {any} */ (`${gap} has no docstring`));
      told.add(gap);
    }
  });
}

/** @param {import("typedoc").ProjectReflection} project @returns {string[]} names with their files */
export function undocumented(project) {
  return project
    .getReflectionsByKind(named)
    .filter((one) => one instanceof DeclarationReflection)
    .filter((one) => isOurs(one) && !hasDocstring(one) && !isToldElsewhere(one))
    .map((one) => {
      const { fileName = "?", line = 0 } = one.sources?.[0] ?? {};
      return `${one.getFriendlyFullName().replaceAll(".__type", "")} (${fileName}:${line})`;
    });
}

/** What a class has from Node.js or a library is documented there. @param {DeclarationReflection} one */
function isOurs(one) {
  return one.sources?.some(({ fileName }) => !fileName.includes("node_modules/")) ?? false;
}

/** @param {DeclarationReflection} one */
function hasDocstring(one) {
  const literal = one.type?.type === "reflection" ? one.type.declaration : undefined;
  const signatures = [
    one.getSignature,
    one.setSignature,
    ...(one.signatures ?? []),
    ...(literal?.signatures ?? []),
  ];
  return [one, ...signatures].some((part) => part?.hasComment() === true);
}

/** @param {DeclarationReflection} one */
function isToldElsewhere(one) {
  // `how: "exit"` says itself what it is.
  if (one.type instanceof LiteralType) return true;
  // The parts of a nested object are told with the member or parameter that it is the type of.
  let owner = one.parent;
  let isNested = false;
  for (; owner !== undefined; owner = owner.parent) {
    if (owner.kindOf(ReflectionKind.TypeLiteral | ReflectionKind.SomeSignature)) isNested = true;
    else if (owner.kindOf(ReflectionKind.TypeAlias)) return false;
    else if (isNested || owner.kindOf(ReflectionKind.Parameter)) break;
    else return false;
  }
  return isNested;
}
