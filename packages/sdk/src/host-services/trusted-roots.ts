import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

const pemVariable = "GESTALT_HOST_SERVICE_TLS_CA_PEM";
const fileVariable = "GESTALT_HOST_SERVICE_TLS_CA_FILE";

/**
 * The certificates that a relay's own must be signed by: the host's, which later hosts name by text or by file,
 * beside those of `SSL_CERT_FILE` or else of Node.js. Null: those of Node.js alone.
 */
export function trustedRoots(env: Readonly<Record<string, string | undefined>>): Buffer | null {
  const own = hostAuthority(env);
  const systemFile = env.SSL_CERT_FILE ?? "";
  if (own === undefined && systemFile === "") return null;
  const system = systemFile === "" ? rootCertificates.join("\n") : readPem("SSL_CERT_FILE", systemFile);
  return Buffer.from(own === undefined ? system : `${own}\n${system}`);
}

function hostAuthority(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const pem = env[pemVariable] ?? "";
  if (pem !== "") return checked(pem, pemVariable);
  const file = env[fileVariable] ?? "";
  return file === "" ? undefined : readPem(fileVariable, file);
}

function readPem(variable: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    throw new RuntimeProviderError(
      "FAILED_PRECONDITION",
      `${variable} names ${file}, which can't be read (${code}); name a readable PEM file, or leave the variable out`,
      { cause: error },
    );
  }
  return checked(text, variable);
}

function checked(pem: string, variable: string): string {
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new RuntimeProviderError(
    "INVALID_ARGUMENT",
    `${variable} holds no certificate in PEM form; it begins with -----BEGIN CERTIFICATE-----`,
  );
}
