import { proveArea } from "../proof.js";

proveArea("dial");
