import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import type {
  BindPluginRuntimeHostServiceRequestSchema,
  StartHostedPluginRequestSchema,
  StartPluginRuntimeSessionRequestSchema,
} from "@gestalt-runtime/sdk/protocol";

/** The fields of a message, as plain as they are written down. */
type Fields<S extends DescMessage> = Omit<
  Exclude<MessageInitShape<S>, { readonly $typeName: string }>,
  "$typeName" | "$unknown"
>;

export type SessionRequest = Fields<typeof StartPluginRuntimeSessionRequestSchema>;
export type BindRequest = Fields<typeof BindPluginRuntimeHostServiceRequestSchema>;
export type PluginRequest = Fields<typeof StartHostedPluginRequestSchema>;
