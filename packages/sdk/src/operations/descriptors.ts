import { toBinary, type DescFile, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The descriptions of services and of all that they refer to, to be looked up. None of them has extensions. */
export class Descriptors {
  readonly serviceNames: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    this.serviceNames = services.map(({ typeName }) => typeName).sort();
    for (const { file } of services) this.#add(file);
  }

  /** A file by the name that imports have, behind it those that it needs; serialized. */
  byFileName(name: string): readonly Uint8Array[] | undefined {
    return withNeeded(this.#files.get(name));
  }

  /** The file that declares a service, a method, a message or an enum by its full name, as {@link byFileName}. */
  bySymbol(name: string): readonly Uint8Array[] | undefined {
    return withNeeded(this.#symbols.get(name));
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file);
      for (const { name } of service.methods) this.#symbols.set(`${service.typeName}.${name}`, file);
    }
    for (const message of file.messages) this.#addMessage(message, file);
    for (const { typeName } of file.enums) this.#symbols.set(typeName, file);
    for (const needed of file.dependencies) this.#add(needed);
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.#symbols.set(message.typeName, file);
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
    for (const { typeName } of message.nestedEnums) this.#symbols.set(typeName, file);
  }
}

function withNeeded(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const all = new Set([file]);
  for (const one of all) for (const needed of one.dependencies) all.add(needed);
  return [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}
