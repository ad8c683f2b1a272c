export { defaultStateDirectory } from "./default-directory.js";
export {
  openInstanceDirectory,
  type InstanceDirectory,
  type InstanceDirectoryOptions,
} from "./instance-directory.js";
