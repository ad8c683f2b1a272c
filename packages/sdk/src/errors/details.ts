/** A block of headers holds 64 KiB, and a byte that is not plain ASCII takes three characters there. */
const maxBytes = 16 * 1024;

/**
 * An error's text as a gRPC status can carry it: well-formed, and cut off at 16 KiB. Past what headers hold the
 * peer would get no status at all; a lone surrogate would be an exception in the middle of the answer.
 */
export function statusDetails(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= maxBytes) return bytes.toString();
  return `${bytes.subarray(0, maxBytes).toString()}… (cut off: ${bytes.length} bytes)`;
}
