import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { RuntimeProviderError } from "../errors/runtime-provider-error.js";

export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate and its key, as read and checked. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** As OpenSSL writes it, in GMT. */
  readonly validTo: string;
  /** Why the host may refuse it for now, if it may. */
  readonly doubt: string | undefined;
}

/** The files' bytes, unchecked. */
export interface IdentityBytes {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** @throws {@link RuntimeProviderError} FAILED_PRECONDITION, naming the field and the file */
export async function readIdentityFiles(files: CertificateFiles): Promise<IdentityBytes> {
  const [cert, key] = await Promise.all([read(files, "certificateFile"), read(files, "keyFile")]);
  return { cert, key };
}

/**
 * Checks what the host will check (DIAL-3), so that it is not the first to see a fault: that certificate and key
 * belong together, and that the certificate is for the dialled host.
 *
 * @throws {@link RuntimeProviderError} FAILED_PRECONDITION, naming the field and the file, never what is in it
 */
export function checkIdentity({ cert, key }: IdentityBytes, files: CertificateFiles, host: string): Identity {
  const certificate = parse(files, "certificateFile", "certificate", () => new X509Certificate(cert));
  const privateKey = parse(files, "keyFile", "private key without a passphrase", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw fault(
      `listen.keyFile ${files.keyFile} is not the key of listen.certificateFile ${files.certificateFile}; give both of one pair`,
    );
  const covers =
    isIP(host) === 0 ? certificate.checkHost(host, { subject: "never" }) : certificate.checkIP(host);
  if (covers === undefined)
    throw fault(
      `listen.certificateFile ${files.certificateFile} is for ${certificate.subjectAltName ?? "no host"}, not for ${host}, which the host dials and verifies (DIAL-3); give a certificate for ${host}, or another listen.advertisedHost`,
    );
  return { cert, key, validTo: certificate.validTo, doubt: doubtAbout(certificate) };
}

function doubtAbout({ validFrom, validTo }: X509Certificate): string | undefined {
  const now = Date.now();
  if (now > Date.parse(validTo)) return `it expired at ${validTo}`;
  if (now < Date.parse(validFrom)) return `it is not valid before ${validFrom}`;
  return undefined;
}

async function read(files: CertificateFiles, field: keyof CertificateFiles): Promise<Buffer> {
  try {
    return await readFile(files[field]);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw fault(`listen.${field} ${files[field]} can't be read (${code}); give a readable PEM file`, cause);
  }
}

function parse<T>(files: CertificateFiles, field: keyof CertificateFiles, what: string, run: () => T): T {
  try {
    return run();
  } catch {
    // OpenSSL's own text helps nobody, and might quote the file.
    throw fault(`listen.${field} ${files[field]} holds no ${what}; give one as PEM`);
  }
}

function fault(text: string, cause?: unknown): RuntimeProviderError {
  return new RuntimeProviderError("FAILED_PRECONDITION", text, { cause });
}
