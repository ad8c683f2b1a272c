import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Refusal } from "./refusal.js";
import { within } from "./within.js";

/** More addresses than a name can sensibly have are not tried. */
const maxAddresses = 32;
const notThere = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA", "ENONAME"]);

/** Finds the addresses of a host, in the order in which they are to be tried. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** As the system does. */
export const systemResolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
};

/**
 * The addresses of a host; an address is its own. Asked once for each request, so that what was checked is what is dialled.
 *
 * @throws {@link Refusal} `unknown-host`, `resolver-failed`
 */
export async function addressesOf(
  host: string,
  resolve: Resolve,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const slow = (): Refusal =>
    new Refusal("resolver-failed", `the addresses of ${host} were not found within ${timeoutMs} ms`);
  const found = await within(resolve(host), timeoutMs, slow, signal).catch((error: unknown) => {
    throw error instanceof Refusal || signal.aborted ? error : resolverFault(host, error);
  });
  if (found.length === 0) throw new Refusal("unknown-host", `${host} has no address`);
  const wrong = found.find((address) => isIP(address) === 0);
  if (wrong !== undefined)
    throw new Refusal(
      "resolver-failed",
      `the resolver gave ${JSON.stringify(wrong)} for ${host}: no address`,
    );
  return found.slice(0, maxAddresses);
}

function resolverFault(host: string, cause: unknown): Refusal {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (notThere.has(code)) return new Refusal("unknown-host", `${host} is not known (${code})`, { cause });
  const why = code === "" ? "the resolver failed" : code;
  return new Refusal("resolver-failed", `the addresses of ${host} can't be found now (${why})`, { cause });
}
