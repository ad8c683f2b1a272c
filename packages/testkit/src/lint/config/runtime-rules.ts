import { fieldAt, valueAt, type Rule } from "../rule.js";
import { runtimeEntries, type ConfigSubject } from "./subject.js";

/** The entries under `runtime.providers`. */
export const runtimeRules: readonly Rule<ConfigSubject>[] = [
  {
    id: "config/default-provider",
    severity: "error",
    demands: "at most one runtime provider has default: true",
    *check(subject) {
      const defaults = runtimeEntries(subject).filter(({ at }) => at.field("default").value === true);
      for (const { at } of defaults.slice(1))
        yield {
          at: valueAt(at.field("default")),
          message: `${at.label} is a second default, beside ${defaults[0]?.at.label ?? ""}`,
          suggestion: "leave default: true on one of the two",
        };
    },
  },
  {
    id: "config/driver",
    severity: "error",
    demands: "driver is local or left out, and the local driver has neither source nor config",
    *check(subject) {
      for (const { at } of runtimeEntries(subject)) {
        const driver = at.field("driver");
        const name = driver.text?.trim() ?? "";
        if (name !== "" && name !== "local")
          yield {
            at: valueAt(driver),
            message: `${driver.label} ${JSON.stringify(name)} is none that the host has`,
            suggestion: "write local, or leave driver out and name a source",
          };
        for (const field of name === "local" ? [at.field("source"), at.field("config")] : [])
          if (field.exists)
            yield {
              at: fieldAt(field),
              message: `${field.label} stands beside driver: local, which has none`,
              suggestion: `take out ${field.name}, or driver`,
            };
      }
    },
  },
  {
    id: "config/env-name",
    severity: "error",
    demands: "names under env are names of environment variables",
    *check({ entries }) {
      for (const { at } of entries)
        for (const field of at.field("env").fields)
          if (!/^[A-Za-z_]\w*$/.test(field.name))
            yield {
              at: fieldAt(field),
              message: `${JSON.stringify(field.name)} is no name of an environment variable`,
              suggestion: "write letters, digits and underscores, no digit first",
            };
    },
  },
  {
    id: "config/env-reserved",
    severity: "warning",
    demands: "names that begin with GESTALT_ are the host's to set",
    *check({ entries }) {
      for (const { at } of entries)
        for (const field of at.field("env").fields)
          if (field.name.startsWith("GESTALT_"))
            yield {
              at: fieldAt(field),
              message: `${field.name} is for the host to set`,
              suggestion: "take it out, or choose another name",
            };
    },
  },
];
