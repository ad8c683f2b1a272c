import { ReflectionKind } from "typedoc";

/**
 * A plugin of TypeDoc: a docstring may link to an export of any entry point by its name alone, as it does for an
 * editor. TypeDoc by itself looks into the docstring's own entry point.
 *
 * @param {import("typedoc").Application} app
 */
export function load(app) {
  app.converter.addUnknownSymbolResolver(({ symbolReference, moduleSource }, { project }) => {
    const [first, ...rest] = symbolReference?.path ?? [];
    if (moduleSource !== undefined || first === undefined || rest.length > 0) return undefined;
    const target = project
      .getReflectionsByKind(ReflectionKind.SomeExport)
      .find(({ name, parent }) => name === first.path && parent?.kindOf(entryPoint) === true);
    // The types know of URLs alone, but what is given is used as any link's target.
    return target && { target: /** @type {any} */ (target) };
  });
}

const entryPoint = ReflectionKind.Module | ReflectionKind.Project;
