/** Numbers from 0 to below 1, the same for the same seed: a failed run can be had again. */
export function randomFrom(seed: number): () => number {
  let state = seed & 0x7fffffff;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
