/** The anchor that a heading of the docs has whose whole text is an id, of a check or of a requirement. */
export function anchorOf(id: string): string {
  return id.toLowerCase().replaceAll("/", "");
}
