import { isIPv4 } from "node:net";

/** An address of an open network that stands for this machine's resolver, where that is a loopback address. */
export const forwardedResolver = "169.254.1.1";

/** `/etc/resolv.conf` for an open network, whose loopback addresses are its own: what is listed there is asked by another address. */
export function resolverFile(text: string): string {
  const lines = text.split("\n").map((line) =>
    line.replace(/^(\s*nameserver\s+)(\S+)/, (whole, before: string, address: string) => {
      return isLoopback(address) ? `${before}${forwardedResolver}` : whole;
    }),
  );
  const isAgain = (line: string, index: number): boolean =>
    line.includes(forwardedResolver) && lines.indexOf(line) < index;
  return lines.filter((line, index) => !isAgain(line, index)).join("\n");
}

function isLoopback(address: string): boolean {
  return address === "::1" || (isIPv4(address) && address.startsWith("127."));
}
