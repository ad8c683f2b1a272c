import type { Check } from "../../check/check.js";
import { takesAuthority } from "./authority.js";
import { pathFits, targetDialable, targetForm } from "./target.js";
import { tlsTarget } from "./tls.js";

/** In the order in which they run. */
export const dialChecks: readonly Check[] = [targetForm, targetDialable, pathFits, tlsTarget, takesAuthority];
