/**
 * Calls the modules of a bundle the same wherever it is made. The bundler calls them by their way from the package's
 * folder, which may lead through the folders of somebody's machine: in comments, in the names of wrapped modules
 * (which stack traces show) and in the source map.
 *
 * @param names the bundler's name to the stable one
 */
export function withStableNames(code: string, names: ReadonlyMap<string, string>): string {
  return code.replace(
    /^(\s*)(?:\/\/ (.+)|("(?:[^"\\]|\\.)*")(?=\())/gm,
    (line, indent: string, comment: string | undefined, key: string | undefined) => {
      if (comment !== undefined) return `${indent}// ${names.get(comment) ?? comment}`;
      const name = key === undefined ? undefined : names.get(JSON.parse(key) as string);
      return name === undefined ? line : `${indent}${JSON.stringify(name)}`;
    },
  );
}
