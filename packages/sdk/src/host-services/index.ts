export { bindingEnvironment } from "./binding-environment.js";
export { openHostService, type HostService, type HostServiceOptions } from "./open-host-service.js";
