/**
 * The id of a client's next stream. Ids count up from 1, wrap to negative, and skip 0, which is the connection's, and
 * those still in use.
 */
export function nextStreamId(last: number, inUse: (id: number) => boolean): number {
  let id = last;
  do {
    id = id + 1 | 0;
  } while (id === 0 || inUse(id));
  return id;
}
