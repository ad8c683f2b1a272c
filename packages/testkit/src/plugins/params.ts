import { fixtureOperations, type FixtureOperation, type FixtureParameter } from "./operations.js";

/** An operation that can't be done as asked: it is answered with this HTTP status and text. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Finds an operation and checks what it was given against the table. */
export function checkedOperation(id: string, params: Readonly<Record<string, unknown>>): FixtureOperation {
  const operation = fixtureOperations.find((candidate) => candidate.id === id);
  if (operation === undefined)
    throw new Refusal(
      404,
      `operation "${id}" does not exist; there are ${fixtureOperations.map((known) => known.id).join(", ")}`,
    );
  if (operation.anyParameters === true) return operation;
  for (const name of Object.keys(params))
    if (!operation.parameters.some((parameter) => parameter.name === name))
      throw new Refusal(
        400,
        `${id}: parameter "${name}" does not exist; there are ${operation.parameters.map((known) => known.name).join(", ") || "none"}`,
      );
  for (const parameter of operation.parameters) {
    const fault = faultOf(parameter, params[parameter.name]);
    if (fault !== undefined) throw new Refusal(400, `${id}: parameter "${parameter.name}" ${fault}`);
  }
  return operation;
}

function faultOf(parameter: FixtureParameter, value: unknown): string | undefined {
  const { type, oneOf, min, max } = parameter;
  if (value === undefined) return parameter.required === true ? "is missing" : undefined;
  if (type === "integer") {
    if (!Number.isSafeInteger(value)) return "must be an integer";
    if (min !== undefined && (value as number) < min) return `must be at least ${min}`;
    if (max !== undefined && (value as number) > max) return `must be at most ${max}`;
    return undefined;
  }
  if (typeof value !== type) return `must be a ${type}`;
  if (oneOf !== undefined && !oneOf.includes(value as string)) return `must be one of ${oneOf.join(", ")}`;
  return undefined;
}
