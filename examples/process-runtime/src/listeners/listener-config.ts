import { RuntimeProviderError } from "@gestalt-runtime/sdk";

/** The fields of `listener` as the schema lets them through. */
export interface ListenerFields {
  readonly type: "unix" | "tcp" | "tls";
  readonly host: string;
  readonly advertisedHost?: string;
  readonly firstPort?: number;
  readonly lastPort?: number;
  /** There with `tls`. */
  readonly certificateFile?: string;
  /** There with `tls`. */
  readonly keyFile?: string;
}

/** Where the host reaches plugins. */
export type ListenerConfig =
  | { readonly type: "unix" }
  | (NetworkListener & { readonly type: "tcp" })
  | (NetworkListener & { readonly type: "tls"; readonly certificateFile: string; readonly keyFile: string });

/** What TCP and TLS have in common. */
export interface NetworkListener {
  /** The address to listen on. */
  readonly host: string;
  /** What the host dials, where that is another. */
  readonly advertisedHost?: string;
  /** The first and the last of the ports to take; without it any free one. */
  readonly ports?: readonly [first: number, last: number];
}

/** @throws {@link RuntimeProviderError} INVALID_ARGUMENT for fields that contradict each other */
export function readListener(fields: ListenerFields): ListenerConfig {
  const { type, host, advertisedHost, firstPort, lastPort, certificateFile = "", keyFile = "" } = fields;
  if (type === "unix") return { type };
  if (firstPort !== undefined && lastPort !== undefined && firstPort > lastPort)
    throw new RuntimeProviderError(
      "INVALID_ARGUMENT",
      `/listener/firstPort is ${firstPort} and /listener/lastPort ${lastPort}: give the smaller one first`,
    );
  const network: NetworkListener = {
    host,
    ...(advertisedHost !== undefined && { advertisedHost }),
    ...(firstPort !== undefined && lastPort !== undefined && { ports: [firstPort, lastPort] as const }),
  };
  return type === "tcp" ? { ...network, type } : { ...network, type, certificateFile, keyFile };
}
