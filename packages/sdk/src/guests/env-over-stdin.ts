import { RuntimeProviderError } from "../errors/runtime-provider-error.js";
import type { StringMap } from "../provider/types.js";

/** What to run in a guest, and what to give it on stdin. */
export interface EnvOverStdin {
  /** Holds nothing of the environment's values. */
  readonly argv: readonly string[];
  /** Secret. It has to reach the program whole, and then end. */
  readonly stdin: Buffer;
}

/** How {@link envOverStdin} starts the program. */
export interface EnvOverStdinOptions {
  /** The program's working directory, absolute. Default: the one that the exec gives. */
  readonly cwd?: string;
  /** A POSIX shell in the guest; bash only under the name of `sh`. Default `/bin/sh`. */
  readonly shell?: string;
}

/**
 * Starts a program with exactly this environment where an exec takes none: the values travel over stdin, so that
 * none of them is ever in a command line, a URL or an error. The guest needs a POSIX shell, `env` and `cat`.
 *
 * The program takes the shell's place, with the same process id, and finds its stdin empty. Its environment is
 * `env` and nothing else; where the guest's shell is bash, `SHLVL` and `_` come on top. Arguments are kept as they
 * are (PLUG-1). A stdin that is cut off starts nothing: the exit code is then 125, as it is for a name that the
 * guest's shell keeps for itself and a `cwd` that is not there.
 *
 * @throws {@link RuntimeProviderError} INVALID_ARGUMENT for what a shell can't pass on: a name that is no
 *   identifier, a NUL byte, and a command that is empty or begins with `-`
 */
export function envOverStdin(
  env: StringMap,
  argv: readonly string[],
  options: EnvOverStdinOptions = {},
): EnvOverStdin {
  const { cwd, shell = "/bin/sh" } = options;
  checkCommand(argv);
  if (cwd?.startsWith("/") === false) throw fault(`cwd ${JSON.stringify(cwd)} is not absolute`);
  const lines = [
    "gestalt_start() {",
    ...(cwd === undefined ? [] : [`cd ${quote(cwd)} || exit 125`]),
    ...("PATH" in env ? [] : [findCommand]),
    // The shell's own, which a cleared environment gets all the same.
    "unset PATH PWD OLDPWD SHLVL",
    ...Object.entries(env).flatMap(([name, value]) => assignment(name, value)),
    'exec "$@" </dev/null',
    "}",
  ];
  return {
    argv: ["env", "-i", shell, "-c", start, "sh", ...argv],
    stdin: Buffer.from(lines.join("\n")),
  };
}

/**
 * What arrives is one function: a part of it is a syntax error, not a part of its commands, of which even half a
 * word might be the name of another.
 */
const start =
  'eval "$(cat)" && gestalt_start "$@"; echo "not started: the environment arrived cut off" >&2; exit 125';

/** Where the environment names no PATH, the command is looked for in the usual one. */
const findCommand = `case $1 in
*/*) ;;
*)
  for folder in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    if [ -f "$folder/$1" ] && [ -x "$folder/$1" ]; then
      found=$folder/$1
      shift
      set -- "$found" "$@"
      break
    fi
  done
  unset folder found
  ;;
esac`;

/** Names that some shell sets, or refuses to set, by itself. */
const shellsOwn =
  /^(_|BASH.*|DIRSTACK|EPOCHREALTIME|EPOCHSECONDS|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|OPTIND|PIPESTATUS|PPID|RANDOM|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID)$/;

function assignment(name: string, value: string): string[] {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw fault(
      `the environment variable ${JSON.stringify(name)} can't be passed on by a shell; use letters, digits and _, with no digit first`,
    );
  if (value.includes("\0")) throw fault(`the environment variable ${name} has a NUL byte in its value`);
  const set = `export ${name}=${quote(value)}`;
  if (!shellsOwn.test(name)) return [set];
  const kept = name === "SHLVL" ? '[ -z "${BASH_VERSION-}" ]' : `[ "$${name}" = ${quote(value)} ]`;
  return [
    set,
    `${kept} || { echo "the guest's shell keeps the variable ${name} for itself" >&2; exit 125; }`,
  ];
}

/** One word of a shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function checkCommand([command = "", ...args]: readonly string[]): void {
  if (command === "") throw fault("the command is empty");
  if (command.startsWith("-"))
    throw fault(`the command ${JSON.stringify(command)} begins with "-", which shells take for an option`);
  if ([command, ...args].some((word) => word.includes("\0")))
    throw fault("the command or one of its arguments has a NUL byte, which no program can be given");
}

function fault(text: string): RuntimeProviderError {
  return new RuntimeProviderError("INVALID_ARGUMENT", text);
}
