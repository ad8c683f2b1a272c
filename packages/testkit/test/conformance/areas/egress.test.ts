import { proveArea } from "../proof.js";

proveArea("egress");
