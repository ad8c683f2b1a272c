import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const folder = fileURLToPath(new URL("../../../proto", import.meta.url));
const files = ["lifecycle", "runtime", "runtime_logs"].map((name) => `gestalt/provider/v1/${name}.proto`);

const loaded = grpc.loadPackageDefinition(
  loadSync(files, { includeDirs: [folder], longs: Number, enums: String, defaults: true, oneofs: true }),
);

/** The services of the .proto files, read when this program starts. */
export const protocol = loaded.gestalt.provider.v1;

export const protocolVersion = 3;
