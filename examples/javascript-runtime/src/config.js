import { invalid } from "./refusal.js";

/** Each field's default, lowest and highest value: what config.schema.json says. */
const fields = {
  readyTimeoutMs: { value: 60_000, lowest: 1, highest: 3_600_000 },
  stopGraceMs: { value: 1_500, lowest: 0, highest: 2_000 },
};

/** Names every fault of a config at once (LIFE-3); one that is absent is empty (LIFE-2). */
export function parseConfig(given) {
  const config = Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]));
  const faults = [];
  for (const [name, value] of Object.entries(given?.fields ?? {})) {
    if (!Object.hasOwn(fields, name)) {
      faults.push(`/${name} is not a known field; there are ${Object.keys(fields).join(" and ")}`);
      continue;
    }
    const { lowest, highest } = fields[name];
    // All numbers arrive as doubles; of the others this has the default.
    const number = value.kind === "numberValue" ? value.numberValue : NaN;
    if (Number.isInteger(number) && number >= lowest && number <= highest) config[name] = number;
    else faults.push(`/${name} must be a whole number from ${lowest} to ${highest}`);
  }
  if (faults.length > 0) throw invalid(`config: ${faults.sort().join("; ")}`);
  return config;
}
