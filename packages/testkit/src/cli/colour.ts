/** Whether what goes to a stream is to be coloured: as NO_COLOR and FORCE_COLOR say, else where it is a terminal. */
export function wantsColour(stream: NodeJS.WriteStream = process.stdout): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return FORCE_COLOR !== undefined && FORCE_COLOR !== "0" ? true : stream.isTTY;
}
