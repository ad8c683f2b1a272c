import { tmpdir } from "node:os";
import { join } from "node:path";

/** Longer than this, a socket below it might not fit the 103 to 107 bytes of its address (DIAL-2). */
const maxBytes = 60;
const maxKindBytes = 12;
const maxNameBytes = 20;

/**
 * Where a provider keeps what belongs to its instances when the operator configured nothing: one directory per
 * user, kind of provider and name, of 60 bytes at most. It lies below the temporary directory, or below `/tmp`
 * where that has a long path. Nothing is made: `openInstanceDirectory` and `fileSessionStore` make it, with mode
 * 0700, and refuse one that others can enter.
 *
 * @param kind a word for the kind of provider, such as a backend's `traits.kind`
 * @param providerName the name that the operator gave the provider
 */
export function defaultStateDirectory(kind: string, providerName: string): string {
  const uid = process.getuid?.() ?? 0;
  const name = `gst-${uid}-${plain(kind, maxKindBytes)}-${plain(providerName, maxNameBytes)}`;
  const preferred = join(tmpdir(), name);
  return Buffer.byteLength(preferred) <= maxBytes ? preferred : join("/tmp", name);
}

function plain(text: string, maxLength: number): string {
  return text.replace(/[^\w.-]/g, "_").slice(0, maxLength);
}
