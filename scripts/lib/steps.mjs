/** @param {string} line */
export function say(line) {
  process.stderr.write(`» ${line}\n`);
}

/**
 * Does one thing and says in one line how it went and how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work what it resolves to is told as well when it is text
 */
export async function step(name, work) {
  const start = performance.now();
  const time = () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
  try {
    const told = await work();
    say(`${name}${typeof told === "string" ? `: ${told}` : ""} (${time()})`);
    return told;
  } catch (error) {
    say(`${name}: failed (${time()})`);
    throw error;
  }
}
