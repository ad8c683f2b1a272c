import { proveArea } from "../proof.js";

proveArea("logs");
