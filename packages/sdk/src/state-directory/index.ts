export {
  openInstanceDirectory,
  type InstanceDirectory,
  type InstanceDirectoryOptions,
} from "./instance-directory.js";
