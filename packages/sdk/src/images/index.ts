export { parseImageReference, type ImageReference } from "./image-reference.js";
export { registryCredentials, type RegistryCredentials } from "./registry-credentials.js";
