import { SpawnError } from "@gestalt-runtime/sdk/processes";

/** Linux takes so much in one string, its end included. */
const maxStringBytes = 131_072;

/**
 * What the kernel would refuse inside the guest, where nobody could say which value it was (PLUG-6).
 *
 * @throws SpawnError
 */
export function checkSizes(program: {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}): void {
  const strings: [name: string, bytes: number][] = [
    ...program.args.map((arg, index): [string, number] => [`args[${index}]`, Buffer.byteLength(arg)]),
    ...Object.entries(program.env).map(([name, value]): [string, number] => [
      `env.${name}`,
      Buffer.byteLength(name) + 1 + Buffer.byteLength(value),
    ]),
  ];
  const [name, bytes] = strings.reduce((largest, next) => (next[1] > largest[1] ? next : largest), ["", 0]);
  if (bytes < maxStringBytes) return;
  throw new SpawnError(
    "too-big",
    program.command,
    `${program.command} could not be started: its arguments and environment are too big for the kernel ` +
      `(the largest is ${name} with ${bytes}). Linux takes ${maxStringBytes - 1} bytes in one string: ` +
      "pass large values in a file",
  );
}
