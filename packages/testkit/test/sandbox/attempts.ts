/** One thing that the probe tries in the sandbox. */
export type Attempt =
  | { readonly try: "read" | "open-write" | "list" | "stat" | "access" | "remove"; readonly path: string }
  | { readonly try: "create"; readonly path: string; readonly text?: string }
  | { readonly try: "rename"; readonly path: string; readonly to: string }
  | { readonly try: "exec" | "exec-ignored"; readonly path: string; readonly args?: readonly string[] }
  | { readonly try: "connect"; readonly port: number; readonly host?: string }
  | { readonly try: "connect-unix" | "listen-unix"; readonly path: string }
  | { readonly try: "listen" }
  | { readonly try: "send-udp"; readonly port: number }
  /** A GET through the proxy that HTTP_PROXY names: status and body. */
  | { readonly try: "proxy"; readonly url: string }
  /** CONNECT through the proxy that HTTPS_PROXY names: its status. */
  | { readonly try: "tunnel"; readonly host: string; readonly port: number }
  /** A field of /proc/self/status. */
  | { readonly try: "status"; readonly field: string };
