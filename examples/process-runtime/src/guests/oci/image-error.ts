/** What is wrong with an image on this machine's disk, and how to mend it: the end of a sentence. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
