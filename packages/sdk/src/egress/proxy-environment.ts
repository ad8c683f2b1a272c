import type { EgressProxyCredentials } from "./proxy-options.js";

/** Where a guest finds its proxy. */
export interface EgressProxyLocation {
  /** A name or an address, as the guest sees it; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** What the proxy wants of its clients. Default: nothing. */
  readonly credentials?: EgressProxyCredentials;
}

/**
 * The variables that send a program's traffic to a proxy, in both cases of letters: programs read one or the other.
 * Set them last, over those of the request, and drop the request's `NO_PROXY`: what it names would go nowhere.
 * {@link enforcedEgress} does all of that. Secret where there are credentials.
 */
export function egressProxyEnvironment({
  host,
  port,
  credentials,
}: EgressProxyLocation): Record<string, string> {
  const user =
    credentials === undefined
      ? ""
      : `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`;
  const url = `http://${user}${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url };
}
