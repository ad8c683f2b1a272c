import { placeIn, type Rule } from "../rule.js";
import type { SourceDocument } from "./source-document.js";

/** What every YAML or JSON file is under; where one of these finds something, no other rule is asked. */
export const documentRules: readonly Rule<SourceDocument>[] = [
  {
    id: "document/syntax",
    severity: "error",
    demands: "a file is one YAML document, or JSON where its name ends in .json",
    *check(document) {
      for (const { offset, message, duplicateKey } of document.faults)
        if (!duplicateKey)
          yield {
            at: placeIn(document, offset),
            message: `it can't be read: ${message}`,
            suggestion: `write ${document.syntax === "json" ? "JSON" : "one document of YAML"}`,
          };
    },
  },
  {
    id: "document/duplicate-field",
    severity: "error",
    demands: "no field stands twice in one map",
    *check(document) {
      for (const { offset, duplicateKey } of document.faults)
        if (duplicateKey)
          yield {
            at: placeIn(document, offset),
            message: "a field of this name stands above it already",
            suggestion: "keep one of the two",
          };
    },
  },
];
